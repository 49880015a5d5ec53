//! SQLite through rusqlite: a log of its own (WAL), statements from its cache, values in a table `WITHOUT ROWID`.
//!
//! A commit that is waited for has `synchronous` at FULL, one that is not at NORMAL, which syncs at checkpoints only.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use super::object::{Failure, Object, Wait};

pub(super) struct OfSqlite {
    connection: Connection,
    wait: Wait,
}

impl OfSqlite {
    pub(super) fn new(dir: &Path) -> Result<OfSqlite, Failure> {
        std::fs::create_dir_all(dir)?;
        let connection = Connection::open(dir.join("object.sqlite"))?;
        connection.execute_batch(
            "PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA cache_size = -65536;
             CREATE TABLE kv (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
             CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER);
             INSERT INTO counter VALUES (1, 0);",
        )?;
        Ok(OfSqlite { connection, wait: Wait::Durable })
    }

    fn begin(&mut self, wait: Wait) -> Result<(), Failure> {
        if self.wait != wait {
            let level = if wait == Wait::Durable { "full" } else { "normal" };
            self.connection.pragma_update(None, "synchronous", level)?;
            self.wait = wait;
        }
        self.run("BEGIN IMMEDIATE")
    }

    fn run(&self, statement: &str) -> Result<(), Failure> {
        self.connection.prepare_cached(statement)?.execute([])?;
        Ok(())
    }

    fn put_one(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        let put = "INSERT INTO kv VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value";
        self.connection.prepare_cached(put)?.execute(params![key, value])?;
        Ok(())
    }

    fn value(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        let mut get = self.connection.prepare_cached("SELECT value FROM kv WHERE key = ?1")?;
        Ok(get.query_row([key], |row| row.get(0)).optional()?)
    }
}

impl Object for OfSqlite {
    fn name(&self) -> String {
        format!("SQLite {}", rusqlite::version())
    }

    fn get(&mut self, key: &str) -> Result<Option<usize>, Failure> {
        Ok(self.value(key)?.map(|value| value.len()))
    }

    fn list(&mut self, start: &str, limit: usize) -> Result<usize, Failure> {
        let list = "SELECT key, value FROM kv WHERE key >= ?1 ORDER BY key LIMIT ?2";
        let mut list = self.connection.prepare_cached(list)?;
        let mut rows = list.query(params![start, limit])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            std::hint::black_box((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?));
            count += 1;
        }
        Ok(count)
    }

    fn put(&mut self, keys: &[String], value: &[u8], wait: Wait) -> Result<(), Failure> {
        self.begin(wait)?;
        keys.iter().try_for_each(|key| self.put_one(key, value))?;
        self.run("COMMIT")
    }

    fn count_value(&mut self, wait: Wait) -> Result<i64, Failure> {
        self.begin(wait)?;
        let count = match self.value("counter")? {
            Some(bytes) => i64::from_le_bytes(bytes.as_slice().try_into()?) + 1,
            None => 1,
        };
        self.put_one("counter", &count.to_le_bytes())?;
        self.run("COMMIT")?;
        Ok(count)
    }

    fn count_row(&mut self, wait: Wait) -> Result<Option<i64>, Failure> {
        self.begin(wait)?;
        let count = {
            let update = "UPDATE counter SET n = n + 1 WHERE id = 1 RETURNING n";
            let mut update = self.connection.prepare_cached(update)?;
            let mut rows = update.query([])?;
            let count = rows.next()?.ok_or("no counter")?.get(0)?;
            rows.next()?;
            count
        };
        self.run("COMMIT")?;
        Ok(Some(count))
    }
}
