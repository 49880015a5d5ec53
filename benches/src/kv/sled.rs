//! sled's side: the default tree; a transaction is a batch. Its flush ends in `sync_file_range`, which survives no power
//! cut, and its reads have no snapshot.

use std::path::Path;
use std::time::{Duration, Instant};

use sled::{Batch, Config, Db};

use super::engine::{Commit, Done, Failure, Kind, Memory, Reader, Role, Store, Writer};

/// sled.
pub const KIND: Kind = Kind { name: "sled", role: Role::NotDurable, open };

const LOCK_WAIT: Duration = Duration::from_secs(10);

struct Sled(Db);

fn open(dir: &Path, memory: Memory) -> Result<Box<dyn Store>, Failure> {
    let mut config = Config::new().path(dir);
    if let Memory::Bytes(bytes) = memory {
        config = config.cache_capacity(bytes);
    }
    Ok(Box::new(Sled(opened(&config)?)))
}

/// Opens, waiting up to ten seconds for the lock: sled's threads let go of it a moment after the last handle is dropped.
fn opened(config: &Config) -> Result<Db, sled::Error> {
    let begun = Instant::now();
    loop {
        match config.open() {
            Err(sled::Error::Io(e))
                if e.to_string().contains("could not acquire lock") && begun.elapsed() < LOCK_WAIT =>
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            done => return done,
        }
    }
}

impl Writer for Batch {
    fn put(&mut self, key: &[u8], value: &[u8]) -> Done {
        self.insert(key, value);
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Done {
        Batch::remove(self, key);
        Ok(())
    }
}

struct Reading<'d>(&'d Db);

impl Reader for Reading<'_> {
    fn get(&mut self, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<bool, Failure> {
        Ok(self.0.get(key)?.map(|value| found(&value)).is_some())
    }

    fn scan(&mut self, from: &[u8], limit: usize, found: &mut dyn FnMut(&[u8], &[u8])) -> Done {
        for entry in self.0.range(from..).take(limit) {
            let (key, value) = entry?;
            found(&key, &value);
        }
        Ok(())
    }
}

impl Store for Sled {
    fn write(&self, commit: Commit, work: &mut dyn FnMut(&mut dyn Writer) -> Done) -> Done {
        let mut batch = Batch::default();
        work(&mut batch)?;
        self.0.apply_batch(batch)?;
        if commit == Commit::Durable {
            self.0.flush()?;
        }
        Ok(())
    }

    fn read(&self, work: &mut dyn FnMut(&mut dyn Reader) -> Done) -> Done {
        work(&mut Reading(&self.0))
    }

    fn compact(&mut self) -> Done {
        Ok(())
    }
}
