//! What the files of the decoder families have in common.

use serde_json::Value;

use crate::count::{product, sum, times};
use crate::fields::Fields;
use crate::limits::Checks;
use crate::{ConfigError, LayerType};

/// Refuses what is another model than the rest of the file says.
pub(crate) fn refuse_other_decoders(fields: &Fields) -> Result<(), ConfigError> {
    let said = |field| fields.get(field).is_some_and(|value| value != &Value::Bool(false));
    if said("add_cross_attention") {
        return Err(fields.unsupported("add_cross_attention", "there is nothing else to attend to"));
    }
    for field in ["pruned_heads", "per_layer_config"] {
        let said = fields.get(field);
        if said.is_some_and(|said| said.as_object().is_none_or(|said| !said.is_empty())) {
            return Err(fields.unsupported(field, "all layers are read with the same sizes"));
        }
    }
    if said("quantization_config") {
        let why = "weights are read as f32, f16 or bf16: save the model dequantized";
        return Err(fields.unsupported("quantization_config", why));
    }
    Ok(())
}

/// Attention whose queries may have more heads than its keys and values.
#[derive(Clone, Copy)]
pub(crate) struct GroupedHeads {
    pub(crate) hidden_size: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) num_key_value_heads: usize,
    pub(crate) head_dim: usize,
}

impl GroupedHeads {
    pub(crate) fn check(self, checks: Checks<'_>) -> Result<(), ConfigError> {
        let (heads, shared) = (self.num_attention_heads, self.num_key_value_heads);
        let (hidden_size, head_dim) = (self.hidden_size, self.head_dim);
        checks.sizes(&[
            ("hidden_size", hidden_size),
            ("num_attention_heads", heads),
            ("num_key_value_heads", shared),
            ("head_dim", head_dim),
            ("num_attention_heads × head_dim", heads.saturating_mul(head_dim)),
        ])?;
        checks.heads(("num_attention_heads", heads), ("num_key_value_heads", shared))?;
        if !head_dim.is_multiple_of(2) {
            // Rotary positions turn the columns of a head in pairs.
            return checks.refuse("head_dim", head_dim, "an even number");
        }
        Ok(())
    }

    /// How many numbers the four matrices hold.
    pub(crate) fn matrices(self) -> u64 {
        let (queries, keys) = (self.queries(), self.keys());
        let width = |outputs: u64| outputs.saturating_mul(self.hidden_size as u64);
        sum(&[times(2, width(queries)), times(2, width(keys))])
    }

    /// How many numbers the biases of queries, keys and values hold.
    pub(crate) fn biases(self) -> u64 {
        sum(&[self.queries(), times(2, self.keys())])
    }

    fn queries(self) -> u64 {
        product(self.num_attention_heads, self.head_dim)
    }

    fn keys(self) -> u64 {
        product(self.num_key_value_heads, self.head_dim)
    }
}

/// How wide a head is, if the file does not say: an equal part of the width.
pub(crate) fn head_dim(
    fields: &Fields,
    hidden_size: usize,
    num_attention_heads: usize,
) -> Result<usize, ConfigError> {
    // No heads at all are refused later, by their name.
    fields.size("head_dim", hidden_size.checked_div(num_attention_heads).unwrap_or(0))
}

/// How many tokens a token sees; `null` is all of them, not the default.
pub(crate) fn window(
    fields: &Fields,
    default: Option<usize>,
) -> Result<Option<usize>, ConfigError> {
    match fields.get("sliding_window") {
        Some(_) => fields.size("sliding_window", 0).map(Some),
        None => Ok(default.filter(|_| !fields.is_null("sliding_window"))),
    }
}

/// The layers of a Qwen and their window: in those from `max_window_layers` on, if in any.
pub(crate) fn qwen_layers(
    fields: &Fields,
    default: usize,
) -> Result<(Vec<LayerType>, Option<usize>), ConfigError> {
    let window = match fields.flag("use_sliding_window", false)? {
        true => window(fields, Some(4096))?,
        false => None,
    };
    let first = match window {
        Some(_) => fields.size("max_window_layers", 28)?,
        None => usize::MAX,
    };
    let rule = |layers| Ok(LayerType::sliding_from(first, layers));
    Ok((LayerType::named_or(fields, default, rule)?, window))
}

/// A window is as wide as a table may be long, and there is one where a layer has one.
pub(crate) fn check_window(
    checks: Checks<'_>,
    window: Option<usize>,
    layer_types: &[LayerType],
) -> Result<(), ConfigError> {
    match window {
        Some(window) => checks.sizes(&[("sliding_window", window)]),
        None if layer_types.contains(&LayerType::Sliding) => {
            let expected = "a width, because layer_types has sliding_attention (and where there \
                            is use_sliding_window, that it is true)";
            checks.refuse("sliding_window", "absent", expected)
        }
        None => Ok(()),
    }
}
