//! Names of parameters, chosen by patterns.

use crate::{Result, TrainError};

/// Whether a pattern names this parameter: `*` stands for anything, also for nothing and for dots.
///
/// ```
/// use lt_train::pattern::matches;
/// assert!(matches("encoder.layers.*.bias", "encoder.layers.0.norm.bias"));
/// assert!(!matches("encoder.*", "head.weight"));
/// ```
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// Which of these names the patterns choose.
///
/// # Errors
/// [`TrainError::Setting`] if a pattern chooses none: most likely it is misspelt.
pub fn chosen(setting: &'static str, patterns: &[String], names: &[String]) -> Result<Vec<bool>> {
    for pattern in patterns {
        if !names.iter().any(|name| matches(pattern, name)) {
            let first = names.first().map_or("none", String::as_str);
            let expected = format!(
                "a pattern that at least one parameter matches (the first of {} is `{first}`)",
                names.len()
            );
            return Err(TrainError::setting(setting, format!("`{pattern}`"), &expected));
        }
    }
    let any = |name: &String| patterns.iter().any(|pattern| matches(pattern, name));
    Ok(names.iter().map(any).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_anything_and_all_else_is_itself() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*", "a.b", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("a*b", "ab", true),
            ("a*b", "a.b.c", false),
            ("a*b*c", "axbxbxc", true),
            ("*.bias", "layer.bias", true),
            ("*.bias", "bias", false),
            // The last part must not overlap with what was matched before it.
            ("ab*b", "ab", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} and {name}");
        }
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_refused_by_name() {
        let names = ["head.weight".to_owned()];
        let error = chosen("frozen", &["haed.*".to_owned()], &names).unwrap_err().to_string();
        assert!(error.contains("`haed.*`") && error.contains("`head.weight`"), "{error}");
    }
}
