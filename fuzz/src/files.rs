//! Several files in one input.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

/// A line that begins so, and goes on with a name, begins a file. A name that ends in `.header` is
/// that of a safetensors file, of which only the header is given: its length is put before it, and
/// as many bytes behind it as it says.
pub const SEPARATOR: &str = "=== ";

/// A directory for the files of one target, and the names that they may have.
#[derive(Debug)]
pub(crate) struct Files {
    dir: TempDir,
    names: &'static [&'static str],
}

impl Files {
    /// An empty directory.
    pub(crate) fn new(names: &'static [&'static str]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        for parent in names.iter().filter_map(|name| Path::new(name).parent()) {
            fs::create_dir_all(dir.path().join(parent)).expect("a directory");
        }
        Self { dir, names }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Writes the files of an input, and removes those of the one before.
    pub(crate) fn write(&self, bytes: &[u8]) {
        let parts = parts(bytes);
        for name in self.names {
            let path = self.dir.path().join(name);
            let part = |name: &str| parts.iter().find(|(found, _)| *found == name.as_bytes());
            let header = part(&format!("{name}.header")).map(|(_, header)| with_data(header));
            let content = header.or_else(|| part(name).map(|(_, content)| content.to_vec()));
            match content {
                Some(content) => fs::write(path, content).expect("a file that can be written"),
                None => match fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => panic!("{error}"),
                    _ => {}
                },
            }
        }
    }
}

/// The files of an input with their names; what stands before the first name is passed over.
pub(crate) fn parts(bytes: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut parts: Vec<(&[u8], &[u8])> = Vec::new();
    let (mut name, mut begin, mut at) = (None, 0, 0);
    while at < bytes.len() {
        let line =
            at + bytes[at..].iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len() - at);
        if let Some(next) = bytes[at..line].strip_prefix(SEPARATOR.as_bytes()) {
            // The line's end before a separator belongs to the separator.
            parts.extend(name.map(|name| (name, &bytes[begin..at.saturating_sub(1).max(begin)])));
            (name, begin) = (Some(next), bytes.len().min(line + 1));
        }
        at = line + 1;
    }
    parts.extend(name.map(|name| (name, &bytes[begin..])));
    parts
}

/// A safetensors file with this header, and as many bytes of data as it says, if they are few.
pub(crate) fn with_data(header: &[u8]) -> Vec<u8> {
    const MOST: u64 = 1 << 16;
    let parsed: Value = serde_json::from_slice(header).unwrap_or_default();
    let ends = parsed.as_object().into_iter().flatten();
    let ends = ends.filter_map(|(_, tensor)| tensor["data_offsets"][1].as_u64());
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    let data = file.len() + usize::try_from(ends.max().unwrap_or(0).min(MOST)).unwrap_or(0);
    // Numbers from NaN to tiny ones, whatever their type.
    file.extend((0..data - file.len()).map(|at| (at * 89 % 256) as u8));
    file
}
