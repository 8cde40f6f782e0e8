//! Labels and their numbers.

use std::collections::BTreeMap;

/// The labels that there are, each with its number: its place in the list.
///
/// ```
/// use lt_train::data::LabelSet;
/// let labels = LabelSet::new(["bad", "good"]);
/// assert_eq!(labels.id("good"), Ok(1));
/// assert_eq!(labels.id("God").unwrap_err(), "label `God`, expected one of `bad`, `good`");
/// assert_eq!(LabelSet::found_in(["O", "B-PER", "O"]).names(), ["B-PER", "O"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSet {
    names: Vec<String>,
    ids: BTreeMap<String, u32>,
}

impl LabelSet {
    /// These labels, in the order of their numbers; of two equal ones the first counts.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let (mut all, mut ids) = (Vec::new(), BTreeMap::new());
        for name in names {
            let name = name.into();
            if !ids.contains_key(&name) {
                ids.insert(name.clone(), all.len() as u32);
                all.push(name);
            }
        }
        Self { names: all, ids }
    }

    /// The labels that data have, sorted: the same whatever order they come in.
    #[must_use]
    pub fn found_in(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let sorted: BTreeMap<String, ()> =
            names.into_iter().map(|name| (name.into(), ())).collect();
        Self::new(sorted.into_keys())
    }

    /// The labels in the order of their numbers.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The number of a label.
    ///
    /// # Errors
    /// What it could be: for [`Checked`](super::Checked), which says where it stands.
    pub fn id(&self, name: &str) -> Result<u32, String> {
        self.ids.get(name).copied().ok_or_else(|| {
            let mut known: Vec<String> =
                self.names.iter().take(20).map(|name| format!("`{name}`")).collect();
            if self.names.len() > known.len() {
                known.push("…".to_owned());
            }
            format!("label `{name}`, expected one of {}", known.join(", "))
        })
    }
}
