//! How fast the rotary positions of ModernBERT turn, in the spellings of transformers 4 and 5.

use crate::ConfigError;
use crate::fields::Fields;

/// θ of the layers that see everything, and of those with a window.
pub(crate) struct Thetas {
    pub(crate) full: f32,
    pub(crate) sliding: f32,
}

impl Thetas {
    pub(crate) fn read(fields: &Fields, default: Self) -> Result<Self, ConfigError> {
        let why = "only plain rotary positions are";
        // Stretches the positions of both kinds of layer.
        if fields.get("rope_scaling").is_some() {
            return Err(fields.unsupported("rope_scaling", why));
        }
        let parameters = fields.within("rope_parameters")?;
        // Without a kind of layer above it, transformers passes over a θ without a word.
        for field in ["rope_theta", "rope_type", "type"] {
            if parameters.get(field).is_some() {
                let expected = "to be in full_attention or sliding_attention";
                return Err(parameters.invalid(field, expected));
            }
        }
        let theta = |layers: &str, default: f32| {
            let parameters = parameters.within(layers)?;
            for field in ["rope_type", "type"] {
                if parameters.text(field)?.is_some_and(|kind| kind != "default") {
                    return Err(parameters.unsupported(field, why));
                }
            }
            parameters.number("rope_theta", default)
        };
        let full = theta("full_attention", fields.number("global_rope_theta", default.full)?)?;
        // transformers 4 means by null: the same as in the other layers.
        let local = if fields.is_null("local_rope_theta") { full } else { default.sliding };
        let sliding = theta("sliding_attention", fields.number("local_rope_theta", local)?)?;
        Ok(Self { full, sliding })
    }
}
