//! Layers one after another.

#[cfg(feature = "train")]
mod backward;

use lt_attention::HiddenStates;
use lt_core::{Error, Module, Params, Path, Result, Scratch, Weight};
use ndarray::Array2;

#[cfg(feature = "train")]
pub use backward::StackCache;

/// Layers one after another: what one gives, the next takes.
///
/// For any layer that turns hidden states into hidden states of the same width, yours included.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stack<L> {
    layers: Vec<L>,
    /// Which of them run when, if not each once.
    sharing: Option<Sharing>,
}

/// Groups of layers that run more than once.
#[derive(Debug, Clone, PartialEq)]
struct Sharing {
    /// How many layers a group has.
    size: usize,
    /// The groups in the order in which they run.
    order: Vec<usize>,
}

impl<L> Stack<L> {
    /// These layers, the first first.
    #[must_use]
    pub fn new(layers: Vec<L>) -> Self {
        Self { layers, sharing: None }
    }

    /// Groups of layers, each of which may run many times with the same parameters (参数共享):
    /// `order` names the groups, the first first.
    ///
    /// [Lan et al. 2019](https://arxiv.org/abs/1909.11942), section 3.1. PyTorch:
    /// `AlbertTransformer`.
    ///
    /// # Errors
    /// [`Error::Config`] if groups differ in how many layers they have, or the order names one
    /// that there is not.
    ///
    /// ```
    /// use lt_encoder::Stack;
    /// let stack = Stack::of_groups(vec![vec!["a", "b"], vec!["c", "d"]], vec![0, 0, 1])?;
    /// assert_eq!(stack.layers(), ["a", "b", "c", "d"]);
    /// assert_eq!(stack.running().copied().collect::<String>(), "ababcd");
    /// # Ok::<(), lt_encoder::lt_core::Error>(())
    /// ```
    pub fn of_groups(groups: Vec<Vec<L>>, order: Vec<usize>) -> Result<Self> {
        let refuse = |field, got: usize, expected: String| {
            Err(Error::Config { at: "Stack::of_groups", field, got: got.to_string(), expected })
        };
        let size = groups.first().map_or(0, Vec::len);
        if let Some(other) = groups.iter().find(|group| group.len() != size) {
            return refuse("a group's layers", other.len(), format!("{size}, as in the first"));
        }
        if let Some(&group) = order.iter().find(|&&group| group >= groups.len()) {
            return refuse("order", group, format!("less than {} groups", groups.len()));
        }
        let layers = groups.into_iter().flatten().collect();
        Ok(Self { layers, sharing: Some(Sharing { size, order }) })
    }

    /// The layers that there are, each once, group after group.
    #[must_use]
    pub fn layers(&self) -> &[L] {
        &self.layers
    }

    /// The layers in the order in which they run.
    pub fn running(&self) -> impl Iterator<Item = &L> {
        self.order().filter_map(|number| self.layers.get(number))
    }

    /// Their numbers.
    fn order(&self) -> impl Iterator<Item = usize> {
        let (size, order) = match &self.sharing {
            // Each layer once: one group.
            None => (self.layers.len(), &[0][..]),
            Some(sharing) => (sharing.size, sharing.order.as_slice()),
        };
        order.iter().flat_map(move |group| group * size..(group + 1) * size)
    }

    /// Runs the layers and shows `each` of them what it is given, before it runs.
    pub(crate) fn run(
        &self,
        input: HiddenStates<'_>,
        scratch: &mut Scratch,
        mut each: impl FnMut(&L, HiddenStates<'_>) -> Result<()>,
    ) -> Result<Array2<f32>>
    where
        L: for<'b> Module<HiddenStates<'b>, Output = Array2<f32>>,
    {
        let mut hidden = scratch.take(input.hidden.nrows(), input.hidden.ncols());
        hidden.assign(&input.hidden);
        for layer in self.running() {
            each(layer, input.with(hidden.view()))?;
            // formula: bert
            let next = layer.forward_in(input.with(hidden.view()), scratch)?;
            scratch.give(std::mem::replace(&mut hidden, next));
        }
        Ok(hidden)
    }

    /// What the layer of this number is called: `3`, or where groups run more than once `1.0`,
    /// the first layer of the second group.
    fn name(sharing: Option<&Sharing>, layer: usize) -> String {
        match sharing {
            None => layer.to_string(),
            // A layer is in a group, so that no group is empty here.
            Some(Sharing { size, .. }) => format!("{}.{}", layer / size, layer % size),
        }
    }
}

/// Each layer's parameters once, however often it runs.
impl<L: Params> Params for Stack<L> {
    fn visit<'a>(&'a self, path: &mut Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
        for (number, layer) in self.layers.iter().enumerate() {
            let name = Self::name(self.sharing.as_ref(), number);
            path.enter(name, |path| layer.visit(path, visit));
        }
    }

    fn visit_mut(&mut self, path: &mut Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
        let Self { layers, sharing } = self;
        for (number, layer) in layers.iter_mut().enumerate() {
            let name = Self::name(sharing.as_ref(), number);
            path.enter(name, |path| layer.visit_mut(path, visit));
        }
    }
}

impl<'a, L> Module<HiddenStates<'a>> for Stack<L>
where
    L: for<'b> Module<HiddenStates<'b>, Output = Array2<f32>>,
{
    type Output = Array2<f32>;

    fn forward(&self, input: HiddenStates<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: HiddenStates<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        input.sequences.check("Stack::forward", input.hidden.nrows())?;
        self.run(input, scratch, |_, _| Ok(()))
    }
}
