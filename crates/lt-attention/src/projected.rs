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
    /// `[tokens, h·(k + k + v)]`.
    own: Array2<f32>,
    /// In cross-attention: keys and values, `[memory tokens, h·(k + v)]`.
    memory: Option<Array2<f32>>,
    /// h·k, the width of queries and of keys.
    width: usize,
}

impl Projected {
    pub(crate) fn query(&self) -> ArrayView2<'_, f32> {
        self.own.slice(s![.., ..self.width])
    }

    pub(crate) fn key(&self) -> ArrayView2<'_, f32> {
        self.keys_and_values().slice_move(s![.., ..self.width])
    }

    pub(crate) fn value(&self) -> ArrayView2<'_, f32> {
        self.keys_and_values().slice_move(s![.., self.width..])
    }

    fn keys_and_values(&self) -> ArrayView2<'_, f32> {
        match &self.memory {
            Some(memory) => memory.view(),
            None => self.own.slice(s![.., self.width..]),
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
    pub(crate) fn project_self(
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
        let width = self.query.outputs();
        let mut own = products(problems, scratch); // [tokens, h·(k + k + v)]
        if let Some(rotary) = &self.rotary {
            rotary.rotate(own.slice_mut(s![.., ..2 * width]), input.sequences)?; // both at once
        }
        Ok(Projected { own, memory: None, width })
    }

    /// Of a text that looks at another.
    pub(crate) fn project(
        &self,
        input: &CrossAttentionInput<'_>,
        scratch: &mut Scratch,
    ) -> Result<Projected> {
        check(&self.query, &input.hidden, input.sequences)?;
        check(&self.key, &input.memory, input.memories)?;
        let width = self.query.outputs();
        let mut own = products([self.query.problem(input.hidden)?], scratch); // [tokens, h·k]
        let problems = [self.key.problem(input.memory)?, self.value.problem(input.memory)?];
        let mut memory = products(problems, scratch); // [memory tokens, h·(k + v)]
        if let Some(rotary) = &self.rotary {
            rotary.rotate(own.view_mut(), input.sequences)?;
            rotary.rotate(memory.slice_mut(s![.., ..width]), input.memories)?;
        }
        Ok(Projected { own, memory: Some(memory), width })
    }
}

fn check(layer: &Linear, rows: &ArrayView2<'_, f32>, sequences: &Ragged) -> Result<()> {
    check_columns(AT, layer.inputs(), rows)?;
    sequences.check(AT, rows.nrows())
}
