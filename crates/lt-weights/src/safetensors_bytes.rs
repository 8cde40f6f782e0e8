//! A safetensors file that lies in memory.

use std::fmt;
use std::path::Path;

use lt_core::Weight;

use crate::header::{self, Placed};
use crate::numbers::copied;
use crate::{ReadError, TensorInfo, TensorSource};

/// The bytes of a safetensors file, its header read and checked: built into a program
/// (`include_bytes!`), unpacked, or received.
///
/// ```
/// use lt_weights::{SafetensorsBytes, TensorSource};
/// let header = br#"{"gain":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  "#;
/// let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
/// bytes.extend(header);
/// bytes.extend([1.0_f32, 2.0].iter().flat_map(|x| x.to_le_bytes()));
///
/// let file = SafetensorsBytes::new(bytes)?;
/// assert_eq!(file.weight("gain")?.f32(), [1.0, 2.0]);
/// # Ok::<(), lt_weights::ReadError>(())
/// ```
///
/// PyTorch: `safetensors.torch.load(bytes)`.
pub struct SafetensorsBytes<B> {
    bytes: B,
    tensors: Vec<TensorInfo>,
    /// Where each of `tensors` lies.
    places: Vec<Placed>,
}

/// What errors call a file without a name.
const NAME: &str = "the bytes that were given";

impl<B: AsRef<[u8]>> SafetensorsBytes<B> {
    /// Checks the header of a file; no tensor is copied yet.
    ///
    /// # Errors
    /// If the bytes are not what the header says in every respect.
    pub fn new(bytes: B) -> Result<Self, ReadError> {
        let whole = bytes.as_ref();
        let places = header::read(whole, whole.len() as u64)
            .map_err(|failure| failure.at(Path::new(NAME)))?;
        let tensors = places.iter().map(Placed::info).collect();
        Ok(Self { bytes, tensors, places })
    }
}

impl<B: AsRef<[u8]> + Send + Sync> TensorSource for SafetensorsBytes<B> {
    fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    fn weight(&self, name: &str) -> Result<Weight, ReadError> {
        let tensor = Placed::find(&self.places, name)?;
        let path = Path::new(NAME);
        copied(tensor, path, |range| {
            // They are the bytes that were checked, unless `B` gives others each time.
            self.bytes.as_ref().get(range).ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
        })
    }
}

impl<B> fmt::Debug for SafetensorsBytes<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SafetensorsBytes").field("tensors", &self.tensors).finish_non_exhaustive()
    }
}
