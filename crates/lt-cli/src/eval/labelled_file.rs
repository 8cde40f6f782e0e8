//! A file that says what is right, on the command line.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lt_recipes::{BadRowsName, ColumnName, DataSection, FormatName};

/// The file, and how it is read.
#[derive(Debug, Args)]
pub(crate) struct FileArgs {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How it is written [default: what its name ends with; text otherwise]
    #[arg(long, value_enum, value_name = "FORMAT")]
    file_format: Option<FileFormat>,
    /// The field or column of the text, by its name, or by its place from 0 [default: text]
    #[arg(long, value_name = "NAME")]
    text: Option<ColumnName>,
    /// Pass over rows that cannot be used
    #[arg(long)]
    skip_bad_rows: bool,
}

/// Formats, as the command line names them.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum FileFormat {
    /// A text a line.
    Text,
    /// An object a line.
    Jsonl,
    /// A table with commas.
    Csv,
    /// A table with tabs.
    Tsv,
}

impl FileArgs {
    pub(crate) fn data(&self) -> DataSection {
        let mut data = DataSection::of([&self.file]);
        data.format = self.file_format.map(|format| match format {
            FileFormat::Text => FormatName::Text,
            FileFormat::Jsonl => FormatName::Jsonl,
            FileFormat::Csv => FormatName::Csv,
            FileFormat::Tsv => FormatName::Tsv,
        });
        data.text.clone_from(&self.text);
        if self.skip_bad_rows {
            data.bad_rows = BadRowsName::Skip;
        }
        data
    }
}
