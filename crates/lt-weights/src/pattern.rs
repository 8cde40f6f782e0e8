//! Patterns of names: `{}` stands for a number, a `*` at the end for anything.

/// Whether a name fits a pattern, from its beginning to its end.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, open) = match pattern.strip_suffix('*') {
        Some(start) => (start, true),
        None => (pattern, false),
    };
    let mut rest = name;
    for (i, piece) in pattern.split("{}").enumerate() {
        if i > 0 {
            let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            if after.len() == rest.len() {
                return false;
            }
            rest = after;
        }
        match rest.strip_prefix(piece) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    open || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_fits_whole_names_only() {
        assert!(matches("embeddings.position_ids", "embeddings.position_ids"));
        assert!(!matches("embeddings.position_ids", "embeddings.position_ids.x"));
        assert!(!matches("embeddings.position_ids", "x.embeddings.position_ids"));
    }

    #[test]
    fn braces_stand_for_one_number() {
        assert!(matches("h.{}.attn.bias", "h.12.attn.bias"));
        assert!(!matches("h.{}.attn.bias", "h..attn.bias"));
        assert!(!matches("h.{}.attn.bias", "h.x.attn.bias"));
        assert!(matches("h.{}.{}", "h.1.22"));
    }

    #[test]
    fn a_star_at_the_end_stands_for_anything() {
        assert!(matches("cls.seq_relationship.*", "cls.seq_relationship.weight"));
        assert!(matches("cls.seq_relationship.*", "cls.seq_relationship."));
        assert!(!matches("cls.seq_relationship.*", "cls.seq_relationship"));
        assert!(matches("h.{}.*", "h.0.anything.at.all"));
    }
}
