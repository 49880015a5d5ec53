//! [`Disk`]: directories, names and contents at one moment.
//!
//! 1. A clone costs two counters and is independent of the original from then on.
//! 2. A file has an identity apart from its names: it may have several of them, or none while somebody has it open.
//! 3. An identity is never used twice, also not by a clone and its original for files made before the cloning.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::content::Content;

/// The identity of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FileId(u64);

/// A directory and a name in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) dir: Arc<Path>,
    pub(super) name: Arc<str>,
}

impl Place {
    /// The place that a path names.
    ///
    /// # Errors
    /// `InvalidInput` where the path does not end in a name, or in one that is no text.
    pub(super) fn of(path: &Path) -> io::Result<Place> {
        let dir = dir_key(path.parent().ok_or(io::ErrorKind::InvalidInput)?);
        let name = path.file_name().and_then(OsStr::to_str).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Place { dir: dir.into(), name: name.into() })
    }
}

/// A directory's path in the one form it is looked up by.
pub(super) fn dir_key(dir: &Path) -> PathBuf {
    dir.components().filter(|part| *part != Component::CurDir).collect()
}

type Names = BTreeMap<Arc<str>, FileId>;

/// Directories, names and contents.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    dirs: Arc<BTreeMap<Arc<Path>, Names>>,
    files: Arc<BTreeMap<FileId, Content>>,
    next_file: u64,
}

impl Disk {
    /// An empty disk: only the root and the current directory are there.
    pub(super) fn new() -> Disk {
        let dirs = ["/", ""].map(|dir| (Path::new(dir).into(), Names::new()));
        Disk { dirs: Arc::new(dirs.into()), files: Arc::default(), next_file: 1 }
    }

    /// Makes a directory and those above it.
    pub(super) fn add_dir(&mut self, dir: &Path) {
        let dir = dir_key(dir);
        for missing in dir.ancestors().take_while(|dir| !self.dirs.contains_key(*dir)).collect::<Vec<_>>() {
            Arc::make_mut(&mut self.dirs).insert(missing.into(), Names::new());
        }
    }

    /// Checks that a directory can be made, or is there.
    ///
    /// # Errors
    /// `NotADirectory` where a file has its name or that of a directory above it.
    pub(super) fn expect_dir(&self, dir: &Path) -> io::Result<()> {
        for missing in dir_key(dir).ancestors().take_while(|dir| !self.dirs.contains_key(*dir)) {
            if self.file_at(&Place::of(missing)?).is_ok() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
        }
        Ok(())
    }

    fn names(&self, dir: &Path) -> io::Result<&Names> {
        self.dirs.get(dir).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// The names in a directory, sorted.
    ///
    /// # Errors
    /// `NotFound` where there is no such directory.
    pub(super) fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        Ok(self.names(&dir_key(dir))?.keys().map(|name| name.to_string()).collect())
    }

    /// The file that has a name.
    ///
    /// # Errors
    /// `NotFound` where no file has it.
    pub(super) fn file_at(&self, place: &Place) -> io::Result<FileId> {
        self.names(&place.dir)?.get(&place.name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Checks that a name is free.
    ///
    /// # Errors
    /// `AlreadyExists` where a file or a directory has it, `NotFound` where there is no such directory.
    pub(super) fn expect_free(&self, place: &Place) -> io::Result<()> {
        let taken = self.names(&place.dir)?.contains_key(&place.name)
            || self.dirs.contains_key(place.dir.join(&*place.name).as_path());
        if taken { Err(io::ErrorKind::AlreadyExists.into()) } else { Ok(()) }
    }

    /// Makes an empty file without a name.
    pub(super) fn create_file(&mut self) -> FileId {
        let file = FileId(self.next_file);
        self.next_file += 1;
        self.adopt_file(file);
        file
    }

    /// Makes an empty file of an identity that another disk gave out, unless it is there.
    pub(super) fn adopt_file(&mut self, file: FileId) {
        self.next_file = self.next_file.max(file.0 + 1);
        Arc::make_mut(&mut self.files).entry(file).or_default();
    }

    /// Forgets the bytes of a file.
    pub(super) fn drop_file(&mut self, file: FileId) -> Option<Content> {
        Arc::make_mut(&mut self.files).remove(&file)
    }

    /// Gives a file a name, taking the name from whoever has it. Nothing happens where there is no such directory.
    pub(super) fn set_name(&mut self, place: &Place, file: FileId) {
        if let Some(names) = Arc::make_mut(&mut self.dirs).get_mut(&place.dir) {
            names.insert(place.name.clone(), file);
        }
    }

    /// Takes a name from a file, if the file has it.
    pub(super) fn clear_name(&mut self, place: &Place, file: FileId) {
        if let Some(names) = Arc::make_mut(&mut self.dirs).get_mut(&place.dir)
            && names.get(&place.name) == Some(&file)
        {
            names.remove(&place.name);
        }
    }

    /// Whether some name leads to the file.
    pub(super) fn is_named(&self, file: FileId) -> bool {
        self.dirs.values().any(|names| names.values().any(|named| *named == file))
    }

    /// All files, named or not.
    pub(super) fn files(&self) -> impl Iterator<Item = (FileId, &Content)> {
        self.files.iter().map(|(file, content)| (*file, content))
    }

    /// The bytes of a file.
    pub(super) fn content(&self, file: FileId) -> Option<&Content> {
        self.files.get(&file)
    }

    /// The bytes of a file, to be changed.
    pub(super) fn content_mut(&mut self, file: FileId) -> Option<&mut Content> {
        Arc::make_mut(&mut self.files).get_mut(&file)
    }

    /// The lengths of all files together, those without a name included.
    pub(super) fn total_bytes(&self) -> u64 {
        self.files.values().map(Content::len).sum()
    }

    /// A number that two disks share if they hold the same directories, names and bytes, and hardly ever otherwise.
    pub(super) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (dir, names) in self.dirs.iter() {
            dir.hash(&mut hasher);
            hasher.write_usize(names.len());
            for (name, file) in names {
                name.hash(&mut hasher);
                hasher.write_u64(self.files.get(file).map_or(0, Content::digest));
            }
        }
        hasher.finish()
    }
}

#[cfg(test)]
mod tests;
