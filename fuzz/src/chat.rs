//! Chat templates, and the conversations that they write down.

use lt_tokenizer::{Chat, ChatTemplate, Json, Message, Moment};

use crate::files::{Files, parts};

const NAMES: &[&str] = &[
    "chat_template.jinja",
    "additional_chat_templates/tool_use.jinja",
    "tokenizer_config.json",
    "special_tokens_map.json",
];

/// Each message gives a template more steps to take; what is looked for is what a template does
/// with few.
const MESSAGES: usize = 8;

/// A step pays for 64 bytes of text, and there are less than a million for what fits an input.
const LONGEST: usize = 64 * 1_000_000;

thread_local! {
    static FILES: Files = Files::new(NAMES);
}

pub(crate) fn read(bytes: &[u8]) -> bool {
    FILES.with(|files| {
        files.write(bytes);
        match ChatTemplate::from_dir(files.dir()) {
            Ok(template) => {
                converse(&template, bytes);
                true
            }
            Err(error) => {
                said(&error);
                false
            }
        }
    })
}

/// Renders the conversation of the input, or one of our own. Once: a template may use all of its
/// steps, and the ceiling is for one input.
fn converse(template: &ChatTemplate, bytes: &[u8]) {
    let parts = parts(bytes);
    let part = |name: &str| {
        let (_, text) = parts.iter().find(|(found, _)| *found == name.as_bytes())?;
        std::str::from_utf8(text).ok()
    };
    let mut messages = part("messages.json")
        .and_then(|text| Message::list_from_json(text).ok())
        .unwrap_or_else(|| vec![Message::new("system", "Be brief."), Message::new("user", "你好")]);
    messages.truncate(MESSAGES);
    let tools = part("tools.json").and_then(|text| Json::parse(text).ok());
    let chat = Chat {
        add_generation_prompt: true,
        tools: tools.as_ref(),
        documents: tools.as_ref(),
        now: Some(Moment::from_unix(1_700_000_000)),
        variables: &[("enable_thinking", Json::from(true))],
        ..Chat::new(&messages)
    };
    match template.render(&chat) {
        Ok(text) => assert!(text.len() <= LONGEST, "a text of {} bytes", text.len()),
        Err(error) => said(&error),
    }
}

/// An error says something, and is no copy of the file.
fn said(error: &dyn std::error::Error) {
    let message = error.to_string();
    assert!(!message.is_empty());
    let _ = format!("{error:?}");
}
