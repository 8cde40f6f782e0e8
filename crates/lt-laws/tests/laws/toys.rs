//! Small layers with a derivative by hand, right or wrong in one way that has been seen in the
//! wild.

use lt_core::{
    Backward, Module, Result, Scratch, Shape, Train, Trainable, Weight, check_columns, check_shape,
    params,
};
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// What a layer with a derivative can get wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Slip {
    None,
    /// The gradient of the input is √d too large, d the width.
    RootOfWidth,
    /// The gradient of the weight is 0.5 % too large.
    OffByHalfAHundredth,
    /// The first gradient of the input is NaN.
    OneNan,
    /// `backward` overwrites instead of adding.
    Overwrites,
    /// The bias is forgotten.
    NoBiasGradient,
    /// The gradient of layer norm without its mean.
    WithoutTheMean,
    /// The gradient of layer norm without its projection on the output.
    WithoutTheProjection,
    /// `forward_cached` rounds otherwise than `forward`.
    RoundsOtherwise,
    /// Any gradient is taken as it comes.
    DoesNotCheck,
}

/// `y = relu(x·Wᵀ + b)`, or without relu.
#[derive(Clone)]
pub(crate) struct Linear {
    pub(crate) weight: Weight,
    pub(crate) bias: Weight,
    pub(crate) relu: bool,
    pub(crate) slip: Slip,
}

params!(Linear { weight, bias });

impl Linear {
    pub(crate) fn new(slip: Slip) -> Self {
        let (weight, bias) = (Weight::zeros(&[5, 7]), Weight::zeros(&[5]));
        Self { weight, bias, relu: false, slip }
    }

    pub(crate) fn with_relu() -> Self {
        Self { relu: true, ..Self::new(Slip::None) }
    }
}

impl<'a> Module<ArrayView2<'a, f32>> for Linear {
    type Output = Array2<f32>;

    fn forward(&self, rows: ArrayView2<'a, f32>) -> Result<Array2<f32>> {
        check_columns("Linear::forward", 7, &rows)?;
        let output = rows.dot(&self.weight.matrix().t()) + self.bias.vector();
        Ok(if self.relu { output.mapv(|y| y.max(0.0)) } else { output })
    }
}

impl Trainable for Linear {
    type Cache = Array2<f32>;
}

impl<'a> Backward<ArrayView2<'a, f32>> for Linear {
    type InputGrad = Array2<f32>;

    fn forward_cached(
        &self,
        rows: ArrayView2<'a, f32>,
        _: &mut Train,
    ) -> Result<(Array2<f32>, Array2<f32>)> {
        let mut output = self.forward(rows)?;
        if self.slip == Slip::RoundsOtherwise {
            output = output * 3.0 / 3.0;
        }
        Ok((output.clone(), output))
    }

    fn backward(
        &self,
        rows: ArrayView2<'a, f32>,
        output: &Array2<f32>,
        d_output: &Array2<f32>,
        grads: &mut Self,
        _: &mut Scratch,
    ) -> Result<Array2<f32>> {
        if self.slip != Slip::DoesNotCheck {
            check_shape("Linear::backward", Shape::of(output.shape()), d_output.shape())?;
        }
        if d_output.dim() != output.dim() {
            return Ok(Array2::zeros(rows.dim()));
        }
        let mut d_sum = d_output.clone();
        if self.relu {
            d_sum.zip_mut_with(output, |d, &y| *d = if y > 0.0 { *d } else { 0.0 });
        }
        let exact = self.slip != Slip::OffByHalfAHundredth;
        let d_weight = d_sum.t().dot(&rows) * if exact { 1.0 } else { 1.005 };
        let add = |grad: &mut Weight, values: Vec<f32>| {
            for (grad, value) in grad.make_mut().iter_mut().zip(values) {
                *grad = if self.slip == Slip::Overwrites { value } else { *grad + value };
            }
        };
        add(&mut grads.weight, d_weight.iter().copied().collect());
        if self.slip != Slip::NoBiasGradient {
            add(&mut grads.bias, d_sum.sum_axis(Axis(0)).to_vec());
        }
        let scale = if self.slip == Slip::RootOfWidth { 7.0_f32.sqrt() } else { 1.0 };
        let mut d_rows = d_sum.dot(&self.weight.matrix()) * scale;
        if self.slip == Slip::OneNan {
            d_rows[[0, 0]] = f32::NAN;
        }
        Ok(d_rows)
    }
}

/// `y = g·(x − μ) / √(σ² + ε) + b`.
#[derive(Clone)]
pub(crate) struct Norm {
    pub(crate) gain: Weight,
    pub(crate) bias: Weight,
    pub(crate) slip: Slip,
}

params!(Norm { gain, bias });

impl Norm {
    pub(crate) fn new(slip: Slip) -> Self {
        Self { gain: Weight::zeros(&[6]), bias: Weight::zeros(&[6]), slip }
    }
}

/// What a norm remembers.
pub(crate) struct Normalised {
    rows: Array2<f32>,
    deviations: Array1<f32>,
}

