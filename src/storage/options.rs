//! [`StorageOptions`]: how the storage of an object is opened.

use std::fmt;
use std::sync::Arc;

use duramen_engine::io::Io;
use duramen_engine::{Options, Retention, Window};

use crate::storage::alarm::AlarmHook;
use crate::storage::profile::Profile;

/// What an object is backed by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// SQL and values under keys.
    #[default]
    Sql,
    /// Values under keys only, by the asynchronous calls, with narrower limits: what Durable Objects were once.
    /// [`Storage::migrate_to_sql`](crate::Storage::migrate_to_sql) makes such an object one of the other kind.
    KeyValue,
}

/// What becomes of the alarm when everything is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AlarmOnDelete {
    /// It is deleted too.
    #[default]
    Delete,
    /// It stays, as it did before 2026-02-24.
    Keep,
}

/// How the storage of an object is opened.
#[derive(Clone)]
pub struct StorageOptions {
    /// What programs may do. Default: [`Profile::DurableObject`].
    pub profile: Profile,
    /// What a new object is backed by; one that was opened before stays what it is. Default: [`Backend::Sql`].
    pub backend: Backend,
    /// What becomes of the alarm when everything is deleted. Default: [`AlarmOnDelete::Delete`].
    pub alarm_on_delete: AlarmOnDelete,
    /// Who wakes the object when its alarm is due. Default: nobody.
    pub alarm_hook: Option<Arc<dyn AlarmHook>>,
    /// How many bytes of keys and values may be written by the asynchronous calls and not be durable yet: above it they
    /// are pending. Smaller values wait for more flushes. Default: 16 MiB.
    pub write_buffer_bytes: u64,
    /// The files, clock and randomness to run on; `None`, the default, for those of the system.
    pub io: Option<Io>,
    /// How the database is opened. Default: as [`Options::default`], with the history of the last 30 days.
    pub engine: Options,
}

impl Default for StorageOptions {
    fn default() -> StorageOptions {
        StorageOptions {
            profile: Profile::default(),
            backend: Backend::default(),
            alarm_on_delete: AlarmOnDelete::default(),
            alarm_hook: None,
            write_buffer_bytes: 16 << 20,
            io: None,
            engine: Options { retention: Retention::Window(Window::default()), ..Options::default() },
        }
    }
}

impl fmt::Debug for StorageOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageOptions")
            .field("profile", &self.profile)
            .field("backend", &self.backend)
            .field("alarm_on_delete", &self.alarm_on_delete)
            .field("write_buffer_bytes", &self.write_buffer_bytes)
            .field("io", &self.io)
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}
