//! The derivative of relative positions.

use lt_core::{Backward, Result, Scratch, Train, Trainable, check_shape, dims};
use ndarray::Array2;

use crate::RelativeBias;

impl Trainable for RelativeBias {
    /// Nothing: which distances share a bucket is known.
    type Cache = ();
}

impl Backward<()> for RelativeBias {
    /// There is no input.
    type InputGrad = ();

    fn forward_cached(&self, (): (), train: &mut Train) -> Result<(Array2<f32>, ())> {
        Ok((self.by_distance(&mut train.scratch), ()))
    }

    fn backward(
        &self,
        (): (),
        (): &(),
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let farthest = self.buckets.farthest();
        let expected = dims![self.heads(), 2 * farthest + 1];
        check_shape("RelativeBias::backward", expected, d_output.shape())?;
        // forward: b[distance] = T[bucket of the distance]
        //   ⇒  backward: dT[bucket] = Σ db over the distances that fall into it
        let mut of_bucket = scratch.take_indices();
        of_bucket.extend((0..d_output.ncols()).map(|place| {
            self.buckets.of(place as isize - farthest as isize) as u32 // [2m + 1]
        }));
        grads.table.add_by_id(&of_bucket, d_output.t(), 1.0, scratch); // [2m + 1, h]
        scratch.give_indices(of_bucket);
        Ok(())
    }
}
