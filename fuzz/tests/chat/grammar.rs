//! Templates that parse, and do what nobody would write.

use crate::numbers::Numbers;

/// A template: variables of each kind, then statements, often in a loop that would take long.
pub(crate) fn input(numbers: &mut Numbers) -> Vec<u8> {
    let body: String = (0..=numbers.below(4)).map(|_| statement(numbers, 3)).collect();
    let (begin, end) = match numbers.below(3) {
        0 => ("", ""),
        1 => ("{% for i in range(300) %}", "{% endfor %}"),
        _ => ("{% for i in range(5000) %}", "{% endfor %}"),
    };
    format!(
        "=== chat_template.jinja\n{{% set ns = namespace(x='a', y=[1]) %}}{{% set x = 'ab,银' * 2000 %}}\
         {{% set y = [3, 1, 'b'] %}}{{% set z = {{'k': [1, 2]}} %}}\
         {{% macro f(v) %}}{{{{ v }}}}{{% if v is number and v > 0 %}}{{{{ f(v - 1) ~ f(v - 1) }}}}{{% endif %}}{{% endmacro %}}\
         {begin}{body}{end}\n=== tools.json\n[{{\"name\": \"add\", \"n\": [1, 2.5, null]}}]"
    )
    .into_bytes()
}

fn statement(numbers: &mut Numbers, depth: usize) -> String {
    let value = expression(numbers, 3);
    let inside = |numbers: &mut Numbers| match depth {
        0 => "a".to_owned(),
        _ => (0..=numbers.below(2)).map(|_| statement(numbers, depth - 1)).collect(),
    };
    match numbers.below(9) {
        0..=2 => format!("{{{{ {value} }}}}"),
        3 => format!("{{% set {} = {value} %}}", numbers.one_of(&["x", "y", "z", "w"])),
        4 => format!("{{% set ns.{} = {value} %}}", numbers.one_of(&["x", "y", "z"])),
        5 => format!("{{% for v in {value} %}}{}{{% endfor %}}", inside(numbers)),
        6 => format!("{{% if {value} %}}{}{{% endif %}}", inside(numbers)),
        7 => format!("{{% set x %}}{}{{% endset %}}", inside(numbers)),
        _ => {
            let filter = numbers.one_of(&["upper", "trim", "replace('a', 'aaaa')", "indent(9)"]);
            format!("{{% filter {filter} %}}{}{{% endfilter %}}", inside(numbers))
        }
    }
}

const LEAVES: &[&str] = &[
    "x",
    "y",
    "z",
    "w",
    "i",
    "v",
    "ns.x",
    "ns.y",
    "ns",
    "messages",
    "messages[0]",
    "messages[0].content",
    "tools",
    "documents",
    "loop",
    "loop.index",
    "'a'",
    "','",
    "''",
    "'银'",
    "0",
    "1",
    "-1",
    "7",
    "64",
    "100000",
    "9223372036854775807",
    "0.5",
    "none",
    "true",
    "range(3)",
    "range(100000)",
    "f(3)",
    "f(40)",
    "f",
    "namespace(a=1)",
    "strftime_now('%Y')",
    "[]",
    "{}",
];

/// What is written behind a value; a `?` is another one.
const BEHIND: &[&str] = &[
    "| length",
    "| upper",
    "| lower",
    "| title",
    "| capitalize",
    "| trim",
    "| list",
    "| string",
    "| int",
    "| float",
    "| tojson",
    "| tojson(indent=64)",
    "| join(?)",
    "| reverse",
    "| sort",
    "| unique",
    "| first",
    "| last",
    "| min",
    "| max",
    "| sum",
    "| items",
    "| dictsort",
    "| batch(?)",
    "| slice(?)",
    "| indent(?)",
    "| replace(?, ?)",
    "| default(?)",
    "| map('upper')",
    "| map(attribute='role')",
    "| select('string')",
    "| selectattr('role')",
    "| groupby('role')",
    "| pprint",
    "| urlencode",
    "| escape",
    "| lines",
    "| round",
    "| abs",
    "| attr(?)",
    "| format(?)",
    "| zip(?)",
    "| chain(?)",
    "| split(?)",
    ".split(?)",
    ".split(?, 1)",
    ".rsplit(?)",
    ".strip()",
    ".strip(?)",
    ".lstrip(?)",
    ".rstrip(?)",
    ".replace(?, ?)",
    ".removeprefix(?)",
    ".removesuffix(?)",
    ".partition(?)",
    ".rpartition(?)",
    ".upper()",
    ".title()",
    ".count(?)",
    ".find(?)",
    ".rfind(?)",
    ".startswith(?)",
    ".endswith(?)",
    ".splitlines()",
    ".join(?)",
    ".items()",
    ".keys()",
    ".values()",
    ".get(?)",
    ".format(?)",
    ".isdigit()",
    ".append(?)",
    "[?]",
    "[?:?]",
    "[::-1]",
    "[?:?:2]",
    " ~ ?",
    " + ?",
    " * ?",
    " - ?",
    " / ?",
    " // ?",
    " % ?",
    " ** ?",
    " in ?",
    " == ?",
    " < ?",
    " and ?",
    " or ?",
    " if ? else ?",
    " is sequence",
    " is iterable",
    " is defined",
    " is eq(?)",
    " is in(?)",
];

fn expression(numbers: &mut Numbers, depth: usize) -> String {
    if depth == 0 || numbers.below(5) == 0 {
        return numbers.one_of(LEAVES).to_owned();
    }
    match numbers.below(8) {
        0 => format!("[{}, {}]", expression(numbers, depth - 1), expression(numbers, depth - 1)),
        1 => format!("{{'k': {}}}", expression(numbers, depth - 1)),
        _ => {
            let mut text = format!("({})", expression(numbers, depth - 1));
            for (number, rest) in numbers.one_of(BEHIND).split('?').enumerate() {
                if number > 0 {
                    text.push_str(&expression(numbers, depth - 1));
                }
                text.push_str(rest);
            }
            text
        }
    }
}
