//! Expressions, with what looks at values put into them.

use super::shape::Shape;
use super::{handed, names, products};

/// In which order what is new at one place stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    BehindList,
    BehindRight,
    BehindArgument,
    BehindLeft,
    Begin,
}

/// What is put in front of a byte of the code.
#[derive(Debug)]
pub(super) struct New {
    at: usize,
    rank: Rank,
    text: String,
}

impl New {
    pub(super) fn text(at: usize, rank: Rank, text: impl Into<String>) -> Self {
        Self { at, rank, text: text.into() }
    }
}

/// The inside of a tag in which products, arguments and lists are looked at.
pub(super) fn rewritten(inside: &str) -> String {
    let (declared, code) = inside.split_at(names::declared(inside));
    let shape = Shape::of(code);
    let mut new = Vec::new();
    products::looked_at(code, &shape, &mut new);
    handed::looked_at(code, &shape, &mut new);
    new.sort_by_key(|new| (new.at, new.rank));
    let mut text = declared.to_owned();
    let mut done = 0;
    for New { at, text: more, .. } in new {
        text.push_str(&code[done..at]);
        text.push_str(&more);
        done = at;
    }
    text + &code[done..]
}

#[cfg(test)]
mod tests {
    use super::rewritten;

    /// With short names.
    fn shown(code: &str) -> String {
        rewritten(code).replace("as_factor", "F").replace("kept_by_name", "K")
    }

    #[test]
    fn both_sides_of_a_product_are_looked_at() {
        for (code, expected) in [
            ("a * b", "a |F * F(b)"),
            ("a*2.5+c", "a|F *F(2.5)+c"),
            ("x * -n | f", "x |F * -F(n) | f"),
            ("'*' * x.y[1] * 3", "'*' |F * F(x.y[1]) |F * F(3)"),
            ("9 * (a * (b))", "9 |F * F((a |F * F((b))))"),
            ("2 * 'a'", "2 |F * F('a')"),
            ("2 * (a", "2 |F * F((a)"),
            ("a*b*c", "a|F *F(b)|F *F(c)"),
            ("9 * x . y [0] ~ z", "9 |F * F(x . y [0]) ~ z"),
            ("9 * range\n(3) if x", "9 |F * F(range\n(K((3)))) if x"),
            ("[x]*[y]", "[x]|K|F *F([y]|K)"),
            ("f(a * b)", "f(K((a |F * F(b))))"),
        ] {
            assert_eq!(shown(code), expected);
        }
        for stays in ["a ** b", "f(*a)", "f(**b)", "'a * b'", "", "*", "a / b", "a *"] {
            assert_eq!(rewritten(stays), stays);
        }
    }

    #[test]
    fn arguments_and_lists_are_looked_at() {
        for (code, expected) in [
            ("f(a, b=c, d == e)", "f(K((a)), b=K((c)),K(( d == e)))"),
            ("x | f(a).g('(', y)", "x | f(K((a))).g(K(('(')),K(( y)))"),
            ("x[1] + [1, [2]]", "x[1] + [1, [2]|K]|K"),
            ("x in [1] and not [2]", "x in [1]|K and not [2]|K"),
            ("{'a': 1}['a'] ~ (b)", "{'a': 1}['a']|K ~ (b)"),
            ("if(a, b)", "if(a, b)|K"),
            ("[1, 2] [0].x", "[1, 2] [0].x|K"),
        ] {
            assert_eq!(shown(code), expected);
        }
        for stays in [
            "f()",
            "[]",
            "{}",
            "x[a]",
            "macro f(a, b)",
            "call(a) f(b)",
            "[",
            "f(",
            ")",
            "for (a) in b",
            "for a, (b, c) in d",
            "set (a, b) = c",
        ] {
            assert_eq!(rewritten(stays), stays);
        }
    }
}
