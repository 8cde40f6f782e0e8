//! Templates that loop, grow or nest, and what must not be taken for one.

use std::error::Error;

use lt_tokenizer::{Chat, ChatTemplate, Message, Result, TokenizerError};

fn rendered(source: &str) -> Result<String> {
    ChatTemplate::new(source)?.render(&Chat::new(&[Message::new("user", "Hi")]))
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
        "{% set ns = namespace(x=[]) %}{% for i in range(300) %}{% set ns.x = [ns.x] %}{% endfor %}",
        "{{ 'a' * 1000000000 }}",
        "{{ ('a' * 100000).replace('a', 'a' * 100000) }}",
        &format!("{twice}{{{{ ns.x }}}}"),
        &format!("{twice}{{{{ ns.x | tojson }}}}"),
    ] {
        let error = rendered(source).unwrap_err();
        assert!(matches!(error, TokenizerError::ChatTemplateEndless { line: 1, .. }), "{error:?}");
        assert!(error.to_string().ends_with("than any conversation needs. Does it loop?"));
    }
    // A namespace in itself, a macro in itself.
    for source in [
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
    let nested = |length: usize, begin: &str, level: &str, end: &str| {
        let levels = level.repeat((length - begin.len() - end.len()) / level.len());
        rendered(&format!("{begin}{levels}{end}"))
    };
    // As long as a template can be,
    assert!(nested(60_000, "", "{% if x %}", "").is_err());
    assert_eq!(nested(60_000, "{% if x %}", "{% elif x %}", "{% endif %}").unwrap(), "");
    let text = nested(60_000, "{{ '", "a", "' }}").unwrap();
    assert_eq!(text.len(), 60_000 - "{{ '' }}".len());
    assert!(nested(60_000, "{% set x = [] %}", "{% set x = [x] %}", "{{ x ~ '' }}").is_err());
    // and a tag.
    assert_eq!(nested(4096, "{{ ", "-", "1 }}").unwrap().trim_start_matches('-'), "1");
    assert!(nested(4096, "{{ ", "(", "").is_err());
    assert!(nested(4096, "{{ ", "[", "").is_err());
    assert!(nested(4096, "{{ f", "(f", " }}").is_err());
    assert!(nested(4096, "{{ x", ".x", " }}").is_err());
    assert!(nested(4096, "{{ x", " ~ x", " }}").is_ok());
    assert_eq!(nested(4096, "{{ 1", " * 1", " }}").unwrap(), "1");
    // As deep as JSON can be.
    let deep = format!("{}{{{{ x }}}}", "{% set x = [x] %}".repeat(150));
    assert_eq!(rendered(&deep).unwrap(), format!("{}{}", "[".repeat(150), "]".repeat(150)));
    for (source, expected) in [
        ("a".repeat(1 << 17), "the chat template is 131072 bytes long, expected at most 65536"),
        (
            format!("\n{{{{ {}1 }}}}", "-".repeat(5000)),
            "the tag at line 2 of the chat template is 5007 characters long without its texts, \
             expected at most 4096",
        ),
        (
            "\u{1}% set x = 1 %}".to_owned(),
            "is a text with the control character U+0001, expected one without it",
        ),
    ] {
        let message = rendered(&source).unwrap_err().to_string();
        assert!(message.ends_with(expected), "{message}");
    }
}

