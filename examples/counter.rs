//! A counter: the classic object. What it counted is kept, and no answer tells of what a crash may undo.
//!
//! `cargo run --example counter [DIRECTORY]`; without a directory it counts in memory.

use duramen::storage::Result;
use duramen::{Storage, StorageOptions};

struct Counter {
    storage: Storage,
}

impl Counter {
    fn add(&self, amount: i64) -> Result<i64> {
        let count = self.storage.kv().get_as::<i64>("count")?.unwrap_or(0) + amount;
        self.storage.kv().put_as("count", &count)?;
        self.storage.gate().wait()?; // on disk
        Ok(count)
    }
}

fn main() -> Result<()> {
    let storage = match std::env::args_os().nth(1) {
        Some(directory) => Storage::open(directory)?,
        None => Storage::in_memory(StorageOptions::default())?,
    };
    let counter = Counter { storage };
    counter.add(1)?;
    println!("counted to {}", counter.add(1)?);
    Ok(())
}

#[test]
fn it_counts() -> Result<()> {
    let counter = Counter { storage: Storage::in_memory(StorageOptions::default())? };
    assert_eq!(counter.add(1)?, 1);
    assert_eq!(counter.add(-3)?, -2);
    main()
}
