//! Activations: values against f64 formulas, derivatives against differences, limits.

use lt_kernels::Activation;

const ALL: [Activation; 7] = [
    Activation::Identity,
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::Relu,
    Activation::Silu,
    Activation::Tanh,
    Activation::QuickGelu,
];

/// The formulas of the documentation, with the standard library's functions in f64; Φ by the
/// integral of the density.
fn formula(activation: Activation, x: f64) -> f64 {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    match activation {
        Activation::Gelu => {
            let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let (steps, width) = (2000, x / 2000.0);
            // Simpson's rule on [0, x].
            let sum: f64 = (0..steps)
                .map(|i| {
                    let (a, b) = (f64::from(i) * width, f64::from(i + 1) * width);
                    (density(a) + 4.0 * density((a + b) / 2.0) + density(b)) * width / 6.0
                })
                .sum();
            x * (0.5 + sum)
        }
        Activation::GeluTanh => {
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
            x / 2.0 * (1.0 + inner.tanh())
        }
        Activation::Relu => x.max(0.0),
        Activation::Silu => x * sigmoid(x),
        Activation::Tanh => x.tanh(),
        Activation::QuickGelu => x * sigmoid(1.702 * x),
        _ => x,
    }
}

#[test]
fn values_are_those_of_the_formulas() {
    for activation in ALL {
        for i in -400..=400 {
            let x = i as f32 / 40.0;
            let (got, expected) = (activation.apply(x), formula(activation, f64::from(x)));
            let error = (f64::from(got) - expected).abs();
            assert!(
                error <= 1e-7 * expected.abs() + 1e-9,
                "{activation:?} at {x}: {got}, {expected}"
            );
        }
    }
}

#[test]
fn derivatives_are_the_slopes_of_the_formulas() {
    for activation in ALL {
        for i in -399..=399 {
            let x = i as f32 / 40.0;
            if activation == Activation::Relu && x == 0.0 {
                continue; // a corner has no slope; see below
            }
            let (got, h) = (activation.derivative(x), 1e-5);
            let at = f64::from(x);
            let slope = (formula(activation, at + h) - formula(activation, at - h)) / (2.0 * h);
            assert!(
                (f64::from(got) - slope).abs() < 1e-6,
                "{activation:?}′ at {x}: {got}, {slope}"
            );
        }
    }
    assert_eq!(Activation::Relu.derivative(0.0), 0.0);
}

#[test]
fn far_from_zero_they_reach_their_limits() {
    for activation in ALL {
        for x in [200.0, 1e4, f32::MAX] {
            let right = if activation == Activation::Tanh { 1.0 } else { x };
            assert_eq!(activation.apply(x), right, "{activation:?} at {x}");
            let left = match activation {
                Activation::Identity => -x,
                Activation::Tanh => -1.0,
                _ => 0.0,
            };
            assert_eq!(activation.apply(-x), left, "{activation:?} at −{x}");
        }
    }
}

#[test]
fn nan_goes_through_and_infinity_does_not_become_nan() {
    for activation in ALL {
        assert!(activation.apply(f32::NAN).is_nan(), "{activation:?} hides NaN");
        for x in [f32::INFINITY, f32::NEG_INFINITY] {
            assert!(!activation.apply(x).is_nan(), "{activation:?} at {x}");
        }
    }
}
