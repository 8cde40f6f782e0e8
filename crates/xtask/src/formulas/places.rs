//! From each formula to its code, and from each marked line of code to its formula.

use std::collections::BTreeMap;

use super::markers::{Kind, Marker};

/// A formula, and the page that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Formula {
    /// That of its LaTeX file, and of the lines that are marked with it: no other formula has it, in
    /// whatever crate.
    pub(super) name: String,
    /// The package whose chapter has it.
    pub(super) package: String,
    /// Whether the page is that of a module, one folder below the crate's.
    pub(super) in_module: bool,
}

/// What is wrong: two formulas of one name, one that no line is marked with, and lines that are marked
/// with none that there is.
pub(super) fn problems(formulas: &[Formula], markers: &[Marker]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    for Formula { name, package, .. } in formulas {
        if let Some(other) = known.insert(name, package) {
            wrong.push(format!("{other} and {package} both have a formula {name}"));
        }
    }
    for formula in formulas {
        if places(formula, markers).is_empty() {
            let Formula { name, package, .. } = formula;
            wrong.push(format!("{package}: no line is marked `// formula: {name}`"));
        }
    }
    for Marker { formula, package, path, line, .. } in markers {
        if !known.contains_key(formula.as_str()) {
            wrong.push(format!("{package}/{path}, line {line}: there is no formula {formula}"));
        }
    }
    wrong
}

/// The lines that a formula is tied to, those of its own crate first. Those of a chapter are copies of
/// others, or, where there are none, an example.
fn places<'a>(formula: &Formula, markers: &'a [Marker]) -> Vec<&'a Marker> {
    let mut places: Vec<&Marker> =
        markers.iter().filter(|marker| marker.formula == formula.name).collect();
    if places.iter().any(|marker| marker.kind != Kind::Chapter) {
        places.retain(|marker| marker.kind != Kind::Chapter);
    } else {
        places.retain(|marker| marker.package == formula.package);
    }
    places.sort_by_key(|marker| marker.package != formula.package);
    places
}

/// The line below a formula that leads to its code. It stands in one block of HTML with the formula, and
/// so has no blank line; without a place it is empty.
pub(super) fn line(formula: &Formula, markers: &[Marker]) -> String {
    let places = places(formula, markers);
    let of = |kind| places.iter().copied().filter(|place| place.kind == kind).collect::<Vec<_>>();
    let mut sentences = Vec::new();
    for (kind, begin) in [
        (Kind::Code, "In the code:"),
        (Kind::Law, "Shown by the law"),
        (Kind::Test, "Shown by the test"),
    ] {
        let places = of(kind);
        if !places.is_empty() {
            sentences.push(format!("{begin} {}.", listed(formula, &places)));
        }
    }
    if !of(Kind::Chapter).is_empty() {
        let marker = format!("<code>// formula: {}</code>", formula.name);
        sentences.push(format!("Shown by the example with the line {marker}."));
    }
    if sentences.is_empty() {
        return String::new();
    }
    format!("<p style=\"text-align: center; font-size: 0.85em\">{}</p>\n", sentences.join(" "))
}

/// The functions, each once, file by file.
fn listed(formula: &Formula, places: &[&Marker]) -> String {
    let of_files = places.chunk_by(|a, b| (&a.package, &a.path) == (&b.package, &b.path));
    let of_file = |places: &[&Marker]| {
        let Marker { package, path, .. } = places[0];
        let own = *package == formula.package;
        let file = if own { path.clone() } else { format!("{package}/{path}") };
        let mut functions: Vec<&Marker> = Vec::new();
        for place in places {
            if functions.iter().all(|other| other.function != place.function) {
                functions.push(place);
            }
        }
        if let [Marker { function: None, .. }] = functions[..] {
            return linked(formula, places[0], &file);
        }
        let function = |place: &&Marker| {
            let what = place.function.clone().unwrap_or_else(|| format!("line {}", place.line));
            linked(formula, place, &what)
        };
        let functions: Vec<String> = functions.iter().map(function).collect();
        format!("{} in <code>{file}</code>", functions.join(", "))
    };
    of_files.map(of_file).collect::<Vec<_>>().join("; ")
}

