//! Templates of published kinds, and some that loop, grow or nest.

use std::path::Path;

use super::{CRATES, files, json_of};

/// What the language of templates is made of.
pub(super) const WORDS: &[&str] = &[
    "{%",
    "%}",
    "{%-",
    "-%}",
    "{{",
    "}}",
    "{#",
    "#}",
    "for ",
    " in ",
    "endfor",
    "if ",
    "elif ",
    "else",
    "endif",
    "set ",
    "endset",
    "macro f(x)",
    "endmacro",
    "f(x)",
    "filter ",
    "endfilter",
    "raw",
    "endraw",
    "generation",
    "endgeneration",
    "namespace(",
    "ns",
    "ns.x",
    "range(",
    "range(100000)",
    "loop.index0",
    "loop.last",
    "loop(x)",
    "recursive",
    "messages",
    "message['content']",
    "messages[0]",
    ".role",
    "tools",
    "documents",
    "bos_token",
    "add_generation_prompt",
    "raise_exception(",
    "strftime_now('%d %b %Y')",
    "|",
    "| tojson",
    "| tojson(indent=4)",
    "| length",
    "| trim",
    "| upper",
    "| join(',')",
    "| list",
    "| sort",
    "| reverse",
    "| map(attribute='role')",
    "| selectattr('role', 'equalto', 'user')",
    "| string",
    "| replace('a', 'aa')",
    "| items",
    "| batch(2)",
    "| indent(4)",
    ".split('a')",
    ".strip()",
    ".replace('a', 'aaaa')",
    ".removeprefix('a')",
    ".rsplit('a', 1)",
    ".startswith('a')",
    ".items()",
    "[::-1]",
    "[1:]",
    "[:-1]",
    " ~ ",
    " * ",
    " ** ",
    " // ",
    " - ",
    " % ",
    "'a'",
    "'a' * 1000",
    "[x, x]",
    "{'a': x}",
    "is defined",
    "is string",
    "is mapping",
    "is iterable",
    "not ",
    " and ",
    " or ",
    "none",
    "true",
    "9223372036854775807",
    "-1",
    "0",
    "银",
];

/// What a template does that nobody wants; each is stopped, or harmless.
const HOSTILE: &[&str] = &[
    "{% for i in range(1000000000) %}{% endfor %}",
    "{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}",
    "{% set x = 'a' %}{% for i in range(100) %}{% set x = x ~ x %}{% endfor %}{{ x }}",
    "{% set ns = namespace(x='a') %}{% for i in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "{% set ns = namespace(x=['a']) %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x=[]) %}{% for i in range(300) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x | tojson }}",
    "{% set ns = namespace() %}{% set ns.x = {'a': ns} %}{{ ns }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{{ 'a' * 1000000000 }}",
    "{% set x = 'a' * 60000000 %}{% for i in range(90000) %}{{ x | length }}{% endfor %}",
    "{% set x = 'a' * 30000000 %}{% for i in range(90000) %}{% if 'b' in x %}b{% endif %}{% endfor %}",
    "{% set x = 'a' * 30000000 %}{% for i in range(90000) %}{{ x.removeprefix('b').startswith('b') }}{% endfor %}",
    "{% set x = 'a' * 30000000 %}{% for i in range(90000) %}{% set y = x.partition('b') %}{% endfor %}",
    "{% for i in range(90000) %}{% set y = ('a,' * 100000).split(',') %}{% endfor %}",
    "{% for x in messages recursive %}{{ loop(messages) }}{% endfor %}",
    "{% for x in [1] recursive %}{{ loop([[x, x]]) }}{% endfor %}",
    "{% macro f(x, n) %}{{ f([x, x], n - 1) if n else x ~ '' }}{% endmacro %}{{ f(1, 60) }}",
    "{% for i in range(90000) %}{% if '' | replace(range(9000), '') %}{% endif %}{% endfor %}",
    "{{ [[[[1] * 999] * 999] * 999] * 999 }}",
    "{{ [1] | batch(999, [1] | batch(999, [1] | batch(999, 1) | list) | list) | list ~ '' }}",
    "{{ debug() }}",
];

/// The beginning, what is written many times, and the end: short files that were endless.
const REPEATED: &[(&str, &str, &str)] = &[
    ("{% set x = ['a'] %}", "{% set x = [x, x] %}", "{{ x ~ '' }}"),
    ("{% set x = ['a'] %}", "{% set x = {'a': x, 'b': x} %}", "{{ x == [x] }}"),
    (
        "{% set x = ['a'] %}",
        "{% set x | list | zip([x, x]) | list %}ab{% endset %}",
        "{{ x | upper }}",
    ),
    ("", "{% for x in [[x, x]] %}", "{{ x in 'a' }}"),
    ("{% set x = range(5000) | list %}{{ [", "x, ", "x] ~ '' }}"),
    ("{{ 1 * ", "-", "1 }}"),
    ("{{ 1", " * 1", " }}"),
    ("{{ ", "f(", "1 }}"),
];

/// Sound templates with conversations, and the others.
pub(super) fn inputs() -> Vec<Vec<u8>> {
    let golden = Path::new(CRATES).join("lt-tokenizer/tests/chat_template/golden.json");
    let golden = json_of(&golden);
    let tokens = golden["special_tokens"].to_string();
    let mut inputs = Vec::new();
    for case in golden["cases"].as_array().into_iter().flatten() {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let template = text(&golden["templates"][text(&case["template"])]);
        let (messages, tools) = (text(&case["messages"]), text(&case["options"]["tools"]));
        inputs.push(files(&[
            ("chat_template.jinja", template.as_bytes()),
            ("special_tokens_map.json", tokens.as_bytes()),
            ("messages.json", messages.as_bytes()),
            ("tools.json", tools.as_bytes()),
        ]));
    }
    let list = br#"{"chat_template": [{"name": "default", "template": "{{ messages | length }}"},
        {"name": "tool_use", "template": "{{ tools | tojson(indent=2) }}"}], "bos_token": "<s>"}"#;
    let tools = br#"[{"name": "add", "parameters": {"a": 1, "b": [2, null]}}]"#;
    inputs.push(files(&[("tokenizer_config.json", list), ("tools.json", tools)]));
    let hostile = HOSTILE.iter();
    inputs.extend(hostile.map(|text| files(&[("chat_template.jinja", text.as_bytes())])));
    inputs.extend(REPEATED.iter().map(|(begin, more, end)| {
        let text = format!("{begin}{}{end}", more.repeat(60));
        files(&[("chat_template.jinja", text.as_bytes())])
    }));
    inputs
}
