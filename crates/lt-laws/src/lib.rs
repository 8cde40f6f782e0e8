#![doc = concat!(
    include_str!("../doc/01-laws.md"),
    include_str!("../doc/01b-sentence.md"),
    include_str!("../doc/01c-book.md"),
    include_str!("../doc/02-checks.md"),
)]

mod law;
mod report;
mod rows;

pub mod attention;
pub mod buckets;
mod conformance;
pub mod encoder;
pub mod gated;
pub mod gradient;
pub mod kept;
pub mod layer_norm;
pub mod limits;
pub mod logits;
pub mod multi_head;
pub mod offsets;
pub mod position_wise;
pub mod rms_norm;
pub mod rotary;
pub mod same_bits;
pub mod sample;
pub mod saving;
pub mod shards;
pub mod softmax;
pub mod strategies;
pub mod window;

pub use law::{Law, Verdict, cases, catches};
pub use rows::{Batch, IntoRows, Rows};

// For `conformance!`, whose caller need not depend on them by these names.
#[doc(hidden)]
pub use lt_core;

/// The strategies' own library, for laws of your own.
pub use proptest;

/// The law book: every law of this crate.
///
/// ```
/// for law in lt_laws::book() {
///     println!("{}: {}", law.name, law.statement);
/// }
/// ```
pub fn book() -> impl Iterator<Item = &'static Law> {
    let chapters: [&[&'static Law]; 19] = [
        &softmax::LAWS,
        &attention::LAWS,
        &multi_head::LAWS,
        &layer_norm::LAWS,
        &rms_norm::LAWS,
        &position_wise::LAWS,
        &gated::LAWS,
        &rotary::LAWS,
        &buckets::LAWS,
        &window::LAWS,
        &encoder::LAWS,
        &kept::LAWS,
        &same_bits::LAWS,
        &saving::LAWS,
        &offsets::LAWS,
        &limits::LAWS,
        &logits::LAWS,
        &gradient::LAWS,
        &shards::LAWS,
    ];
    chapters.into_iter().flatten().copied()
}

// The examples of the read-me are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadMe;
