//! `cargo xtask formulas`: writes the MathML of each formula beside its LaTeX.
//!
//! Rustdoc shows MathML as it is, without JavaScript and without a network. It is unpleasant to
//! write by hand, so the LaTeX is the source, the MathML is checked in, and `--check` compares.
//!
//! Below each formula stands where its code is: at the lines that are marked `// formula: NAME`. A
//! formula without such a line is an error, and so is such a line without a formula.

mod markers;
mod places;

use pulldown_latex::config::{DisplayMode, RenderConfig};
use pulldown_latex::{Event, Parser, Storage, push_mathml};
use std::fs;
use std::path::Path;

use crate::failure::{Failure, Result};
use crate::rust_source::shown;
use crate::workspace::Workspace;
use places::Formula;

/// Whether the files are written or compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Write every file that is absent or out of date.
    Write,
    /// Write nothing, and fail if a file is absent or out of date.
    Check,
}

/// Renders every `crates/*/doc/*.tex` to a `.mathml` file beside it.
pub(crate) fn run(workspace: &Workspace, mode: Mode) -> Result<()> {
    let sources = workspace.doc_files("tex")?;
    if sources.is_empty() {
        return Err(Failure::new("no formula found: expected crates/*/doc/*.tex"));
    }
    let (markers, mut formulas) = (markers::all(workspace)?, Vec::new());
    let mut stale = Vec::new();
    for source in &sources {
        let formula = formula(workspace, source);
        let (name, latex) = (workspace.name(source), workspace.read(source)?);
        let mut mathml = render(&formula.name, &latex)
            .map_err(|problem| Failure::new(format!("{name}: {problem}")))?;
        mathml += &places::line(&formula, &markers);
        formulas.push(formula);
        let target = source.with_extension("mathml");
        if fs::read_to_string(&target).is_ok_and(|present| present == mathml) {
            continue;
        }
        if mode == Mode::Write {
            fs::write(&target, mathml)
                .map_err(|error| Failure::new(format!("cannot write beside {name}: {error}")))?;
            println!("written for {name}");
        }
        stale.push(name);
    }
    // First: a marker that is misspelt makes the formula's line old, too.
    let problems = places::problems(&formulas, &markers);
    if !problems.is_empty() {
        return Err(Failure::new(format!(
            "formulas and code that are not tied:\n{}",
            problems.join("\n")
        )));
    }
    if mode == Mode::Check && !stale.is_empty() {
        return Err(Failure::new(format!("no MathML, or an old one, for {}", stale.join(", ")))
            .hint("run `cargo xtask formulas` and commit what it writes"));
    }
    let orphans = orphans(workspace)?;
    if !orphans.is_empty() {
        return Err(Failure::new(format!(
            "without LaTeX beside it, or shown by no src/lib.rs: {}",
            orphans.join(", ")
        )));
    }
    println!("{} formulas, {} of them changed", sources.len(), stale.len());
    Ok(())
}

/// The formula of a LaTeX file.
fn formula(workspace: &Workspace, source: &Path) -> Formula {
    let name = source.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let package = workspace.packages.iter().find(|package| source.starts_with(&package.folder));
    let package = package.map_or_else(String::new, |package| package.name.clone());
    let page = page(workspace, source);
    let file = format!("{name}.mathml");
    let in_module = shown(&page).into_iter().any(|shown| shown.file == file && shown.in_module);
    Formula { name, package, in_module }
}

/// The `lib.rs` of the crate that a file of `doc` belongs to; empty if there is none.
fn page(workspace: &Workspace, file: &Path) -> String {
    workspace.read(file.with_file_name("../src/lib.rs")).unwrap_or_default()
}

/// MathML that no LaTeX stands beside, or that no front page shows.
fn orphans(workspace: &Workspace) -> Result<Vec<String>> {
    let mut orphans = workspace.doc_files("mathml")?;
    orphans.retain(|mathml| {
        let file = mathml.file_name().unwrap_or_default();
        let is_shown = shown(&page(workspace, mathml)).iter().any(|shown| shown.file == file);
        !is_shown || !mathml.with_extension("tex").is_file()
    });
    Ok(orphans.iter().map(|mathml| workspace.name(mathml)).collect())
}

/// One `<math>` element, fit for rustdoc: it holds no blank line, which would end the block.
fn render(name: &str, latex: &str) -> std::result::Result<String, String> {
    let storage = Storage::new();
    // The renderer draws an error in red and goes on: collect first, so that an error is one.
    let events: Vec<Event<'_>> = Parser::new(latex.trim(), &storage)
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| error.to_string())?;
    let config = RenderConfig { display_mode: DisplayMode::Block, ..RenderConfig::default() };
    let mut mathml = String::new();
    let events = events.into_iter().map(Ok::<_, std::convert::Infallible>);
    push_mathml(&mut mathml, events, config).map_err(|error| error.to_string())?;
    if !(mathml.starts_with("<math") && mathml.ends_with("</math>")) {
        return Err(format!("expected one <math> element, got {mathml}"));
    }
    if mathml.lines().any(|line| line.trim().is_empty()) {
        return Err("the MathML has a blank line, which would end the block in rustdoc".into());
    }
    Ok(fit_for_rustdoc(name, &mathml))
}

