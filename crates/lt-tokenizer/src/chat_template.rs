//! Chat templates: how a checkpoint wants a conversation to be written down.

mod chat;
mod code;
mod environment;
mod expressions;
mod handed;
mod json;
mod limits;
mod load;
mod methods;
mod moment;
mod names;
mod products;
mod python;
mod shape;
mod stack;
mod tags;

use minijinja::{Environment, Error as JinjaError, ErrorKind, Value};

pub use chat::{Chat, Message};
pub use json::Json;
pub use moment::Moment;

use crate::{Result, TokenizerError};

/// How a checkpoint wants a conversation to be written down: the chat template (对话模板) that an
/// instruction-tuned model was trained with.
///
/// It is a program in the language of Jinja, which runs with a limit on its steps and its memory;
/// lists are not multiplied, and no namespace is in a list, so that nothing in it is endless.
///
/// ```
/// use lt_tokenizer::{Chat, ChatTemplate, Message};
/// let template = ChatTemplate::new(
///     "{% for message in messages %}<|im_start|>{{ message.role }}\n\
///      {{ message.content | trim }}<|im_end|>\n{% endfor %}\
///      {% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
/// )?;
/// let messages = [Message::new("user", "1 + 1? ")];
/// let chat = Chat { add_generation_prompt: true, ..Chat::new(&messages) };
/// assert_eq!(
///     template.render(&chat)?,
///     "<|im_start|>user\n1 + 1?<|im_end|>\n<|im_start|>assistant\n",
/// );
/// # Ok::<(), lt_tokenizer::TokenizerError>(())
/// ```
///
/// What is rendered spells out the special tokens of the model, its first one too: encode it with
/// [`Tokenizer::encode_bare`](crate::Tokenizer::encode_bare), which adds none.
///
/// PyTorch: `apply_chat_template(…, tokenize=False)` of transformers' tokenizers.
#[derive(Debug)]
pub struct ChatTemplate {
    /// The file, for messages.
    origin: String,
    /// The names, in the order in which they were found.
    names: Vec<String>,
    environment: Environment<'static>,
    /// Variables for the special tokens: `bos_token`, as in `tokenizer_config.json`.
    special_tokens: Vec<(String, String)>,
}

/// The name of a template that has none.
const DEFAULT: &str = "default";
/// The name of the one that is for conversations with tools.
const WITH_TOOLS: &str = "tool_use";

impl ChatTemplate {
    /// A template from its text.
    ///
    /// # Errors
    /// [`TokenizerError::ChatTemplateSyntax`] if it does not parse.
    pub fn new(source: &str) -> Result<Self> {
        Self::of("the chat template", &[(DEFAULT.to_owned(), source.to_owned())])
    }

    fn of(origin: &str, sources: &[(String, String)]) -> Result<Self> {
        let unusable = |source: JinjaError| TokenizerError::ChatTemplateSyntax {
            origin: origin.to_owned(),
            line: source.line().unwrap_or(0),
            source: Box::new(source),
        };
        let rewritten = sources.iter().map(|(name, source)| {
            Ok((name.clone(), rewritten(source).map_err(|wrong| wrong.in_file(origin))?))
        });
        let rewritten: Vec<(String, String)> = rewritten.collect::<Result<_>>()?;
        let parse = || {
            let mut environment = environment::as_in_transformers()?;
            for (name, source) in rewritten {
                environment.add_template_owned(name, source)?;
            }
            Ok(environment)
        };
        let parsed = stack::with_room(parse).map_err(|source| no_room(origin, source))?;
        let environment = parsed.map_err(unusable)?;
        Ok(Self {
            origin: origin.to_owned(),
            names: sources.iter().map(|(name, _)| name.clone()).collect(),
            environment,
            special_tokens: Vec::new(),
        })
    }

    /// With a variable for a special token: `bos_token` and `<s>`, say.
    ///
    /// ```
    /// use lt_tokenizer::{Chat, ChatTemplate, Message};
    /// let template = ChatTemplate::new("{{ bos_token }}{{ messages[0]['content'] }}")?
    ///     .with_special_token("bos_token", "<s>");
    /// assert_eq!(template.render(&Chat::new(&[Message::new("user", "你好")]))?, "<s>你好");
    /// # Ok::<(), lt_tokenizer::TokenizerError>(())
    /// ```
    #[must_use]
    pub fn with_special_token(mut self, variable: &str, token: &str) -> Self {
        self.special_tokens.retain(|(known, _)| known != variable);
        self.special_tokens.push((variable.to_owned(), token.to_owned()));
        self
    }

