//! What changes the scores before a token is chosen.

use std::fmt;
use std::sync::Arc;

use crate::Prefix;

/// Changes what a model says about the next token: forbids, prefers, sharpens.
///
/// Many small ones that are applied one after the other ([`Processors`]) make a way of decoding.
/// A token whose score is −∞ is forbidden.
///
/// transformers: `LogitsProcessor`.
///
/// ```
/// use lt_generate::{Buffers, LogitsProcessor, Prefix};
///
/// #[derive(Debug)]
/// struct Never(usize);
/// impl LogitsProcessor for Never {
///     fn process(&self, _: Prefix<'_>, logits: &mut [f32], _: &mut Buffers) {
///         logits[self.0] = f32::NEG_INFINITY;
///     }
/// }
/// let mut logits = [1.0, 2.0, 3.0];
/// Never(2).process(Prefix::new(&[], 0), &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [1.0, 2.0, f32::NEG_INFINITY]);
/// ```
pub trait LogitsProcessor: fmt::Debug + Send + Sync {
    /// Changes the scores of the token that follows `prefix`.
    ///
    /// # Shapes
    /// `logits` is `[v]`. What the buffers hold before and after does not matter.
    fn process(&self, prefix: Prefix<'_>, logits: &mut [f32], buffers: &mut Buffers);

    /// What it is called in an error.
    fn name(&self) -> &'static str {
        std::any::type_name::<Self>().rsplit("::").next().unwrap_or_default()
    }
}

/// Memory for [`LogitsProcessor`]s, used again from token to token.
#[derive(Debug, Clone, Default)]
pub struct Buffers {
    /// For ids.
    pub ids: Vec<u32>,
    /// For tokens in their order: see [`ranked`](crate::rank::ranked).
    pub(crate) ranks: Vec<u64>,
    /// For shares of the probability.
    pub shares: Vec<f64>,
}

/// Several processors, applied one after the other; a processor itself.
#[derive(Debug, Clone, Default)]
pub struct Processors(Vec<Arc<dyn LogitsProcessor>>);

impl Processors {
    /// Adds one that is applied after the others.
    pub fn push(&mut self, processor: impl LogitsProcessor + 'static) {
        self.0.push(Arc::new(processor));
    }

    /// Adds one that is shared, after the others.
    pub(crate) fn push_shared(&mut self, processor: Arc<dyn LogitsProcessor>) {
        self.0.push(processor);
    }

    /// Applies them; if one of them forbids the last token that was allowed, its name comes back.
    pub(crate) fn apply(
        &self,
        prefix: Prefix<'_>,
        logits: &mut [f32],
        buffers: &mut Buffers,
    ) -> Result<(), &'static str> {
        for processor in &self.0 {
            processor.process(prefix, logits, buffers);
            if !logits.iter().any(|&logit| logit > f32::NEG_INFINITY) {
                return Err(processor.name());
            }
        }
        Ok(())
    }
}

impl LogitsProcessor for Processors {
    fn process(&self, prefix: Prefix<'_>, logits: &mut [f32], buffers: &mut Buffers) {
        for processor in &self.0 {
            processor.process(prefix, logits, buffers);
        }
    }
}
