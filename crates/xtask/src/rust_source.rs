//! What the tasks read off the sources of the crates, line by line.

/// The name of the function that begins on a line.
pub(crate) fn function(line: &str) -> Option<&str> {
    let (before, after) = line.trim_start().split_once("fn ")?;
    let qualifies = |word: &str| {
        matches!(word, "pub" | "const" | "async" | "unsafe" | "extern" | "\"C\"")
            || word.starts_with("pub(")
            || word.ends_with(')')
    };
    let end = after.find(['(', '<'])?;
    before.split_whitespace().all(qualifies).then(|| &after[..end])
}

/// A file of `doc` that a crate's `lib.rs` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown<'a> {
    pub(crate) file: &'a str,
    /// Whether it is the first of its page, and not the continuation of the one before.
    pub(crate) begins: bool,
    /// Whether that is the page of a module, one folder below the crate's.
    pub(crate) in_module: bool,
}

/// The files of `doc` that the text of a `lib.rs` includes, in their order.
pub(crate) fn shown(source: &str) -> Vec<Shown<'_>> {
    let (mut found, mut inside, mut in_module) = (Vec::new(), false, false);
    for line in source.lines() {
        if line.starts_with("#![doc") || line.starts_with("#[doc") {
            in_module = line.starts_with("#[doc");
        }
        let Some((_, rest)) = line.split_once("include_str!(\"../doc/") else {
            inside = false;
            continue;
        };
        let file = rest.split('"').next().unwrap_or_default();
        found.push(Shown { file, begins: !inside, in_module });
        inside = true;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_their_names() {
        for line in ["fn a(", "    pub fn a<T>(x: T) {", "pub(in crate::b) const fn a()"] {
            assert_eq!(function(line), Some("a"), "{line}");
        }
        for line in ["let f = |x| x;", "/// fn a()", "impl Fn for A {", "type F = fn(u8);"] {
            assert_eq!(function(line), None, "{line}");
        }
    }

    #[test]
    fn a_page_begins_where_the_source_has_something_else_between() {
        let source = "#![doc = concat!(\n    include_str!(\"../doc/01-a.md\"),\n    \
                      include_str!(\"../doc/f.mathml\"),\n)]\n\n\
                      #[doc = include_str!(\"../doc/02-b.md\")]\npub mod b;\n";
        let of = |shown: Shown<'_>| (shown.file.to_owned(), shown.begins, shown.in_module);
        let expected =
            [("01-a.md", true, false), ("f.mathml", false, false), ("02-b.md", true, true)];
        let expected = expected.map(|(file, begins, module)| (file.to_owned(), begins, module));
        assert_eq!(shown(source).into_iter().map(of).collect::<Vec<_>>(), expected);
    }
}
