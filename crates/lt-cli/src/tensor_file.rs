//! A safetensors file whose tensors are written a piece at a time.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use crate::failure::{Failure, Result};

/// A file of f32 tensors, all zero until they are written to.
///
/// Nothing is held in memory, so that the results of many sequences may be larger than it. The
/// file gets its name when it is finished: until then, and if the program fails, what was there
/// before stays as it was.
pub(crate) struct TensorFile {
    file: File,
    unfinished: PathBuf,
    target: PathBuf,
    finished: bool,
    tensors: Metadata,
    /// Where the first tensor starts, in bytes.
    start: u64,
}

impl TensorFile {
    /// A file with tensors of these names and shapes.
    pub(crate) fn create(target: &Path, tensors: &[(String, Vec<usize>)]) -> Result<Self> {
        let shown = target.display();
        if target.exists() && !target.is_file() {
            return Err(Failure::new(format!("`{shown}` is no file"))
                .hint("--out needs the name of a file, which may be there already or not"));
        }
        let tensors = metadata(tensors)?;
        let header = serde_json::to_vec(&tensors)?;
        // Numbers start at a multiple of 8 bytes.
        let header_len = header.len().next_multiple_of(8);
        let start = 8 + header_len as u64;

        let cannot = |error| Failure::new(format!("cannot write `{shown}`: {error}"));
        let (file, unfinished) = beside(target).map_err(cannot)?;
        let target = target.to_owned();
        let mut this = Self { file, unfinished, target, finished: false, tensors, start };
        let mut write = || {
            this.file.write_all(&(header_len as u64).to_le_bytes())?;
            this.file.write_all(&header)?;
            this.file.write_all(&b"        "[..header_len - header.len()])?;
            // What is not written to is zero, and takes no space where the file system can help.
            this.file.set_len(start + this.tensors.data_len() as u64)
        };
        write().map_err(cannot)?;
        Ok(this)
    }

    /// Writes `values` into a tensor, from its element number `from` on.
    pub(crate) fn write(&mut self, tensor: &str, from: usize, values: &[f32]) -> Result<()> {
        let inside = self.tensors.info(tensor).and_then(|info| {
            let start = info.data_offsets.0.checked_add(from.checked_mul(4)?)?;
            (start + size_of_val(values) <= info.data_offsets.1).then_some(start as u64)
        });
        let Some(offset) = inside else {
            return Err(Failure::new(format!("{tensor} has not as many numbers as were computed")));
        };
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let mut write = || {
            self.file.seek(SeekFrom::Start(self.start + offset))?;
            self.file.write_all(&bytes)
        };
        write().map_err(|error: io::Error| self.cannot_write(&error))
    }

    /// Gives the file its name.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.file.sync_all().map_err(|error| self.cannot_write(&error))?;
        fs::rename(&self.unfinished, &self.target).map_err(|error| self.cannot_write(&error))?;
        self.finished = true;
        Ok(())
    }

    fn cannot_write(&self, error: &io::Error) -> Failure {
        Failure::new(format!("cannot write `{}`: {error}", self.target.display()))
    }
}

impl Drop for TensorFile {
    fn drop(&mut self) {
        if !self.finished {
            // If this fails too, there is nothing left to do about it.
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}

/// The header: the tensors one behind the other.
fn metadata(tensors: &[(String, Vec<usize>)]) -> Result<Metadata> {
    let mut end = 0_usize;
    let mut infos = Vec::with_capacity(tensors.len());
    for (name, shape) in tensors {
        let bytes = shape.iter().try_fold(4_usize, |product, &side| product.checked_mul(side));
        let start = end;
        end = bytes.and_then(|bytes| start.checked_add(bytes)).ok_or_else(|| {
            Failure::new(format!("{name} of shape {shape:?} is too large for a file"))
        })?;
        let shape = shape.clone();
        let info = TensorInfo { dtype: Dtype::F32, shape, data_offsets: (start, end) };
        infos.push((name.clone(), info));
    }
    Ok(Metadata::new(None, infos)?)
}

/// A new file in the directory of another, with a name that says what it is.
fn beside(target: &Path) -> io::Result<(File, PathBuf)> {
    let Some(name) = target.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"));
    };
    let mut unfinished = OsString::from(".");
    unfinished.push(name);
    unfinished.push(format!(".{}.unfinished", std::process::id()));
    let path = target.with_file_name(unfinished);
    let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
    Ok((file, path))
}
