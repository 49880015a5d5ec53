//! LMDB's side, through heed: the unnamed database, a map of 64 GiB. It has no cache of its own.
//!
//! Opening an environment and switching `NO_SYNC` are unsafe calls of heed. Both are sound here: every database lies in a
//! directory of its own that nothing else touches, and flags are switched under a lock that writers hold.

#![expect(unsafe_code, reason = "heed has no safe way to open an environment")]

use std::ops::Bound;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use heed::types::Bytes;
use heed::{CompactionOption, Database, Env, EnvFlags, EnvOpenOptions, FlagSetMode, RoTxn, RwTxn, WithTls};

use super::engine::{Commit, Done, Failure, Kind, Memory, Reader, Role, Store, Writer};

/// LMDB.
pub const KIND: Kind = Kind { name: "lmdb", role: Role::Durable, open };

struct Lmdb {
    env: Env,
    rows: Database<Bytes, Bytes>,
    /// What commits wait for as the flags are now.
    waits: Mutex<Commit>,
}

fn open(dir: &Path, memory: Memory) -> Result<Box<dyn Store>, Failure> {
    let mut options = EnvOpenOptions::new();
    options.map_size(64 << 30);
    if let Memory::Bytes(_) = memory {
        // SAFETY: the flag changes how much the system reads at once, and nothing else.
        unsafe { options.flags(EnvFlags::NO_READ_AHEAD) };
    }
    // SAFETY: nothing else touches the files of this directory while the environment is open.
    let env = unsafe { options.open(dir)? };
    let txn = env.read_txn()?;
    let rows = env.open_database(&txn, None)?.ok_or("LMDB has no unnamed database")?;
    txn.commit()?;
    Ok(Box::new(Lmdb { env, rows, waits: Mutex::new(Commit::Durable) }))
}

struct Writing<'e> {
    txn: RwTxn<'e>,
    rows: Database<Bytes, Bytes>,
}

impl Writer for Writing<'_> {
    fn put(&mut self, key: &[u8], value: &[u8]) -> Done {
        Ok(self.rows.put(&mut self.txn, key, value)?)
    }

    fn remove(&mut self, key: &[u8]) -> Done {
        self.rows.delete(&mut self.txn, key)?;
        Ok(())
    }
}

struct Reading<'e> {
    txn: RoTxn<'e, WithTls>,
    rows: Database<Bytes, Bytes>,
}

impl Reader for Reading<'_> {
    fn get(&mut self, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<bool, Failure> {
        Ok(self.rows.get(&self.txn, key)?.map(found).is_some())
    }

    fn scan(&mut self, from: &[u8], limit: usize, found: &mut dyn FnMut(&[u8], &[u8])) -> Done {
        // LMDB has no empty keys, and refuses to look for one.
        let from = if from.is_empty() { Bound::Unbounded } else { Bound::Included(from) };
        for entry in self.rows.range(&self.txn, &(from, Bound::Unbounded))?.take(limit) {
            let (key, value) = entry?;
            found(key, value);
        }
        Ok(())
    }
}

impl Store for Lmdb {
    fn write(&self, commit: Commit, work: &mut dyn FnMut(&mut dyn Writer) -> Done) -> Done {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        if *waits != commit {
            let mode = if commit == Commit::Loose { FlagSetMode::Enable } else { FlagSetMode::Disable };
            // SAFETY: the lock is held, so nobody else sets flags or writes.
            unsafe { self.env.set_flags(EnvFlags::NO_SYNC, mode)? };
            *waits = commit;
        }
        let mut writing = Writing { txn: self.env.write_txn()?, rows: self.rows };
        work(&mut writing)?;
        Ok(writing.txn.commit()?)
    }

    fn read(&self, work: &mut dyn FnMut(&mut dyn Reader) -> Done) -> Done {
        work(&mut Reading { txn: self.env.read_txn()?, rows: self.rows })
    }

    /// LMDB compacts by a copy that takes the place of the original.
    fn compact(&mut self) -> Done {
        let dir = self.env.path().to_path_buf();
        let copy = dir.join("copy.mdb");
        self.env.copy_to_path(&copy, CompactionOption::Enabled)?.sync_all()?;
        std::fs::rename(copy, dir.join("data.mdb"))?;
        Ok(())
    }
}
