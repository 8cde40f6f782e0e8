//! Queries, keys and values.

use lt_core::{Mask, Ragged, Result, Scratch, check_columns};
use lt_kernels::products;
use lt_layers::Linear;
use ndarray::{Array2, ArrayView2, s};

use crate::{AttentionInput, CrossAttentionInput, HiddenStates, MultiHeadAttention};

/// Queries, keys and values of a batch; queries and keys turned by their positions, where the
/// layer has a rotation.
#[derive(Debug, Clone)]
pub(crate) struct Projected {
    /// Queries, `[tokens, h·k]`; in self-attention keys and values stand beside them,
    /// `[tokens, h·k + g·k + g·v]`.
    own: Array2<f32>,
    /// In cross-attention: keys and values, `[memory tokens, g·(k + v)]`.
    memory: Option<Array2<f32>>,
    /// h·k, the width of queries.
    queries: usize,
    /// g·k, the width of keys.
    keys: usize,
}

impl Projected {
    pub(crate) fn query(&self) -> ArrayView2<'_, f32> {
        self.own.slice(s![.., ..self.queries])
    }

    pub(crate) fn key(&self) -> ArrayView2<'_, f32> {
        self.keys_and_values().slice_move(s![.., ..self.keys])
    }

    pub(crate) fn value(&self) -> ArrayView2<'_, f32> {
        self.keys_and_values().slice_move(s![.., self.keys..])
    }

    fn keys_and_values(&self) -> ArrayView2<'_, f32> {
        match &self.memory {
            Some(memory) => memory.view(),
            None => self.own.slice(s![.., self.queries..]),
        }
    }

    pub(crate) fn input<'p>(
        &'p self,
        from: &'p CrossAttentionInput<'_>,
        mask: &'p Mask,
    ) -> AttentionInput<'p> {
        AttentionInput::new(self.query(), self.key(), self.value(), from.sequences)
            .keys(from.memories)
            .mask(mask)
            .bias(from.bias)
    }

    pub(crate) fn give_back(self, scratch: &mut Scratch) {
        scratch.give(self.own);
        self.memory.into_iter().for_each(|memory| scratch.give(memory));
    }
}

const AT: &str = "MultiHeadAttention::forward";

impl MultiHeadAttention {
    /// Of a text that looks at itself: one product for all three, so that its rows are read once.
    /// So many tokens stand before each sequence.
    pub(crate) fn project_self(
        &self,
        input: &HiddenStates<'_>,
        before: &[usize],
        scratch: &mut Scratch,
    ) -> Result<Projected> {
        let mut projected = self.project_self_alone(input, scratch)?;
        self.normalise_and_turn(&mut projected, &(*input).into(), before, scratch)?;
        Ok(projected)
    }

    /// Of a text that looks at itself, only projected: neither normalised nor turned.
    pub(crate) fn project_self_alone(
        &self,
        input: &HiddenStates<'_>,
        scratch: &mut Scratch,
    ) -> Result<Projected> {
        check(&self.query, &input.hidden, input.sequences)?;
        check(&self.key, &input.hidden, input.sequences)?;
        let problems = [
            self.query.problem(input.hidden)?,
            self.key.problem(input.hidden)?,
            self.value.problem(input.hidden)?,
        ];
        let (queries, keys) = (self.query.outputs(), self.key.outputs());
        let own = products(problems, scratch); // [tokens, h·k + g·k + g·v]
        Ok(Projected { own, memory: None, queries, keys })
    }

    /// Of a text that looks at another.
    pub(crate) fn project(
        &self,
        input: &CrossAttentionInput<'_>,
        scratch: &mut Scratch,
    ) -> Result<Projected> {
        let mut projected = self.project_alone(input, scratch)?;
        self.normalise_and_turn(&mut projected, input, &[], scratch)?;
        Ok(projected)
    }

    /// Of a text that looks at another, only projected.
    pub(crate) fn project_alone(
        &self,
        input: &CrossAttentionInput<'_>,
        scratch: &mut Scratch,
    ) -> Result<Projected> {
        check(&self.query, &input.hidden, input.sequences)?;
        check(&self.key, &input.memory, input.memories)?;
        let (queries, keys) = (self.query.outputs(), self.key.outputs());
        let own = products([self.query.problem(input.hidden)?], scratch); // [tokens, h·k]
        let problems = [self.key.problem(input.memory)?, self.value.problem(input.memory)?];
        let memory = products(problems, scratch); // [memory tokens, g·(k + v)]
        Ok(Projected { own, memory: Some(memory), queries, keys })
    }

    /// Normalises queries and keys and turns them by their positions, where the layer does. So many
    /// tokens stand before each sequence.
    pub(crate) fn normalise_and_turn(
        &self,
        projected: &mut Projected,
        input: &CrossAttentionInput<'_>,
        before: &[usize],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let Projected { own, memory, queries, keys } = projected;
        if let Some(norm) = &self.query_norm {
            norm.forward_heads_in_place(own, 0..*queries, scratch)?;
        }
        if let Some(norm) = &self.key_norm {
            match memory {
                Some(memory) => norm.forward_heads_in_place(memory, 0..*keys, scratch)?,
                None => norm.forward_heads_in_place(own, *queries..*queries + *keys, scratch)?,
            }
        }
        let Some(rotary) = &self.rotary else { return Ok(()) };
        let Some(memory) = memory else {
            let both = own.slice_mut(s![.., ..*queries + *keys]);
            return rotary.rotate_after(both, input.sequences, before);
        };
        rotary.rotate_after(own.view_mut(), input.sequences, before)?;
        rotary.rotate(memory.slice_mut(s![.., ..*keys]), input.memories)
    }
}

fn check(layer: &Linear, rows: &ArrayView2<'_, f32>, sequences: &Ragged) -> Result<()> {
    check_columns(AT, layer.inputs(), rows)?;
    sequences.check(AT, rows.nrows())
}