fn normalise(rows: ArrayView2<'_, f32>) -> Normalised {
    let mut normalised = rows.to_owned();
    let mut deviations = Array1::zeros(rows.nrows());
    for (mut row, deviation) in normalised.outer_iter_mut().zip(&mut deviations) {
        let mean = row.sum() / row.len() as f32;
        let variance = row.mapv(|x| (x - mean).powi(2)).sum() / row.len() as f32;
        *deviation = (variance + 1e-5).sqrt();
        row.mapv_inplace(|x| (x - mean) / *deviation);
    }
    Normalised { rows: normalised, deviations }
}

impl<'a> Module<ArrayView2<'a, f32>> for Norm {
    type Output = Array2<f32>;

    fn forward(&self, rows: ArrayView2<'a, f32>) -> Result<Array2<f32>> {
        check_columns("Norm::forward", 6, &rows)?;
        Ok(normalise(rows).rows * self.gain.vector() + self.bias.vector())
    }
}

impl Trainable for Norm {
    type Cache = Normalised;
}

impl<'a> Backward<ArrayView2<'a, f32>> for Norm {
    type InputGrad = Array2<f32>;

    fn forward_cached(
        &self,
        rows: ArrayView2<'a, f32>,
        _: &mut Train,
    ) -> Result<(Array2<f32>, Normalised)> {
        Ok((self.forward(rows)?, normalise(rows)))
    }

    fn backward(
        &self,
        rows: ArrayView2<'a, f32>,
        cache: &Normalised,
        d_output: &Array2<f32>,
        grads: &mut Self,
        _: &mut Scratch,
    ) -> Result<Array2<f32>> {
        check_shape("Norm::backward", Shape::of(rows.shape()), d_output.shape())?;
        let d_gain = (d_output * &cache.rows).sum_axis(Axis(0));
        for (grad, value) in grads.gain.make_mut().iter_mut().zip(d_gain) {
            *grad += value;
        }
        for (grad, value) in grads.bias.make_mut().iter_mut().zip(d_output.sum_axis(Axis(0))) {
            *grad += value;
        }
        let mut d_rows = d_output * &self.gain.vector();
        for ((mut d_row, row), deviation) in
            d_rows.outer_iter_mut().zip(cache.rows.outer_iter()).zip(&cache.deviations)
        {
            let d = row.len() as f32;
            let mean = if self.slip == Slip::WithoutTheMean { 0.0 } else { d_row.sum() / d };
            let along = match self.slip {
                Slip::WithoutTheProjection => 0.0,
                _ => d_row.dot(&row) / d,
            };
            d_row.zip_mut_with(&row, |dx, &x| *dx = (*dx - mean - x * along) / deviation);
        }
        Ok(d_rows)
    }
}

/// `y = softmax(x·(x + b)ᵀ / √d)·m`: a bias on the keys, which changes nothing, and a memory `m`
/// of values.
#[derive(Clone)]
pub(crate) struct KeyBias {
    pub(crate) bias: Weight,
}

params!(KeyBias { bias });

/// Rows that look at each other, and what they see there.
#[derive(Clone, Copy)]
pub(crate) struct RowsAndMemory<'a> {
    pub(crate) rows: ArrayView2<'a, f32>,
    pub(crate) memory: ArrayView2<'a, f32>,
}

impl KeyBias {
    fn probabilities(&self, input: RowsAndMemory<'_>) -> Result<Array2<f32>> {
        check_columns("KeyBias::forward", 4, &input.rows)?;
        let expected = Shape(vec![input.rows.nrows().into(), "d".into()]);
        check_shape("KeyBias::forward", expected, input.memory.shape())?;
        let keys = &input.rows + &self.bias.vector();
        Ok(crate::plain::softmax((input.rows.dot(&keys.t()) / 2.0).view()))
    }
}

impl<'a> Module<RowsAndMemory<'a>> for KeyBias {
    type Output = Array2<f32>;

    fn forward(&self, input: RowsAndMemory<'a>) -> Result<Array2<f32>> {
        Ok(self.probabilities(input)?.dot(&input.memory))
    }
}

impl Trainable for KeyBias {
    type Cache = Array2<f32>;
}

impl<'a> Backward<RowsAndMemory<'a>> for KeyBias {
    type InputGrad = (Array2<f32>, Array2<f32>);

    fn forward_cached(
        &self,
        input: RowsAndMemory<'a>,
        _: &mut Train,
    ) -> Result<(Array2<f32>, Array2<f32>)> {
        Ok((self.forward(input)?, self.probabilities(input)?))
    }

    fn backward(
        &self,
        RowsAndMemory { rows, memory }: RowsAndMemory<'a>,
        probabilities: &Array2<f32>,
        d_output: &Array2<f32>,
        grads: &mut Self,
        _: &mut Scratch,
    ) -> Result<(Array2<f32>, Array2<f32>)> {
        check_shape("KeyBias::backward", Shape::of(memory.shape()), d_output.shape())?;
        let mut d_scores = d_output.dot(&memory.t());
        for (mut d_row, row) in d_scores.outer_iter_mut().zip(probabilities.outer_iter()) {
            let along = d_row.dot(&row);
            d_row.zip_mut_with(&row, |d, &p| *d = p * (*d - along) / 2.0);
        }
        let d_keys = d_scores.t().dot(&rows);
        for (grad, value) in grads.bias.make_mut().iter_mut().zip(d_keys.sum_axis(Axis(0))) {
            *grad += value;
        }
        let keys = &rows + &self.bias.vector();
        Ok((d_scores.dot(&keys) + d_keys, probabilities.t().dot(d_output)))
    }
}