/// What leads to the line on rustdoc's page of its file; rustdoc has none of integration tests.
fn linked(formula: &Formula, place: &Marker, what: &str) -> String {
    let Some(file) = place.path.strip_prefix("src/") else { return format!("<code>{what}</code>") };
    let up = if formula.in_module { "../../" } else { "../" };
    let (krate, line) = (place.package.replace('-', "_"), place.line);
    format!("<a href=\"{up}src/{krate}/{file}.html#{line}\"><code>{what}</code></a>")
}

#[cfg(test)]
mod tests {
    use super::super::markers::of_file;
    use super::*;

    fn formula(name: &str, package: &str) -> Formula {
        Formula { name: name.into(), package: package.into(), in_module: false }
    }

    fn marked(package: &str, path: &str, name: &str) -> Vec<Marker> {
        of_file(package, path, &format!("fn run() {{\n    // formula: {name}\n}}\n"))
    }

    #[test]
    fn every_formula_has_a_line_and_every_marked_line_a_formula() {
        let formulas = [formula("one", "lt-a"), formula("two", "lt-a")];
        let mut markers = marked("lt-a", "src/lib.rs", "one");
        assert_eq!(
            problems(&formulas, &markers),
            ["lt-a: no line is marked `// formula: two`"],
            "a formula without code"
        );
        markers.extend(marked("lt-b", "tests/laws.rs", "two"));
        assert!(problems(&formulas, &markers).is_empty());
        markers.extend(marked("lt-b", "src/lib.rs", "three"));
        assert_eq!(
            problems(&formulas, &markers),
            ["lt-b/src/lib.rs, line 2: there is no formula three"]
        );
    }

    #[test]
    fn two_formulas_of_one_name_are_refused_and_two_lines_of_one_formula_are_not() {
        let mut markers = marked("lt-a", "src/lib.rs", "one");
        markers.extend(marked("lt-a", "src/more.rs", "one"));
        assert!(problems(&[formula("one", "lt-a")], &markers).is_empty());
        assert_eq!(
            problems(&[formula("one", "lt-a"), formula("one", "lt-b")], &markers),
            ["lt-a and lt-b both have a formula one"]
        );
    }

    #[test]
    fn a_chapter_shows_a_formula_that_no_code_computes() {
        let (own, other) = (formula("one", "lt-a"), formula("one", "lt-b"));
        let chapter = marked("lt-a", "doc/01-a.md", "one");
        assert!(problems(std::slice::from_ref(&own), &chapter).is_empty());
        assert!(line(&own, &chapter).contains("the example with the line"));
        // Not that of another crate, nor one that is a copy.
        assert_eq!(problems(std::slice::from_ref(&other), &chapter).len(), 1);
        let both = [chapter, marked("lt-b", "src/lib.rs", "one")].concat();
        assert!(!line(&own, &both).contains("example"), "{}", line(&own, &both));
    }

    #[test]
    fn the_line_leads_to_the_functions_those_of_the_crate_first() {
        let lines = "fn run() {\n    // formula: one\n    // formula: one\n}\n\
                     fn walk() {\n    // formula: one\n}\n";
        let markers = [
            of_file("lt-a-b", "src/c/d.rs", lines),
            marked("lt-z", "src/lib.rs", "one"),
            marked("lt-laws", "src/laws.rs", "one"),
            marked("lt-a-b", "tests/all.rs", "one"),
        ]
        .concat();
        let mut formula = formula("one", "lt-z");
        assert_eq!(
            line(&formula, &markers),
            "<p style=\"text-align: center; font-size: 0.85em\">In the code: \
             <a href=\"../src/lt_z/lib.rs.html#2\"><code>run</code></a> in <code>src/lib.rs</code>; \
             <a href=\"../src/lt_a_b/c/d.rs.html#2\"><code>run</code></a>, \
             <a href=\"../src/lt_a_b/c/d.rs.html#6\"><code>walk</code></a> in <code>lt-a-b/src/c/d.rs</code>. \
             Shown by the law <a href=\"../src/lt_laws/laws.rs.html#2\"><code>run</code></a> \
             in <code>lt-laws/src/laws.rs</code>. \
             Shown by the test <code>run</code> in <code>lt-a-b/tests/all.rs</code>.</p>\n"
        );
        formula.in_module = true;
        assert!(line(&formula, &markers).contains("\"../../src/lt_z/lib.rs.html#2\""));
        assert_eq!(line(&formula, &[]), "");
    }
}
