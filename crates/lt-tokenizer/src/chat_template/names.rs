//! What is given a name, which may then be used again and again.
//!
//! A list that holds another one twice, and is held twice itself, has as many items as can be said
//! in no time: sixty lines make 2⁶⁰. It takes names to do that. So whatever gets one goes through a
//! function that goes through it, and pays for all that it holds.

use super::code;

/// The function that looks at what gets a name.
pub(super) const KEPT: &str = "kept_by_name";
/// The same for what a namespace is to keep.
pub(super) const KEPT_BY_NAMESPACE: &str = "kept_by_namespace";

/// The inside of a tag, as it is to be parsed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) inside: String,
    /// Names that the tag gives to what is not written in it: those of a loop and of a macro.
    pub(super) names: Vec<String>,
}

impl Named {
    pub(super) fn nothing(inside: impl Into<String>) -> Self {
        Self { inside: inside.into(), names: Vec::new() }
    }
}

/// The inside of a tag rewritten. What gives no name stays as it is.
pub(super) fn rewritten(inside: &str) -> Named {
    let as_it_is = || Named::nothing(inside);
    let Some((word, rest)) = code::name(inside) else { return as_it_is() };
    let before = &inside[..inside.len() - rest.len()];
    match word {
        "set" => Named::nothing(format!("{before}{}", assigned(rest))),
        "with" => {
            let parts: Vec<String> = code::parts(rest).into_iter().map(assigned).collect();
            Named::nothing(format!("{before}{}", parts.join(",")))
        }
        "for" => Named { names: targets(rest).0, ..as_it_is() },
        "macro" => {
            let parameters = code::name(rest).map(|(_, rest)| parameters(rest));
            Named { names: parameters.unwrap_or_default(), ..as_it_is() }
        }
        "call" => Named { names: parameters(rest), ..as_it_is() },
        _ => as_it_is(),
    }
}

/// How much of the inside of a tag declares names, and is no expression.
pub(super) fn declared(inside: &str) -> usize {
    let Some((word, rest)) = code::name(inside) else { return 0 };
    let behind = match word {
        "for" => targets(rest).1,
        "set" => assignment(rest).map_or(rest, |(_, value)| value),
        "macro" | "call" => "",
        _ => return 0,
    };
    inside.len() - behind.len()
}

/// The target and the value of `a, b = 1, 2`.
fn assignment(code: &str) -> Option<(&str, &str)> {
    let is_of_target = |c: char| code::is_of_name(c) || ",.()".contains(c) || c.is_whitespace();
    // Only names stand before the sign, so it is no comparison and in no text.
    code.split_once('=').filter(|(target, _)| target.chars().all(is_of_target))
}

/// `a = 1` as `a = kept(1)`.
fn assigned(code: &str) -> String {
    match assignment(code) {
        Some((target, value)) if !value.trim().is_empty() => {
            let kept = if target.contains('.') { KEPT_BY_NAMESPACE } else { KEPT };
            format!("{target}= {kept}(({value})) ")
        }
        // What is captured may go through filters, which make other things than texts of it.
        _ if code::signs(code).any(|sign| sign.character == '|') => format!("{code}|{KEPT} "),
        _ => code.to_owned(),
    }
}

/// The names of `a, (b, c) in …`, and what is behind `in`; what is no loop, the parser says.
fn targets(code: &str) -> (Vec<String>, &str) {
    let mut names = Vec::new();
    let mut rest = code;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || "(),".contains(c));
        match code::name(rest) {
            Some(("in", behind)) => return (names, behind),
            Some((name, behind)) => {
                names.push(name.to_owned());
                rest = behind;
            }
            None => return (Vec::new(), ""),
        }
    }
}

/// The names of `(a, b=1)`.
fn parameters(code: &str) -> Vec<String> {
    let code = code.trim_start();
    if !code.starts_with('(') {
        return Vec::new();
    }
    let end = code::signs(code).find(|sign| sign.character == ')' && sign.depth == 0);
    let inside = &code[1..end.map_or(code.len(), |sign| sign.at)];
    let names = code::parts(inside).into_iter().filter_map(code::name);
    names.map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Named, rewritten};

    #[test]
    fn what_is_assigned_is_looked_at() {
        for (inside, expected) in [
            (" set x = 1 ", " set x = kept_by_name(( 1 )) "),
            ("set x=ns.x", "set x= kept_by_name((ns.x)) "),
            ("set x, y = [1, 2]", "set x, y = kept_by_name(( [1, 2])) "),
            (" set a , ns . x=1, '%}=' ", " set a , ns . x= kept_by_namespace((1, '%}=' )) "),
            ("set x | replace('=', '') ", "set x | replace('=', '') |kept_by_name "),
            ("set ns.x == 1", "set ns.x = kept_by_namespace((= 1)) "),
            (
                "with a = f(1, 2), b='=,' ",
                "with a = kept_by_name(( f(1, 2))) , b= kept_by_name(('=,' )) ",
            ),
        ] {
            assert_eq!(rewritten(inside), Named::nothing(expected));
        }
        let stay = [" set ns.x ", "set x = ", "settle.x = 1", "if a = b", "", "with "];
        for stays in stay {
            assert_eq!(rewritten(stays), Named::nothing(stays));
        }
    }

    #[test]
    fn loops_macros_and_calls_give_names() {
        for (inside, names) in [
            (" for x in xs ", &["x"][..]),
            ("for(a,(b , _))in(c)", &["a", "b", "_"]),
            ("for index in range(3) if index in x", &["index"]),
            ("macro f(a, b=g(1, ')'), c = 'x')", &["a", "b", "c"]),
            ("macro f()", &[]),
            ("call(user) f(x)", &["user"]),
            ("call f(x)", &[]),
            ("for", &[]),
            ("for x", &[]),
            ("endfor", &[]),
            ("macro", &[]),
        ] {
            let expected = names.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(rewritten(inside), Named { inside: inside.to_owned(), names: expected });
        }
    }
}
