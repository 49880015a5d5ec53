//! What the workloads need of a key-value engine. Another engine is one file with a [`Kind`], named in `engines.rs`.

use std::path::Path;

/// What went wrong, in words.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The answer of what has nothing to tell.
pub type Done = Result<(), Failure>;

/// What a commit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// Until it survives a power cut.
    Durable,
    /// For nothing: it survives if the process goes on.
    Loose,
}

/// How an engine is ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A durable commit survives a power cut.
    Durable,
    /// It keeps data, but what it calls durable is not.
    NotDurable,
    /// No engine: the bytes of a transaction are written and flushed, which is the least that is possible.
    Floor,
}

/// How much memory an engine is told to use for its own caches and buffers. One that maps its files, or can, is told in the
/// second case that they do not fit into memory, by the means that it has for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// As it does unless told otherwise.
    AsDefault,
    /// So many bytes.
    Bytes(u64),
}

/// Opens a database.
pub type Open = fn(&Path, Memory) -> Result<Box<dyn Store>, Failure>;

/// An engine that can be measured.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name in tables and on the command line.
    pub name: &'static str,
    /// How it is ranked.
    pub role: Role,
    /// Opens the database in a directory that exists, and makes it where there is none.
    pub open: Open,
}

/// An open database with one ordered map in it.
pub trait Store: Send + Sync {
    /// Commits one transaction with what `work` does.
    ///
    /// # Errors
    /// What the engine or `work` answers.
    fn write(&self, commit: Commit, work: &mut dyn FnMut(&mut dyn Writer) -> Done) -> Done;

    /// Hands `work` one state of the database.
    ///
    /// # Errors
    /// What the engine or `work` answers.
    fn read(&self, work: &mut dyn FnMut(&mut dyn Reader) -> Done) -> Done;

    /// Gives space back, by the strongest means the engine has; nothing where it has none.
    ///
    /// # Errors
    /// What the engine answers.
    fn compact(&mut self) -> Done;

    /// Ends in an orderly way.
    ///
    /// # Errors
    /// What the engine answers.
    fn close(self: Box<Self>) -> Done {
        Ok(())
    }
}

/// A transaction that writes.
pub trait Writer {
    /// Sets the value of a key, whether it is there or not.
    ///
    /// # Errors
    /// What the engine answers.
    fn put(&mut self, key: &[u8], value: &[u8]) -> Done;

    /// Removes a key.
    ///
    /// # Errors
    /// What the engine answers.
    fn remove(&mut self, key: &[u8]) -> Done;
}

/// A state of the database.
pub trait Reader {
    /// Hands the value of a key to `found`; whether there is one.
    ///
    /// # Errors
    /// What the engine answers.
    fn get(&mut self, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<bool, Failure>;

    /// Hands the values of keys to `found`, those that there are; by the engine's own means where it has one.
    ///
    /// # Errors
    /// What the engine answers.
    fn get_many(&mut self, keys: &[&[u8]], found: &mut dyn FnMut(&[u8])) -> Done {
        keys.iter().try_for_each(|key| self.get(key, found).map(drop))
    }

    /// Hands entries to `found` in ascending order, from `from` on, `limit` at most.
    ///
    /// # Errors
    /// What the engine answers.
    fn scan(&mut self, from: &[u8], limit: usize, found: &mut dyn FnMut(&[u8], &[u8])) -> Done;
}
