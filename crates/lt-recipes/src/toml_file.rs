//! A recipe's file: TOML with settings laid over it. A misspelt key is named with the nearest one.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::RecipeError;

/// The largest file that is read: a recipe is a page of text.
const LARGEST: u64 = 1 << 20;

/// A value laid over that of the file: `optimizer.rate=1e-4`.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    key: String,
    value: Value,
}

impl Setting {
    /// The value of a key; tables are told apart by dots.
    #[must_use]
    pub fn new(key: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { key: key.into(), value: value.into() }
    }

    /// Reads `KEY=VALUE`. A value is one of TOML; what is none is a text.
    ///
    /// ```
    /// use lt_recipes::Setting;
    /// assert_eq!(Setting::parse("steps=100")?, Setting::new("steps", 100));
    /// assert_eq!(Setting::parse("out=my run")?, Setting::new("out", "my run"));
    /// assert!(Setting::parse("steps").is_err());
    /// # Ok::<(), lt_recipes::RecipeError>(())
    /// ```
    ///
    /// # Errors
    /// [`RecipeError::File`] if there is no `=`, or no key before it.
    pub fn parse(text: &str) -> Result<Self, RecipeError> {
        let Some((key, value)) = text.split_once('=').filter(|(key, _)| !key.trim().is_empty())
        else {
            return Err(RecipeError::File {
                place: format!("the setting `{text}`"),
                problem: "expected KEY=VALUE".to_owned(),
                hint: Some("for example optimizer.rate=1e-4".to_owned()),
            });
        };
        let value = value.trim();
        let parsed = toml::from_str::<Table>(&format!("value = {value}")).ok();
        let parsed = parsed.filter(|table| table.len() == 1);
        let value = parsed.and_then(|mut table| table.remove("value"));
        let text = || Value::String(text.split_once('=').map_or("", |(_, text)| text).to_owned());
        Ok(Self { key: key.trim().to_owned(), value: value.unwrap_or_else(text) })
    }

    /// Puts the value into its place.
    fn lay_over(&self, table: &mut Table) -> Result<(), RecipeError> {
        let mut keys: Vec<&str> = self.key.split('.').map(str::trim).collect();
        let last = keys.pop().unwrap_or_default();
        let mut table = table;
        for key in keys {
            let inner = table.entry(key).or_insert_with(|| Value::Table(Table::new()));
            let Value::Table(inner) = inner else {
                let problem = format!("`{key}` is no table, so that nothing can be in it");
                return Err(RecipeError::File { place: self.place(), problem, hint: None });
            };
            table = inner;
        }
        table.insert(last.to_owned(), self.value.clone());
        Ok(())
    }

    fn place(&self) -> String {
        format!("the setting `{}={}`", self.key, self.value)
    }
}

/// Reads a recipe's file with settings over it.
pub(crate) fn read<T: DeserializeOwned>(path: &Path, over: &[Setting]) -> Result<T, RecipeError> {
    let text = read_text(path)?;
    parse(&text, &format!("`{}`", path.display()), over)
}

fn read_text(path: &Path) -> Result<String, RecipeError> {
    let unreadable = |source| RecipeError::Read { path: path.to_owned(), source };
    let known = fs::metadata(path).map_err(unreadable)?;
    if known.len() > LARGEST {
        return Err(RecipeError::File {
            place: format!("`{}`", path.display()),
            problem: format!("it has {} bytes, expected at most {LARGEST}", known.len()),
            hint: Some("--config takes the recipe, a TOML file; the data is named in it".into()),
        });
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| RecipeError::File {
        place: format!("`{}`", path.display()),
        problem: format!("it is not UTF-8 at byte {}", error.utf8_error().valid_up_to() + 1),
        hint: None,
    })
}

/// Reads the text of a recipe.
pub(crate) fn parse<T: DeserializeOwned>(
    text: &str,
    name: &str,
    over: &[Setting],
) -> Result<T, RecipeError> {
    // By itself first: then an error knows its line. What is absent may yet be laid over it.
    match toml::from_str::<T>(text) {
        Ok(recipe) if over.is_empty() => return Ok(recipe),
        Err(error) if over.is_empty() || !error.message().starts_with("missing field") => {
            return Err(told(&error, name, Some(text)));
        }
        _ => {}
    }
    let mut table: Table = toml::from_str(text).map_err(|error| told(&error, name, Some(text)))?;
    for setting in over {
        setting.lay_over(&mut table)?;
        // One by one, so that an error names the setting it comes from.
        if let Err(error) = table.clone().try_into::<T>()
            && !error.message().starts_with("missing field")
        {
            return Err(told(&error, &setting.place(), None));
        }
    }
    table.try_into().map_err(|error| told(&error, name, None))
}

