//! Settings that turn an encoder into another model.

use serde_json::Value;

use crate::ConfigError;
use crate::fields::Fields;

/// Refuses what this library would compute otherwise.
pub(crate) fn refuse_others(fields: &Fields) -> Result<(), ConfigError> {
    refuse_variants(fields)?;
    // Transformers 4 and 5: layers that differ from what the rest of the file says.
    for field in ["pruned_heads", "per_layer_config"] {
        let said = fields.get(field);
        if said.is_some_and(|said| said.as_object().is_none_or(|said| !said.is_empty())) {
            return Err(fields.unsupported(field, "all layers are read with the same sizes"));
        }
    }
    Ok(())
}

/// BERT's class in transformers can be told to be other models; those are not this one. The same
/// goes for the classes made after it.
fn refuse_variants(fields: &Fields) -> Result<(), ConfigError> {
    if fields.get("position_embedding_type").is_some_and(|kind| kind != "absolute") {
        return Err(fields.unsupported("position_embedding_type", "only \"absolute\" is"));
    }
    for field in ["is_decoder", "add_cross_attention"] {
        if fields.get(field).is_some_and(|value| value != &Value::Bool(false)) {
            return Err(fields.unsupported(field, "the model is read as an encoder"));
        }
    }
    Ok(())
}
