//! The tests that a text names, and the files that it says they are in.

use super::sources::Sources;

/// A name in backquotes that has so many words is that of a test, and none of a setting or of a function; but for those
/// of functions of transformers, as `get_linear_schedule_with_warmup`.
const WORDS: usize = 5;

/// The names in backquotes that a test could have, each with how many lines are before it.
pub(super) fn in_prose(text: &str) -> Vec<(&str, usize)> {
    let names = spans(text).into_iter().filter(|span| is_name(span.code));
    names.map(|span| (span.code, text[..span.at].matches('\n').count())).collect()
}

/// The functions that a text has links to, as `[law](softmax::rows_sum_to_one)`.
pub(super) fn linked(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let names = targets.filter_map(|target| target.rsplit_once("::")).map(|(_, name)| name);
    names.filter(|name| is_name(name))
}

/// What is wrong with the names and files of a text, each with how many lines are before it.
pub(super) fn wrong(text: &str, own: &str, sources: &Sources) -> Vec<(usize, String)> {
    let mut wrong = Vec::new();
    for (name, line) in in_prose(text) {
        let of_test = name.split('_').count() >= WORDS && !name.starts_with("get_");
        if of_test && !sources.is_test(name) {
            wrong.push((line, format!("there is no test `{name}`: was it renamed?")));
        }
    }
    // The tests that are named in a row, the crate that the text named last, and whether that was just now.
    let (mut named, mut crate_name, mut of_crate) = (Vec::new(), None, false);
    for span in spans(text) {
        let between = span.before.split_whitespace().collect::<Vec<_>>().join(" ");
        let leads = between == "in" || between.ends_with(" in");
        if is_name(span.code) {
            if !matches!(between.as_str(), "," | "and" | ", and") {
                named.clear();
            }
            named.push(span.code);
            of_crate = false;
        } else if span.code.starts_with("lt-") && !span.code.contains('/') {
            crate_name = Some(span.code);
            of_crate = leads;
        } else {
            if span.code.ends_with(".rs") && (leads || of_crate && between == ",") {
                let crates = if of_crate { [crate_name, None] } else { [Some(own), crate_name] };
                let folder = folders(span.code, crates);
                let line = text[..span.at].matches('\n').count();
                let lost = lost(&named, folder, sources).into_iter();
                wrong.extend(lost.map(|what| (line, what)));
            }
            named.clear();
            of_crate = false;
        }
    }
    wrong
}

/// The folders in which a file may be, each with what its name is there: `tests/a.rs` of one of the crates,
/// `lt-model/tests/a.rs`, or `docs/figures/src/a.rs`.
fn folders<'a>(code: &'a str, crates: [Option<&str>; 2]) -> Vec<(String, &'a str)> {
    match code.split_once('/') {
        Some(("docs", file)) => vec![("docs".to_owned(), file)],
        Some((name, file)) if name.starts_with("lt-") => vec![(format!("crates/{name}"), file)],
        _ => crates.into_iter().flatten().map(|name| (format!("crates/{name}"), code)).collect(),
    }
}

/// The tests that are not in the first of these files that is there.
fn lost(named: &[&str], folders: Vec<(String, &str)>, sources: &Sources) -> Vec<String> {
    let Some((first, file)) = folders.first().cloned() else { return Vec::new() };
    let found = folders.into_iter().find(|(folder, file)| sources.has_file(folder, file));
    match found {
        Some((folder, file)) => {
            let elsewhere = named.iter().filter(|name| !sources.is_in(name, &folder, file));
            elsewhere.map(|name| format!("`{name}` is not in `{file}` of {folder}")).collect()
        }
        // An example of a name, as `src/NAME.rs`, is no file.
        None if named.is_empty() => Vec::new(),
        None => vec![format!("there is no file `{file}` in {first}")],
    }
}

fn is_name(code: &str) -> bool {
    code.contains('_')
        && code.starts_with(|first: char| first.is_ascii_lowercase())
        && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// A piece of inline code.
struct Span<'a> {
    /// The text between the one before and this one.
    before: &'a str,
    code: &'a str,
    at: usize,
}

fn spans(text: &str) -> Vec<Span<'_>> {
    let (mut found, mut rest, mut at) = (Vec::new(), text, 0);
    while let Some((before, code, behind)) = rest.split_once('`').and_then(|(before, rest)| {
        rest.split_once('`').map(|(code, behind)| (before, code, behind))
    }) {
        found.push(Span { before, code, at: at + before.len() });
        at = text.len() - behind.len();
        rest = behind;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Sources {
        let test = |name: &str| format!("#[test]\nfn {name}() {{\n}}\n");
        let file = |name: &str, test: String| (name.to_owned(), test);
        Sources::new(vec![
            file("crates/lt-a/tests/laws.rs", test("one_two_three_four_five")),
            file("crates/lt-b/tests/more/laws.rs", test("holds_there")),
        ])
    }

    fn wrong_in(text: &str) -> Vec<(usize, String)> {
        wrong(text, "lt-a", &sources())
    }

    #[test]
    fn what_is_there_is_found() {
        let text = "A: `one_two_three_four_five` in `tests/laws.rs`; `holds_there` in `lt-b`,\n`tests/more/laws.rs`, \
                    and in `lt-b/tests/more/laws.rs`. `a_key_of_configurations` is no test, `src/NAME.rs` an example.";
        assert_eq!(wrong_in(text), []);
        assert_eq!(in_prose("`a_b` and\n`c`, `d_e`"), [("a_b", 0), ("d_e", 1)]);
        assert_eq!(linked("[x](a::b_c) [y](d.md) [z](e::f)").collect::<Vec<_>>(), ["b_c"]);
    }

    #[test]
    fn a_test_that_is_not_there_is_reported() {
        let found = wrong_in("A\n`one_two_three_four_six`");
        assert_eq!(
            found,
            [(1, "there is no test `one_two_three_four_six`: was it renamed?".into())]
        );
    }

    #[test]
    fn a_test_that_is_elsewhere_is_reported() {
        let found = wrong_in("`holds_there` in `tests/laws.rs`");
        assert_eq!(found, [(0, "`holds_there` is not in `tests/laws.rs` of crates/lt-a".into())]);
        let found = wrong_in("`holds_there` in `lt-b`,\n`tests/law.rs`");
        assert_eq!(found, [(1, "there is no file `tests/law.rs` in crates/lt-b".into())]);
    }
}
