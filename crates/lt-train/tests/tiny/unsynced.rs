//! Files that are not brought to the disk: tests save some thousands of checkpoints, and none of
//! them needs to survive a power cut.

use std::error::Error;
use std::io;
use std::path::Path;

use lt_train::checkpoint::{Disk, ModelFiles, Storage};
use lt_train::lt_core::{self, Params, weights};

use super::Tiny;

/// The numbers of a model and nothing else.
pub(crate) struct Numbers;

impl ModelFiles<Tiny> for Numbers {
    fn save(&self, model: &Tiny, folder: &Path) -> Result<(), Box<dyn Error + Send + Sync>> {
        let all = weights(model).into_iter().flat_map(|(_, weight)| weight.to_f32());
        let bytes: Vec<u8> = all.flat_map(f32::to_le_bytes).collect();
        Ok(std::fs::write(folder.join("numbers"), bytes)?)
    }

    fn load(&self, model: &mut Tiny, folder: &Path) -> Result<(), Box<dyn Error + Send + Sync>> {
        let bytes = std::fs::read(folder.join("numbers"))?;
        let mut numbers = bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        model.visit_mut(&mut lt_core::Path::new(), &mut |_, weight| {
            weight.make_mut().iter_mut().zip(&mut numbers).for_each(|(to, from)| *to = from);
        });
        Ok(())
    }
}

/// The disk, but nothing waits for it.
pub(crate) struct Unsynced;

impl Storage for Unsynced {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        Disk.create_folder(folder)
    }

    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        Disk.write(path, content)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        path.metadata().map(|_| ())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        Disk.remove_folder(folder)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Disk.read(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        Disk.list(folder)
    }
}
