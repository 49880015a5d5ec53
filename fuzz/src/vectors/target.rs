//! [`Target`]: what asynchronous calls are made on.

use std::collections::BTreeMap;

use duramen::kv::{ListOptions, Value};
use duramen::storage::{CallOptions, Pending, Storage, Transaction};

/// What asynchronous calls are made on: the storage, or a transaction, which has the same methods.
#[derive(Clone, Debug)]
pub enum Target {
    /// The storage.
    Storage(Storage),
    /// A transaction.
    Transaction(Transaction),
}

/// Calls a method of either.
macro_rules! call {
    ($target:expr, $options:expr, $method:ident($($argument:expr),*)) => {
        match $target {
            Target::Storage(storage) => storage.with($options).$method($($argument),*),
            Target::Transaction(transaction) => transaction.$method($($argument),*),
        }
    };
}

impl Target {
    /// The class of the object in the runtime.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self {
            Target::Storage(_) => "DurableObjectStorage",
            Target::Transaction(_) => "DurableObjectTransaction",
        }
    }

    /// The value of a key.
    pub fn get(&self, options: CallOptions, key: &str) -> Pending<Option<Value>> {
        call!(self, options, get(key))
    }

    /// The values of keys.
    pub fn get_many(&self, options: CallOptions, keys: &[String]) -> Pending<BTreeMap<String, Value>> {
        call!(self, options, get_many(keys))
    }

    /// The entries that the options ask for.
    pub fn list(&self, options: CallOptions, wanted: &ListOptions<'_>) -> Pending<Vec<(String, Value)>> {
        call!(self, options, list(wanted))
    }

    /// Sets the value of a key.
    pub fn put(&self, options: CallOptions, key: &str, value: &Value) -> Pending<()> {
        call!(self, options, put(key, value))
    }

    /// Sets the values of keys.
    pub fn put_many(&self, options: CallOptions, entries: &[(String, Value)]) -> Pending<()> {
        call!(self, options, put_many(entries))
    }

    /// Removes a key.
    pub fn delete(&self, options: CallOptions, key: &str) -> Pending<bool> {
        call!(self, options, delete(key))
    }

    /// Removes keys.
    pub fn delete_many(&self, options: CallOptions, keys: &[String]) -> Pending<usize> {
        call!(self, options, delete_many(keys))
    }

    /// When the alarm is due.
    pub fn get_alarm(&self, options: CallOptions) -> Pending<Option<i64>> {
        call!(self, options, get_alarm())
    }

    /// Sets the alarm.
    pub fn set_alarm(&self, options: CallOptions, time_ms: i64) -> Pending<()> {
        call!(self, options, set_alarm(time_ms))
    }

    /// Removes the alarm.
    pub fn delete_alarm(&self, options: CallOptions) -> Pending<()> {
        call!(self, options, delete_alarm())
    }

    /// Deletes everything.
    ///
    /// # Errors
    /// Inside a transaction.
    pub fn delete_all(&self) -> duramen::storage::Result<()> {
        match self {
            Target::Storage(storage) => storage.delete_all(),
            Target::Transaction(transaction) => transaction.delete_all(),
        }
    }
}
