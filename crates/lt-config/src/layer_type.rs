//! What the layers of a model with windows see.

use crate::ConfigError;
use crate::fields::Fields;
use crate::limits::MAX_LAYERS;

/// What the attention of a layer sees.
///
/// PyTorch: the entries of `layer_types` of a configuration of transformers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LayerType {
    /// All tokens of the sequence: `"full_attention"`.
    Full,
    /// The tokens in a window around each (滑动窗口): `"sliding_attention"`.
    Sliding,
}

impl LayerType {
    /// So many layers, of which the first and then every `every`-th see everything.
    ///
    /// If `every` is 0, none does but the first.
    ///
    /// ```
    /// use lt_config::LayerType::{self, Full, Sliding};
    /// assert_eq!(LayerType::alternating(5, 3), [Full, Sliding, Sliding, Full, Sliding]);
    /// ```
    ///
    /// PyTorch: `global_attn_every_n_layers` of `transformers.ModernBertConfig`.
    #[must_use]
    pub fn alternating(layers: usize, every: usize) -> Vec<Self> {
        let of =
            |layer: usize| if layer.is_multiple_of(every) { Self::Full } else { Self::Sliding };
        (0..layers).map(of).collect()
    }

    /// So many layers, of which every `every`-th sees everything, and the others what is near.
    ///
    /// If `every` is 0, none does.
    ///
    /// ```
    /// use lt_config::LayerType::{self, Full, Sliding};
    /// assert_eq!(LayerType::every(3, 5), [Sliding, Sliding, Full, Sliding, Sliding]);
    /// ```
    ///
    /// PyTorch: `sliding_window_pattern` of `transformers.Gemma3TextConfig`.
    #[must_use]
    pub fn every(every: usize, layers: usize) -> Vec<Self> {
        let of =
            |layer: usize| if layer.is_multiple_of(every) { Self::Full } else { Self::Sliding };
        (1..=layers).map(of).collect()
    }

    /// So many layers, of which those from this number on, counted from 0, have a window.
    ///
    /// ```
    /// use lt_config::LayerType::{self, Full, Sliding};
    /// assert_eq!(LayerType::sliding_from(2, 3), [Full, Full, Sliding]);
    /// ```
    ///
    /// PyTorch: `max_window_layers` of `transformers.Qwen2Config`.
    #[must_use]
    pub fn sliding_from(first: usize, layers: usize) -> Vec<Self> {
        let of = |layer| if layer < first { Self::Full } else { Self::Sliding };
        (0..layers).map(of).collect()
    }

    /// Of all layers: named one by one (transformers 5), or by a rule (transformers 4).
    pub(crate) fn of_all(fields: &Fields, default: usize) -> Result<Vec<Self>, ConfigError> {
        let rule = |layers| match fields.size("global_attn_every_n_layers", 3)? {
            0 => Err(fields.invalid("global_attn_every_n_layers", "at least 1")),
            every => Ok(Self::alternating(layers, every)),
        };
        Self::named_or(fields, default, rule)
    }

    /// Of all layers: named one by one, or by this rule for so many.
    pub(crate) fn named_or(
        fields: &Fields,
        default: usize,
        rule: impl FnOnce(usize) -> Result<Vec<Self>, ConfigError>,
    ) -> Result<Vec<Self>, ConfigError> {
        let layers = fields.size("num_hidden_layers", default)?;
        if layers == 0 || layers > MAX_LAYERS {
            return Err(fields.invalid("num_hidden_layers", format!("1 to {MAX_LAYERS}")));
        }
        if fields.get("layer_types").is_none() {
            return rule(layers);
        }
        let types = fields.texts("layer_types")?;
        if types.len() != layers {
            let expected = format!("as many as num_hidden_layers ({layers})");
            return Err(ConfigError::Field {
                origin: fields.origin.clone(),
                field: "the number of layer_types".to_owned(),
                got: types.len().to_string(),
                expected,
            });
        }
        let known = |name: &String| match name.as_str() {
            "full_attention" => Some(Self::Full),
            "sliding_attention" => Some(Self::Sliding),
            _ => None,
        };
        let types: Option<Vec<_>> = types.iter().map(known).collect();
        let why = "only layers of \"full_attention\" and \"sliding_attention\" are";
        types.ok_or_else(|| fields.unsupported("layer_types", why))
    }
}
