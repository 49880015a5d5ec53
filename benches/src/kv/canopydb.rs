//! canopydb's side: one tree, default options.

use std::path::Path;

use canopydb::{Database, DbOptions, EnvOptions, Tree};

use super::engine::{Commit, Done, Failure, Kind, Memory, Reader, Role, Store, Writer};

/// canopydb.
pub const KIND: Kind = Kind { name: "canopydb", role: Role::Durable, open };

struct Canopy(Database);

fn open(dir: &Path, memory: Memory) -> Result<Box<dyn Store>, Failure> {
    let mut options = EnvOptions::new(dir);
    if let Memory::Bytes(bytes) = memory {
        options.page_cache_size = usize::try_from(bytes)?;
    }
    Ok(Box::new(Canopy(Database::with_options(options, DbOptions::default())?)))
}

impl Writer for Tree<'_> {
    fn put(&mut self, key: &[u8], value: &[u8]) -> Done {
        Ok(self.insert(key, value)?)
    }

    fn remove(&mut self, key: &[u8]) -> Done {
        self.delete(key)?;
        Ok(())
    }
}

impl Reader for Tree<'_> {
    fn get(&mut self, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<bool, Failure> {
        Ok(Tree::get(self, key)?.map(|value| found(&value)).is_some())
    }

    fn scan(&mut self, from: &[u8], limit: usize, found: &mut dyn FnMut(&[u8], &[u8])) -> Done {
        for entry in self.range(from..)?.take(limit) {
            let (key, value) = entry?;
            found(&key, &value);
        }
        Ok(())
    }
}

impl Store for Canopy {
    fn write(&self, commit: Commit, work: &mut dyn FnMut(&mut dyn Writer) -> Done) -> Done {
        let txn = self.0.begin_write()?;
        work(&mut txn.get_or_create_tree(b"rows")?)?;
        txn.commit_with(commit == Commit::Durable)?;
        Ok(())
    }

    fn read(&self, work: &mut dyn FnMut(&mut dyn Reader) -> Done) -> Done {
        let txn = self.0.begin_read()?;
        let mut tree = txn.get_tree(b"rows")?.ok_or("canopydb has no such tree")?;
        work(&mut tree)
    }

    fn compact(&mut self) -> Done {
        Ok(self.0.compact()?)
    }
}
