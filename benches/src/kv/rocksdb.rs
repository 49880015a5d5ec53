//! RocksDB's side: the default column family; a transaction is a batch, durable by its synced log.

use std::path::Path;

use rocksdb::{
    BlockBasedOptions, Cache, DB, Direction, IteratorMode, Options, SnapshotWithThreadMode, WriteBatch,
    WriteOptions,
};

use super::engine::{Commit, Done, Failure, Kind, Memory, Reader, Role, Store, Writer};

/// RocksDB.
pub const KIND: Kind = Kind { name: "rocksdb", role: Role::Durable, open };

struct RocksDb(DB);

fn open(dir: &Path, memory: Memory) -> Result<Box<dyn Store>, Failure> {
    let mut options = Options::default();
    options.create_if_missing(true);
    if let Memory::Bytes(bytes) = memory {
        let bytes = usize::try_from(bytes / 2)?;
        let mut blocks = BlockBasedOptions::default();
        blocks.set_block_cache(&Cache::new_lru_cache(bytes)?);
        options.set_block_based_table_factory(&blocks);
        options.set_db_write_buffer_size(bytes);
    }
    Ok(Box::new(RocksDb(DB::open(&options, dir.join("db"))?)))
}

impl Writer for WriteBatch {
    fn put(&mut self, key: &[u8], value: &[u8]) -> Done {
        WriteBatch::put(self, key, value);
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Done {
        self.delete(key);
        Ok(())
    }
}

struct Reading<'d> {
    db: &'d DB,
    snapshot: SnapshotWithThreadMode<'d, DB>,
}

impl Reader for Reading<'_> {
    fn get(&mut self, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<bool, Failure> {
        let mut options = rocksdb::ReadOptions::default();
        options.set_snapshot(&self.snapshot);
        Ok(self.db.get_pinned_opt(key, &options)?.map(|value| found(&value)).is_some())
    }

    fn get_many(&mut self, keys: &[&[u8]], found: &mut dyn FnMut(&[u8])) -> Done {
        for value in self.snapshot.multi_get(keys) {
            if let Some(value) = value? {
                found(&value);
            }
        }
        Ok(())
    }

    fn scan(&mut self, from: &[u8], limit: usize, found: &mut dyn FnMut(&[u8], &[u8])) -> Done {
        for entry in self.snapshot.iterator(IteratorMode::From(from, Direction::Forward)).take(limit) {
            let (key, value) = entry?;
            found(&key, &value);
        }
        Ok(())
    }
}

impl Store for RocksDb {
    fn write(&self, commit: Commit, work: &mut dyn FnMut(&mut dyn Writer) -> Done) -> Done {
        let mut batch = WriteBatch::default();
        work(&mut batch)?;
        let mut options = WriteOptions::default();
        options.set_sync(commit == Commit::Durable);
        Ok(self.0.write_opt(batch, &options)?)
    }

    fn read(&self, work: &mut dyn FnMut(&mut dyn Reader) -> Done) -> Done {
        work(&mut Reading { db: &self.0, snapshot: self.0.snapshot() })
    }

    fn compact(&mut self) -> Done {
        self.0.flush()?;
        self.0.compact_range(None::<&[u8]>, None::<&[u8]>);
        Ok(())
    }
}
