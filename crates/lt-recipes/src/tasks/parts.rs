//! A smaller model from parts of a larger one: some of its layers, some of its words.

use std::collections::BTreeMap;

use lt_core::{Params, Path, Weight, weights};

use crate::Result;
use crate::vocabulary::Words;

/// What is taken of the larger model; none: all of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts<'a> {
    /// Its layers, in this order.
    pub(crate) layers: Option<&'a [usize]>,
    /// The rows of its tables of words.
    pub(crate) words: Option<&'a Words>,
}

impl Parts<'_> {
    /// The model with the parameters of the larger one.
    ///
    /// A parameter that the larger one does not have stays as it is.
    pub(crate) fn of<M: Params>(&self, mut model: M, larger: &M) -> Result<M> {
        let mut theirs: BTreeMap<String, &Weight> = weights(larger).into_iter().collect();
        let mut result = Ok(());
        model.visit_mut(&mut Path::new(), &mut |name, weight| {
            let taken = self.source(name).and_then(|name| theirs.remove(&name));
            if let Some(taken) = taken
                && result.is_ok()
            {
                match self.words {
                    Some(words) if is_of_words(name, words, weight, taken) => {
                        words.fill(weight.make_mut(), &taken.to_f32());
                    }
                    _ => result = weight.assign(taken.clone()),
                }
            }
        });
        result?;
        Ok(model)
    }

    /// Where a parameter is taken from: the first number in its name is that of its layer.
    fn source(&self, name: &str) -> Option<String> {
        let Some(layers) = self.layers else { return Some(name.to_owned()) };
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
}

/// Whether a parameter has a row for each word: the table of tokens, or one in the head.
fn is_of_words(name: &str, words: &Words, new: &Weight, old: &Weight) -> bool {
    let is_table = name.ends_with("embeddings.token.weight") || name.starts_with("head.");
    let (new, old) = (new.shape(), old.shape());
    let rows = (new.first() == Some(&words.new_rows()), old.first() == Some(&words.old));
    is_table && rows == (true, true) && new.get(1..) == old.get(1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_counted_anew() {
        let parts = Parts { layers: Some(&[0, 2, 5]), words: None };
        let expected = "encoder.layers.5.attention.query.weight".to_owned();
        assert_eq!(parts.source("encoder.layers.2.attention.query.weight"), Some(expected));
        let same = "embeddings.tokens.weight".to_owned();
        assert_eq!(parts.source("embeddings.tokens.weight"), Some(same));
        assert_eq!(parts.source("encoder.layers.3.x"), None);
    }
}
