//! fjall's side: one keyspace, default options; a transaction is a batch.

use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode, Readable, Snapshot};

use super::engine::{Commit, Done, Failure, Kind, Memory, Reader, Role, Store, Writer};

/// fjall.
pub const KIND: Kind = Kind { name: "fjall", role: Role::Durable, open };

struct Fjall {
    db: Database,
    rows: Keyspace,
}

fn open(dir: &Path, memory: Memory) -> Result<Box<dyn Store>, Failure> {
    let mut builder = Database::builder(dir);
    if let Memory::Bytes(bytes) = memory {
        builder = builder.cache_size(bytes / 2);
    }
    let db = builder.open()?;
    let rows = db.keyspace("rows", KeyspaceCreateOptions::default)?;
    Ok(Box::new(Fjall { db, rows }))
}

struct Writing<'f> {
    batch: OwnedWriteBatch,
    rows: &'f Keyspace,
}

impl Writer for Writing<'_> {
    fn put(&mut self, key: &[u8], value: &[u8]) -> Done {
        self.batch.insert(self.rows, key, value);
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Done {
        self.batch.remove(self.rows, key);
        Ok(())
    }
}

struct Reading<'f> {
    snapshot: Snapshot,
    rows: &'f Keyspace,
}

impl Reader for Reading<'_> {
    fn get(&mut self, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<bool, Failure> {
        Ok(self.snapshot.get(self.rows, key)?.map(|value| found(&value)).is_some())
    }

    fn scan(&mut self, from: &[u8], limit: usize, found: &mut dyn FnMut(&[u8], &[u8])) -> Done {
        for entry in self.snapshot.range(self.rows, from..).take(limit) {
            let (key, value) = entry.into_inner()?;
            found(&key, &value);
        }
        Ok(())
    }
}

impl Store for Fjall {
    fn write(&self, commit: Commit, work: &mut dyn FnMut(&mut dyn Writer) -> Done) -> Done {
        let mode = (commit == Commit::Durable).then_some(PersistMode::SyncData);
        let mut writing = Writing { batch: self.db.batch().durability(mode), rows: &self.rows };
        work(&mut writing)?;
        Ok(writing.batch.commit()?)
    }

    fn read(&self, work: &mut dyn FnMut(&mut dyn Reader) -> Done) -> Done {
        work(&mut Reading { snapshot: self.db.snapshot(), rows: &self.rows })
    }

    fn compact(&mut self) -> Done {
        self.rows.rotate_memtable_and_wait()?;
        Ok(self.rows.major_compact()?)
    }
}
