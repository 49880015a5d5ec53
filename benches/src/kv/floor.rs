//! No engine: what the machine allows. The bytes of a transaction are put behind each other and flushed.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::engine::{Commit, Done, Failure, Kind, Memory, Reader, Role, Store, Writer};

/// A file that grows: ext4 then commits its length as well.
pub const APPENDING: Kind = Kind { name: "floor: append", role: Role::Floor, open: open_appending };
/// A file that was zeroed and flushed before, which costs one flush of the device alone.
pub const ZEROED: Kind = Kind { name: "floor: zeroed", role: Role::Floor, open: open_zeroed };

const ZEROED_BYTES: usize = 128 << 20;
/// Zeros are written in pieces of this many bytes. The system keeps what is written at once in large pieces too, and to put a
/// short record into one of those costs more, most of all where it is not in the processor's caches.
const PIECE_BYTES: usize = 4 << 10;

struct Floor {
    file: File,
    end: Mutex<u64>,
}

fn open_appending(dir: &Path, _: Memory) -> Result<Box<dyn Store>, Failure> {
    Ok(Box::new(Floor { file: File::create(dir.join("floor"))?, end: Mutex::new(0) }))
}

fn open_zeroed(dir: &Path, _: Memory) -> Result<Box<dyn Store>, Failure> {
    let mut file = File::create(dir.join("floor"))?;
    for _ in 0..ZEROED_BYTES / PIECE_BYTES {
        file.write_all(&[0; PIECE_BYTES])?;
    }
    file.sync_all()?;
    Ok(Box::new(Floor { file, end: Mutex::new(0) }))
}

#[derive(Default)]
struct Bytes(Vec<u8>);

impl Writer for Bytes {
    fn put(&mut self, key: &[u8], value: &[u8]) -> Done {
        self.0.extend_from_slice(key);
        self.0.extend_from_slice(value);
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Done {
        self.0.extend_from_slice(key);
        Ok(())
    }
}

impl Store for Floor {
    fn write(&self, commit: Commit, work: &mut dyn FnMut(&mut dyn Writer) -> Done) -> Done {
        let mut bytes = Bytes::default();
        work(&mut bytes)?;
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        self.file.write_all_at(&bytes.0, *end)?;
        *end += u64::try_from(bytes.0.len())?;
        if commit == Commit::Durable {
            self.file.sync_data()?;
        }
        Ok(())
    }

    fn read(&self, _: &mut dyn FnMut(&mut dyn Reader) -> Done) -> Done {
        Err("the floor reads nothing".into())
    }

    fn compact(&mut self) -> Done {
        Ok(())
    }
}
