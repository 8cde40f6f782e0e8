//! Data: files of text become records, records become examples, examples become the shards of a
//! step.
//!
//! ```text
//! files ── Format ──► records ── the caller's tokenizer ──► examples
//!       ── Order ───► their order in an epoch, a function of (seed, epoch)
//!       ── Budget ──► steps of so many tokens, each cut into shards ── the caller's collation
//!       ── Epochs ──► the shards of any step, whichever was asked for before
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
