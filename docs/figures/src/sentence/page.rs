//! A fragment that grows: prose, tables, blocks.

/// What all these fragments are headed with, and where that is on a page.
pub(crate) const HEADING: &str = "# The sentence, in numbers";
const ANCHOR: &str = "the-sentence-in-numbers";

/// The longest line of prose.
const WIDTH: usize = 148;

/// A fragment that grows.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
}

impl Page {
    /// With its heading.
    pub(crate) fn new() -> Self {
        Self { text: format!("\n{HEADING}\n") }
    }

    /// A paragraph, its lines broken.
    pub(crate) fn say(&mut self, words: &str) {
        let mut line = String::new();
        for word in unbroken(words) {
            if line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.text += &format!("\n{line}");
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line += word;
        }
        self.text += &format!("\n{line}\n");
    }

    /// A table; columns of numbers end below each other.
    pub(crate) fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
        self.text.push('\n');
        self.text += &line(header.to_vec());
        let rule = |column: usize| {
            let mut cells = rows.iter().filter_map(|row| row.get(column));
            if cells.all(|cell| is_number(cell)) { "---:|" } else { "---|" }
        };
        self.text += &format!("|{}\n", (0..header.len()).map(rule).collect::<String>());
        for row in rows {
            self.text += &line(row.iter().map(String::as_str).collect());
        }
    }

    /// Lines as they are, their cells below each other.
    pub(crate) fn block(&mut self, rows: &[Vec<String>]) {
        self.text += "\n```text\n";
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            let line = cells.collect::<Vec<_>>().join("  ");
            self.text += line.trim_end();
            self.text.push('\n');
        }
        self.text += "```\n";
    }

    /// The command that shows it.
    pub(crate) fn see(&mut self, commands: &str) {
        self.say(&format!("See it yourself: {commands}."));
    }

    /// The whole, with the chapters in which the sentence is before and after.
    pub(crate) fn close(mut self, before: Option<&str>, after: Option<&str>) -> String {
        let link = |(way, chapter): (&str, Option<&str>)| {
            chapter.map(|name| format!("{way} in [{name}](../lt_{name}/index.html#{ANCHOR})"))
        };
        let ways =
            [("one stage before,", before), ("one stage on,", after)].into_iter().filter_map(link);
        self.say(&format!("The sentence {}.", ways.collect::<Vec<_>>().join("; ")));
        self.text.push('\n');
        self.text
    }
}

/// Whether a cell has digits and signs alone.
fn is_number(cell: &str) -> bool {
    cell.chars().all(|letter| letter.is_ascii_digit() || " .−–…×".contains(letter))
}

/// The words of a text; what stands in backticks is one.
fn unbroken(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.split(move |letter| {
        in_code ^= letter == '`';
        letter == ' ' && !in_code
    })
}
