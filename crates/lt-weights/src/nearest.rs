//! The stored name that a missing one was most likely meant to be.

/// Looks names up among those of a file, within a bound on the work: a file may hold millions.
pub(crate) struct Nearest<'a> {
    names: Vec<&'a str>,
    letters: usize,
    /// Cells of the table of edits that may still be filled; some tenths of a second in all.
    left: usize,
}

impl<'a> Nearest<'a> {
    pub(crate) fn new(names: Vec<&'a str>) -> Self {
        let letters = names.iter().map(|name| name.len()).sum();
        Self { names, letters, left: 100_000_000 }
    }

    /// The name that the fewest edits lead to; `None` if there is none, or the work is too much.
    pub(crate) fn to(&mut self, name: &str) -> Option<&'a str> {
        let cells = name.len().checked_mul(self.letters)?;
        self.left = self.left.checked_sub(cells)?;
        self.names.iter().min_by_key(|other| strsim::levenshtein(name, other)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::Nearest;

    #[test]
    fn the_nearest_name_is_the_one_with_the_fewest_edits() {
        let mut nearest =
            Nearest::new(vec!["pooler.dense.bias", "encoder.0.bias", "encoder.0.gain"]);
        assert_eq!(nearest.to("encoder.0.bia"), Some("encoder.0.bias"));
        assert_eq!(Nearest::new(vec![]).to("x"), None);
    }

    #[test]
    fn names_that_would_take_hours_to_compare_are_not_compared() {
        let long = "x".repeat(20_000);
        let mut nearest = Nearest::new(vec![&long]);
        assert_eq!(nearest.to(&long), None);
        assert_eq!(nearest.to("short"), Some(long.as_str()));
    }
}