/// What the parser refused, with the place and the nearest name.
fn told(error: &toml::de::Error, name: &str, text: Option<&str>) -> RecipeError {
    let place = match (text, error.span()) {
        (Some(text), Some(span)) => {
            let before = text.get(..span.start).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|letter| *letter != '\n').count() + 1;
            format!("{name}, line {line}, column {column}")
        }
        _ => name.to_owned(),
    };
    let problem = error.message().trim_end().replace('\n', ", ");
    let hint = unknown_name(&problem).map(|(wrong, known)| nearest_hint(wrong, &known));
    RecipeError::File { place, problem, hint }
}

/// What serde says of a name that it does not know: the name, and those that it knows.
fn unknown_name(message: &str) -> Option<(&str, Vec<&str>)> {
    let kinds = ["unknown field `", "unknown variant `"];
    if !kinds.iter().any(|kind| message.starts_with(kind)) {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let wrong = quoted.next()?;
    Some((wrong, quoted.collect()))
}

/// Which name was meant.
pub(crate) fn nearest_hint(wrong: &str, known: &[&str]) -> String {
    let distance = |name: &&&str| strsim::damerau_levenshtein(wrong, name);
    match known.iter().min_by_key(distance) {
        // A name of which more than half is other letters is another name.
        Some(near) if strsim::damerau_levenshtein(wrong, near) * 2 <= wrong.chars().count() + 1 => {
            format!("did you mean `{near}`?")
        }
        _ => format!("there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Toy {
        steps: u32,
        #[serde(default)]
        optimizer: Inner,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Inner {
        rate: f64,
        kind: Kind,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        #[default]
        Adam,
        Sgd,
    }

    fn refused(text: &str, over: &[Setting]) -> (String, String) {
        let error = parse::<Toy>(text, "`toy.toml`", over).unwrap_err();
        (error.to_string(), error.hint().unwrap_or_default())
    }

    #[test]
    fn a_misspelt_key_has_its_place_and_the_nearest_name() {
        let text = "steps = 3\n\n[optimizer]\n  ratte = 1.0\n";
        let (error, hint) = refused(text, &[]);
        assert!(
            error.starts_with("`toy.toml`, line 4, column 3: unknown field `ratte`"),
            "{error}"
        );
        assert_eq!(hint, "did you mean `rate`?");
        let (error, hint) = refused("steps = 3\n[optimiser]\nrate = 1.0", &[]);
        assert!(error.contains("line 2"), "{error}");
        assert_eq!(hint, "did you mean `optimizer`?");
        let (error, hint) = refused("steps = 3\n[optimizer]\nkind = 'adan'", &[]);
        assert!(error.contains("line 3") && error.contains("`adan`"), "{error}");
        assert_eq!(hint, "did you mean `adam`?");
        let (_, hint) = refused("something_else = 3", &[]);
        assert_eq!(hint, "there are steps, optimizer");
    }

    #[test]
    fn settings_lie_over_the_file_and_an_error_names_the_setting() {
        let set = |text| Setting::parse(text).unwrap();
        let toy: Toy = parse("", "toy", &[set("steps=7"), set("optimizer.kind=sgd")]).unwrap();
        assert_eq!(toy, Toy { steps: 7, optimizer: Inner { rate: 0.0, kind: Kind::Sgd } });
        let (error, hint) = refused("steps = 1", &[set("optimizer.rte=1")]);
        assert!(error.starts_with("the setting `optimizer.rte=1`: "), "{error}");
        assert_eq!(hint, "did you mean `rate`?");
        let (error, _) = refused("steps = 1", &[set("steps.rate=1")]);
        assert!(error.contains("`steps` is no table"), "{error}");
        let (error, _) = refused("", &[set("optimizer.rate=1.5")]);
        assert!(error.contains("missing field `steps`"), "{error}");
        let (error, _) = refused("steps = 'many'", &[set("steps=1")]);
        assert!(error.contains("line 1, column 9"), "the file is looked at by itself: {error}");
    }

    #[test]
    fn what_is_no_toml_has_its_place() {
        let (error, _) = refused("steps = 3\nsteps = 4", &[]);
        assert!(error.contains("line 2"), "{error}");
        let (error, _) = refused("steps = = 3", &[]);
        assert!(error.contains("line 1"), "{error}");
    }
}
