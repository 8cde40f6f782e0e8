//! The tokens that stand for no text.

use tokenizers::AddedToken;

use crate::config::Config;

/// A token and its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SpecialToken {
    /// As the vocabulary spells it: `[MASK]`.
    pub token: String,
    /// Its row in the embedding table.
    pub id: u32,
}

/// The special tokens that a tokenizer has, by what they are for.
///
/// Found by the names in `tokenizer_config.json`, then in `special_tokens_map.json`, then by the
/// usual names among the special tokens of `tokenizer.json`. One whose name the vocabulary does
/// not know is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpecialTokens {
    /// Stands for what the vocabulary has no pieces for: `[UNK]`.
    pub unk: Option<SpecialToken>,
    /// Starts a sequence; its vector is often taken for the whole: `[CLS]`.
    pub cls: Option<SpecialToken>,
    /// Ends each text of a sequence: `[SEP]`.
    pub sep: Option<SpecialToken>,
    /// Fills up a rectangle; this library never needs it: `[PAD]`.
    pub pad: Option<SpecialToken>,
    /// Stands where a token is to be guessed: `[MASK]`.
    pub mask: Option<SpecialToken>,
    /// Starts what a decoder writes: `<s>`.
    pub bos: Option<SpecialToken>,
    /// Ends what a decoder writes: `</s>`.
    pub eos: Option<SpecialToken>,
}

/// What a special token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Unk,
    Cls,
    Sep,
    Pad,
    Mask,
    Bos,
    Eos,
}

impl Role {
    pub(crate) const ALL: [Self; 7] =
        [Self::Unk, Self::Cls, Self::Sep, Self::Pad, Self::Mask, Self::Bos, Self::Eos];

    /// What configuration files call it.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Unk => "unk_token",
            Self::Cls => "cls_token",
            Self::Sep => "sep_token",
            Self::Pad => "pad_token",
            Self::Mask => "mask_token",
            Self::Bos => "bos_token",
            Self::Eos => "eos_token",
        }
    }

    /// How it is spelt where no file says. Nothing is guessed for a decoder's tokens: `<s>` may
    /// be `[CLS]` by another name.
    fn usual_names(self) -> &'static [&'static str] {
        match self {
            Self::Unk => &["[UNK]", "<unk>"],
            Self::Cls => &["[CLS]"],
            Self::Sep => &["[SEP]"],
            Self::Pad => &["[PAD]", "<pad>"],
            Self::Mask => &["[MASK]", "<mask>"],
            Self::Bos | Self::Eos => &[],
        }
    }
}

/// Makes the tokens that the configuration names special, so that a text may spell them out.
///
/// One that the vocabulary does not know is left alone: a new id would have no embedding.
pub(crate) fn register(inner: &mut tokenizers::Tokenizer, config: &Config) {
    let unregistered: Vec<AddedToken> = config
        .special_tokens
        .iter()
        .map(|(_, token)| token)
        .filter(|token| {
            inner.token_to_id(&token.content).is_some()
                && !inner.get_added_vocabulary().get_vocab().contains_key(&token.content)
        })
        .cloned()
        .collect();
    if !unregistered.is_empty() {
        inner.add_special_tokens(&unregistered);
    }
}

impl SpecialTokens {
    pub(crate) fn find(inner: &tokenizers::Tokenizer, config: &Config) -> Self {
        let known = |name: &str| {
            inner.token_to_id(name).map(|id| SpecialToken { token: name.to_owned(), id })
        };
        let is_special = |name: &&&str| inner.get_added_vocabulary().is_special_token(name);
        let find = |role: Role| match config.special_token(role) {
            Some(token) => known(&token.content),
            None => role.usual_names().iter().find(is_special).and_then(|name| known(name)),
        };
        Self {
            unk: find(Role::Unk),
            cls: find(Role::Cls),
            sep: find(Role::Sep),
            pad: find(Role::Pad),
            mask: find(Role::Mask),
            bos: find(Role::Bos),
            eos: find(Role::Eos),
        }
    }
}
