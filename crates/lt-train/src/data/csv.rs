//! Tables of text.

use csv::{ReaderBuilder, StringRecord};

use super::{Cut, Format, Header};

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// By its name in the header; each file may have its own order.
    Named(String),
    /// By its place, from 0: the files have no header.
    At(usize),
}

/// Comma-separated values (RFC 4180), of which some columns are wanted.
///
/// ```
/// use lt_train::data::{Csv, Format};
/// let format = Csv::named(["text", "label"]);
/// let record = format.record(Some("id,label,text"), "7,good,\"well, \"\"yes\"\"\"")?;
/// assert_eq!(record, ["well, \"yes\"", "good"]);
/// assert_eq!(Csv::at([1]).separator('\t').record(None, "a\tb")?, ["b"]);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csv {
    columns: Vec<Column>,
    separator: u8,
}

impl Csv {
    /// The columns with these names: each file begins with a header.
    #[must_use]
    pub fn named(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let columns = names.into_iter().map(|name| Column::Named(name.into())).collect();
        Self { columns, separator: b',' }
    }

    /// The columns at these places, from 0: there is no header.
    #[must_use]
    pub fn at(places: impl IntoIterator<Item = usize>) -> Self {
        Self { columns: places.into_iter().map(Column::At).collect(), separator: b',' }
    }

    /// Columns apart by another character of ASCII: `'\t'`. Any other is left as it was.
    #[must_use]
    pub fn separator(self, separator: char) -> Self {
        Self { separator: u8::try_from(separator).unwrap_or(self.separator), ..self }
    }

    fn row(&self, text: &str) -> Result<StringRecord, String> {
        // The library reads to the end of the text, and is content.
        if text.bytes().filter(|byte| *byte == b'"').count() % 2 == 1 {
            return Err("a quote that is never closed, expected another one".to_owned());
        }
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .delimiter(self.separator)
            .from_reader(text.as_bytes());
        match reader.records().next() {
            Some(row) => row.map_err(|error| format!("no row of a table: {error}")),
            None => Ok(StringRecord::new()),
        }
    }
}

impl Format for Csv {
    /// The columns in the order in which they were asked for.
    type Record = Vec<String>;

    fn cut(&self) -> Cut {
        Cut::Quoted
    }

    fn header(&self) -> Header {
        let named = self.columns.iter().any(|column| matches!(column, Column::Named(_)));
        if named { Header::FirstRecord } else { Header::None }
    }

    fn check_header(&self, header: &str) -> Result<(), String> {
        let header = self.row(header)?;
        for column in &self.columns {
            if let Column::Named(name) = column
                && !header.iter().any(|there| there == name)
            {
                let there: Vec<String> = header.iter().map(|name| format!("`{name}`")).collect();
                return Err(format!("no column `{name}`, expected it beside {}", there.join(", ")));
            }
        }
        Ok(())
    }

    fn record(&self, header: Option<&str>, text: &str) -> Result<Vec<String>, String> {
        let row = self.row(text)?;
        let header = header.map(|header| self.row(header)).transpose()?.unwrap_or_default();
        if !header.is_empty() && row.len() != header.len() {
            return Err(format!("{} columns, expected {}", row.len(), header.len()));
        }
        let field = |column: &Column| {
            let place = match column {
                Column::At(place) => Some(*place),
                Column::Named(name) => header.iter().position(|there| there == name),
            };
            let field = place.and_then(|place| row.get(place));
            field.map(str::to_owned).ok_or_else(|| match column {
                Column::At(place) => {
                    format!("{} columns, expected at least {}", row.len(), place + 1)
                }
                Column::Named(name) => format!("no column `{name}`, expected it in the header"),
            })
        };
        self.columns.iter().map(field).collect()
    }
}
