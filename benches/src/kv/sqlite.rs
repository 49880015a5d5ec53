//! SQLite's side, through rusqlite: a table without row numbers, WAL, synchronous FULL for durable commits and NORMAL for
//! others, a cache of 256 MB and a mapping of 1 GB.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{CachedStatement, Connection};

use super::engine::{Commit, Done, Failure, Kind, Memory, Reader, Role, Store, Writer};

/// SQLite.
pub const KIND: Kind = Kind { name: "sqlite", role: Role::Durable, open };

struct Sqlite {
    file: std::path::PathBuf,
    memory: Memory,
    /// One for commits that wait and one for others: switching costs more than a transaction.
    durable: Mutex<Connection>,
    loose: Mutex<Connection>,
    /// Connections for readers that none uses now.
    readers: Mutex<Vec<Connection>>,
}

fn connection(file: &Path, synchronous: &str, memory: Memory) -> Result<Connection, Failure> {
    let (cache_bytes, mapped_bytes) = match memory {
        Memory::AsDefault => (256 << 20, 1 << 30),
        Memory::Bytes(bytes) => (bytes / 2, 0),
    };
    let connection = Connection::open(file)?;
    connection.busy_timeout(std::time::Duration::from_secs(60))?;
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = wal; PRAGMA synchronous = {synchronous}; PRAGMA cache_size = -{};
         PRAGMA mmap_size = {mapped_bytes};",
        cache_bytes / 1024
    ))?;
    Ok(connection)
}

fn open(dir: &Path, memory: Memory) -> Result<Box<dyn Store>, Failure> {
    let file = dir.join("data.sqlite");
    let durable = connection(&file, "full", memory)?;
    durable.execute_batch("CREATE TABLE IF NOT EXISTS kv (k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID")?;
    let loose = Mutex::new(connection(&file, "normal", memory)?);
    Ok(Box::new(Sqlite { file, memory, durable: Mutex::new(durable), loose, readers: Mutex::default() }))
}

struct Writing<'c> {
    put: CachedStatement<'c>,
    remove: CachedStatement<'c>,
}

impl Writer for Writing<'_> {
    fn put(&mut self, key: &[u8], value: &[u8]) -> Done {
        self.put.execute((key, value))?;
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Done {
        self.remove.execute((key,))?;
        Ok(())
    }
}

struct Reading<'c> {
    get: CachedStatement<'c>,
    scan: CachedStatement<'c>,
}

impl Reader for Reading<'_> {
    fn get(&mut self, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<bool, Failure> {
        let mut rows = self.get.query((key,))?;
        let Some(row) = rows.next()? else { return Ok(false) };
        found(row.get_ref(0)?.as_blob()?);
        Ok(true)
    }

    fn scan(&mut self, from: &[u8], limit: usize, found: &mut dyn FnMut(&[u8], &[u8])) -> Done {
        let mut rows = self.scan.query((from, i64::try_from(limit).unwrap_or(i64::MAX)))?;
        while let Some(row) = rows.next()? {
            found(row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
        }
        Ok(())
    }
}

impl Store for Sqlite {
    fn write(&self, commit: Commit, work: &mut dyn FnMut(&mut dyn Writer) -> Done) -> Done {
        let connection = match commit {
            Commit::Durable => &self.durable,
            Commit::Loose => &self.loose,
        };
        let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
        let mut writing = Writing {
            put: connection
                .prepare_cached("INSERT INTO kv VALUES (?1, ?2) ON CONFLICT DO UPDATE SET v = excluded.v")?,
            remove: connection.prepare_cached("DELETE FROM kv WHERE k = ?1")?,
        };
        work(&mut writing)?;
        connection.prepare_cached("COMMIT")?.execute(())?;
        Ok(())
    }

    fn read(&self, work: &mut dyn FnMut(&mut dyn Reader) -> Done) -> Done {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = idle.map_or_else(|| connection(&self.file, "full", self.memory), Ok)?;
        connection.prepare_cached("BEGIN")?.execute(())?;
        work(&mut Reading {
            get: connection.prepare_cached("SELECT v FROM kv WHERE k = ?1")?,
            scan: connection.prepare_cached("SELECT k, v FROM kv WHERE k >= ?1 ORDER BY k LIMIT ?2")?,
        })?;
        connection.prepare_cached("COMMIT")?.execute(())?;
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(())
    }

    fn compact(&mut self) -> Done {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let connection = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(truncate);")?)
    }
}
