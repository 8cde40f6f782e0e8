//! Conversations are written as transformers writes them, byte for byte.
//!
//! `golden.json` is what transformers wrote; `make.py` made it.
#![allow(clippy::unwrap_used)] // what fails here is the test

mod bad;
mod endless;
mod loading;

use lt_tokenizer::{Chat, ChatTemplate, Json, Message, Moment, TokenizerError};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden.json")).unwrap()
}

#[test]
fn a_conversation_is_written_as_transformers_writes_it() {
    let golden = golden();
    let now = Some(Moment::from_unix(golden["now"].as_i64().unwrap()));
    let (mut written, mut refused, mut failed) = (0, 0, 0);
    for (number, case) in golden["cases"].as_array().unwrap().iter().enumerate() {
        let name = case["template"].as_str().unwrap();
        let mut template = ChatTemplate::new(golden["templates"][name].as_str().unwrap()).unwrap();
        for (variable, token) in golden["special_tokens"].as_object().unwrap() {
            template = template.with_special_token(variable, token.as_str().unwrap());
        }
        let options = case["options"].as_object().unwrap();
        let parsed =
            |key| options.get(key).map(|text| Json::parse(text.as_str().unwrap()).unwrap());
        let (tools, documents) = (parsed("tools"), parsed("documents"));
        let known = ["tools", "documents", "add_generation_prompt"];
        let others = options.iter().filter(|(key, _)| !known.contains(&key.as_str()));
        let variables: Vec<_> =
            others.map(|(key, value)| (key.as_str(), Json::from(value))).collect();
        let messages = Message::list_from_json(case["messages"].as_str().unwrap()).unwrap();
        let chat = Chat {
            add_generation_prompt: options.contains_key("add_generation_prompt"),
            tools: tools.as_ref(),
            documents: documents.as_ref(),
            now,
            variables: &variables,
            ..Chat::new(&messages)
        };
        let place = format!("case {number}, {name}");
        match (template.render(&chat), case["text"].as_str(), case["refused"].as_str()) {
            (Ok(ours), Some(theirs), _) => {
                assert_eq!(ours, theirs, "{place}");
                written += 1;
            }
            (Err(TokenizerError::ChatRefused { message }), _, Some(theirs)) => {
                assert_eq!(message, theirs, "{place}");
                refused += 1;
            }
            (Err(TokenizerError::ChatTemplateFailed { .. }), None, None) => failed += 1,
            (ours, ..) => panic!("{place}: {ours:?}, but {case}"),
        }
    }
    assert_eq!((written, refused, failed), (51, 5, 1));
}
