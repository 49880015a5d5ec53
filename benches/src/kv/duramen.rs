//! Duramen's side: one tree, default options; a transaction is a write batch.

use std::path::Path;
use std::sync::OnceLock;

use duramen_engine::{Database, Durability, Options, PageAccess, ReadView, TreeId, View, WriteBatch};

use super::engine::{Commit, Done, Failure, Kind, Memory, Reader, Role, Store, Writer};

/// Duramen.
pub const KIND: Kind = Kind { name: "duramen", role: Role::Durable, open };

struct Duramen {
    db: Database,
    tree: OnceLock<TreeId>,
}

fn open(dir: &Path, memory: Memory) -> Result<Box<dyn Store>, Failure> {
    let mut options = Options::default();
    if let Memory::Bytes(bytes) = memory {
        options.memory_budget_bytes = bytes;
        options.page_access = PageAccess::MappedRandom;
    }
    Ok(Box::new(Duramen { db: Database::open(dir, options)?, tree: OnceLock::new() }))
}

impl Writer for WriteBatch {
    fn put(&mut self, key: &[u8], value: &[u8]) -> Done {
        Ok(WriteBatch::put(self, key, value)?)
    }

    fn remove(&mut self, key: &[u8]) -> Done {
        Ok(self.delete(key)?)
    }
}

struct Reading {
    view: ReadView,
    tree: TreeId,
}

impl Reader for Reading {
    fn get(&mut self, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<bool, Failure> {
        Ok(self.view.get(self.tree, key)?.map(found).is_some())
    }

    fn get_many(&mut self, keys: &[&[u8]], found: &mut dyn FnMut(&[u8])) -> Done {
        self.view.get_many(self.tree, keys)?.into_iter().flatten().for_each(found);
        Ok(())
    }

    fn scan(&mut self, from: &[u8], limit: usize, found: &mut dyn FnMut(&[u8], &[u8])) -> Done {
        let mut cursor = self.view.cursor(self.tree)?;
        let mut more = cursor.seek(from)?;
        for _ in 0..limit {
            if !more {
                break;
            }
            found(cursor.key(), cursor.value()?);
            more = cursor.next()?;
        }
        Ok(())
    }
}

impl Store for Duramen {
    fn write(&self, commit: Commit, work: &mut dyn FnMut(&mut dyn Writer) -> Done) -> Done {
        let mut txn = self.db.begin_write()?;
        let tree = match self.tree.get() {
            Some(tree) => *tree,
            None => txn.open_tree(b"rows")?,
        };
        let mut batch = txn.into_batch(tree)?;
        work(&mut batch)?;
        batch.commit(match commit {
            Commit::Durable => Durability::Immediate,
            Commit::Loose => Durability::None,
        })?;
        self.tree.get_or_init(|| tree);
        Ok(())
    }

    fn read(&self, work: &mut dyn FnMut(&mut dyn Reader) -> Done) -> Done {
        let view = self.db.begin_read()?;
        let tree = match self.tree.get() {
            Some(tree) => *tree,
            None => *self.tree.get_or_init(|| view.tree(b"rows").unwrap_or_default()),
        };
        work(&mut Reading { view, tree })
    }

    fn compact(&mut self) -> Done {
        self.db.compact(&mut |_, _| {})?;
        Ok(())
    }

    fn close(self: Box<Self>) -> Done {
        Ok(self.db.close()?)
    }
}
