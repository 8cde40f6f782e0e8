//! Examples: what a model is trained on, one by one.

use super::error::Foreign;

/// How long an example is.
pub trait Tokens {
    /// How many tokens a model reads for it.
    fn tokens(&self) -> usize;
}

impl Tokens for Vec<u32> {
    fn tokens(&self) -> usize {
        self.len()
    }
}

/// A set of examples whose lengths are known.
pub trait Examples {
    /// One of them.
    type Example;

    /// The length of each.
    fn lengths(&self) -> &[u32];

    /// How many examples each block has: a block is what comes into memory at once.
    fn blocks(&self) -> &[u32];

    /// The examples with these numbers, in this order.
    ///
    /// # Errors
    /// Whatever stands in the way.
    fn get(&self, numbers: &[u32]) -> Result<Vec<Self::Example>, Foreign>;
}

/// Examples that are all in memory.
///
/// ```
/// use lt_train::data::{Examples, InMemory};
/// let examples = InMemory::new(vec![vec![1_u32, 2, 3], vec![], vec![4]]);
/// assert_eq!(examples.lengths(), [3, 1]); // there is nothing to learn from an empty one
/// assert_eq!(examples.get(&[1])?, [[4]]);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Debug, Clone)]
pub struct InMemory<X> {
    examples: Vec<X>,
    lengths: Vec<u32>,
    block: [u32; 1],
}

impl<X: Tokens> InMemory<X> {
    /// These examples, but empty ones.
    #[must_use]
    pub fn new(mut examples: Vec<X>) -> Self {
        examples.retain(|example| example.tokens() > 0);
        let lengths: Vec<u32> = examples.iter().map(|example| example.tokens() as u32).collect();
        let block = [lengths.len() as u32];
        Self { examples, lengths, block }
    }
}

impl<X: Clone> Examples for InMemory<X> {
    type Example = X;

    fn lengths(&self) -> &[u32] {
        &self.lengths
    }

    fn blocks(&self) -> &[u32] {
        &self.block
    }

    fn get(&self, numbers: &[u32]) -> Result<Vec<X>, Foreign> {
        let example = |number: &u32| {
            let found = self.examples.get(*number as usize).cloned();
            found.ok_or_else(|| format!("no example {number} of {}", self.examples.len()).into())
        };
        numbers.iter().map(example).collect()
    }
}
