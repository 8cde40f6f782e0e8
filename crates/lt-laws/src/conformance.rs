//! The macro that writes the tests of a layer with a derivative.

/// Writes the tests of a layer that implements [`Backward`](lt_core::Backward), as a module.
///
/// ```
/// # use lt_core::{Backward, Module, Params, Result, Scratch, Train, Trainable, Weight, params};
/// # use ndarray::{Array2, ArrayView2, Axis};
/// # #[derive(Clone)]
/// # struct Shift { bias: Weight }
/// # params!(Shift { bias });
/// # impl<'a> Module<ArrayView2<'a, f32>> for Shift {
/// #     type Output = Array2<f32>;
/// #     fn forward(&self, rows: ArrayView2<'a, f32>) -> Result<Array2<f32>> {
/// #         lt_core::check_columns("Shift::forward", self.bias.len(), &rows)?;
/// #         Ok(&rows + &self.bias.vector())
/// #     }
/// # }
/// # impl Trainable for Shift { type Cache = (); }
/// # impl<'a> Backward<ArrayView2<'a, f32>> for Shift {
/// #     type InputGrad = Array2<f32>;
/// #     fn forward_cached(&self, rows: ArrayView2<'a, f32>, _: &mut Train)
/// #         -> Result<(Array2<f32>, ())> { Ok((self.forward(rows)?, ())) }
/// #     fn backward(&self, rows: ArrayView2<'a, f32>, (): &(), d_output: &Array2<f32>,
/// #         grads: &mut Self, _: &mut Scratch) -> Result<Array2<f32>> {
/// #         lt_core::check_shape("Shift::backward", lt_core::Shape::of(rows.shape()),
/// #             d_output.shape())?;
/// #         for (grad, sum) in grads.bias.make_mut().iter_mut().zip(d_output.sum_axis(Axis(0))) {
/// #             *grad += sum;
/// #         }
/// #         Ok(d_output.clone())
/// #     }
/// # }
/// lt_laws::conformance! {
///     shift: Shift = Shift { bias: Weight::zeros(&[7]) }; // how to make the layer
///     inputs: [[5, 7]];                                   // shapes of the inputs
///     input: |inputs| inputs[0].view();                   // how they become the layer's Input
///     gradients: |grad| vec![grad];                       // what InputGrad holds, in that order
///     without_gradient: [];                               // parameters that have none
///     wrong: [[[5, 8]]];                                  // inputs that must be refused
/// }
/// ```
///
/// An input of several arrays has several shapes, as has each wrong input:
/// `inputs: [[5, 8], [3, 8]]`, `wrong: [[[5, 7], [3, 8]], [[5, 8], [3, 7]]]`. References in
/// the `input` expression may be to temporary values:
/// `|inputs| HiddenStates::new(inputs[0].view(), &Ragged::single(5))`.
///
/// The tests are the laws of [`gradient`](crate::gradient), and that the layer is
/// `Send + Sync + 'static`.
#[macro_export]
macro_rules! conformance {
    ($name:ident: $Layer:ty = $($subject:tt)*) => {
        #[cfg(test)]
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn subject() -> $crate::gradient::Subject<$Layer> {
                $crate::subject! { $Layer = $($subject)* }
            }

            #[test]
            fn forward_passes_agree() {
                $crate::gradient::forward_passes_agree(&subject());
            }

            #[test]
            fn backward_is_the_slope_of_forward() {
                $crate::gradient::backward_is_the_slope(&subject());
            }

            #[test]
            fn backward_adds_to_the_gradients() {
                $crate::gradient::backward_adds(&subject());
            }

            #[test]
            fn every_parameter_has_a_gradient_unless_declared() {
                $crate::gradient::every_parameter_has_a_gradient(&subject());
            }

            #[test]
            fn wrong_shapes_are_refused() {
                $crate::gradient::wrong_shapes_are_refused(&subject());
            }

            #[test]
            fn it_can_be_sent_and_shared_between_threads() {
                fn sendable<T: Send + Sync + 'static>() {}
                sendable::<$Layer>();
            }
        }
    };
}

/// The [`Subject`](crate::gradient::Subject) that [`conformance!`] tests, without the tests: to
/// hold a layer against one law of [`gradient`](crate::gradient) alone.
///
/// Takes what `conformance!` takes, from the layer's type on.
#[macro_export]
macro_rules! subject {
    (
        $Layer:ty = $layer:expr;
        inputs: [$($shape:expr),* $(,)?];
        input: |$inputs:ident| $input:expr;
        gradients: |$grad:ident| $grads:expr;
        without_gradient: [$($without:expr),* $(,)?];
        wrong: [$([$($wrong:expr),* $(,)?]),* $(,)?];
    ) => {{
        use $crate::lt_core::ndarray::Array2 as Array2_;
        use $crate::lt_core::{Backward, Module, Train as Train_};
        $crate::gradient::Subject::<$Layer> {
            layer: || $layer,
            inputs: vec![$($shape),*],
            without_gradient: vec![$($without),*],
            wrong: vec![$(vec![$($wrong),*]),*],
            forward: |layer, $inputs: &[Array2_<f32>]| Module::forward(layer, $input),
            forward_in: |layer, $inputs: &[Array2_<f32>], scratch| {
                Module::forward_in(layer, $input, scratch)
            },
            forward_cached: |layer, $inputs: &[Array2_<f32>]| {
                let (output, _) =
                    Backward::forward_cached(layer, $input, &mut Train_::default())?;
                Ok(output)
            },
            backward: |layer, $inputs: &[Array2_<f32>], d_output, grads, scratch| {
                let (_, cache) =
                    Backward::forward_cached(layer, $input, &mut Train_::default())?;
                let $grad =
                    Backward::backward(layer, $input, &cache, d_output, grads, scratch)?;
                Ok($grads)
            },
        }
    }};
}
