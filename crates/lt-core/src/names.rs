//! What a parameter of ours is called in a checkpoint, as data that reads both ways.

/// One rule between the name of a parameter here and the name of a tensor in a checkpoint.
///
/// Names are patterns: `{}` stands for one number, and stands for the same number on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// Another name for everything below a place; the last part of the name (`weight`, `bias`)
    /// stays.
    Rename {
        /// Here: `encoder.layers.{}.attention.query`.
        ours: &'static str,
        /// There: `encoder.layer.{}.attention.self.query`.
        theirs: &'static str,
    },
    /// As `Rename`, and the matrix is stored as `[in, out]` (GPT-2's `Conv1D`).
    Transpose {
        /// Here.
        ours: &'static str,
        /// There.
        theirs: &'static str,
    },
    /// Several of ours are stored as one, row below row, in equal parts.
    Fuse {
        /// Here, in the order in which they are stored.
        ours: &'static [&'static str],
        /// There.
        theirs: &'static str,
        /// Whether the matrix is stored as `[in, out]`, so that the parts stand side by side
        /// (GPT-2's `c_attn`).
        transposed: bool,
    },
}

/// Where a parameter of ours is found in a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// The name of the tensor.
    pub name: String,
    /// Whether it is stored as `[in, out]`.
    pub transposed: bool,
    /// Which of several equal parts it is, if it is not the whole tensor.
    pub part: Option<Part>,
}

/// One of several parameters stored as one tensor, row below row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which part, from 0.
    pub index: usize,
    /// How many parts there are.
    pub of: usize,
}

/// The names of a family's parameters in its checkpoints: used to load, and read backwards to
/// save.
///
/// ```
/// use lt_core::{NameMap, Rule};
/// let map = NameMap::new(&[Rule::Rename {
///     ours: "layers.{}.up",
///     theirs: "encoder.layer.{}.intermediate.dense",
/// }]);
/// let stored = map.stored("layers.3.up.weight");
/// assert_eq!(stored.name, "encoder.layer.3.intermediate.dense.weight");
/// assert_eq!(map.ours(&stored.name), ["layers.3.up.weight"]);
/// assert_eq!(map.stored("pooler.bias").name, "pooler.bias"); // no rule: the same name
/// ```
#[derive(Debug, Clone, Copy)]
pub struct NameMap {
    rules: &'static [Rule],
}

impl NameMap {
    /// A map of these rules; the first that matches a name is used.
    #[must_use]
    pub const fn new(rules: &'static [Rule]) -> Self {
        Self { rules }
    }

    /// Where our parameter of this name is stored.
    #[must_use]
    pub fn stored(&self, ours: &str) -> Stored {
        let whole = |name, transposed| Stored { name, transposed, part: None };
        for rule in self.rules {
            let found = match rule {
                Rule::Rename { ours: from, theirs } => {
                    translate(ours, from, theirs).map(|name| whole(name, false))
                }
                Rule::Transpose { ours: from, theirs } => translate(ours, from, theirs)
                    // Only the matrix is turned: a bias has one row either way.
                    .map(|name| whole(name, ours.ends_with("weight"))),
                Rule::Fuse { ours: parts, theirs, transposed } => {
                    parts.iter().enumerate().find_map(|(index, from)| {
                        let part = Some(Part { index, of: parts.len() });
                        translate(ours, from, theirs).map(|name| Stored {
                            name,
                            transposed: *transposed && ours.ends_with("weight"),
                            part,
                        })
                    })
                }
            };
            if let Some(stored) = found {
                return stored;
            }
        }
        whole(ours.to_owned(), false)
    }

    /// The names of our parameters that a stored tensor holds: one, or several if it is fused.
    #[must_use]
    pub fn ours(&self, stored: &str) -> Vec<String> {
        for rule in self.rules {
            let names: Vec<String> = match rule {
                Rule::Rename { ours, theirs } | Rule::Transpose { ours, theirs } => {
                    translate(stored, theirs, ours).into_iter().collect()
                }
                Rule::Fuse { ours, theirs, .. } => {
                    ours.iter().filter_map(|ours| translate(stored, theirs, ours)).collect()
                }
            };
            if !names.is_empty() {
                return names;
            }
        }
        vec![stored.to_owned()]
    }
}

/// `name` with the pattern `from` at its start replaced by `to`; `None` if it does not match.
fn translate(name: &str, from: &str, to: &str) -> Option<String> {
    let (mut rest, mut number) = (name, None);
    for (i, piece) in from.split("{}").enumerate() {
        if i > 0 {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            number = Some(rest.get(..digits).filter(|digits| !digits.is_empty())?);
            rest = &rest[digits..];
        }
        rest = rest.strip_prefix(piece)?;
    }
    if !(rest.is_empty() || rest.starts_with('.')) {
        return None; // `up` is not the beginning of `upper`
    }
    Some(to.replace("{}", number.unwrap_or("{}")) + rest)
}
