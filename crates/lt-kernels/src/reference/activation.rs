use ndarray::{Array2, ArrayView2};

use crate::Activation;

/// The gradient of an activation: dx = dy·f′(x), in the place of dy.
///
/// # Panics
/// If there is not a gradient for each number.
///
/// ```
/// use lt_kernels::{Activation, reference::activation_backward};
/// let (x, mut d) = (ndarray::array![[-1.0, 2.0]], ndarray::array![[5.0, 5.0]]);
/// activation_backward(Activation::Relu, x.view(), &mut d);
/// assert_eq!(d, ndarray::array![[0.0, 5.0]]);
/// ```
pub fn activation_backward(activation: Activation, x: ArrayView2<'_, f32>, d: &mut Array2<f32>) {
    assert_eq!(x.dim(), d.dim(), "a gradient for each number");
    // forward: y = f(x)  ⇒  backward: dx = dy·f′(x)
    d.zip_mut_with(&x, |d, &x| *d *= activation.derivative(x));
}
