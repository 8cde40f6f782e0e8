//! The text so far.

/// The text so far, as a [`LogitsProcessor`](crate::LogitsProcessor) sees it: prompt and what was
/// written since.
///
/// ```
/// let prefix = lt_generate::Prefix::new(&[7, 8, 9], 2);
/// assert_eq!(prefix.ids(), [7, 8, 9]);
/// assert_eq!(prefix.new_ids(), [9]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix<'a> {
    ids: &'a [u32],
    prompt: usize,
}

impl<'a> Prefix<'a> {
    /// All ids, of which the first `prompt` are the prompt.
    #[must_use]
    pub fn new(ids: &'a [u32], prompt: usize) -> Self {
        Self { ids, prompt: prompt.min(ids.len()) }
    }

    /// All ids, the prompt included.
    #[must_use]
    pub fn ids(self) -> &'a [u32] {
        self.ids
    }

    /// The ids that were written behind the prompt.
    #[must_use]
    pub fn new_ids(self) -> &'a [u32] {
        &self.ids[self.prompt..]
    }

    /// How many tokens the prompt has.
    #[must_use]
    pub fn prompt(self) -> usize {
        self.prompt
    }
}
