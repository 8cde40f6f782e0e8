//! Templates that do not parse, refuse, or ask for what there is not.

use std::error::Error;

use lt_tokenizer::{Chat, ChatTemplate, Json, Message, Result, TokenizerError};

fn rendered(source: &str) -> Result<String> {
    ChatTemplate::new(source)?.render(&Chat::new(&[Message::new("user", "Hi")]))
}

#[test]
fn a_template_that_does_not_parse_is_an_error_with_its_line() {
    for (source, expected, why) in [
        ("a\nb\n{% for x in %}", 3, "unexpected end of block"),
        ("{{ 1 +", 1, "unexpected end of input"),
        ("\n{% if true %}", 2, "unexpected end of input"),
        ("{% nonsense %}", 1, "unknown statement nonsense"),
        ("{% include 'x' %}", 1, "unknown statement include"),
    ] {
        let error = rendered(source).unwrap_err();
        let TokenizerError::ChatTemplateSyntax { line, .. } = &error else { panic!("{error:?}") };
        assert_eq!(*line, expected, "{source}");
        let message = error.to_string();
        assert!(message.ends_with(&format!("the chat template does not parse at line {line}")));
        assert!(error.source().unwrap().to_string().contains(why), "{error:?}");
    }
}

#[test]
fn a_template_that_refuses_says_why() {
    for source in [
        "{{ raise_exception('only two: ' ~ 2) }}",
        "{% macro f() %}{{ raise_exception('only two: 2') }}{% endmacro %}{{ f() }}",
        "{% for m in messages %}{{ [1] | map('string') | list }}{{ raise_exception('only two: 2') }}{% endfor %}",
    ] {
        let error = rendered(source).unwrap_err();
        assert!(matches!(error, TokenizerError::ChatRefused { .. }), "{error:?}");
        let expected = "the chat template refuses the conversation: only two: 2";
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn what_cannot_be_done_is_an_error_with_its_line() {
    for (source, expected, why) in [
        ("\n{{ messages[0].role + none }}", 2, "unsupported"),
        ("{{ messages[0].nothing.more }}", 1, "undefined value"),
        ("{{ 'a'.conjugate() }}", 1, "unknown method"),
        ("{{ nothing | tojson }}", 1, "is no JSON"),
        ("{{ [] | tojson(indent=1000) }}", 1, "indent: expected 0 to 64"),
        ("{{ strftime_now('%Y') }}", 1, "set `now` of the `Chat`"),
        ("{{ 'a,b'.rsplit('') }}", 1, "empty separator"),
    ] {
        let error = rendered(source).unwrap_err();
        let TokenizerError::ChatTemplateFailed { line, .. } = &error else { panic!("{error:?}") };
        assert_eq!(*line, expected, "{source}");
        assert!(error.source().unwrap().to_string().contains(why), "{error:?}");
    }
}

#[test]
fn methods_of_texts_are_pythons() {
    for (source, expected) in [
        ("{{ 'abc'.removeprefix('a') }}{{ 'abc'.removeprefix('b') }}", "bcabc"),
        ("{{ 'abc'.removesuffix('c') }}{{ 'abc'.removesuffix('b') }}", "ababc"),
        ("{{ 'a-b-c'.rsplit('-') }}", "['a', 'b', 'c']"),
        ("{{ 'a-b-c'.rsplit('-', 1) }}", "['a-b', 'c']"),
        ("{{ 'a-b-c'.partition('-')[2] }}{{ 'abc'.partition('-') | join('|') }}", "b-cabc||"),
        ("{{ 'a-b-c'.rpartition('-')[0] }}{{ 'abc'.rpartition('-') | join('|') }}", "a-b||abc"),
    ] {
        assert_eq!(rendered(source).unwrap(), expected);
    }
}

#[test]
fn a_conversation_has_messages_and_they_are_objects() {
    let template = ChatTemplate::new("x").unwrap();
    let error = template.render(&Chat::new(&[])).unwrap_err();
    assert_eq!(error.to_string(), "a conversation of no messages: expected at least one");
    for (json, expected) in [
        ("{\"role\": \"user\"}", "messages is a map, expected a list of objects"),
        ("[1]", "messages is a number, expected a list of objects"),
        ("[", "is not JSON"),
    ] {
        let message = Message::list_from_json(json).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    assert!(Json::parse(&"[".repeat(100_000)).is_err());
}
