//! Texts that go on where others end.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use lt_config::GenerationConfig;
use lt_core::Threads;
use lt_generate::{Event, Generator, Settings, Written};
use lt_model::{CausalLm, LoadOptions};
use lt_tokenizer::{Chat, ChatTemplate, Limit, Tokenizer, TokenizerError};

use crate::in_batches::check_ids;
use crate::{TaskError, TokenText, generation_settings};

/// Continues texts and conversations.
///
/// ```no_run
/// use lt_core::Threads;
/// use lt_generate::{Length, Settings};
/// use lt_tasks::{LoadOptions, TextGenerator};
/// let generator = TextGenerator::from_dir("gpt2", &LoadOptions::default())?;
/// let settings = Settings { maximum: Length::New(5), ..generator.settings()? };
/// let written = generator.write(&["The capital of France is"], settings, &Threads::single())?;
/// println!("{} ({:?})", written[0].text, written[0].finish);
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// PyTorch: transformers' `pipeline("text-generation")`.
#[derive(Debug)]
pub struct TextGenerator {
    model: CausalLm,
    tokenizer: Tokenizer,
    config: GenerationConfig,
    /// A template that is damaged is no reason not to continue plain texts.
    template: Result<ChatTemplate, Arc<TokenizerError>>,
}

impl TextGenerator {
    /// Of these parts; without a chat template, and with [`GenerationConfig`]'s defaults.
    #[must_use]
    pub fn new(model: CausalLm, tokenizer: Tokenizer) -> Self {
        let (config, dir) = (GenerationConfig::default(), "the parts it was made of".into());
        let template = Err(Arc::new(TokenizerError::NoChatTemplate { dir }));
        Self { model, tokenizer, config, template }
    }

    /// With a chat template.
    #[must_use]
    pub fn with_template(self, template: ChatTemplate) -> Self {
        Self { template: Ok(template), ..self }
    }

    /// With other defaults.
    #[must_use]
    pub fn with_config(self, config: GenerationConfig) -> Self {
        Self { config, ..self }
    }

    /// Loads a directory with a causal-LM head: the model, its tokenizer, `generation_config.json`
    /// and the chat template, if there is one.
    ///
    /// # Errors
    /// If a file is absent or damaged, or the checkpoint has another head. A chat template that is
    /// damaged is told when it is needed.
    pub fn from_dir(dir: impl AsRef<Path>, options: &LoadOptions) -> Result<Self, TaskError> {
        let dir = dir.as_ref();
        Ok(Self {
            model: CausalLm::from_dir(dir, options)?.model,
            tokenizer: Tokenizer::from_dir(dir)?,
            config: GenerationConfig::from_dir(dir)?,
            template: ChatTemplate::from_dir(dir).map_err(Arc::new),
        })
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &CausalLm {
        &self.model
    }

    /// The tokenizer.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// How the checkpoint wants to be made to write.
    #[must_use]
    pub fn config(&self) -> &GenerationConfig {
        &self.config
    }

    /// The same as [`Settings`]: change what you want otherwise.
    ///
    /// # Errors
    /// As for [`generation_settings`].
    pub fn settings(&self) -> Result<Settings, TaskError> {
        generation_settings(&self.config)
    }

    /// The ids of a text to be continued, with the special tokens that the tokenizer adds.
    ///
    /// # Errors
    /// [`TaskError::UnknownId`] if the model lacks one: the tokenizer is another model's.
    ///
    /// PyTorch: `tokenizer(text)`.
    pub fn tokenize(&self, text: &str) -> Result<Vec<u32>, TaskError> {
        let encoding = self.tokenizer.encode(text, Limit::None)?;
        check_ids(&encoding, self.model.encoder())?;
        Ok(encoding.ids)
    }

    /// The ids of a conversation, as the chat template writes it down. No special tokens are added
    /// to those that it writes itself.
    ///
    /// # Errors
    /// [`TaskError::ChatTemplate`] if there is no template, or it is damaged; that of
    /// [`ChatTemplate::render`] if it refuses the conversation.
    ///
    /// PyTorch: `tokenizer.apply_chat_template(messages)`.
    pub fn tokenize_chat(&self, chat: &Chat<'_>) -> Result<Vec<u32>, TaskError> {
        let missing = |error: &Arc<TokenizerError>| TaskError::ChatTemplate(error.clone());
        let text = self.template.as_ref().map_err(missing)?.render(chat)?;
        let encoding = self.tokenizer.encode_bare(&text, Limit::None)?;
        check_ids(&encoding, self.model.encoder())?;
        Ok(encoding.ids)
    }

    /// Continues each text.
    ///
    /// # Errors
    /// As for [`tokenize`](Self::tokenize) and [`write_with`](Self::write_with).
    pub fn write(
        &self,
        texts: &[impl AsRef<str>],
        settings: Settings,
        threads: &Threads,
    ) -> Result<Vec<Written>, TaskError> {
        let prompts = texts.iter().map(|text| self.tokenize(text.as_ref()));
        let prompts: Vec<Vec<u32>> = prompts.collect::<Result<_, _>>()?;
        self.write_with(&prompts, settings, threads, |_| ControlFlow::Continue(()))
    }

    /// Continues each prompt, as [`tokenize`](Self::tokenize) and
    /// [`tokenize_chat`](Self::tokenize_chat) give them, and tells of each token and the text that
    /// it makes certain. Pieces never end within a character.
    ///
    /// # Errors
    /// [`TaskError::Generate`] if a setting cannot be, or a prompt is empty or too long.
    pub fn write_with(
        &self,
        prompts: &[impl AsRef<[u32]>],
        settings: Settings,
        threads: &Threads,
        observer: impl FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<Vec<Written>, TaskError> {
        let (writer, text) = (self.model.writer(threads), TokenText(&self.tokenizer));
        let generator = Generator::new(&writer, settings)?.with_text(&text);
        Ok(generator.generate_with(prompts, observer)?)
    }
}
