//! An object's storage of this project: plain calls, and a turn that ends with each commit.

use std::path::Path;

use duramen::kv::ListOptions;
use duramen::{Storage, StorageOptions};

use super::object::{Failure, Object, Wait};

pub(super) struct OfDuramen {
    storage: Storage,
}

impl OfDuramen {
    pub(super) fn new(dir: &Path) -> Result<OfDuramen, Failure> {
        let storage = Storage::open_with(dir, StorageOptions::default())?;
        storage.sql().exec("CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER)", ())?;
        storage.sql().exec("INSERT INTO counter VALUES (1, 0)", ())?;
        Ok(OfDuramen { storage })
    }

    fn commit(&self, wait: Wait) -> Result<(), Failure> {
        match wait {
            Wait::No => self.storage.end_turn()?,
            Wait::Durable => self.storage.gate().wait()?,
        }
        Ok(())
    }
}

impl Object for OfDuramen {
    fn name(&self) -> String {
        "Storage".into()
    }

    fn get(&mut self, key: &str) -> Result<Option<usize>, Failure> {
        Ok(self.storage.kv().get_stored(key)?.map(|value| value.len()))
    }

    fn list(&mut self, start: &str, limit: usize) -> Result<usize, Failure> {
        let limit = Some(u64::try_from(limit)?);
        let options = ListOptions { start: Some(start), limit, ..ListOptions::default() };
        let mut count = 0;
        for entry in self.storage.kv().list(&options)? {
            entry?;
            count += 1;
        }
        Ok(count)
    }

    fn put(&mut self, keys: &[String], value: &str, wait: Wait) -> Result<(), Failure> {
        let kv = self.storage.kv();
        keys.iter().try_for_each(|key| kv.put_as(key, value))?;
        self.commit(wait)
    }

    fn count_value(&mut self, wait: Wait) -> Result<i64, Failure> {
        let kv = self.storage.kv();
        let count = kv.get_as::<i64>("counter")?.unwrap_or(0) + 1;
        kv.put_as("counter", &count)?;
        self.commit(wait)?;
        Ok(count)
    }

    fn count_row(&mut self, wait: Wait) -> Result<Option<i64>, Failure> {
        let sql = self.storage.sql();
        let count = sql.exec("UPDATE counter SET n = n + 1 WHERE id = 1 RETURNING n", ())?.one()?.get(0)?;
        self.commit(wait)?;
        Ok(Some(count))
    }
}
