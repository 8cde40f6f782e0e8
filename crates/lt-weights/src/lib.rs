#![doc = concat!(
    include_str!("../doc/01-weights.md"),
    include_str!("../doc/offsets.mathml"),
    include_str!("../doc/02-place.md"),
    include_str!("../doc/place.mathml"),
    include_str!("../doc/03-code.md"),
    include_str!("../doc/03b-sentence.md"),
    include_str!("../doc/04-shapes.md"),
)]

#[cfg(target_endian = "big")]
compile_error!("safetensors files are little-endian, and are used as they lie in memory");

mod atomic;
mod checkpoint;
mod convert;
mod error;
mod header;
mod layout;
mod load;
#[cfg(feature = "mmap")]
mod mapped;
mod misfit;
mod nearest;
mod numbers;
mod pattern;
mod plan;
mod quoted;
mod rearrange;
mod report;
mod safetensors_bytes;
mod safetensors_file;
mod save;
mod scaled;
mod shards;
mod tensor;
mod tied;

pub use checkpoint::Checkpoint;
pub use convert::{ConvertError, Converted, StoreAs, convert};
pub use error::{HeaderProblem, ReadError};
pub use layout::{Heads, Layout};
pub use load::{LoadError, load, load_partial};
pub use misfit::{Ambiguous, Misfit, Missing, Unusable, Unused, WrongShape};
pub use report::{Loaded, Report, Warning};
pub use safetensors_bytes::SafetensorsBytes;
pub use safetensors_file::{Reading, SafetensorsFile};
pub use save::{SaveError, save};
pub use shards::ShardedFiles;
pub use tensor::{StoredDtype, TensorInfo, TensorSource};

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
