//! What a directory says about the scores of a cross-encoder.

use std::path::Path;

use crate::fields::Fields;
use crate::file::read_json_if_there;
use crate::{ConfigError, Origin};

/// What sentence-transformers stores beside a model that scores pairs of texts.
///
/// ```no_run
/// use lt_config::{CrossEncoder, ScoreActivation};
/// let settings = CrossEncoder::from_dir("ms-marco-MiniLM-L6-v2")?;
/// assert_eq!(settings.activation, Some(ScoreActivation::Identity));
/// # Ok::<(), lt_config::ConfigError>(())
/// ```
///
/// PyTorch: `sentence_transformers.CrossEncoder`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CrossEncoder {
    /// What is done to the scores; `None` if no file says so.
    pub activation: Option<ScoreActivation>,
}

/// What turns the number that a cross-encoder computes into a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScoreActivation {
    /// σ(x) = 1 / (1 + e⁻ˣ), from 0 to 1.
    Sigmoid,
    /// The number itself.
    Identity,
}

impl CrossEncoder {
    /// Reads what a directory says, in the order in which sentence-transformers looks:
    /// `activation_fn` in `config_sentence_transformers.json`, then in `config.json`
    /// `sentence_transformers.activation_fn` and, of before version 4,
    /// `sbert_ce_default_activation_function`.
    ///
    /// A name that is not PyTorch's (code that comes with the model) counts as none, as it does
    /// there.
    ///
    /// # Errors
    /// If one of the files is no JSON, or names an activation of PyTorch's, or a default prompt,
    /// that is not supported.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let dir = dir.as_ref();
        let fields = |name: &str| -> Result<Option<Fields>, ConfigError> {
            let path = dir.join(name);
            let Some(value) = read_json_if_there(&path)? else { return Ok(None) };
            Fields::new(value, Origin::file(&path)).map(Some)
        };
        if let Some(settings) = fields("config_sentence_transformers.json")? {
            if settings.text("default_prompt_name")?.is_some() {
                let why = "for a model that scores pairs none is";
                return Err(settings.unsupported("default_prompt_name", why));
            }
            if let Some(activation) = activation(&settings, "activation_fn")? {
                return Ok(Self { activation: Some(activation) });
            }
        }
        let Some(config) = fields("config.json")? else { return Ok(Self::default()) };
        let within = config.get("sentence_transformers").filter(|value| value.is_object());
        let activation = match within.cloned() {
            Some(within) if within.get("activation_fn").is_some() => {
                let origin = Origin::file(&dir.join("config.json"));
                activation(&Fields::new(within, origin)?, "activation_fn")?
            }
            _ => activation(&config, "sbert_ce_default_activation_function")?,
        };
        Ok(Self { activation })
    }
}

/// The activation that a field names by its path in Python.
fn activation(fields: &Fields, field: &str) -> Result<Option<ScoreActivation>, ConfigError> {
    let Some(path) = fields.text(field)? else { return Ok(None) };
    if !path.starts_with("torch.") {
        return Ok(None);
    }
    match path.rsplit('.').next() {
        Some("Sigmoid") => Ok(Some(ScoreActivation::Sigmoid)),
        Some("Identity") => Ok(Some(ScoreActivation::Identity)),
        _ => Err(fields.unsupported(field, "only torch.nn's Sigmoid and Identity are")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // what fails here is the test
mod tests {
    use std::fs;

    use super::*;

    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(dir.path().join(name), content).unwrap();
        }
        dir
    }

    fn read(files: &[(&str, &str)]) -> Result<Option<ScoreActivation>, String> {
        let settings = CrossEncoder::from_dir(directory(files).path());
        settings.map(|settings| settings.activation).map_err(|error| error.to_string())
    }

    #[test]
    fn each_place_is_read_and_the_newest_wins() {
        use ScoreActivation::{Identity, Sigmoid};
        let old = r#""sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity""#;
        let new = r#""sentence_transformers": {"activation_fn": "torch.nn.Sigmoid"}"#;
        let beside =
            ("config_sentence_transformers.json", r#"{"activation_fn": "torch.nn.Identity"}"#);
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[("config.json", "{}")]), Ok(None));
        assert_eq!(read(&[("config.json", &format!("{{{old}}}"))]), Ok(Some(Identity)));
        let both = format!("{{{old}, {new}}}");
        assert_eq!(read(&[("config.json", &both)]), Ok(Some(Sigmoid)));
        assert_eq!(read(&[("config.json", &both), beside]), Ok(Some(Identity)));
    }

    #[test]
    fn what_is_not_pytorchs_counts_as_none_and_what_is_not_supported_is_an_error() {
        let config = |path: &str| {
            read(&[(
                "config.json",
                &format!(r#"{{"sbert_ce_default_activation_function": {path}}}"#),
            )])
        };
        assert_eq!(config("\"my_code.Activation\""), Ok(None));
        assert_eq!(config("null"), Ok(None));
        let error = config("\"torch.nn.modules.activation.Tanh\"").unwrap_err();
        assert!(error.contains("Sigmoid and Identity"), "{error}");
        assert!(config("3").is_err());
        let prompt = r#"{"default_prompt_name": "query", "prompts": {"query": "q: "}}"#;
        assert!(read(&[("config_sentence_transformers.json", prompt)]).is_err());
    }
}
