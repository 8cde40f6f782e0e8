//! Which tensor goes where: names and shapes only, no number is read and no memory taken for one.

use std::collections::{HashMap, HashSet};

use lt_core::{Params, weights};

use crate::nearest::Nearest;
use crate::rearrange::Arrangement;
use crate::{
    Ambiguous, Heads, Layout, Misfit, Missing, StoredDtype, TensorInfo, Unusable, Unused,
    WrongShape,
};

/// What to read for each parameter, and everything that does not fit.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// In the order of the model.
    pub(crate) steps: Vec<Step<'a>>,
    /// Tensors that should be equal: the copy and the original.
    pub(crate) copies: Vec<(&'a TensorInfo, &'a TensorInfo)>,
    pub(crate) ignored: Vec<String>,
    pub(crate) misfit: Misfit,
}

/// A parameter and the tensor it is in.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) ours: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) arrangement: Arrangement,
    pub(crate) tensor: &'a TensorInfo,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(
        model: &(impl Params + ?Sized),
        tensors: &'a [TensorInfo],
        layout: &Layout,
    ) -> Self {
        let mut misfit = Misfit::default();
        let named = by_canonical_name(tensors, layout, &mut misfit);
        let mut used: HashSet<&str> = HashSet::new();
        let (mut steps, mut absent, mut looked_for) = (Vec::new(), Vec::new(), Vec::new());

        for (ours, weight) in weights(model) {
            let stored = layout.map.stored(&ours);
            let name = layout.canonical(&stored.name);
            let Some(tensor) = find(&named, &name, layout) else {
                absent.push((ours, name));
                continue;
            };
            looked_for.push(name);
            used.insert(&tensor.name);
            let arrangement = Arrangement { transposed: stored.transposed, part: stored.part };
            let expected = arrangement.stored_shape(weight.shape());
            if expected != tensor.shape {
                let (stored, got) = (tensor.name.clone(), tensor.shape.clone());
                misfit.wrong_shape.push(WrongShape { stored, expected, got });
            } else if let StoredDtype::Other(dtype) = &tensor.dtype {
                let (stored, dtype) = (tensor.name.clone(), dtype.clone());
                misfit.unusable.push(Unusable { stored, dtype });
            } else {
                steps.push(Step { ours, shape: weight.shape().to_vec(), arrangement, tensor });
            }
        }
        // Parts of one tensor all find the same fault.
        misfit.wrong_shape.dedup();
        misfit.unusable.dedup();

        let heads_lack_prefix = layout.heads == Heads::WithoutPrefix
            && !used.is_empty()
            && used.iter().all(|name| layout.has_prefix(name));
        let (mut copies, mut ignored, mut unused) = (Vec::new(), Vec::new(), Vec::new());
        for tensor in tensors.iter().filter(|tensor| !used.contains(tensor.name.as_str())) {
            let name = layout.canonical(&tensor.name);
            let original = layout.original_of(&name).and_then(|original| named.get(original));
            if layout.ignores(&name) || heads_lack_prefix && !layout.has_prefix(&tensor.name) {
                ignored.push(tensor.name.clone());
            } else if misfit.ambiguous.iter().any(|two| two.second == tensor.name) {
                // Said once is enough.
            } else if let Some(original) = original {
                copies.push((tensor, *original));
            } else {
                unused.push(tensor.name.as_str());
            }
        }
        misfit.unused = unused_with_nearest(&unused, &absent, &looked_for, layout);
        misfit.missing = missing_with_nearest(absent, unused, tensors);
        Self { steps, copies, ignored, misfit }
    }
}

/// The tensor of this canonical name, or a stored copy of it.
fn find<'a>(
    named: &HashMap<String, &'a TensorInfo>,
    name: &str,
    layout: &Layout,
) -> Option<&'a TensorInfo> {
    named.get(name).or_else(|| layout.copies_of(name).find_map(|copy| named.get(copy))).copied()
}

fn by_canonical_name<'a>(
    tensors: &'a [TensorInfo],
    layout: &Layout,
    misfit: &mut Misfit,
) -> HashMap<String, &'a TensorInfo> {
    let mut named: HashMap<String, &TensorInfo> = HashMap::with_capacity(tensors.len());
    for tensor in tensors {
        let meaning = layout.canonical(&tensor.name);
        match named.get(&meaning) {
            Some(_) if layout.ignores(&meaning) => {}
            Some(first) => misfit.ambiguous.push(Ambiguous {
                first: first.name.clone(),
                second: tensor.name.clone(),
                meaning,
            }),
            None => {
                named.insert(meaning, tensor);
            }
        }
    }
    named
}

/// A tensor that nothing takes is the likelier one to have been meant.
fn missing_with_nearest(
    absent: Vec<(String, String)>,
    unused: Vec<&str>,
    tensors: &[TensorInfo],
) -> Vec<Missing> {
    let all = || tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    let mut nearest = Nearest::new(if unused.is_empty() { all() } else { unused });
    let missing = absent.into_iter().map(|(ours, stored)| {
        let nearest = nearest.to(&stored).map(str::to_owned);
        Missing { ours, stored, nearest }
    });
    missing.collect()
}

/// A name that was not found is the likelier one to be meant.
fn unused_with_nearest(
    unused: &[&str],
    absent: &[(String, String)],
    found: &[String],
    layout: &Layout,
) -> Vec<Unused> {
    let mut names: Vec<&str> = absent.iter().map(|(_, stored)| stored.as_str()).collect();
    if names.is_empty() {
        names = found.iter().map(String::as_str).collect();
    }
    let mut nearest = Nearest::new(names);
    let unused = unused.iter().map(|&stored| Unused {
        stored: stored.to_owned(),
        nearest: nearest.to(&layout.canonical(stored)).map(str::to_owned),
    });
    unused.collect()
}
