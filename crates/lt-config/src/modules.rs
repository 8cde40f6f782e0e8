//! `modules.json`: the chain of modules a sentence-transformers model consists of.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::fields::{Fields, excerpt};
use crate::{ConfigError, Origin};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Transformer,
    Pooling,
    Normalize,
    /// Outside training it does nothing.
    Dropout,
}

/// A module: what it is, and the directory with its settings.
#[derive(Debug)]
pub(crate) struct ModuleEntry {
    pub(crate) kind: Kind,
    pub(crate) dir: PathBuf,
}

/// The directories of the modules of a model that turns a sentence into a vector.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) transformer: PathBuf,
    pub(crate) pooling: PathBuf,
    pub(crate) normalize: Vec<PathBuf>,
}

impl Chain {
    /// Reads the value of `modules.json` at `path`: a Transformer, a pooling, and perhaps a
    /// normalisation, in this order.
    pub(crate) fn read(list: &Value, path: &Path) -> Result<Self, ConfigError> {
        let refuse = |got: String| ConfigError::Field {
            origin: Origin::file(path),
            field: "the list of modules".to_owned(),
            got,
            expected: "Transformer, Pooling and perhaps Normalize, in this order".to_owned(),
        };
        let Value::Array(list) = list else { return Err(refuse(excerpt(list))) };
        let root = path.parent().unwrap_or(Path::new(""));
        let modules = list
            .iter()
            .map(|entry| ModuleEntry::read(entry, path, root))
            .filter(|module| !matches!(module, Ok(ModuleEntry { kind: Kind::Dropout, .. })))
            .collect::<Result<Vec<_>, _>>()?;

        let kinds: Vec<Kind> = modules.iter().map(|module| module.kind).collect();
        let mut dirs = modules.into_iter().map(|module| module.dir);
        match (kinds.as_slice(), dirs.next(), dirs.next()) {
            ([Kind::Transformer, Kind::Pooling, rest @ ..], Some(transformer), Some(pooling))
                if rest.iter().all(|kind| *kind == Kind::Normalize) =>
            {
                Ok(Self { transformer, pooling, normalize: dirs.collect() })
            }
            _ => {
                let mut names: Vec<String> =
                    kinds.iter().take(8).map(|kind| format!("{kind:?}")).collect();
                if names.is_empty() {
                    names.push("empty".to_owned());
                }
                Err(refuse(names.join(", ")))
            }
        }
    }
}

impl ModuleEntry {
    fn read(entry: &Value, file: &Path, root: &Path) -> Result<Self, ConfigError> {
        let fields = Fields::new(entry.clone(), Origin::file(file))?;
        Ok(Self { kind: kind(&fields)?, dir: directory(&fields, root)? })
    }
}

/// The kind of a module, by the last part of its Python class.
fn kind(fields: &Fields) -> Result<Kind, ConfigError> {
    let class =
        fields.text("type")?.ok_or_else(|| fields.invalid("type", "the class of the module"))?;
    // A class of the model's own may be called Transformer too and do anything.
    if class.starts_with("sentence_transformers.") {
        match class.rsplit('.').next() {
            Some("Transformer") => return Ok(Kind::Transformer),
            Some("Pooling") => return Ok(Kind::Pooling),
            Some("Normalize") => return Ok(Kind::Normalize),
            Some("Dropout") => return Ok(Kind::Dropout),
            _ => {}
        }
    }
    let why = "Transformer, Pooling and Normalize of sentence_transformers are; a copy of the \
               directory without modules.json is a plain model, whose pooling you choose";
    Err(fields.unsupported("type", why))
}

/// The directory of a module, which must lie in the model's.
fn directory(fields: &Fields, root: &Path) -> Result<PathBuf, ConfigError> {
    let path = Path::new(fields.text("path")?.unwrap_or(""));
    let stays =
        path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !stays {
        return Err(fields.invalid("path", "a path inside the model's directory"));
    }
    // Joined to nothing, a path would end in a slash.
    Ok(if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) })
}
