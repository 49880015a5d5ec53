//! [`SyncKv`]: values under string keys, read and written by plain calls.

use std::sync::Arc;

use duramen_engine::WriteTxn;
use duramen_kv::{Kv, ListOptions, Value, from_bytes, to_bytes};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::storage::error::{Interface, Result};
use crate::storage::kv_list::KvList;
use crate::storage::session::{Confirm, Locked, Shared};
use crate::storage::values::Written;

/// Values under string keys, in the order of the keys' UTF-8 bytes. What is written is part of the transaction of the
/// session; each call reads what the ones before it wrote.
///
/// ```
/// use duramen::kv::{ListOptions, Value};
/// use duramen::storage::{Storage, StorageOptions};
///
/// let storage = Storage::in_memory(StorageOptions::default())?;
/// let kv = storage.kv();
/// kv.put("user/ada", &Value::from_json(r#"{"born":1815}"#)?)?;
/// kv.put_as("user/alan", &("Turing", 1912))?;
/// assert_eq!(kv.get_as::<(String, u32)>("user/alan")?, Some(("Turing".into(), 1912)));
/// for entry in kv.list(&ListOptions { prefix: Some("user/"), ..ListOptions::default() })? {
///     let (key, value) = entry?;
///     println!("{key} = {}", value.to_json()?);
/// }
/// # Ok::<(), duramen::storage::Error>(())
/// ```
///
/// Every method gives [`Error::NotSqlBacked`](crate::storage::Error::NotSqlBacked) for an object that is backed by the older key-value store, the error that
/// ended the session once it is over, and else what [`duramen_kv::Kv`] gives; after the latter nothing has changed.
#[derive(Clone, Copy, Debug)]
pub struct SyncKv<'s> {
    shared: &'s Arc<Shared>,
}

impl<'s> SyncKv<'s> {
    pub(crate) fn new(shared: &'s Arc<Shared>) -> SyncKv<'s> {
        SyncKv { shared }
    }

    fn lock(&self) -> Result<Locked<'s>> {
        let session = self.shared.lock()?;
        session.check_backend(Interface::SyncKv)?;
        Ok(session)
    }

    /// The value of a key. O(log n).
    ///
    /// # Errors
    /// As for all methods; see [`SyncKv`].
    pub fn get(&self, key: &str) -> Result<Option<Value>> {
        let mut session = self.lock()?;
        session.count_work(1, 0);
        session.read_values(|kv| kv.get(key))
    }

    /// The value of a key in its stored form: see [`duramen_kv::Kv::get_stored`].
    ///
    /// # Errors
    /// As for all methods; see [`SyncKv`].
    pub fn get_stored(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let mut session = self.lock()?;
        session.count_work(1, 0);
        session.read_values(|kv| Ok(kv.get_stored(key)?.map(<[u8]>::to_vec)))
    }

    /// The value of a key as a type.
    ///
    /// # Errors
    /// As for all methods; see [`SyncKv`].
    pub fn get_as<D: DeserializeOwned>(&self, key: &str) -> Result<Option<D>> {
        Ok(self.get_stored(key)?.map(|stored| from_bytes(&stored)).transpose()?)
    }

    /// Sets the value of a key. O(log n), no I/O.
    ///
    /// # Errors
    /// As for all methods; see [`SyncKv`].
    pub fn put(&self, key: &str, value: &Value) -> Result<()> {
        self.write(|kv| kv.put(key, value))
    }

    /// Sets the value of a key to what a type makes.
    ///
    /// # Errors
    /// As for all methods; see [`SyncKv`].
    pub fn put_as<S: Serialize + ?Sized>(&self, key: &str, value: &S) -> Result<()> {
        self.put_stored(key, &to_bytes(value)?)
    }

    /// Sets the value of a key to one in its stored form.
    ///
    /// # Errors
    /// As for all methods; see [`SyncKv`].
    pub fn put_stored(&self, key: &str, stored: &[u8]) -> Result<()> {
        self.write(|kv| kv.put_stored(key, stored))
    }

    /// Removes a key; whether it existed. O(log n).
    ///
    /// # Errors
    /// As for all methods; see [`SyncKv`].
    pub fn delete(&self, key: &str) -> Result<bool> {
        self.write(|kv| kv.delete(key))
    }

    fn write<T: Written>(
        &self,
        write: impl FnOnce(&mut Kv<&mut WriteTxn>) -> duramen_kv::Result<T>,
    ) -> Result<T> {
        let mut session = self.lock()?;
        let done = session.write_values(Confirm::Gate, write)?;
        session.count_work(0, 1);
        Ok(done)
    }

    /// The entries that the options ask for, one by one. What is written ahead of its position meanwhile is seen. One list
    /// of an object can be read at a time: another one, here or by the asynchronous `list`, ends this one.
    ///
    /// # Errors
    /// As for all methods; see [`SyncKv`].
    pub fn list(&self, options: &ListOptions<'_>) -> Result<KvList> {
        KvList::begin(self.shared, &mut *self.lock()?, options)
    }

    /// How many entries the options ask for. O(log n), however many they are.
    ///
    /// # Errors
    /// As for all methods; see [`SyncKv`].
    pub fn count(&self, options: &ListOptions<'_>) -> Result<u64> {
        let mut session = self.lock()?;
        session.count_work(1, 0);
        session.read_values(|kv| kv.count(options))
    }
}

#[cfg(test)]
mod tests;
