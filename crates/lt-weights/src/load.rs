//! From a checkpoint into a model.

use std::collections::HashMap;

use lt_core::{Params, Path, Shape, Weight};

use crate::plan::{Plan, Step};
use crate::tied::differing;
use crate::{Layout, Loaded, Misfit, ReadError, Report, TensorSource, Warning};

/// Why nothing was loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The checkpoint is not one of this model: everything that does not fit, by name.
    #[error(transparent)]
    Misfit(Box<Misfit>),
    /// A tensor could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<lt_core::Error> for LoadError {
    fn from(error: lt_core::Error) -> Self {
        Self::Read(ReadError::Weight(error))
    }
}

/// Loads every parameter of a model from a checkpoint, or none.
///
/// The model says by the shapes of its parameters what it needs: before loading they are
/// [`Weight::zeros`], which take no memory. Each needs a tensor of its name and shape, and each
/// tensor a use, or a place among those that the layout passes over.
///
/// ```
/// use lt_core::{NameMap, Rule, Weight, params};
/// use lt_weights::{Layout, load, save};
/// # use lt_weights::{Reading, SafetensorsFile};
///
/// #[derive(Clone)]
/// struct Affine { weight: Weight, bias: Weight }
/// params!(Affine { weight, bias });
/// const LAYOUT: Layout = Layout::new(NameMap::new(&[]));
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("affine.safetensors");
/// let trained = Affine {
///     weight: Weight::new(&[1, 2], vec![3.0, 4.0])?,
///     bias: Weight::new(&[1], vec![5.0])?,
/// };
/// save(&trained, &LAYOUT, &path)?;
///
/// let mut model = Affine { weight: Weight::zeros(&[1, 2]), bias: Weight::zeros(&[1]) };
/// let report = load(&mut model, &SafetensorsFile::open(&path, Reading::default())?, &LAYOUT)?;
/// assert_eq!(model.weight, trained.weight);
/// assert_eq!(report.to_string(), "loaded 2 parameters, 3 numbers, 0.0 MB");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// PyTorch: `load_state_dict(…, strict=True)`.
///
/// # Errors
/// [`LoadError::Misfit`] if the checkpoint does not fit, with all that does not;
/// [`LoadError::Read`] if a tensor cannot be read. The model is as it was then.
pub fn load(
    model: &mut (impl Params + ?Sized),
    source: &dyn TensorSource,
    layout: &Layout,
) -> Result<Report, LoadError> {
    load_planned(model, source, layout, |_| Vec::new())
}

/// As [`load`], but a parameter without a tensor stays as it is: a new head on a trained model.
/// The report names those in `kept`.
///
/// # Errors
/// As for [`load`], missing tensors excepted.
pub fn load_partial(
    model: &mut (impl Params + ?Sized),
    source: &dyn TensorSource,
    layout: &Layout,
) -> Result<Report, LoadError> {
    load_planned(model, source, layout, |misfit| {
        std::mem::take(&mut misfit.missing).into_iter().map(|missing| missing.ours).collect()
    })
}

/// `forgive` takes out of the misfit what is no reason to stop.
fn load_planned(
    model: &mut (impl Params + ?Sized),
    source: &dyn TensorSource,
    layout: &Layout,
    forgive: impl FnOnce(&mut Misfit) -> Vec<String>,
) -> Result<Report, LoadError> {
    let Plan { steps, copies, ignored, mut misfit } = Plan::new(model, source.tensors(), layout);
    let kept = forgive(&mut misfit);
    if !misfit.is_empty() {
        return Err(LoadError::Misfit(Box::new(misfit)));
    }

    let mut warnings = Vec::new();
    for (copy, original) in copies {
        let (copy_name, original_name) = (copy.name.clone(), original.name.clone());
        if copy.shape != original.shape {
            warnings.push(Warning::CopyShape {
                copy: copy_name,
                got: copy.shape.clone(),
                original: original_name,
                expected: original.shape.clone(),
            });
            continue;
        }
        let numbers = differing(
            &weight_of(source, &copy.name, &copy.shape)?,
            &weight_of(source, &original.name, &original.shape)?,
        );
        if numbers > 0 {
            let (copy, original) = (copy_name, original_name);
            warnings.push(Warning::CopyDiffers { copy, original, numbers });
        }
    }

    let mut loaded = Vec::with_capacity(steps.len());
    let mut values = HashMap::with_capacity(steps.len());
    for Step { ours, shape, arrangement, tensor } in steps {
        let stored = weight_of(source, &tensor.name, &tensor.shape)?;
        let weight = arrangement.extract(stored, &shape)?;
        let (stored, dtype) = (tensor.name.clone(), weight.dtype());
        loaded.push(Loaded { ours: ours.clone(), stored, dtype, shape });
        values.insert(ours, weight);
    }
    assign(model, values)?;
    Ok(Report { loaded, kept, ignored, warnings })
}

/// A tensor, if the source keeps to the shape it gave.
fn weight_of(source: &dyn TensorSource, name: &str, shape: &[usize]) -> Result<Weight, ReadError> {
    let weight = source.weight(name)?;
    if weight.shape() != shape {
        return Err(ReadError::Weight(lt_core::Error::Shape {
            at: "TensorSource::weight",
            expected: Shape::of(shape),
            got: Shape::of(weight.shape()),
        }));
    }
    Ok(weight)
}

/// Gives each parameter its value. Cannot fail half-way: names and shapes are the model's own.
fn assign(
    model: &mut (impl Params + ?Sized),
    mut values: HashMap<String, Weight>,
) -> lt_core::Result<()> {
    let mut result = Ok(());
    model.visit_mut(&mut Path::new(), &mut |name, weight| {
        if let Some(value) = values.remove(name)
            && let Err(error) = weight.assign(value)
        {
            result = Err(error);
        }
    });
    result
}
