//! Every reader of files, as a function of bytes that nobody has checked: it may refuse them, and
//! may do nothing else that is bad. A panic, more memory than [`CEILING`] and a hang are findings.
//!
//! `README.md` says how the targets are run.

mod ceiling;
mod chat;
mod checkpoint;
mod config;
mod files;
mod hook;
mod ids;
mod model;
mod seeds;
mod sentences;
mod tokenizer;

// Files of the program `lt`, which publishes nothing: `ids` holds them as the program does.
#[allow(dead_code, unreachable_pub)]
#[path = "../../crates/lt-cli/src/columns.rs"]
mod columns;
#[allow(dead_code, unreachable_pub)]
#[path = "../../crates/lt-cli/src/failure.rs"]
mod failure;
#[allow(dead_code, unreachable_pub)]
#[path = "../../crates/lt-cli/src/ids_file.rs"]
mod ids_file;
#[allow(dead_code, unreachable_pub)]
#[path = "../../crates/lt-cli/src/number_lists.rs"]
mod number_lists;

use std::path::Path;
use std::process::ExitCode;

pub use ceiling::CEILING;
pub use files::SEPARATOR;
pub use hook::pass_over_caught_panics;
pub use seeds::{Seeds, seeds};

/// A reader: what is done with the bytes that the fuzzer made up, and whether they were read; if
/// not, they were refused.
pub type Target = fn(&[u8]) -> bool;

/// All of them, by name.
pub const TARGETS: [(&str, Target); 7] = [
    ("config", config),
    ("checkpoint", checkpoint),
    ("tokenizer", tokenizer),
    ("chat", chat),
    ("ids", ids),
    ("sentences", sentences),
    ("model", model),
];

macro_rules! targets {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(bytes: &[u8]) -> bool {
            ceiling::hold(|| $name::read(bytes))
        }
    )*};
}

targets! {
    /// `config.json`, and models of the sizes it says.
    config;
    /// `model.safetensors`, and shards with their index: every tensor is read.
    checkpoint;
    /// `tokenizer.json`, `vocab.txt`, `vocab.json` and `merges.txt`, `tokenizer_config.json` and its
    /// kin; then texts of many sorts.
    tokenizer;
    /// Chat templates and the files they stand in; then conversations.
    chat;
    /// The file that `lt forward --ids` reads.
    ids;
    /// `modules.json` and the files it names, beside a tiny model that is sound.
    sentences;
    /// A whole directory: a configuration, and a checkpoint that fits it but for some bytes; then a
    /// forward pass.
    model;
}

/// Runs a target on the files that the command line names: so a finding can be looked at without
/// a fuzzer.
#[must_use]
pub fn replay(target: Target) -> ExitCode {
    pass_over_caught_panics();
    let files: Vec<_> = std::env::args_os().skip(1).collect();
    if files.is_empty() {
        eprintln!("name the files to run this target on");
        return ExitCode::from(2);
    }
    for file in &files {
        let file = Path::new(file);
        match std::fs::read(file) {
            Ok(bytes) => {
                let outcome = if target(&bytes) { "read" } else { "refused" };
                println!("{}: {outcome}", file.display());
            }
            Err(error) => {
                eprintln!("cannot read {}: {error}", file.display());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// The program of a target: what libFuzzer runs, or [`replay`] where it is built without it.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(
            init: $crate::pass_over_caught_panics(),
            |bytes: &[u8]| {
                let _ = $crate::$name(bytes);
            }
        );

        #[cfg(not(fuzzing))]
        fn main() -> std::process::ExitCode {
            $crate::replay($crate::$name)
        }
    };
}
