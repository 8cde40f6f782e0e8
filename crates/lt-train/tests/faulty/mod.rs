//! A disk that fails at a chosen operation.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use lt_train::checkpoint::{Disk, Storage};

use crate::tiny::Unsynced;

/// What goes wrong at the chosen operation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// It is refused, and the program goes on: the disk is full.
    Refused,
    /// The program is killed before it.
    KilledBefore,
    /// The program is killed in the middle: half of the content is written, half of the files are
    /// removed.
    KilledAmid,
    /// The power is cut before it: of files that were written and not brought to the disk, half is
    /// left.
    PowerCut,
}

/// The disk, until the operation with this number.
pub(crate) struct Faulty {
    fault: Fault,
    at: usize,
    done: AtomicUsize,
    /// What a power cut would damage.
    unsynced: Mutex<BTreeSet<PathBuf>>,
}

impl Faulty {
    pub(crate) fn new(fault: Fault, at: usize) -> Self {
        Self { fault, at, done: AtomicUsize::new(0), unsynced: Mutex::default() }
    }

    fn written(&self, path: &Path) {
        self.unsynced.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
    }

    /// How many operations were asked for.
    pub(crate) fn operations(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// Does an operation, or what is left of it.
    fn operate<T>(
        &self,
        half: impl FnOnce() -> io::Result<()>,
        whole: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let number = self.done.fetch_add(1, Ordering::Relaxed);
        match self.fault {
            _ if number < self.at => whole(),
            Fault::Refused if number > self.at => whole(),
            // Whoever was killed does nothing more.
            Fault::PowerCut if number == self.at => {
                for path in self.unsynced.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                    if let Ok(content) = Disk.read(path) {
                        Disk.write(path, &content[..content.len() / 2])?;
                    }
                }
                Err(io::Error::other("the power was cut"))
            }
            Fault::KilledAmid if number == self.at => half().and(Err(io::Error::other("killed"))),
            _ => Err(io::Error::other("refused")),
        }
    }
}

impl Storage for Faulty {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.operate(|| Ok(()), || Disk.create_folder(folder))
    }

    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let half = || Disk.write(path, &content[..content.len() / 2]);
        self.operate(half, || {
            self.written(path);
            Disk.write(path, content)
        })
    }

    fn let_write(
        &self,
        folder: &Path,
        write: &mut dyn FnMut(&Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let write = std::cell::RefCell::new(write);
        let half = || {
            (write.borrow_mut())(folder)?;
            for name in Disk.list(folder)? {
                let content = Disk.read(&folder.join(&name))?;
                Disk.write(&folder.join(&name), &content[..content.len() / 2])?;
            }
            Ok(())
        };
        self.operate(half, || {
            (write.borrow_mut())(folder)?;
            Disk.list(folder)?.iter().for_each(|name| self.written(&folder.join(name)));
            Ok(())
        })
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        self.operate(
            || Ok(()),
            || {
                self.unsynced.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
                Unsynced.sync(path)
            },
        )
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate(
            || Ok(()),
            || {
                // What was not on the disk under the old name is not there under the new one.
                let mut unsynced = self.unsynced.lock().unwrap_or_else(PoisonError::into_inner);
                let moved = |path: &PathBuf| {
                    path.strip_prefix(from).ok().map(|rest| match rest {
                        rest if rest.as_os_str().is_empty() => to.to_owned(),
                        rest => to.join(rest),
                    })
                };
                *unsynced =
                    unsynced.iter().map(|path| moved(path).unwrap_or(path.clone())).collect();
                Disk.rename(from, to)
            },
        )
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        let half = || {
            let names = Disk.list(folder)?;
            names.iter().step_by(2).try_for_each(|name| std::fs::remove_file(folder.join(name)))
        };
        self.operate(half, || Disk.remove_folder(folder))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.operate(|| Ok(()), || Disk.read(path))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.operate(|| Ok(()), || Disk.list(folder))
    }
}
