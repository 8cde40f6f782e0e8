//! Layers one after another.

use lt_attention::HiddenStates;
use lt_core::{Module, Params, Path, Result, Scratch, Weight, params};
use lt_layers::LayerNorm;
use ndarray::{Array2, Array3};

use crate::EncoderLayer;

/// Layers one after another: what one gives, the next takes.
///
/// For any layer that turns hidden states into hidden states of the same width, yours included.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stack<L> {
    layers: Vec<L>,
}

impl<L> Stack<L> {
    /// These layers, the first first.
    #[must_use]
    pub fn new(layers: Vec<L>) -> Self {
        Self { layers }
    }

    /// The layers, the first first.
    #[must_use]
    pub fn layers(&self) -> &[L] {
        &self.layers
    }

    /// Runs the layers and shows `each` of them what it is given, before it runs.
    fn run(
        &self,
        input: HiddenStates<'_>,
        scratch: &mut Scratch,
        mut each: impl FnMut(&L, HiddenStates<'_>) -> Result<()>,
    ) -> Result<Array2<f32>>
    where
        L: for<'b> Module<HiddenStates<'b>, Output = Array2<f32>>,
    {
        let mut hidden = scratch.take(input.hidden.nrows(), input.hidden.ncols());
        hidden.assign(&input.hidden);
        for layer in &self.layers {
            each(layer, input.with(hidden.view()))?;
            let next = layer.forward_in(input.with(hidden.view()), scratch)?;
            scratch.give(std::mem::replace(&mut hidden, next));
        }
        Ok(hidden)
    }
}

impl<L: Params> Params for Stack<L> {
    fn visit<'a>(&'a self, path: &mut Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
        self.layers.visit(path, visit);
    }

    fn visit_mut(&mut self, path: &mut Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
        self.layers.visit_mut(path, visit);
    }
}

impl<'a, L> Module<HiddenStates<'a>> for Stack<L>
where
    L: for<'b> Module<HiddenStates<'b>, Output = Array2<f32>>,
{
    type Output = Array2<f32>;

    fn forward(&self, input: HiddenStates<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: HiddenStates<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        input.sequences.check("Stack::forward", input.hidden.nrows())?;
        self.run(input, scratch, |_, _| Ok(()))
    }
}

/// The encoder: a stack of encoder layers, and with pre-LN one norm more at the end.
///
/// # Shapes
/// `[tokens, d]` to `[tokens, d]`.
///
/// PyTorch: `BertEncoder`; `torch.nn.TransformerEncoder`.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoder {
    layers: Stack<EncoderLayer>,
    norm: Option<LayerNorm>,
}

params!(Encoder { layers, norm });

/// Everything an encoder computed on its way.
#[derive(Debug, Clone)]
pub struct EncoderTrace {
    /// What each layer was given, `[tokens, d]`, and last the output: one more than there are
    /// layers.
    pub hidden_states: Vec<Array2<f32>>,
    /// For each layer, for each sequence, the attention weights `[h, t, t]`.
    pub attentions: Vec<Vec<Array3<f32>>>,
}

impl Encoder {
    /// An encoder of these layers, with a norm at the end if there is one.
    #[must_use]
    pub fn new(layers: Vec<EncoderLayer>, norm: Option<LayerNorm>) -> Self {
        Self { layers: Stack::new(layers), norm }
    }

    /// The layers, the first first.
    #[must_use]
    pub fn layers(&self) -> &[EncoderLayer] {
        self.layers.layers()
    }

    /// The output, and everything on the way to it.
    ///
    /// The output has the bits of [`Module::forward`].
    ///
    /// # Errors
    /// As for [`Module::forward`].
    pub fn trace(&self, input: HiddenStates<'_>, scratch: &mut Scratch) -> Result<EncoderTrace> {
        let mut trace = EncoderTrace { hidden_states: Vec::new(), attentions: Vec::new() };
        input.sequences.check("Encoder::trace", input.hidden.nrows())?;
        let last = self.layers.run(input, scratch, |layer, input| {
            trace.hidden_states.push(input.hidden.to_owned());
            trace.attentions.push(layer.attention_weights(input)?);
            Ok(())
        })?;
        trace.hidden_states.push(self.finish(last, scratch)?);
        Ok(trace)
    }

    fn finish(&self, mut hidden: Array2<f32>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        if let Some(norm) = &self.norm {
            norm.forward_in_place(&mut hidden, scratch)?;
        }
        Ok(hidden)
    }
}

impl<'a> Module<HiddenStates<'a>> for Encoder {
    type Output = Array2<f32>;

    fn forward(&self, input: HiddenStates<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: HiddenStates<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        let last = self.layers.forward_in(input, scratch)?;
        self.finish(last, scratch)
    }
}
