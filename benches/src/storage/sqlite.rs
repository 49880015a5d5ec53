//! SQLite through rusqlite: a log of its own (WAL), prepared statements, values in a table `WITHOUT ROWID`.
//!
//! A commit that is waited for has `synchronous` at FULL, one that is not at NORMAL, which syncs at checkpoints only.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Statement, params};

use super::object::{Failure, Object, Wait};

pub(super) struct OfSqlite {
    connection: &'static Connection,
    wait: Wait,
    begin: Statement<'static>,
    commit: Statement<'static>,
    get: Statement<'static>,
    put: Statement<'static>,
    list: Statement<'static>,
    update: Statement<'static>,
}

impl OfSqlite {
    /// The connection is there until the program ends, so that statements can be kept beside it.
    pub(super) fn new(dir: &Path) -> Result<OfSqlite, Failure> {
        std::fs::create_dir_all(dir)?;
        let connection: &'static Connection =
            Box::leak(Box::new(Connection::open(dir.join("object.sqlite"))?));
        connection.execute_batch(
            "PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA cache_size = -65536;
             CREATE TABLE kv (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
             CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER);
             INSERT INTO counter VALUES (1, 0);",
        )?;
        Ok(OfSqlite {
            connection,
            wait: Wait::Durable,
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            commit: connection.prepare("COMMIT")?,
            get: connection.prepare("SELECT value FROM kv WHERE key = ?1")?,
            put: connection
                .prepare("INSERT INTO kv VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value")?,
            list: connection.prepare("SELECT key, value FROM kv WHERE key >= ?1 ORDER BY key LIMIT ?2")?,
            update: connection.prepare("UPDATE counter SET n = n + 1 WHERE id = 1 RETURNING n")?,
        })
    }

    fn begin(&mut self, wait: Wait) -> Result<(), Failure> {
        if self.wait != wait {
            let level = if wait == Wait::Durable { "full" } else { "normal" };
            self.connection.pragma_update(None, "synchronous", level)?;
            self.wait = wait;
        }
        self.begin.execute([])?;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Failure> {
        self.commit.execute([])?;
        Ok(())
    }

    fn value(&mut self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.get.query_row([key], |row| row.get(0)).optional()?)
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
        let mut rows = self.list.query(params![start, i64::try_from(limit)?])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            std::hint::black_box((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?));
            count += 1;
        }
        Ok(count)
    }

    fn put(&mut self, keys: &[String], value: &str, wait: Wait) -> Result<(), Failure> {
        self.begin(wait)?;
        for key in keys {
            self.put.execute(params![key, value.as_bytes()])?;
        }
        self.commit()
    }

    fn count_value(&mut self, wait: Wait) -> Result<i64, Failure> {
        self.begin(wait)?;
        let count = match self.value("counter")? {
            Some(bytes) => i64::from_le_bytes(bytes.as_slice().try_into()?) + 1,
            None => 1,
        };
        self.put.execute(params!["counter", &count.to_le_bytes()[..]])?;
        self.commit()?;
        Ok(count)
    }

    fn count_row(&mut self, wait: Wait) -> Result<Option<i64>, Failure> {
        self.begin(wait)?;
        let count = {
            let mut rows = self.update.query([])?;
            let count = rows.next()?.ok_or("no counter")?.get(0)?;
            rows.next()?;
            count
        };
        self.commit()?;
        Ok(Some(count))
    }
}