    /// The names of the templates that there are: `default`, unless files say otherwise.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The conversation as a text.
    ///
    /// # Errors
    /// [`TokenizerError::NoMessages`] if there are none; [`TokenizerError::UnknownChatTemplate`]
    /// if there is no template of the name asked for; [`TokenizerError::ChatRefused`] with the
    /// template's own message, if it refuses the conversation; [`TokenizerError::ChatTemplateEndless`]
    /// if it would loop for ever or write without end; [`TokenizerError::ChatTemplateFailed`] for
    /// whatever else goes wrong in it.
    pub fn render(&self, chat: &Chat<'_>) -> Result<String> {
        if chat.messages.is_empty() {
            return Err(TokenizerError::NoMessages);
        }
        let name = self.choose(chat)?;
        let mut environment = self.environment.clone();
        let tokens = self.special_tokens.iter();
        let tokens =
            tokens.map(|(variable, token)| (variable.as_str(), Value::from(token.as_str())));
        let variables = chat.variables.iter().map(|(name, value)| (*name, value.0.clone()));
        let context = tokens.chain(variables).chain(chat.context());
        let context = Value::from_pairs(context);
        let fuel = limits::fuel(chat.messages.len(), limits::weight(&context));
        environment.set_fuel(Some(fuel));
        let template = environment.get_template(name).map_err(|error| self.failed(error))?;
        let rendered = stack::with_room(|| template.render(context));
        rendered
            .map_err(|source| no_room(&self.origin, source))?
            .map_err(|error| self.failed(error))
    }

    /// By its name; or the one for tools, if there are any and it is there; or the default.
    fn choose<'a>(&'a self, chat: &Chat<'a>) -> Result<&'a str> {
        let known = |name: &&str| self.names.iter().any(|known| known == name);
        let tools = chat.tools.map(|_| WITH_TOOLS);
        let found = match chat.template {
            Some(name) => Some(name).filter(known),
            None => tools.filter(known).or(Some(DEFAULT).filter(known)),
        };
        found.ok_or_else(|| TokenizerError::UnknownChatTemplate {
            origin: self.origin.clone(),
            name: chat.template.unwrap_or(DEFAULT).to_owned(),
            known: self.names.join(", "),
        })
    }

    fn failed(&self, error: JinjaError) -> TokenizerError {
        if let Some(message) = environment::raised(&error) {
            return TokenizerError::ChatRefused { message: message.to_owned() };
        }
        let (origin, line) = (self.origin.clone(), error.line().unwrap_or(0));
        match error.kind() {
            ErrorKind::OutOfFuel => TokenizerError::ChatTemplateEndless { origin, line },
            _ => TokenizerError::ChatTemplateFailed { origin, line, source: Box::new(error) },
        }
    }
}

/// What is no template before anything is parsed.
struct Wrong {
    field: String,
    got: String,
    expected: String,
}

impl Wrong {
    fn in_file(self, origin: &str) -> TokenizerError {
        let Self { field, got, expected } = self;
        TokenizerError::Invalid { origin: origin.to_owned(), field, got, expected }
    }
}

/// A template as it is parsed.
fn rewritten(source: &str) -> Result<String, Wrong> {
    let wrong = |got: String, expected: String| {
        Err(Wrong { field: "the chat template".to_owned(), got, expected })
    };
    if source.len() > stack::LONGEST {
        let got = format!("{} bytes long", source.len());
        return wrong(got, format!("at most {}", stack::LONGEST));
    }
    if source.contains(tags::MARK) {
        let (got, expected) = ("a text with the control character U+0001", "one without it");
        return wrong(got.to_owned(), expected.to_owned());
    }
    tags::rewritten(source).map_err(|tags::TooLong { length, line }| Wrong {
        field: format!("the tag at line {line} of the chat template"),
        got: format!("{length} characters long without its texts"),
        expected: format!("at most {}", tags::LONGEST),
    })
}

/// The system gives no thread to work in.
fn no_room(origin: &str, source: std::io::Error) -> TokenizerError {
    let origin = origin.to_owned();
    TokenizerError::ChatTemplateFailed { origin, line: 0, source: Box::new(source) }
}
