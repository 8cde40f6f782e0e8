//! Where templates are found, and which one is used.

use std::fs;
use std::path::Path;

use lt_tokenizer::{Chat, ChatTemplate, Json, Message, TokenizerError};

fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    dir
}

fn rendered(dir: &Path) -> String {
    let messages = [Message::new("user", "Hi")];
    ChatTemplate::from_dir(dir).unwrap().render(&Chat::new(&messages)).unwrap()
}

#[test]
fn a_template_is_in_its_own_file_or_in_the_configuration() {
    let config = r#"{"chat_template": "in the configuration {{ eos_token }}",
        "eos_token": {"content": "</s>"}}"#;
    let dir = directory(&[("tokenizer_config.json", config)]);
    assert_eq!(rendered(dir.path()), "in the configuration </s>");
    // Its own file wins, and what is around it stays.
    let file = ("chat_template.jinja", "in its own file {{ bos_token }}{{ eos_token }}");
    let map = ("special_tokens_map.json", r#"{"bos_token": "<s>"}"#);
    let dir = directory(&[("tokenizer_config.json", config), file, map]);
    assert_eq!(rendered(dir.path()), "in its own file <s></s>");
}

#[test]
fn of_several_one_is_named_or_meant_for_tools_or_the_default() {
    let list = r#"{"chat_template": [{"name": "default", "template": "plain"},
        {"name": "tool_use", "template": "tools"}, {"name": "rag", "template": "documents"}]}"#;
    let files = [
        ("chat_template.jinja", "plain"),
        ("additional_chat_templates/tool_use.jinja", "tools"),
        ("additional_chat_templates/rag.jinja", "documents"),
        ("additional_chat_templates/README.md", "{% nothing"),
    ];
    let messages = [Message::new("user", "Hi")];
    let tools = Json::parse("[]").unwrap();
    for dir in [directory(&[("tokenizer_config.json", list)]), directory(&files)] {
        let template = ChatTemplate::from_dir(dir.path()).unwrap();
        let mut names = template.names().to_vec();
        names.sort();
        assert_eq!(names, ["default", "rag", "tool_use"]);
        let chat = Chat::new(&messages);
        assert_eq!(template.render(&chat).unwrap(), "plain");
        let with_tools = Chat { tools: Some(&tools), ..chat };
        assert_eq!(template.render(&with_tools).unwrap(), "tools");
        let named = Chat { template: Some("rag"), ..with_tools };
        assert_eq!(template.render(&named).unwrap(), "documents");
        let unknown = Chat { template: Some("rug"), ..chat };
        let message = template.render(&unknown).unwrap_err().to_string();
        assert!(message.contains("has no chat template named \"rug\", expected one of: "));
    }
}

#[test]
fn what_is_no_template_is_refused_and_none_is_said() {
    let none = directory(&[("tokenizer_config.json", r#"{"chat_template": null}"#)]);
    let nothing = directory(&[]);
    for dir in [none, nothing] {
        let error = ChatTemplate::from_dir(dir.path()).unwrap_err();
        assert!(matches!(error, TokenizerError::NoChatTemplate { .. }));
        let message = error.to_string();
        assert!(message.contains("expected chat_template.jinja, or chat_template in"), "{message}");
    }
    for wrong in ["5", r#"[{"name": "default"}]"#, r#"["plain"]"#, "{}"] {
        let config = format!(r#"{{"chat_template": {wrong}}}"#);
        let dir = directory(&[("tokenizer_config.json", &config)]);
        let message = ChatTemplate::from_dir(dir.path()).unwrap_err().to_string();
        assert!(message.contains("chat_template is "), "{message}");
        assert!(message.contains("expected a text, or a list"), "{message}");
    }
    let broken = directory(&[("chat_template.jinja", "a\n{% if %}")]);
    let message = ChatTemplate::from_dir(broken.path()).unwrap_err().to_string();
    assert!(message.ends_with("chat_template.jinja`: the chat template does not parse at line 2"));
}
