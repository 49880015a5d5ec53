//! [`AsyncKv`]: values and the alarm by calls that act at once and give a future.

use std::collections::BTreeMap;
use std::sync::Arc;

use duramen_engine::WriteTxn;
use duramen_kv::{Kv, ListOptions, Value, from_bytes, to_bytes};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::storage::error::Result;
use crate::storage::pending::Pending;
use crate::storage::session::{Confirm, Session, Shared};
use crate::storage::values::Written;

/// How an asynchronous call is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallOptions {
    /// Whether the host may deliver other events to the object while the call is pending; else it closes the
    /// [`InputGate`](crate::storage::InputGate) for as long.
    pub allow_concurrency: bool,
    /// Whether replies may leave before what the call writes is durable: it does not close the [`Gate`](crate::storage::Gate).
    /// It is still kept or lost together with the rest of its transaction.
    pub allow_unconfirmed: bool,
    /// That the value will not be asked for soon. A hint without effect.
    pub no_cache: bool,
}

/// Values and the alarm of an object by calls that act at once and give a future: see [`Pending`].
///
/// Every method gives the error that ended the session once it is over, and else what [`duramen_kv::Kv`] gives; after the
/// latter nothing has changed.
#[derive(Clone, Copy, Debug)]
pub struct AsyncKv<'s> {
    shared: &'s Arc<Shared>,
    options: CallOptions,
}

impl<'s> AsyncKv<'s> {
    pub(crate) fn new(shared: &'s Arc<Shared>, options: CallOptions) -> AsyncKv<'s> {
        AsyncKv { shared, options }
    }

    fn read<T>(&self, read: impl FnOnce(&mut Session) -> Result<T>) -> Pending<T> {
        Pending::read(self.shared.lock().and_then(|mut session| read(&mut session)))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Session, Confirm) -> Result<T>) -> Pending<T> {
        let confirm = if self.options.allow_unconfirmed { Confirm::None } else { Confirm::Gate };
        let mut hold = None;
        let answer = self.shared.lock().and_then(|mut session| {
            let answer = change(&mut session, confirm)?;
            let holds = session.has_to_wait() && !self.options.allow_concurrency;
            hold = holds.then(|| self.shared.calls.hold());
            Ok(answer)
        });
        Pending::written(self.shared, answer, hold)
    }

    /// Writes values of `bytes` bytes under `keys` keys.
    fn write<T: Written>(
        &self,
        keys: usize,
        bytes: usize,
        write: impl FnOnce(&mut Kv<&mut WriteTxn>) -> duramen_kv::Result<T>,
    ) -> Pending<T> {
        self.change(|session, confirm| {
            let done = session.write_values(confirm, write)?;
            session.buffer.add(bytes);
            session.count_work(0, u64::try_from(keys).unwrap_or(u64::MAX));
            Ok(done)
        })
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Pending<Option<Value>> {
        self.read(|session| {
            session.count_work(1, 0);
            session.read_values(|kv| kv.get(key))
        })
    }

    /// The value of a key as a type.
    pub fn get_as<D: DeserializeOwned>(&self, key: &str) -> Pending<Option<D>> {
        let stored = self.read(|session| {
            session.count_work(1, 0);
            session.read_values(|kv| Ok(kv.get_stored(key)?.map(<[u8]>::to_vec)))
        });
        let decode = |stored: Option<Vec<u8>>| Ok(stored.map(|stored| from_bytes(&stored)).transpose()?);
        Pending::read(stored.now().and_then(decode))
    }

    /// The values of those of the keys that exist.
    pub fn get_many<K: AsRef<str>>(&self, keys: &[K]) -> Pending<BTreeMap<String, Value>> {
        self.read(|session| {
            session.count_work(u64::try_from(keys.len()).unwrap_or(u64::MAX), 0);
            session.read_values(|kv| kv.get_many(keys))
        })
    }

    /// The entries that the options ask for, in their order. Ends a list of the synchronous calls.
    pub fn list(&self, options: &ListOptions<'_>) -> Pending<Vec<(String, Value)>> {
        self.read(|session| {
            session.lists += 1;
            let entries = session.read_values(|kv| kv.list_all(options))?;
            session.count_work(u64::try_from(entries.len()).unwrap_or(u64::MAX), 0);
            Ok(entries)
        })
    }

    /// Sets the value of a key.
    pub fn put(&self, key: &str, value: &Value) -> Pending<()> {
        match value.to_bytes() {
            Ok(stored) => self.put_stored(key, &stored),
            Err(error) => Pending::read(Err(error.into())),
        }
    }

    /// Sets the value of a key to what a type makes.
    pub fn put_as<S: Serialize + ?Sized>(&self, key: &str, value: &S) -> Pending<()> {
        match to_bytes(value) {
            Ok(stored) => self.put_stored(key, &stored),
            Err(error) => Pending::read(Err(error.into())),
        }
    }

    /// Sets the value of a key to one in its stored form: see [`duramen_kv::Kv::put_stored`].
    pub fn put_stored(&self, key: &str, stored: &[u8]) -> Pending<()> {
        self.write(1, key.len() + stored.len(), |kv| kv.put_stored(key, stored))
    }

    /// Sets the values of keys: all of them or, after an error, none. If a key appears twice, the last value counts.
    pub fn put_many<K: AsRef<str>>(&self, entries: &[(K, Value)]) -> Pending<()> {
        let stored = entries.iter().map(|(key, value)| Ok((key.as_ref(), value.to_bytes()?)));
        let stored: Vec<(&str, Vec<u8>)> = match stored.collect::<Result<_>>() {
            Ok(stored) => stored,
            Err(error) => return Pending::read(Err(error)),
        };
        self.change(|session, confirm| {
            session.check_entries(&stored)?;
            session.write_values(confirm, |kv| {
                stored.iter().try_for_each(|(key, stored)| kv.put_stored(key, stored))?;
                Ok(stored.len())
            })?;
            session.buffer.add(stored.iter().map(|(key, stored)| key.len() + stored.len()).sum());
            session.count_work(0, u64::try_from(stored.len()).unwrap_or(u64::MAX));
            Ok(())
        })
    }

    /// Removes a key; whether it existed.
    pub fn delete(&self, key: &str) -> Pending<bool> {
        self.write(1, key.len(), |kv| kv.delete(key))
    }

    /// Removes keys; how many of them existed.
    pub fn delete_many<K: AsRef<str>>(&self, keys: &[K]) -> Pending<usize> {
        let bytes = keys.iter().map(|key| key.as_ref().len()).sum();
        self.write(keys.len(), bytes, |kv| kv.delete_many(keys))
    }

    /// When the alarm is due, in milliseconds since 1970; `None` if none is set, and while its handler runs.
    pub fn get_alarm(&self) -> Pending<Option<i64>> {
        self.read(Session::alarm)
    }

    /// Sets the alarm, in the place of the one before; a time that is over means now.
    pub fn set_alarm(&self, time_ms: i64) -> Pending<()> {
        self.change(|session, confirm| session.set_alarm(time_ms, confirm))
    }

    /// Removes the alarm, if there is one. A handler that runs goes on, and is not run again.
    pub fn delete_alarm(&self) -> Pending<()> {
        self.change(Session::delete_alarm)
    }
}

#[cfg(test)]
mod tests;
