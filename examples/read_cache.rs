//! A cache of what is slow to get: an answer is kept for a time, and only so many of them.
//!
//! `cargo run --example read_cache`

use duramen::storage::Result;
use duramen::{Storage, StorageOptions};

/// How long an answer is good for, in seconds.
const LIFETIME: i64 = 60;
/// How many answers are kept.
const MOST: i64 = 2;

struct Cache {
    storage: Storage,
}

impl Cache {
    fn new(storage: Storage) -> Result<Cache> {
        let text = "CREATE TABLE IF NOT EXISTS answer (question TEXT PRIMARY KEY, body TEXT, got INTEGER, used INTEGER)";
        storage.sql().exec(text, ())?;
        Ok(Cache { storage })
    }

    /// The answer that is kept, or else the one that `fetch` gets.
    fn get(&self, question: &str, now: i64, fetch: impl FnOnce() -> String) -> Result<String> {
        let sql = self.storage.sql();
        let text = "UPDATE answer SET used = ?2 WHERE question = ?1 AND got > ?2 - ?3 RETURNING body";
        if let Some(kept) = sql.exec(text, (question, now, LIFETIME))?.next() {
            return Ok(kept?.get(0)?);
        }
        let body = fetch();
        sql.exec("INSERT OR REPLACE INTO answer VALUES (?1, ?2, ?3, ?3)", (question, body.as_str(), now))?;
        let text = "DELETE FROM answer WHERE question NOT IN
                    (SELECT question FROM answer ORDER BY used DESC LIMIT ?)";
        sql.exec(text, [MOST])?;
        self.storage.end_turn()?;
        Ok(body)
    }
}

fn main() -> Result<()> {
    let cache = Cache::new(Storage::in_memory(StorageOptions::default())?)?;
    for now in [0, 30, 61] {
        let mut from = "the cache";
        cache.get("how far is the moon?", now, || {
            from = "far away";
            "384,400 km".into()
        })?;
        println!("{now:2} s: from {from}");
    }
    Ok(())
}

#[test]
fn what_is_fresh_and_used_is_kept() -> Result<()> {
    let cache = Cache::new(Storage::in_memory(StorageOptions::default())?)?;
    let is_fetched = |question: &str, now| -> Result<bool> {
        let mut is_fetched = false;
        cache.get(question, now, || {
            is_fetched = true;
            String::new()
        })?;
        Ok(is_fetched)
    };
    assert!(is_fetched("a", 0)? && is_fetched("b", 1)?);
    assert!(!is_fetched("a", 2)?);
    assert!(is_fetched("c", 3)?); // b, not used for longest, makes room
    assert!(!is_fetched("a", 4)? && is_fetched("b", 5)?);
    assert!(is_fetched("a", 60)?);
    main()
}
