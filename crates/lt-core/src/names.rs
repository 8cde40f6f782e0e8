//! What a parameter of ours is called in a checkpoint, as data that reads both ways.

/// One rule between the name of a parameter here and the name of a tensor in a checkpoint.
///
/// Names are patterns: each `{}` stands for one number, and stands for the same number on both
/// sides, the first for the first.
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
    /// As `Rename`, and the matrix is stored as `[in, out]` (GPT-2's `Conv1D`). Only names that end
    /// in `weight` are turned: a bias has one side.
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
/// const ENCODER: NameMap = NameMap::new(&[Rule::Rename {
///     ours: "layers.{}.up",
///     theirs: "encoder.layer.{}.intermediate.dense",
/// }]);
/// let stored = ENCODER.stored("layers.3.up.weight");
/// assert_eq!(stored.name, "encoder.layer.3.intermediate.dense.weight");
/// assert_eq!(ENCODER.ours(&stored.name), ["layers.3.up.weight"]);
/// assert_eq!(ENCODER.stored("pooler.bias").name, "pooler.bias"); // no rule: the same name
///
/// // With a head on top, the encoder is a part of the model here and there.
/// const HEAD: NameMap = NameMap::new(&[Rule::Rename { ours: "head", theirs: "cls.predictions" }]);
/// const MODEL: NameMap = ENCODER.below("encoder.", "bert.").and(&[HEAD]);
/// assert_eq!(MODEL.stored("encoder.pooler.bias").name, "bert.pooler.bias");
/// assert_eq!(MODEL.stored("head.bias").name, "cls.predictions.bias");
/// assert_eq!(MODEL.ours("cls.predictions.bias"), ["head.bias"]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct NameMap {
    rules: &'static [Rule],
    /// What all names of these rules begin with besides, here and there.
    ours: &'static str,
    theirs: &'static str,
    /// Maps of other parts of the model.
    others: &'static [Self],
}

impl NameMap {
    /// A map of these rules; the first that matches a name is used.
    #[must_use]
    pub const fn new(rules: &'static [Rule]) -> Self {
        Self { rules, ours: "", theirs: "", others: &[] }
    }

    /// The same for a part of a model: `ours` stands before all names here, `theirs` there.
    #[must_use]
    pub const fn below(self, ours: &'static str, theirs: &'static str) -> Self {
        Self { ours, theirs, ..self }
    }

    /// With the maps of other parts; the first that knows a name is used.
    #[must_use]
    pub const fn and(self, others: &'static [Self]) -> Self {
        Self { others, ..self }
    }

    /// Where our parameter of this name is stored.
    #[must_use]
    pub fn stored(&self, ours: &str) -> Stored {
        let found = self.parts().find_map(|part| part.stored_in_part(ours));
        found.unwrap_or_else(|| Stored { name: ours.to_owned(), transposed: false, part: None })
    }

    /// The names of our parameters that a stored tensor holds: one, or several if it is fused.
    #[must_use]
    pub fn ours(&self, stored: &str) -> Vec<String> {
        let found = self.parts().find_map(|part| part.ours_in_part(stored));
        found.unwrap_or_else(|| vec![stored.to_owned()])
    }

    fn parts(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.others)
    }

    fn stored_in_part(&self, ours: &str) -> Option<Stored> {
        let ours = ours.strip_prefix(self.ours)?;
        let whole = |name, transposed| Stored { name, transposed, part: None };
        let found = self.rules.iter().find_map(|rule| match rule {
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
        });
        let same = || (!self.ours.is_empty()).then(|| whole(ours.to_owned(), false));
        let stored = found.or_else(same)?;
        Some(Stored { name: format!("{}{}", self.theirs, stored.name), ..stored })
    }

    fn ours_in_part(&self, stored: &str) -> Option<Vec<String>> {
        let stored = stored.strip_prefix(self.theirs)?;
        let found = self.rules.iter().find_map(|rule| {
            let names: Vec<String> = match rule {
                Rule::Rename { ours, theirs } | Rule::Transpose { ours, theirs } => {
                    translate(stored, theirs, ours).into_iter().collect()
                }
                Rule::Fuse { ours, theirs, .. } => {
                    ours.iter().filter_map(|ours| translate(stored, theirs, ours)).collect()
                }
            };
            (!names.is_empty()).then_some(names)
        });
        let same = || (!self.theirs.is_empty()).then(|| vec![stored.to_owned()]);
        let names = found.or_else(same)?;
        Some(names.into_iter().map(|name| format!("{}{name}", self.ours)).collect())
    }
}

/// `name` with the pattern `from` at its start replaced by `to`; `None` if it does not match.
fn translate(name: &str, from: &str, to: &str) -> Option<String> {
    let (mut rest, mut numbers) = (name, Vec::new());
    for (i, piece) in from.split("{}").enumerate() {
        if i > 0 {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            numbers.push(rest.get(..digits).filter(|digits| !digits.is_empty())?);
            rest = &rest[digits..];
        }
        rest = rest.strip_prefix(piece)?;
    }
    if !(rest.is_empty() || rest.starts_with('.')) {
        return None; // `up` is not the beginning of `upper`
    }
    let mut translated = String::new();
    let mut numbers = numbers.into_iter();
    for (i, piece) in to.split("{}").enumerate() {
        if i > 0 {
            translated += numbers.next().unwrap_or("{}");
        }
        translated += piece;
    }
    Some(translated + rest)
}
