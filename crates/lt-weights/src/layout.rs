//! How a family writes its checkpoints, as data.

use lt_core::NameMap;

use crate::pattern;

/// How a family of models writes its checkpoints: which names, and which tensors besides its own.
///
/// Loading reads a checkpoint by it, saving writes one. Names are compared after a prefix was
/// taken off and an alias replaced, on both sides: so the map may name `bert.encoder` (which is
/// then what is saved) and still find `encoder`, and the other lists are written without prefix.
///
/// ```
/// use lt_core::{NameMap, Rule};
/// use lt_weights::Layout;
///
/// const BERT: Layout = Layout {
///     prefixes: &["bert."],
///     aliases: &[("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")],
///     ignored: &["embeddings.position_ids", "cls.seq_relationship.*"],
///     tied: &[("cls.predictions.decoder.weight", "embeddings.word_embeddings.weight")],
///     ..Layout::new(NameMap::new(&[Rule::Rename {
///         ours: "norm", theirs: "embeddings.LayerNorm",
///     }]))
/// };
/// assert_eq!(BERT.canonical("bert.embeddings.LayerNorm.gamma"), "embeddings.LayerNorm.weight");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// The names of our parameters there.
    pub map: NameMap,
    /// What a name may begin with and need not: `bert.`. Each is taken off once, in this order.
    pub prefixes: &'static [&'static str],
    /// Other endings of names, and the usual ones: `LayerNorm.gamma` is `LayerNorm.weight`.
    pub aliases: &'static [(&'static str, &'static str)],
    /// Tensors that are passed over: buffers, other heads. `{}` stands for a number, a `*` at the
    /// end for anything.
    pub ignored: &'static [&'static str],
    /// Tensors that are not passed over although they are among the `ignored`: those of this
    /// model's own head, where `ignored` lists the heads of the whole family.
    pub own: &'static [&'static str],
    /// Tensors that are stored twice: the name of the copy, and the name of the tensor it is a
    /// copy of. If only the copy is stored, it is taken.
    pub tied: &'static [(&'static str, &'static str)],
    /// Whether heads that no list names are passed over.
    pub heads: Heads,
}

/// What becomes of tensors that belong to a head which the layout does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heads {
    /// They are unused, and so the checkpoint is refused.
    Listed,
    /// Where all parameters of the model carry one of the `prefixes`, what lacks it belongs to a
    /// head on top of the model (transformers' `base_model_prefix`) and is passed over.
    WithoutPrefix,
}

impl Layout {
    /// A layout of these names, and nothing else.
    #[must_use]
    pub const fn new(map: NameMap) -> Self {
        let heads = Heads::Listed;
        Self { map, prefixes: &[], aliases: &[], ignored: &[], own: &[], tied: &[], heads }
    }

    /// A name as the lists have it: without prefix, with the usual ending.
    #[must_use]
    pub fn canonical(&self, name: &str) -> String {
        let mut name = name;
        for prefix in self.prefixes {
            name = name.strip_prefix(prefix).unwrap_or(name);
        }
        for (alias, usual) in self.aliases {
            if let Some(start) = name.strip_suffix(alias)
                && (start.is_empty() || start.ends_with('.'))
            {
                return format!("{start}{usual}");
            }
        }
        name.to_owned()
    }

    /// Whether this name, as it is stored, carries a prefix.
    pub(crate) fn has_prefix(&self, stored: &str) -> bool {
        self.prefixes.iter().any(|prefix| stored.starts_with(prefix))
    }

    /// Whether a tensor of this canonical name belongs to the model's own head.
    #[must_use]
    pub fn owns(&self, canonical: &str) -> bool {
        any_matches(self.own, canonical)
    }

    /// Whether a tensor of this canonical name is passed over.
    pub(crate) fn ignores(&self, canonical: &str) -> bool {
        any_matches(self.ignored, canonical) && !self.owns(canonical)
    }

    /// The tensor that a tensor of this canonical name is a copy of.
    pub(crate) fn original_of(&self, canonical: &str) -> Option<&'static str> {
        self.tied.iter().find(|(copy, _)| *copy == canonical).map(|(_, original)| *original)
    }

    /// The copies that there may be of a tensor of this canonical name.
    pub(crate) fn copies_of(&self, canonical: &str) -> impl Iterator<Item = &'static str> {
        self.tied.iter().filter(move |(_, original)| *original == canonical).map(|(copy, _)| *copy)
    }
}

fn any_matches(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern::matches(pattern, name))
}
