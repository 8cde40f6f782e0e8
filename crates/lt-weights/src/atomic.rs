//! Writing a file so that it is there in full or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes beside `path` and renames. Whatever fails, the file that was there stays as it was:
/// also for those who have it mapped.
pub(crate) fn write(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut unfinished = Unfinished::beside(path)?;
    let mut writer = BufWriter::with_capacity(1 << 20, &mut unfinished.file);
    content(&mut writer)?;
    writer.flush()?;
    drop(writer);
    // On the disk before the name points to it.
    unfinished.file.sync_all()?;
    fs::rename(&unfinished.path, path)
}

/// A file that is removed again, unless it was renamed by then.
struct Unfinished {
    file: File,
    path: PathBuf,
}

impl Unfinished {
    fn beside(path: &Path) -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let Some(name) = path.file_name() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"));
        };
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let mut unfinished = OsString::from(".");
            unfinished.push(name);
            unfinished.push(format!(".{}-{number}.unfinished", std::process::id()));
            let path = path.with_file_name(unfinished);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { file, path }),
                // Left by a process of the same number that was ended: in a container, each is 1.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // It fails where the file was renamed; and where nothing is left to be done about it.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<OsString> {
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn what_was_written_is_there_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "old").unwrap();
        write(&path, |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(dir.path()), ["file"]);
    }

    #[test]
    fn a_write_that_fails_half_way_leaves_the_old_file_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "old").unwrap();
        let result = write(&path, |out| {
            out.write_all(b"half of the new")?;
            out.flush()?;
            Err(io::Error::other("the disk is full"))
        });
        assert_eq!(result.unwrap_err().to_string(), "the disk is full");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(dir.path()), ["file"]);
    }

    #[test]
    fn what_an_earlier_process_left_is_no_obstacle() {
        let dir = tempfile::tempdir().unwrap();
        // More than the other tests of this process use up meanwhile.
        for number in 0..100 {
            let left = format!(".file.{}-{number}.unfinished", std::process::id());
            fs::write(dir.path().join(left), "half").unwrap();
        }
        write(&dir.path().join("file"), |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read(dir.path().join("file")).unwrap(), b"new");
        assert_eq!(names(dir.path()).len(), 101);
    }

    #[test]
    fn a_file_cannot_take_the_place_of_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("directory");
        fs::create_dir_all(path.join("full")).unwrap();
        assert!(write(&path, |out| out.write_all(b"new")).is_err());
        assert_eq!(names(dir.path()), ["directory"]);
        assert!(write(Path::new("/"), |out| out.write_all(b"new")).is_err());
    }
}
