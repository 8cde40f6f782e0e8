//! Self-attention of the tokens that follow, to themselves and to what is kept of those before.

use lt_core::{Error, Module, Ragged, Result, Scratch};
use ndarray::{Array2, ArrayView2};

use crate::cache::WithCache;
use crate::{HiddenStates, LayerCache, MultiHeadAttention};

const AT: &str = "MultiHeadAttention::forward";

impl MultiHeadAttention {
    /// The output of self-attention with a cache, plus a residual.
    ///
    /// # Errors
    /// As for [`Module::forward`], and if the residual has not the shape of the output.
    pub fn forward_with_cache_added(
        &self,
        input: WithCache<'_, LayerCache>,
        residual: ArrayView2<'_, f32>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let context = self.context_with_cache(input, scratch)?; // [tokens, h·v]
        let output = self.output.forward_added(context.view(), residual, scratch)?; // [tokens, d]
        scratch.give(context);
        Ok(output)
    }

    /// The heads laid side by side, `[tokens, h·v]`; keys and values are added to the cache.
    fn context_with_cache(
        &self,
        input: WithCache<'_, LayerCache>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let WithCache { states, cache } = input;
        self.check_cache(&states, cache)?;
        let before = cache.count();
        let projected = self.project_self(&states, before, scratch)?;
        // formula: decoder-attention
        cache.append(&states, projected.key(), projected.value());
        let mask = self.within_reach(states.mask);
        let context = self.heads.to_kept(projected.query(), &states, &mask, cache, scratch);
        projected.give_back(scratch);
        Ok(context)
    }

    /// Refuses a cache of other heads or another number of sequences, and a mask or a bias that
    /// does not fit.
    fn check_cache(&self, states: &HiddenStates<'_>, cache: &LayerCache) -> Result<()> {
        let refuse = |field, got: String, expected: String| {
            Err(Error::Config { at: AT, field, got, expected })
        };
        let (shape, sequences) = (self.cache_shape(), states.sequences.len());
        if cache.shape() != shape {
            let got = format!("for {:?}", cache.shape());
            return refuse("the cache", got, format!("for {shape:?}"));
        }
        if cache.kept().len() != sequences {
            let got = format!("for {} sequences", cache.kept().len());
            return refuse("the cache", got, format!("for {sequences}, as the batch has"));
        }
        let heads = self.config.heads;
        if let Some(bias) = states.bias.filter(|bias| bias.heads() != heads) {
            let expected = format!("{heads}, as attention has");
            return refuse("bias.heads", bias.heads().to_string(), expected);
        }
        if states.mask.is_all() || states.mask.is_causal() {
            return Ok(()); // fits all there is
        }
        let kept = cache.kept().iter().zip(states.sequences.ranges());
        let whole = Ragged::from_lengths(kept.map(|(kept, rows)| kept.len() + rows.len()));
        states.mask.check(AT, &whole, &whole)
    }
}

impl<'a> Module<WithCache<'a, LayerCache>> for MultiHeadAttention {
    type Output = Array2<f32>;

    fn forward(&self, input: WithCache<'a, LayerCache>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(
        &self,
        input: WithCache<'a, LayerCache>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let context = self.context_with_cache(input, scratch)?; // [tokens, h·v]
        let output = self.output.forward_in(context.view(), scratch)?; // [tokens, d]
        scratch.give(context);
        Ok(output)
    }
}
