//! A smaller model from some layers of a larger one.

use std::collections::BTreeMap;

use lt_core::{Params, Path, Weight, weights};

use crate::Result;

/// The model with the parameters of the larger one: of its layers, these are kept, in this order.
///
/// A parameter that the larger one does not have stays as it is.
pub(crate) fn with_layers<M: Params>(mut model: M, larger: &M, layers: &[usize]) -> Result<M> {
    let mut theirs: BTreeMap<String, &Weight> = weights(larger).into_iter().collect();
    let mut result = Ok(());
    model.visit_mut(&mut Path::new(), &mut |name, weight| {
        let taken = source(name, layers).and_then(|name| theirs.remove(&name));
        if let Some(taken) = taken
            && result.is_ok()
        {
            result = weight.assign(taken.clone());
        }
    });
    result?;
    Ok(model)
}

/// Where a parameter is taken from: the first number in its name is that of its layer.
fn source(name: &str, layers: &[usize]) -> Option<String> {
    let mut parts: Vec<String> = name.split('.').map(str::to_owned).collect();
    if let Some((place, layer)) = parts
        .iter()
        .enumerate()
        .find_map(|(place, part)| Some((place, part.parse::<usize>().ok()?)))
    {
        parts[place] = layers.get(layer)?.to_string();
    }
    Some(parts.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_counted_anew() {
        let of = |name| source(name, &[0, 2, 5]);
        let expected = "encoder.layers.5.attention.query.weight".to_owned();
        assert_eq!(of("encoder.layers.2.attention.query.weight"), Some(expected));
        assert_eq!(of("embeddings.tokens.weight"), Some("embeddings.tokens.weight".to_owned()));
        assert_eq!(of("encoder.layers.3.x"), None);
    }
}
