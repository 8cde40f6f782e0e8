//! Which head a class of transformers has.

use crate::family::Names;

/// What a model does with the vectors of its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Head {
    /// Nothing: they are its output.
    Bare,
    /// It predicts masked words.
    MaskedLm,
    /// It predicts the next word.
    CausalLm,
    /// It sorts whole texts.
    Sequences,
    /// It sorts tokens.
    Tokens,
    /// It finds answers.
    Questions,
    /// It finds replaced tokens.
    Replaced,
}

impl Head {
    /// What the names of classes end with.
    const SUFFIXES: &[(&str, Self)] = &[
        ("Model", Self::Bare),
        ("ForMaskedLM", Self::MaskedLm),
        ("ForCausalLM", Self::CausalLm),
        ("ForSequenceClassification", Self::Sequences),
        ("ForTokenClassification", Self::Tokens),
        ("ForQuestionAnswering", Self::Questions),
        ("ForPreTraining", Self::Replaced),
    ];

    /// The head of a class, if it is one of this family that is known.
    pub(crate) fn of(class: &str, names: &Names) -> Option<Self> {
        if names.causal_lm.as_ref().is_some_and(|layouts| layouts.class == class) {
            return Some(Self::CausalLm);
        }
        let suffix = names.classes.iter().find_map(|family| class.strip_prefix(family))?;
        Self::all(names).find(|(known, _)| *known == suffix).map(|(_, head)| head)
    }

    /// The class of a family that has this head.
    pub(crate) fn class(self, names: &Names) -> String {
        if let (Self::CausalLm, Some(layouts)) = (self, &names.causal_lm) {
            return layouts.class.to_owned();
        }
        format!("{}{}", names.classes.first().copied().unwrap_or_default(), self.suffix())
    }

    /// What the name of a class with this head ends with, in every family that has it.
    pub(crate) fn suffix(self) -> &'static str {
        Self::SUFFIXES.iter().find(|(_, head)| *head == self).map_or("", |&(suffix, _)| suffix)
    }

    /// The classes of a family that are loaded whole.
    pub(crate) fn known(names: &Names) -> Vec<String> {
        Self::all(names).map(|(_, head)| head.class(names)).collect()
    }

    /// The heads of a family, with what the names of their classes end with. What is named
    /// `ForPreTraining` in a family without that head is another one, which is not known here.
    fn all(names: &Names) -> impl Iterator<Item = (&'static str, Self)> {
        let has = |head: Self| head == Self::Bare || !names.own(head).is_empty();
        Self::SUFFIXES.iter().copied().filter(move |&(_, head)| has(head))
    }
}
