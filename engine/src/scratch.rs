//! [`Scratch`]: room outside of memory for what one reader works on, as when it sorts more than fits.
//!
//! A scratch file lies in the directory of the database and loses its name as soon as it is open, so that nothing is
//! left behind, whatever happens then. It is never synced.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::ids::to_u64;
use crate::io::{File, Fs, OpenMode, read_exact_at, write_all_at};

/// What names of scratch files start with; a crash right after one was opened may leave it with its name.
pub(crate) const NAME_START: &str = "scratch-";

/// A file without a name, for as long as it is needed.
#[derive(Debug)]
pub struct Scratch {
    file: Arc<dyn File>,
    path: PathBuf,
    len: u64,
}

impl Scratch {
    pub(crate) fn new(fs: &dyn Fs, dir: &Path) -> Result<Scratch> {
        let mut number = 0_u64;
        loop {
            let path = dir.join(format!("{NAME_START}{number}.tmp"));
            number += 1;
            let file = match fs.open(&path, OpenMode::CreateNew) {
                Ok(file) => file,
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(Error::io("make a scratch file", &path, error)),
            };
            fs.remove(&path).map_err(|error| Error::io("unlink a scratch file", &path, error))?;
            return Ok(Scratch { file, path, len: 0 });
        }
    }

    /// How many bytes are in it.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes bytes behind those that are in it.
    ///
    /// # Errors
    /// [`Error::Io`], as when the disk is full; then nothing was appended.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        write_all_at(&*self.file, bytes, self.len)
            .map_err(|error| Error::io("write a scratch file", &self.path, error))?;
        self.len += to_u64(bytes.len());
        Ok(())
    }

    /// What is said about content that is not what was written.
    pub(crate) fn damaged(&self, expected: &str, found: &str) -> Error {
        Error::corrupt(&self.path, 0, "scratch file", expected, found)
    }

    /// Fills `buf` from an offset.
    ///
    /// # Errors
    /// [`Error::Io`]; also where not so much is in it.
    pub fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        read_exact_at(&*self.file, buf, offset)
            .map_err(|error| Error::io("read a scratch file", &self.path, error))
    }
}

#[cfg(test)]
mod tests;
