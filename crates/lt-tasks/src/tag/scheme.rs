//! What the names of labels say: where a token stands in its entity, and of which type that is.

use lt_config::Labels;

/// A label taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) position: Position,
    /// The type of the entity: `PER`.
    pub(crate) kind: String,
}

/// Where a token stands in its entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// In none.
    Outside,
    /// First.
    Begin,
    /// Anywhere, after all if it can be.
    Inside,
    /// Last.
    End,
    /// First and last.
    Single,
}

impl Position {
    /// By the letters of IOB1 and IOB2 and, if the labels have them, BIOES, BILOU and BMES.
    fn of(letter: &str, has_ends: bool) -> Option<Self> {
        match letter {
            "B" => Some(Self::Begin),
            "I" => Some(Self::Inside),
            "M" if has_ends => Some(Self::Inside),
            "E" | "L" if has_ends => Some(Self::End),
            "S" | "U" if has_ends => Some(Self::Single),
            _ => None,
        }
    }
}

impl Tag {
    /// Whether this token belongs to the entity of the token before it. (That of a lenient reader
    /// of any scheme, as [`metrics::entities`](crate::metrics::entities) is one.)
    pub(crate) fn continues(&self, before: &Self) -> bool {
        matches!(before.position, Position::Begin | Position::Inside)
            && matches!(self.position, Position::Inside | Position::End)
            && before.kind == self.kind
    }
}

/// The tag that each label is.
///
/// `B-` and `I-` are always taken off. `E-`, `S-` and their kin are only where every label but `O`
/// has such a letter and one begins with `B-`: `E-MAIL` may be a type. A label without a letter is
/// inside of what it names.
pub(crate) fn tags(labels: &Labels) -> Vec<Tag> {
    let names = || labels.names().iter().filter(|name| *name != "O");
    let has_letter = |name: &String| {
        name.split_once('-').is_some_and(|(letter, _)| Position::of(letter, true).is_some())
    };
    let has_ends = names().all(has_letter) && names().any(|name| name.starts_with("B-"));
    labels.names().iter().map(|name| tag(name, has_ends)).collect()
}

fn tag(name: &str, has_ends: bool) -> Tag {
    if name == "O" {
        return Tag { position: Position::Outside, kind: name.to_owned() };
    }
    let parts = name.split_once('-');
    let known = parts.and_then(|(letter, kind)| Some((Position::of(letter, has_ends)?, kind)));
    let (position, kind) = known.unwrap_or((Position::Inside, name));
    Tag { position, kind: kind.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: &[&str]) -> Vec<(Position, String)> {
        let labels = Labels::new(names.iter().map(|&name| name.to_owned()).collect());
        tags(&labels).into_iter().map(|tag| (tag.position, tag.kind)).collect()
    }

    #[test]
    fn letters_of_all_schemes_are_taken_off() {
        use Position::{Begin, End, Inside, Outside, Single};
        let positions = |names: &[&str]| -> Vec<Position> {
            read(names).into_iter().map(|(position, _)| position).collect()
        };
        assert_eq!(positions(&["O", "B-X", "I-X"]), [Outside, Begin, Inside]);
        assert_eq!(
            positions(&["B-X", "I-X", "E-X", "S-X", "O"]),
            [Begin, Inside, End, Single, Outside]
        );
        assert_eq!(positions(&["B-X", "M-X", "E-X", "S-Y"]), [Begin, Inside, End, Single]);
        assert_eq!(positions(&["B-X", "I-X", "L-X", "U-X"]), [Begin, Inside, End, Single]);
    }

    #[test]
    fn what_only_looks_like_a_letter_is_a_part_of_the_type() {
        for names in [&["O", "E-MAIL", "S-BAHN"][..], &["O", "B-PER", "E-MAIL", "PHONE"]] {
            let found = read(names);
            assert!(found.contains(&(Position::Inside, "E-MAIL".to_owned())), "{found:?}");
        }
        assert_eq!(read(&["NOUN"]), [(Position::Inside, "NOUN".to_owned())]);
        assert_eq!(read(&["B-FIRST-NAME"]), [(Position::Begin, "FIRST-NAME".to_owned())]);
    }
}
