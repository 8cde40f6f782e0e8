//! The product of another crate, behind a signature that nobody can get wrong.

use gemm::Parallelism;
use ndarray::{Array2, ArrayView2};

/// y = x·Wᵀ by the crate `gemm`, on one thread. It packs W anew each time.
///
/// # Shapes
/// `x` is `[tokens, in]`, `weight` `[out, in]`, `y` `[tokens, out]`.
///
/// # Panics
/// If the shapes do not fit each other.
pub fn gemm(x: ArrayView2<'_, f32>, weight: ArrayView2<'_, f32>, y: &mut Array2<f32>) {
    let ((tokens, inner), out) = (x.dim(), weight.nrows());
    assert_eq!(weight.ncols(), inner, "a weight [out, in] for rows of in");
    assert_eq!(y.dim(), (tokens, out), "room for [tokens, out]");
    let strides = |strides: &[isize]| (strides[0], strides[1]);
    let (y_row, y_column) = strides(y.strides());
    let (x_row, x_column) = strides(x.strides());
    let (w_row, w_column) = strides(weight.strides());
    // SAFETY: the pointers and strides are those of arrays whose shapes were checked, so that each
    // place it reads or writes is in one of them; nobody else has `y`. Wᵀ is W with its strides
    // exchanged. The old numbers of `y` are not read.
    unsafe {
        gemm::gemm(
            tokens,
            out,
            inner,
            y.as_mut_ptr(),
            y_column,
            y_row,
            false,
            x.as_ptr(),
            x_column,
            x_row,
            weight.as_ptr(),
            w_row,
            w_column,
            0.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::{rows, weight};

    #[test]
    fn it_is_the_product_that_is_compared() {
        let (x, w) = (rows(5, 7), weight(&[3, 7]));
        let mut y = Array2::zeros((5, 3));
        gemm(x.view(), w.matrix(), &mut y);
        let difference = y - x.dot(&w.matrix().t());
        assert!(difference.iter().all(|x| x.abs() < 1e-6), "{difference}");
    }
}
