//! A layer in use: something that turns an input into an output.

use crate::{Result, Scratch};

/// A layer, ready to compute: `y = f(x)`.
///
/// The input is a parameter of the trait, so that one layer can take several: multi-head
/// attention is a `Module<HiddenStates>` and a `Module<CrossAttentionInput>`. The output follows
/// from the input. There is no mode flag and no random generator here: a module that is used
/// does not change, and gives the same output for the same input, always. Training has a trait
/// of its own, [`Backward`](crate::Backward).
///
/// Inputs are small `Copy` structs with named fields, or a bare view where one is enough.
///
/// # Example
/// ```
/// use lt_core::{Module, Result};
/// use lt_core::ndarray::{Array2, ArrayView2, array};
///
/// struct Double;
/// impl<'a> Module<ArrayView2<'a, f32>> for Double {
///     type Output = Array2<f32>;
///     fn forward(&self, rows: ArrayView2<'a, f32>) -> Result<Array2<f32>> {
///         Ok(&rows * 2.0)
///     }
/// }
///
/// assert_eq!(Double.forward(array![[1.0, 2.0]].view())?, array![[2.0, 4.0]]);
/// # Ok::<(), lt_core::Error>(())
/// ```
///
/// PyTorch: `torch.nn.Module.forward` in evaluation mode.
pub trait Module<Input> {
    /// What comes out.
    type Output;

    /// Computes the output on one thread, with memory of its own.
    ///
    /// # Errors
    /// If the input does not fit the layer; the error says what would.
    fn forward(&self, input: Input) -> Result<Self::Output>;

    /// Computes the output with the caller's threads and buffers: the same bits as
    /// [`forward`](Self::forward), faster.
    ///
    /// A layer that allocates or runs in parallel implements this one and has `forward` call it
    /// with `&mut Scratch::new()`. The caller may give the output back to the scratch when it has
    /// been read.
    ///
    /// # Errors
    /// As for [`forward`](Self::forward).
    fn forward_in(&self, input: Input, scratch: &mut Scratch) -> Result<Self::Output> {
        let _ = scratch;
        self.forward(input)
    }
}

impl<Input, M: Module<Input> + ?Sized> Module<Input> for &M {
    type Output = M::Output;

    fn forward(&self, input: Input) -> Result<Self::Output> {
        (**self).forward(input)
    }

    fn forward_in(&self, input: Input, scratch: &mut Scratch) -> Result<Self::Output> {
        (**self).forward_in(input, scratch)
    }
}

impl<Input, M: Module<Input> + ?Sized> Module<Input> for Box<M> {
    type Output = M::Output;

    fn forward(&self, input: Input) -> Result<Self::Output> {
        (**self).forward(input)
    }

    fn forward_in(&self, input: Input, scratch: &mut Scratch) -> Result<Self::Output> {
        (**self).forward_in(input, scratch)
    }
}
