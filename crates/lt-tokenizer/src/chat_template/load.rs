//! Where a checkpoint keeps its chat templates.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{ChatTemplate, DEFAULT};
use crate::config::{Config, invalid};
use crate::read::{CONFIG_LIMIT, read_json, read_text};
use crate::{Result, TokenizerError};

const FILE: &str = "chat_template.jinja";
const FOLDER: &str = "additional_chat_templates";
const CONFIG: &str = "tokenizer_config.json";
/// No checkpoint has more templates.
const MOST: usize = 100;

impl ChatTemplate {
    /// The templates in a model's directory: `chat_template.jinja` and those in
    /// `additional_chat_templates`; without them, `chat_template` of `tokenizer_config.json`, one
    /// or a list. The special tokens that `tokenizer_config.json` or `special_tokens_map.json`
    /// name are variables.
    ///
    /// # Errors
    /// [`TokenizerError::NoChatTemplate`] if there is none; [`TokenizerError::ChatTemplateSyntax`]
    /// if one does not parse; and as for [`Tokenizer::from_dir`](crate::Tokenizer::from_dir) if a
    /// file cannot be read.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        let (origin, sources) = match files(dir)? {
            files if files.is_empty() => (dir.join(CONFIG), in_config(&dir.join(CONFIG))?),
            files => (dir.join(FILE), files),
        };
        if sources.is_empty() {
            return Err(TokenizerError::NoChatTemplate { dir: dir.to_owned() });
        }
        let mut template = Self::of(&origin.display().to_string(), &sources)?;
        for (role, token) in Config::from_dir(dir)?.special_tokens {
            template = template.with_special_token(role.key(), &token.content);
        }
        Ok(template)
    }
}

type Sources = Vec<(String, String)>;

fn files(dir: &Path) -> Result<Sources> {
    let mut sources = Vec::new();
    if dir.join(FILE).exists() {
        sources.push((DEFAULT.to_owned(), read_text(&dir.join(FILE), CONFIG_LIMIT)?));
    }
    let folder = dir.join(FOLDER);
    if !folder.is_dir() {
        return Ok(sources);
    }
    let unreadable = |source| TokenizerError::Read { path: folder.clone(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jinja"));
    paths.sort();
    for path in paths.into_iter().take(MOST) {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
        sources.push((name.unwrap_or_default(), read_text(&path, CONFIG_LIMIT)?));
    }
    Ok(sources)
}

fn in_config(path: &Path) -> Result<Sources> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let json = read_json(path, CONFIG_LIMIT)?;
    let said = json.get("chat_template").unwrap_or(&Value::Null);
    let wrong = || {
        let expected = "a text, or a list of at most 100 objects with \"name\" and \"template\"";
        invalid(&path.display().to_string(), "chat_template", said, expected)
    };
    let named = |one: &Value| {
        let text = |field: &str| Some(one.get(field)?.as_str()?.to_owned());
        Some((text("name")?, text("template")?))
    };
    match said {
        Value::Null => Ok(Vec::new()),
        Value::String(source) => Ok(vec![(DEFAULT.to_owned(), source.clone())]),
        Value::Array(list) if list.len() <= MOST => {
            list.iter().map(named).collect::<Option<_>>().ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}
