//! The parameters of a layer, by name.

use crate::Weight;

/// The name of the place in a model that a visitor has come to: `encoder.layers.0`.
#[derive(Debug, Clone, Default)]
pub struct Path(String);

impl Path {
    /// The model itself.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `inside` with `name` added to the path, and takes it off again.
    pub fn enter<R>(
        &mut self,
        name: impl std::fmt::Display,
        inside: impl FnOnce(&mut Self) -> R,
    ) -> R {
        use std::fmt::Write;
        let outside = self.0.len();
        let dot = if outside == 0 { "" } else { "." };
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{dot}{name}");
        let result = inside(self);
        self.0.truncate(outside);
        result
    }

    /// The path, its parts joined by dots.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Something with parameters: they are visited in a fixed order, each once, by name.
///
/// The names are those of the fields, joined by dots. A layer visits its own weights; a composite
/// enters each part and visits it. A weight that two places share is visited where it is owned.
///
/// # Example
/// ```
/// use lt_core::{Params, Path, Weight, weights};
///
/// struct Scale { gain: Weight }
/// impl Params for Scale {
///     fn visit<'a>(&'a self, path: &mut Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
///         path.enter("gain", |path| visit(path.as_str(), &self.gain));
///     }
///     fn visit_mut(&mut self, path: &mut Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
///         path.enter("gain", |path| visit(path.as_str(), &mut self.gain));
///     }
/// }
///
/// let scale = Scale { gain: Weight::zeros(&[4]) };
/// assert_eq!(weights(&scale)[0].0, "gain");
/// ```
///
/// PyTorch: `torch.nn.Module.named_parameters`.
pub trait Params {
    /// Calls `visit` with the name and the value of each parameter.
    fn visit<'a>(&'a self, path: &mut Path, visit: &mut dyn FnMut(&str, &'a Weight));

    /// As [`visit`](Self::visit), to change them: the same names in the same order.
    fn visit_mut(&mut self, path: &mut Path, visit: &mut dyn FnMut(&str, &mut Weight));
}

/// Writes [`Params`] for a struct from the names of its fields.
///
/// Each field is itself `Params`: a [`Weight`], a layer, an `Option` (absent: nothing to visit)
/// or a `Vec` (its parts are named 0, 1, 2, …).
///
/// ```
/// use lt_core::{Weight, params, weights};
/// struct Affine { weight: Weight, bias: Option<Weight> }
/// params!(Affine { weight, bias });
///
/// let affine = Affine { weight: Weight::zeros(&[2, 3]), bias: None };
/// assert_eq!(weights(&affine).len(), 1);
/// ```
#[macro_export]
macro_rules! params {
    ($layer:ty { $($field:ident),* $(,)? }) => {
        impl $crate::Params for $layer {
            #[allow(unused_variables)]
            fn visit<'a>(
                &'a self,
                path: &mut $crate::Path,
                visit: &mut dyn FnMut(&str, &'a $crate::Weight),
            ) {
                $(path.enter(stringify!($field), |path| $crate::Params::visit(&self.$field, path, visit));)*
            }
            #[allow(unused_variables)]
            fn visit_mut(
                &mut self,
                path: &mut $crate::Path,
                visit: &mut dyn FnMut(&str, &mut $crate::Weight),
            ) {
                $(path.enter(stringify!($field), |path| $crate::Params::visit_mut(&mut self.$field, path, visit));)*
            }
        }
    };
}

impl Params for Weight {
    fn visit<'a>(&'a self, path: &mut Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
        visit(path.as_str(), self);
    }

    fn visit_mut(&mut self, path: &mut Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
        visit(path.as_str(), self);
    }
}

impl<P: Params> Params for Option<P> {
    fn visit<'a>(&'a self, path: &mut Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
        if let Some(part) = self {
            part.visit(path, visit);
        }
    }

    fn visit_mut(&mut self, path: &mut Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
        if let Some(part) = self {
            part.visit_mut(path, visit);
        }
    }
}

impl<P: Params> Params for Vec<P> {
    fn visit<'a>(&'a self, path: &mut Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
        for (number, part) in self.iter().enumerate() {
            path.enter(number, |path| part.visit(path, visit));
        }
    }

    fn visit_mut(&mut self, path: &mut Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
        for (number, part) in self.iter_mut().enumerate() {
            path.enter(number, |path| part.visit_mut(path, visit));
        }
    }
}

/// The parameters as a list of name and value, in the order of the visit.
#[must_use]
pub fn weights(layer: &(impl Params + ?Sized)) -> Vec<(String, &Weight)> {
    let mut list = Vec::new();
    layer.visit(&mut Path::new(), &mut |name, weight| list.push((name.to_owned(), weight)));
    list
}

/// How many numbers the parameters hold.
#[must_use]
pub fn parameter_count(layer: &(impl Params + ?Sized)) -> usize {
    weights(layer).iter().map(|(_, weight)| weight.len()).sum()
}

/// Adds to each parameter of a gradient that of another gradient of the same layer.
///
/// A layer that runs several times in a pass gathers its gradient apart, and adds it here once.
///
/// # Panics
/// If the layers are not of one shape.
///
/// ```
/// use lt_core::{Weight, add_gradients, params, zeros_like};
/// #[derive(Clone)]
/// struct Affine { weight: Weight, bias: Option<Weight> }
/// params!(Affine { weight, bias });
/// let found = Affine { weight: Weight::new(&[1, 2], vec![1.0, 2.0])?, bias: None };
/// let mut sum = zeros_like(&found);
/// add_gradients(&mut sum, &found);
/// add_gradients(&mut sum, &found);
/// assert_eq!(sum.weight.f32(), [2.0, 4.0]);
/// # Ok::<(), lt_core::Error>(())
/// ```
pub fn add_gradients<P: Params + ?Sized>(sum: &mut P, found: &P) {
    let mut found = weights(found).into_iter();
    sum.visit_mut(&mut Path::new(), &mut |name, weight| {
        let (other, found) = found.next().unwrap_or_else(|| panic!("no gradient of `{name}`"));
        assert_eq!(name, other, "gradients of one layer");
        weight.add_weight(found);
    });
}

/// A layer of the same shapes whose parameters are all zero: where gradients are gathered.
#[must_use]
pub fn zeros_like<P: Params + Clone>(layer: &P) -> P {
    let mut zeros = layer.clone();
    zeros.visit_mut(&mut Path::new(), &mut |_, weight| *weight = Weight::zeros(weight.shape()));
    zeros
}