/// What is short to write and long to look at: lists that hold each other, many times the same.
#[test]
fn no_list_is_endless() {
    let doubled = format!("{}{}", "{% set x = ['a'] %}", "{% set x = [x, x] %}".repeat(60));
    let loops = "{% for x in [[x, x]] %}".repeat(60) + "{{ x ~ '' }}" + &"{% endfor %}".repeat(60);
    let scopes = "{% with x = [x, x] %}".repeat(60) + "{{ x ~ '' }}" + &"{% endwith %}".repeat(60);
    let many = format!("{{% set x = range(5000) | list %}}{{{{ [{}] ~ '' }}}}", "x,".repeat(1000));
    let handed = format!("{{{{ x | chain({}) | join }}}}", "range(5000),".repeat(300));
    let captured =
        "{% set x | list | zip([x, x]) | list %}ab{% endset %}".repeat(60) + "{{ x ~ '' }}";
    for source in [
        &doubled,
        &loops,
        &scopes,
        &many,
        &handed,
        &format!("{{% set x = [1] %}}{captured}"),
        &format!("{doubled}{{{{ x ~ '' }}}}"),
        &format!("{doubled}{{{{ x == [x] }}}}"),
        "{% macro f(x, n) %}{{ f([x, x], n - 1) if n else x ~ '' }}{% endmacro %}{{ f(1, 60) }}",
        "{% for x in [1] recursive %}{{ loop([[x, x]]) }}{% endfor %}",
        "{% set n = namespace(x=1) %}{% for i in range(60) %}{% set n.x = dict(a=n.x, b=n.x) %}{% endfor %}",
        "{% for i in range(90000) %}{% if range(100000) in 'a' %}{% endif %}{% endfor %}",
        "{% set x = '银' * 1000000 %}{% for i in range(90000) %}{% if x[-1] == 'a' %}{% endif %}{% endfor %}",
    ] {
        let error = rendered(source).unwrap_err();
        let stopped = matches!(error, TokenizerError::ChatTemplateEndless { .. });
        let deep = matches!(error, TokenizerError::ChatTemplateFailed { .. });
        assert!(stopped || deep, "{source}: {error:?}");
    }
    for (source, why) in [
        ("{{ [[1] * 9] * 9 }}", "a list cannot be multiplied here"),
        ("{{ 9 * range (3) }}", "a list cannot be multiplied here"),
        ("{{ [1] | batch(1000, [1]) }}", "batch: expected a text or a number to fill in"),
        ("{{ [1] | slice(1000, [1]) }}", "slice: expected a text or a number to fill in"),
        ("{{ [1] | map('default', [1], true) }}", "map: expected a text or a number"),
        ("{{ [1] | map(attribute='x', default={'a': 1}) }}", "map: expected a text or a number"),
        ("{% set n = namespace() %}{% set x = [n] %}", "a namespace is in no list"),
        ("{{ debug() }}", "debug is unknown"),
    ] {
        let error = rendered(source).unwrap_err();
        assert!(matches!(error, TokenizerError::ChatTemplateFailed { .. }), "{source}: {error:?}");
        assert!(error.source().unwrap().to_string().contains(why), "{source}: {error:?}");
    }
}

/// What is put in to look at values changes nothing else.
#[test]
fn what_is_looked_at_stays_what_it_was() {
    for (source, expected) in [
        ("{{ 2 * 3 + 4 * -5 }} {{ 'ab' * 2 }} {{ 2 ** 3 * 2 }}", "-14 abab 16"),
        (
            "{% macro f(a, b=2) -%} {{ a }}{{ b }}{{ c is defined }} {%- endmacro %}{{ f(1, b=[3]) }}",
            "1[3]False",
        ),
        ("{% macro f(a) %}{{ a is defined }}{% endmacro %}{{ f() }}{{ f(1) }}", "FalseTrue"),
        ("{% for a, (b, c) in [(1, (2, 3))] -%}  {{ a + b + c }}{% else %}x{% endfor %}", "6"),
        (
            "{% for k, v in {'x': 1}.items() if v in [1] %}{{ k }}{{ loop.last }}{% endfor %}",
            "xTrue",
        ),
        ("{% with a = [1, 2][1], b = (3, 4) %}{{ a }}{{ b[0] }}{% endwith %}", "23"),
        (
            "{% set x, y = 1, '=' %}{{ x ~ y }}{% set z | replace('=', '') | upper %}=a{% endset %}{{ z }}",
            "1=A",
        ),
        ("{% set r = range(3) %}{{ r | list }}{{ r | length }}", "[0, 1, 2]3"),
        ("{% set n = namespace({'a': 1}) %}{% set n.b = [n.a] %}{{ n.b }}{{ n.a }}", "[1]1"),
        ("{% macro f() %}{{ caller(1) }}{% endmacro %}{% call(x) f() %}{{ x }}{% endcall %}", "1"),
        (
            "{% for x in [[1], [2]] recursive %}{{ loop(x) if x is sequence else x }}{% endfor %}",
            "12",
        ),
        (
            "{{ '{%' }}{{ '%}' }}{% raw %}{{ [x] * 2 }}{% endraw %}{# {{ [x] * 2 }} #}",
            "{%%}{{ [x] * 2 }}",
        ),
        (
            "{{ messages | map(attribute='x', default='?') | list }}{{ [] | batch(2) | list }}",
            "['?'][]",
        ),
        ("a\n  {% if true %}  \nb\n  {%+ if true %}c{% endif %}\n{% endif %}", "a\n  \nb\n  c"),
    ] {
        assert_eq!(rendered(source).unwrap(), expected, "{source}");
    }
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
fn a_long_message_is_no_endless_one() {
    // It is named five times, and split.
    let source = "{% macro shown(text) %}{{ text | trim }}{% endmacro %}\
        {% for message in messages %}{% set content = message.content %}\
        {% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}\
        {{ shown(content) }}{% endfor %}";
    let messages = [Message::new("user", &"长长的话。".repeat(300_000))];
    let text = ChatTemplate::new(source).unwrap().render(&Chat::new(&messages)).unwrap();
    assert_eq!(text.len(), 300_000 * "长长的话。".len());
}
