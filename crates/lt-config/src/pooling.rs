//! How the vectors of the tokens become one vector of the sentence.

use serde_json::Value;

use crate::ConfigError;
use crate::fields::{Fields, excerpt};

/// One way to make one vector from many (pooling, 池化).
///
/// ```
/// use lt_config::Pooling;
/// assert_eq!(Pooling::from_name("mean"), Some(Pooling::Mean));
/// assert_eq!(Pooling::MeanSqrtLen.name(), "mean_sqrt_len_tokens");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pooling {
    /// The first token, `[CLS]`.
    Cls,
    /// The largest of each coordinate.
    Max,
    /// The mean over the tokens.
    Mean,
    /// The sum over the tokens, divided by the root of their number.
    MeanSqrtLen,
    /// The mean weighted by position: the first token counts once, the second twice.
    WeightedMean,
    /// The last token.
    LastToken,
}

/// Each pooling, its name, and its older spelling as a flag; in the order in which the flags'
/// outputs are concatenated.
const NAMES: [(Pooling, &str, &str); 6] = [
    (Pooling::Cls, "cls", "pooling_mode_cls_token"),
    (Pooling::Max, "max", "pooling_mode_max_tokens"),
    (Pooling::Mean, "mean", "pooling_mode_mean_tokens"),
    (Pooling::MeanSqrtLen, "mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens"),
    (Pooling::WeightedMean, "weightedmean", "pooling_mode_weightedmean_tokens"),
    (Pooling::LastToken, "lasttoken", "pooling_mode_lasttoken"),
];

impl Pooling {
    /// The pooling that sentence-transformers calls by this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known, _)| *known == name).map(|&(pooling, ..)| pooling)
    }

    /// The name that sentence-transformers has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(pooling, ..)| *pooling == self).map_or("", |&(_, name, _)| name)
    }
}

/// The settings of a pooling module.
#[derive(Debug)]
pub(crate) struct PoolingConfig {
    pub(crate) modes: Vec<Pooling>,
    /// The width of the vectors that are pooled.
    pub(crate) width: usize,
}

impl PoolingConfig {
    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        let width = ["embedding_dimension", "word_embedding_dimension"]
            .into_iter()
            .find(|field| fields.get(field).is_some())
            .unwrap_or("word_embedding_dimension");
        Ok(Self {
            modes: modes(fields)?,
            width: match fields.size(width, 0)? {
                0 => return Err(fields.invalid(width, "the width of the token vectors")),
                width => width,
            },
        })
    }
}

/// The newer spelling is one key with a name or a list of names, and wins; the older one is a
/// flag for each pooling.
fn modes(fields: &Fields) -> Result<Vec<Pooling>, ConfigError> {
    if let Some(value) = fields.get("pooling_mode") {
        let named = |value: &Value| value.as_str().and_then(Pooling::from_name);
        let modes = match value {
            // A vector is as many times as wide as there are names in the list.
            Value::Array(list) if list.len() > NAMES.len() => {
                return Err(unknown(fields, format!("a list of {}", list.len())));
            }
            Value::Array(list) => list
                .iter()
                .map(|one| named(one).ok_or_else(|| unknown(fields, excerpt(one))))
                .collect::<Result<Vec<_>, _>>()?,
            one => vec![named(one).ok_or_else(|| unknown(fields, excerpt(one)))?],
        };
        return if modes.is_empty() { Err(unknown(fields, "[]".to_owned())) } else { Ok(modes) };
    }

    let (mut said, mut modes) = (false, Vec::new());
    for (pooling, _, flag) in NAMES {
        said |= fields.get(flag).is_some();
        if fields.flag(flag, false)? {
            modes.push(pooling);
        }
    }
    match (said, modes.is_empty()) {
        // Nothing said is the mean, in every version of sentence-transformers.
        (false, _) => Ok(vec![Pooling::Mean]),
        (true, true) => Err(ConfigError::Field {
            origin: fields.origin.clone(),
            field: "every pooling_mode_…".to_owned(),
            got: "false".to_owned(),
            expected: "at least one to be true".to_owned(),
        }),
        (true, false) => Ok(modes),
    }
}

fn unknown(fields: &Fields, got: String) -> ConfigError {
    let names: Vec<&str> = NAMES.iter().map(|(_, name, _)| *name).collect();
    ConfigError::Field {
        origin: fields.origin.clone(),
        field: "pooling_mode".to_owned(),
        got,
        expected: format!(
            "one of {}, or a list of at most {} of them",
            names.join(", "),
            names.len()
        ),
    }
}
