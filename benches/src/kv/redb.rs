//! redb's side: one table, default options.

use std::path::Path;

use redb::{Database, Durability, ReadOnlyTable, ReadableDatabase, ReadableTable, Table, TableDefinition};

use super::engine::{Commit, Done, Failure, Kind, Memory, Reader, Role, Store, Writer};

/// redb.
pub const KIND: Kind = Kind { name: "redb", role: Role::Durable, open };

const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");

struct Redb(Database);

fn open(dir: &Path, memory: Memory) -> Result<Box<dyn Store>, Failure> {
    let mut builder = Database::builder();
    if let Memory::Bytes(bytes) = memory {
        builder.set_cache_size(usize::try_from(bytes)?);
    }
    Ok(Box::new(Redb(builder.create(dir.join("data.redb"))?)))
}

impl Writer for Table<'_, &'static [u8], &'static [u8]> {
    fn put(&mut self, key: &[u8], value: &[u8]) -> Done {
        self.insert(key, value)?;
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Done {
        Table::remove(self, key)?;
        Ok(())
    }
}

impl Reader for ReadOnlyTable<&'static [u8], &'static [u8]> {
    fn get(&mut self, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<bool, Failure> {
        Ok(ReadableTable::get(self, key)?.map(|value| found(value.value())).is_some())
    }

    fn scan(&mut self, from: &[u8], limit: usize, found: &mut dyn FnMut(&[u8], &[u8])) -> Done {
        for entry in self.range(from..)?.take(limit) {
            let (key, value) = entry?;
            found(key.value(), value.value());
        }
        Ok(())
    }
}

impl Store for Redb {
    fn write(&self, commit: Commit, work: &mut dyn FnMut(&mut dyn Writer) -> Done) -> Done {
        let mut txn = self.0.begin_write()?;
        if commit == Commit::Loose {
            txn.set_durability(Durability::None)?;
        }
        work(&mut txn.open_table(ROWS)?)?;
        Ok(txn.commit()?)
    }

    fn read(&self, work: &mut dyn FnMut(&mut dyn Reader) -> Done) -> Done {
        work(&mut self.0.begin_read()?.open_table(ROWS)?)
    }

    fn compact(&mut self) -> Done {
        self.0.compact()?;
        Ok(())
    }
}
