//! The whole encoder.

#[cfg(feature = "train")]
mod backward;

use lt_attention::HiddenStates;
use lt_core::{Error, Module, Result, Scratch, params};
use lt_embedding::RelativeBias;
use lt_kernels::DistanceBias;
use lt_layers::LayerNorm;
use ndarray::{Array2, Array3};

use crate::{EncoderLayer, Stack};

#[cfg(feature = "train")]
pub use backward::EncoderCache;

/// The encoder: a stack of encoder layers, and with pre-LN one norm more at the end. Its layers may
/// share one relative position.
///
/// # Shapes
/// `[tokens, d]` to `[tokens, d]`.
///
/// PyTorch: `BertEncoder`; `torch.nn.TransformerEncoder`.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoder {
    layers: Stack<EncoderLayer>,
    norm: Option<LayerNorm>,
    relative: Option<RelativeBias>,
}

params!(Encoder { layers, norm, relative });

/// Everything an encoder computed on its way.
#[derive(Debug, Clone)]
pub struct EncoderTrace {
    /// What each layer was given, `[tokens, d]`, and last the output: one more than layers run.
    pub hidden_states: Vec<Array2<f32>>,
    /// For each layer that ran, for each sequence, the attention weights `[h, t, t]`.
    pub attentions: Vec<Vec<Array3<f32>>>,
}

impl Encoder {
    /// An encoder of these layers, with a norm at the end if there is one.
    #[must_use]
    pub fn new(layers: Vec<EncoderLayer>, norm: Option<LayerNorm>) -> Self {
        Self::of_stack(Stack::new(layers), norm)
    }

    /// An encoder of these layers, some of which may run more than once, with a norm at the end if
    /// there is one.
    #[must_use]
    pub fn of_stack(layers: Stack<EncoderLayer>, norm: Option<LayerNorm>) -> Self {
        Self { layers, norm, relative: None }
    }

    /// With a number for each distance and head, which all layers add to their scores.
    ///
    /// # Errors
    /// [`Error::Config`] if a layer has another number of heads.
    pub fn with_relative(self, relative: RelativeBias) -> Result<Self> {
        let heads = |layer: &EncoderLayer| layer.attention().config().heads;
        match self.layers.layers().iter().map(heads).find(|&heads| heads != relative.heads()) {
            None => Ok(Self { relative: Some(relative), ..self }),
            Some(heads) => Err(Error::Config {
                at: "Encoder::with_relative",
                field: "relative.heads",
                got: relative.heads().to_string(),
                expected: format!("{heads}, as the layers have"),
            }),
        }
    }

    /// The layers, and the order in which they run.
    #[must_use]
    pub fn stack(&self) -> &Stack<EncoderLayer> {
        &self.layers
    }

    /// The layers that there are, each once, the first first.
    #[must_use]
    pub fn layers(&self) -> &[EncoderLayer] {
        self.layers.layers()
    }

    /// The numbers that all layers add to their scores, by distance, if they do.
    #[must_use]
    pub fn relative(&self) -> Option<&RelativeBias> {
        self.relative.as_ref()
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
        let last = self.with_distances(input, scratch, |input, scratch| {
            self.layers.run(input, scratch, |layer, input| {
                trace.hidden_states.push(input.hidden.to_owned());
                trace.attentions.push(layer.attention_weights(input)?);
                Ok(())
            })
        })?;
        trace.hidden_states.push(self.finish(last, scratch)?);
        Ok(trace)
    }

    /// Runs the layers on an input that knows the numbers of the distances.
    fn with_distances(
        &self,
        input: HiddenStates<'_>,
        scratch: &mut Scratch,
        run: impl FnOnce(HiddenStates<'_>, &mut Scratch) -> Result<Array2<f32>>,
    ) -> Result<Array2<f32>> {
        let numbers = self.relative.as_ref().map(|relative| relative.by_distance(scratch));
        let hidden = run(biased(&input, numbers.as_ref())?, scratch)?;
        numbers.into_iter().for_each(|numbers| scratch.give(numbers));
        Ok(hidden)
    }

    fn finish(&self, mut hidden: Array2<f32>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        if let Some(norm) = &self.norm {
            norm.forward_in_place(&mut hidden, scratch)?;
        }
        Ok(hidden)
    }
}

/// The input with a number for each head and distance, `[h, 2m + 1]`, if there are any.
fn biased<'b>(
    input: &'b HiddenStates<'_>,
    numbers: Option<&'b Array2<f32>>,
) -> Result<HiddenStates<'b>> {
    let input = input.with(input.hidden.reborrow());
    let Some(numbers) = numbers else { return Ok(input) };
    let of_heads = numbers.as_slice().unwrap_or_default(); // row after row, as it was made
    Ok(input.bias(DistanceBias::new(numbers.nrows(), of_heads)?))
}

impl<'a> Module<HiddenStates<'a>> for Encoder {
    type Output = Array2<f32>;

    fn forward(&self, input: HiddenStates<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: HiddenStates<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        let last = self.with_distances(input, scratch, |input, scratch| {
            self.layers.forward_in(input, scratch)
        })?;
        self.finish(last, scratch)
    }
}
