//! Data: files of text become records, records become examples, examples become the shards of a
//! step.
//!
//! ```text
//! files ── Format ──► records ── the caller's tokenizer ──► examples
//!       ── Order ───► their order in an epoch, a function of (seed, epoch)
//!       ── Budget ──► steps of so many tokens, each cut into shards ── the caller's collation
//!       ── Epochs ──► the shards of any step, whichever was asked for before
//! ```
//!
//! A file of two lines, and a tokenizer whose ids are bytes; each token predicts the next:
//!
//! ```
//! use lt_train::{Batches, data::{Budget, Corpus, Drawn, Epochs, Order, Reading, Streamed, TextLines}};
//! use lt_train::objective::{Sequence, next_tokens};
//! let path = std::env::temp_dir().join(format!("lt-train-data-{}", std::process::id()));
//! std::fs::write(&path, "abc\r\n\nde\n")?;
//!
//! let corpus = Corpus::open([&path], TextLines, Reading::default())?;
//! let order = Order::shuffled(42);
//! let examples = Streamed::new(corpus, order, |lines: Vec<String>| {
//!     let ids = |line: String| Sequence::new(line.bytes().map(u32::from).collect());
//!     Ok(lines.into_iter().map(ids).collect())
//! })?;
//! let epochs = Epochs::new(examples, Budget::tokens(100, 1), order, |drawn: Vec<Drawn<Sequence>>| {
//!     Ok(next_tokens(&drawn))
//! })?;
//! let shards = epochs.shards(0)?;
//! assert_eq!(shards[0].batch.ids.len(), 5); // both lines
//! assert_eq!(shards[0].labels.len(), 3); // b, c and e
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```

mod blocks;
mod checked;
mod conll;
mod corpus;
mod csv;
mod cut;
mod draw;
mod epochs;
mod error;
mod examples;
mod json_lines;
mod labels;
mod line;
mod order;
mod pack;
mod plan;
mod text;

pub use blocks::Streamed;
pub use checked::Checked;
pub use conll::{Conll, Tagged};
pub use corpus::{BadRow, BadRows, Corpus, Reading, Records, Skipped};
pub use csv::{Column, Csv};
pub use cut::{Cut, Format, Header};
pub use draw::Draw;
pub use epochs::{Drawn, Epochs};
pub use error::DataError;
pub use examples::{Examples, InMemory, Tokens};
pub use json_lines::JsonLines;
pub use labels::LabelSet;
pub use line::Place;
pub use order::{Mix, Order};
pub use pack::packed;
pub use plan::Budget;
pub use text::TextLines;
