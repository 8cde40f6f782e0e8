//! Templates that do not parse, loop, refuse, or ask for what there is not.

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
fn a_template_that_goes_on_for_ever_is_stopped() {
    let loops = "{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}";
    let grows = "{% set ns = namespace(x='a') %}{% for i in range(100) %}\
                 {% set ns.x = ns.x ~ ns.x %}{% endfor %}";
    let twice = "{% set ns = namespace(x=['a']) %}{% for i in range(100) %}\
                 {% set ns.x = [ns.x, ns.x] %}{% endfor %}";
    let joined = "{% set ns = namespace(x=['a']) %}{% for i in range(100) %}\
                  {% set ns.x = ns.x + ns.x %}{% endfor %}";
    for source in [
        loops,
        grows,
        twice,
        joined,
        "{{ 'a' * 1000000000 }}",
        "{{ ('a' * 100000).replace('a', 'a' * 100000) }}",
        &format!("{twice}{{{{ ns.x }}}}"),
        &format!("{twice}{{{{ ns.x | tojson }}}}"),
    ] {
        let error = rendered(source).unwrap_err();
        assert!(matches!(error, TokenizerError::ChatTemplateEndless { line: 1, .. }), "{error:?}");
        assert!(error.to_string().ends_with("than any conversation needs. Does it loop?"));
    }
    // A list in a list in a list…, a namespace in itself, a macro in itself.
    for source in [
        "{% set ns = namespace(x=[]) %}{% for i in range(300) %}{% set ns.x = [ns.x] %}{% endfor %}",
        "{% set ns = namespace() %}{% set ns.x = {'a': ns} %}{{ ns ~ '' }}",
        "{% set ns = namespace() %}{% set ns.x = ns %}{{ [ns] | sort }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% for i in range(1000000000) %}{% endfor %}",
    ] {
        let error = rendered(source).unwrap_err();
        assert!(matches!(error, TokenizerError::ChatTemplateFailed { line: 1, .. }), "{error:?}");
    }
}

#[test]
fn a_template_nested_deeply_is_read_or_refused() {
    let nested = |begin: &str, level: &str, end: &str| {
        let levels = level.repeat((60_000 - begin.len() - end.len()) / level.len());
        rendered(&format!("{begin}{levels}{end}"))
    };
    assert_eq!(nested("{{ ", "-", "1 }}").unwrap().trim_start_matches('-'), "1");
    assert!(nested("{{ ", "(", "").is_err());
    assert!(nested("{{ ", "[", "").is_err());
    assert!(nested("", "{% if x %}", "").is_err());
    assert_eq!(nested("{% if x %}", "{% elif x %}", "{% endif %}").unwrap(), "");
    assert_eq!(nested("{{ '", "a", "' }}").unwrap().len(), 60_000 - "{{ '' }}".len());
    assert!(nested("{{ x", ".x", " }}").is_err());
    assert!(nested("{{ x", " ~ x", " }}").is_ok());
    assert!(nested("{% set x = [] %}", "{% set x = [x] %}", "{{ x ~ '' }}").is_ok());
    let long = rendered(&"a".repeat(1 << 17)).unwrap_err().to_string();
    let expected = "the chat template is 131072 bytes long, expected at most 65536";
    assert!(long.ends_with(expected), "{long}");
}

#[test]
fn a_long_conversation_is_no_endless_one() {
    let source = "{% for message in messages %}<|im_start|>{{ message.role }}\n\
                  {{ message.content | trim }}<|im_end|>\n{% endfor %}";
    let messages = vec![Message::new("user", &"长".repeat(300)); 5000];
    let text = ChatTemplate::new(source).unwrap().render(&Chat::new(&messages)).unwrap();
    assert_eq!(text.matches("<|im_end|>").count(), 5000);
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