/// Puts the outer tags on lines of their own: only then does Markdown leave what is between them
/// alone. Says in the tags what a browser needs and a style sheet would say elsewhere.
fn fit_for_rustdoc(name: &str, mathml: &str) -> String {
    // The renderer forgets the space between two attributes here, and writes the micro sign,
    // which browsers leave upright, for the Greek letter.
    let mathml = mathml.replace("\"minsize", "\" minsize").replace('\u{b5}', "\u{3bc}");
    let inner = mathml.trim_start_matches(OPENING).trim_end_matches("</math>");
    format!(
        "<math display=\"block\" id=\"formula-{name}\" style=\"{FONTS}; padding: 0.2em 0; overflow-y: hidden\">\n{}\n</math>\n",
        align_columns(inner)
    )
}

/// The tag with which the renderer starts a formula on a line of its own.
const OPENING: &str = "<math display=\"block\">";

/// Fonts made for formulas. In any other font some browsers leave out the root sign.
const FONTS: &str = "font-family: 'Latin Modern Math', 'STIX Two Math', 'Cambria Math', \
                     'TeX Gyre DejaVu Math', 'DejaVu Math TeX Gyre', 'Noto Sans Math', math";

/// Aligns the columns of `aligned` right, left, right, left …, so that they meet at the `&`.
fn align_columns(mathml: &str) -> String {
    const RIGHT: &str = "padding: 0.4em 0; \
                         text-align: right; text-align: -webkit-right; text-align: -moz-right";
    const LEFT: &str = "padding: 0.4em 0; \
                        text-align: left; text-align: -webkit-left; text-align: -moz-left";
    let mut aligned = String::with_capacity(mathml.len());
    // Of each table around the current place: whether it is `aligned`, and the next column.
    let mut tables: Vec<(bool, usize)> = Vec::new();
    for (i, piece) in mathml.split('<').enumerate() {
        if i > 0 {
            aligned.push('<');
        }
        if let Some(rest) = piece.strip_prefix("mtable") {
            let is_aligned = rest.contains("menv-align");
            tables.push((is_aligned, 0));
            if is_aligned {
                // As in LaTeX, fractions and sums are as large as outside the table.
                aligned.push_str("mtable displaystyle=\"true\">");
                aligned.push_str(rest.split_once('>').map_or("", |(_, after)| after));
                continue;
            }
        } else if piece.starts_with("/mtable") {
            tables.pop();
        } else if piece.starts_with("mtr") {
            if let Some((_, column)) = tables.last_mut() {
                *column = 0;
            }
        } else if let Some(rest) = piece.strip_prefix("mtd>")
            && let Some((true, column)) = tables.last_mut()
        {
            let style = if *column % 2 == 0 { RIGHT } else { LEFT };
            *column += 1;
            aligned.push_str(&format!("mtd style=\"{style}\">{rest}"));
            continue;
        }
        aligned.push_str(piece);
    }
    aligned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_one_math_element_on_one_block() {
        let mathml = render("it", "y = x W^\\top + b\n").expect("LaTeX");
        assert!(mathml.starts_with("<math display=\"block\""), "{mathml}");
        assert!(mathml.ends_with("</math>\n"), "{mathml}");
        assert!(!mathml.contains("\n\n"), "{mathml}");
    }

    #[test]
    fn an_unknown_command_is_an_error_and_not_red_ink() {
        let problem = render("it", r"\nonesuch{x}").expect_err("no such command");
        assert!(problem.contains("nonesuch"), "{problem}");
    }

    #[test]
    fn an_unclosed_group_is_an_error() {
        assert!(render("it", r"\frac{x}{y").is_err());
    }

    #[test]
    fn the_outer_tags_have_lines_of_their_own() {
        let mathml = render("it", "x").expect("LaTeX");
        let lines: Vec<&str> = mathml.lines().collect();
        assert_eq!(lines.len(), 3, "{mathml}");
        assert!(lines[0].starts_with("<math ") && lines[0].ends_with("hidden\">"), "{mathml}");
        assert_eq!(lines[2], "</math>");
    }

    #[test]
    fn aligned_rows_meet_at_the_ampersand_and_a_table_within_is_left_alone() {
        let latex =
            r"\begin{aligned} a &= \begin{matrix} b & c \end{matrix} \\ d &= e \end{aligned}";
        let mathml = render("it", latex).expect("LaTeX");
        let styles: Vec<&str> = mathml
            .split("<mtd")
            .skip(1)
            .map(|cell| if cell.contains("-webkit-right") { "right" } else { &cell[..1] })
            .collect();
        // Row 1: right, left with the matrix's two cells within; row 2: right, left.
        assert_eq!(styles, ["right", " ", ">", ">", "right", " "], "{mathml}");
    }

    #[test]
    fn a_mean_is_the_greek_letter() {
        assert!(render("it", r"\mu").expect("LaTeX").contains("<mi>\u{3bc}</mi>"));
    }
}
