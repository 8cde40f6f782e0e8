//! Which query may look at which key.

use std::fmt;
use std::ops::{BitAnd, Range};
use std::sync::Arc;

use ndarray::Array2;

use crate::{Error, Ragged, Result, Shape, shape};

/// A query and a key, by their positions in the sequence they belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which sequence of the batch.
    pub sequence: usize,
    /// The position of the query that looks.
    pub query: usize,
    /// The position of the key that is looked at.
    pub key: usize,
}

/// The keys that one query may look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// No key outside this range is allowed.
    pub range: Range<usize>,
    /// Whether every key inside it is; otherwise ask [`Mask::allows`] about each.
    pub all: bool,
}

#[derive(Clone)]
enum Rule {
    Causal,
    Window { before: usize, after: usize },
    Prefix(Arc<[usize]>),
    Table(Arc<[Array2<bool>]>),
    Custom(Arc<dyn Fn(Place) -> bool + Send + Sync>),
}

/// Which query may look at which key: a rule, not a tensor.
///
/// Rules are joined with `&`: a place must be allowed by all of them. There is no polarity to
/// guess (a rule says what is *allowed*), nothing is broadcast, and padding needs no mask, because
/// there is none. A query that may look at nothing gets zeros.
///
/// ```
/// use lt_core::{Mask, Place};
/// let mask = Mask::causal() & Mask::window(1, 1);
/// let allowed = |query, key| mask.allows(Place { sequence: 0, query, key });
/// assert!(allowed(2, 2) && allowed(2, 1));
/// assert!(!allowed(2, 0)); // outside the window
/// assert!(!allowed(2, 3)); // in the future
/// ```
#[derive(Clone, Default)]
pub struct Mask {
    rules: Vec<Rule>,
}

impl Mask {
    /// Every query may look at every key of its sequence.
    #[must_use]
    pub const fn all() -> Self {
        Self { rules: Vec::new() }
    }

    /// Whether no rule forbids anything, without a look at any place.
    ///
    /// ```
    /// use lt_core::Mask;
    /// assert!(Mask::all().is_all() && !Mask::causal().is_all());
    /// ```
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether it is [`causal`](Self::causal) and nothing else.
    ///
    /// ```
    /// use lt_core::Mask;
    /// assert!(Mask::causal().is_causal() && !Mask::all().is_causal());
    /// assert!(!(Mask::causal() & Mask::window(2, 0)).is_causal());
    /// ```
    #[must_use]
    pub fn is_causal(&self) -> bool {
        matches!(self.rules.as_slice(), [Rule::Causal])
    }

    /// A query may look at its own position and at those before it.
    #[must_use]
    pub fn causal() -> Self {
        Self { rules: vec![Rule::Causal] }
    }

    /// A query may look at most `before` positions back and `after` positions ahead.
    #[must_use]
    pub fn window(before: usize, after: usize) -> Self {
        Self { rules: vec![Rule::Window { before, after }] }
    }

    /// Every query may look at the first positions of its sequence, and else only back: `UniLM`'s
    /// sequence-to-sequence mask. One length per sequence of the batch.
    #[must_use]
    pub fn prefix(lengths: impl IntoIterator<Item = usize>) -> Self {
        Self { rules: vec![Rule::Prefix(lengths.into_iter().collect())] }
    }

    /// What these tables allow: one `[t, s]` per sequence of the batch, true where a query may
    /// look. Their shapes are checked when attention runs.
    #[must_use]
    pub fn table(tables: Vec<Array2<bool>>) -> Self {
        Self { rules: vec![Rule::Table(tables.into())] }
    }

    /// Whatever this function allows.
    #[must_use]
    pub fn custom(allows: impl Fn(Place) -> bool + Send + Sync + 'static) -> Self {
        Self { rules: vec![Rule::Custom(Arc::new(allows))] }
    }

    /// Whether this query may look at this key.
    #[must_use]
    pub fn allows(&self, place: Place) -> bool {
        let Place { sequence, query, key } = place;
        self.rules.iter().all(|rule| match rule {
            Rule::Causal => key <= query,
            Rule::Window { before, after } => {
                key.saturating_add(*before) >= query && key <= query.saturating_add(*after)
            }
            Rule::Prefix(lengths) => {
                key <= query || lengths.get(sequence).is_some_and(|&length| key < length)
            }
            Rule::Table(tables) => {
                tables.get(sequence).and_then(|table| table.get((query, key))).copied()
                    == Some(true)
            }
            Rule::Custom(allows) => allows(place),
        })
    }

    /// The keys among `0..keys` that this query may look at, as a range: what lets a kernel skip
    /// the rest unseen.
    #[must_use]
    pub fn keys(&self, sequence: usize, query: usize, keys: usize) -> Keys {
        let (mut start, mut end, mut all) = (0, keys, true);
        let next = query.saturating_add(1);
        for rule in &self.rules {
            match rule {
                Rule::Causal => end = end.min(next),
                Rule::Window { before, after } => {
                    start = start.max(query.saturating_sub(*before));
                    end = end.min(next.saturating_add(*after));
                }
                Rule::Prefix(lengths) => {
                    end = end.min(lengths.get(sequence).copied().unwrap_or(0).max(next));
                }
                Rule::Table(_) | Rule::Custom(_) => all = false,
            }
        }
        Keys { range: start.min(end)..end, all }
    }

    /// Refuses a mask that was made for another batch: `queries` and `keys` of each sequence.
    ///
    /// # Errors
    /// If there is not one prefix length or table per sequence, or a table has another shape.
    pub fn check(&self, at: &'static str, queries: &Ragged, keys: &Ragged) -> Result<()> {
        let refuse =
            |got: String, expected: String| Err(Error::Config { at, field: "mask", got, expected });
        let count = |what: &str, got: usize| match got == queries.len() {
            true => Ok(()),
            false => refuse(
                format!("for {got} sequences"),
                format!("{what} for each of the {} sequences", queries.len()),
            ),
        };
        for rule in &self.rules {
            match rule {
                Rule::Prefix(lengths) => count("a length", lengths.len())?,
                Rule::Table(tables) => {
                    count("a table", tables.len())?;
                    let sequences = queries.ranges().zip(keys.ranges()).enumerate();
                    for (table, (number, (queries, keys))) in tables.iter().zip(sequences) {
                        let expected = shape![queries.len(), keys.len()];
                        if !expected.fits(table.shape()) {
                            let got = Shape::of(table.shape());
                            return refuse(
                                format!("{got} for sequence {number}"),
                                expected.to_string(),
                            );
                        }
                    }
                }
                Rule::Causal | Rule::Window { .. } | Rule::Custom(_) => {}
            }
        }
        Ok(())
    }
}

/// Both: a place is allowed if each of the two masks allows it.
impl BitAnd for Mask {
    type Output = Self;

    fn bitand(mut self, other: Self) -> Self {
        self.rules.extend(other.rules);
        self
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mask(")?;
        if self.rules.is_empty() {
            f.write_str("all")?;
        }
        for (i, rule) in self.rules.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { " & " })?;
            match rule {
                Rule::Causal => f.write_str("causal")?,
                Rule::Window { before, after } => write!(f, "window({before}, {after})")?,
                Rule::Prefix(lengths) => write!(f, "prefix({lengths:?})")?,
                Rule::Table(_) => f.write_str("table")?,
                Rule::Custom(_) => f.write_str("custom")?,
            }
        }
        f.write_str(")")
    }
}
