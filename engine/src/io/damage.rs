//! Looking into a [`MemFs`] from outside, and damaging what is on it as failing media and careless people do.
//!
//! All of it works on paths; files that are open see the changes.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::mem::MemFs;
use super::traits::{File, Fs, OpenMode, read_exact_at, write_all_at};

/// The bytes of a file.
///
/// # Errors
/// What the file system answers.
pub fn read_file(fs: &dyn Fs, path: &Path) -> io::Result<Vec<u8>> {
    let file = fs.open(path, OpenMode::Read)?;
    let len = usize::try_from(file.len()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut bytes = vec![0; len];
    read_exact_at(&*file, &mut bytes, 0)?;
    Ok(bytes)
}

/// Copies all files of a directory into another one, which is made; that may lie on another file system. Shows what
/// is in an image of a crash, for one.
///
/// # Errors
/// What one of the file systems answers; `AlreadyExists` where a file of such a name is there.
pub fn copy_dir(from: &dyn Fs, from_dir: &Path, to: &dyn Fs, to_dir: &Path) -> io::Result<()> {
    to.create_dir(to_dir)?;
    for name in from.list(from_dir)? {
        let bytes = read_file(from, &from_dir.join(&name))?;
        let file = to.open(&to_dir.join(&name), OpenMode::CreateNew)?;
        write_all_at(&*file, &bytes, 0)?;
        file.sync_data()?;
    }
    to.sync_dir(to_dir)
}

impl MemFs {
    fn file(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        self.open(path, OpenMode::Write)
    }

    /// Replaces all bytes of a file, which is created where it is not there.
    ///
    /// # Errors
    /// `NotFound` where there is no such directory.
    pub fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let file = match self.file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.open(path, OpenMode::CreateNew)?,
            other => other?,
        };
        file.set_len(0)?;
        write_all_at(&*file, bytes, 0)
    }

    /// Flips those bits of one byte that are set in `mask`.
    ///
    /// # Errors
    /// `NotFound` without such a file, `UnexpectedEof` where it ends before.
    pub fn flip_bits(&self, path: &Path, offset: u64, mask: u8) -> io::Result<()> {
        let file = self.file(path)?;
        let mut byte = [0];
        read_exact_at(&*file, &mut byte, offset)?;
        write_all_at(&*file, &[byte[0] ^ mask], offset)
    }

    /// Makes a range of a file zeros, as far as the file has bytes there.
    ///
    /// # Errors
    /// `NotFound` without such a file.
    pub fn zero_fill(&self, path: &Path, range: Range<u64>) -> io::Result<()> {
        let file = self.file(path)?;
        let len = range.end.min(file.len()?).saturating_sub(range.start);
        let len = usize::try_from(len).map_err(|_| io::ErrorKind::FileTooLarge)?;
        write_all_at(&*file, &vec![0; len], range.start)
    }

    /// Cuts a file that is longer than `len` bytes.
    ///
    /// # Errors
    /// `NotFound` without such a file.
    pub fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        let file = self.file(path)?;
        if file.len()? > len { file.set_len(len) } else { Ok(()) }
    }

    /// Puts the bytes of each of two files into the other one.
    ///
    /// # Errors
    /// `NotFound` where one of them is not there.
    pub fn swap_files(&self, one: &Path, other: &Path) -> io::Result<()> {
        let (of_one, of_other) = (read_file(self, one)?, read_file(self, other)?);
        self.replace(one, &of_other)?;
        self.replace(other, &of_one)
    }
}

#[cfg(test)]
mod tests;
