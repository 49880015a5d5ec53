//! Read-only mappings of files: the one unsafe call of the file layer.
//!
//! 1. A mapping may be longer than its file. Bytes past the end of the file must not be touched before the file has
//!    grown over them: the system answers such a read by ending the process.
//! 2. A mapped file is never cut, and a byte of it that was read is never written again.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Range;

use super::traits::{Advice, MappedBytes, Mapping};

/// Maps the first `len` bytes of `file`, which may be shorter. Advice that the system does not take changes nothing.
pub(super) fn map(file: &File, len: usize, advice: Advice) -> io::Result<Mapping> {
    // SAFETY: the mapping is private to reading, and the bytes that a reader looks at do not change under it: files
    // of a database only grow, are never cut while mapped, and a region is read through its mapping only after it was
    // written, after which nobody writes it again (what this file's head demands of callers). Another process
    // that changes the files of a locked database breaks that, as it would break the database itself.
    let mapping = unsafe { memmap2::MmapOptions::new().len(len).map(file)? };
    #[cfg(unix)]
    if advice == Advice::Random {
        let _ = mapping.advise(memmap2::Advice::Random);
    }
    Ok(Mapping::of(Mapped(mapping)))
}

/// A mapping that can be told what is needed next.
struct Mapped(memmap2::Mmap);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl MappedBytes for Mapped {
    fn fetch(&self, part: Range<usize>) {
        #[cfg(unix)]
        if self.0.get(part.clone()).is_some() {
            let _ = self.0.advise_range(memmap2::Advice::WillNeed, part.start, part.len());
        }
        #[cfg(not(unix))]
        let _ = part;
    }
}
