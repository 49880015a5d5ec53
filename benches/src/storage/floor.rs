//! The engine alone: the same entries in one tree, as bytes.

use std::path::Path;

use duramen_engine::{Database, Durability, Options, Retention, TreeId, View, Window};

use super::object::{Failure, Object, Wait};

pub(super) struct Floor {
    database: Database,
    tree: TreeId,
}

fn durability(wait: Wait) -> Durability {
    match wait {
        Wait::No => Durability::Deferred,
        Wait::Durable => Durability::Immediate,
    }
}

impl Floor {
    /// Keeps as much history as an object does.
    pub(super) fn new(dir: &Path) -> Result<Floor, Failure> {
        let options = Options { retention: Retention::Window(Window::default()), ..Options::default() };
        let database = Database::open(dir, options)?;
        let mut txn = database.begin_write()?;
        let tree = txn.create_tree(b"values")?;
        txn.commit(Durability::Immediate)?;
        Ok(Floor { database, tree })
    }
}

impl Object for Floor {
    fn name(&self) -> String {
        "engine".into()
    }

    fn get(&mut self, key: &str) -> Result<Option<usize>, Failure> {
        let view = self.database.begin_read()?;
        Ok(view.get(self.tree, key.as_bytes())?.map(<[u8]>::len))
    }

    fn list(&mut self, start: &str, limit: usize) -> Result<usize, Failure> {
        let view = self.database.begin_read()?;
        let mut cursor = view.cursor(self.tree)?;
        let mut count = 0;
        let mut more = cursor.seek(start.as_bytes())?;
        while more && count < limit {
            std::hint::black_box((cursor.key(), cursor.value()?));
            count += 1;
            more = cursor.next()?;
        }
        Ok(count)
    }

    fn put(&mut self, keys: &[String], value: &str, wait: Wait) -> Result<(), Failure> {
        let mut txn = self.database.begin_write()?;
        keys.iter().try_for_each(|key| txn.put(self.tree, key.as_bytes(), value.as_bytes()).map(drop))?;
        txn.commit(durability(wait))?;
        Ok(())
    }

    fn count_value(&mut self, wait: Wait) -> Result<i64, Failure> {
        let mut txn = self.database.begin_write()?;
        let count = match txn.get(self.tree, b"counter")? {
            Some(bytes) => i64::from_le_bytes(bytes.try_into()?) + 1,
            None => 1,
        };
        txn.put(self.tree, b"counter", &count.to_le_bytes())?;
        txn.commit(durability(wait))?;
        Ok(count)
    }

    fn count_row(&mut self, _: Wait) -> Result<Option<i64>, Failure> {
        Ok(None)
    }
}
