//! A store of sessions that end: found by their token, gone when their time is over.
//!
//! `cargo run --example session_store`

use duramen::storage::Result;
use duramen::{Storage, StorageOptions};

/// How long a session lasts after it was last used, in seconds.
const LIFETIME: i64 = 1800;

struct Sessions {
    storage: Storage,
}

impl Sessions {
    fn new(storage: Storage) -> Result<Sessions> {
        storage.sql().exec(
            "CREATE TABLE IF NOT EXISTS session (token TEXT PRIMARY KEY, user TEXT NOT NULL, ends INTEGER NOT NULL);
             CREATE INDEX IF NOT EXISTS session_ends ON session (ends)",
            (),
        )?;
        Ok(Sessions { storage })
    }

    fn begin(&self, token: &str, user: &str, now: i64) -> Result<()> {
        self.storage.sql().exec("INSERT INTO session VALUES (?, ?, ?)", (token, user, now + LIFETIME))?;
        self.storage.gate().wait()
    }

    /// Whose session a token is of; the session then lasts longer.
    fn user(&self, token: &str, now: i64) -> Result<Option<String>> {
        let text = "UPDATE session SET ends = ?3 WHERE token = ?1 AND ends > ?2 RETURNING user";
        let row = self.storage.sql().exec(text, (token, now, now + LIFETIME))?.next().transpose()?;
        Ok(row.map(|row| row.get("user")).transpose()?)
    }

    /// Removes what is over; how many sessions that were.
    fn clean(&self, now: i64) -> Result<u64> {
        let removed = self.storage.sql().exec("DELETE FROM session WHERE ends <= ?", [now])?;
        removed.rows_written()
    }
}

fn main() -> Result<()> {
    let sessions = Sessions::new(Storage::in_memory(StorageOptions::default())?)?;
    sessions.begin("t1", "ada", 0)?;
    println!("t1 is of {:?}", sessions.user("t1", 60)?);
    println!("after a day: {} removed", sessions.clean(86_400)?);
    Ok(())
}

#[test]
fn a_session_lasts_while_it_is_used() -> Result<()> {
    let sessions = Sessions::new(Storage::in_memory(StorageOptions::default())?)?;
    sessions.begin("t1", "ada", 0)?;
    sessions.begin("t2", "alan", 0)?;
    assert_eq!(sessions.user("t1", 1000)?.as_deref(), Some("ada"));
    assert_eq!(sessions.user("t1", 2000)?.as_deref(), Some("ada"));
    assert_eq!(sessions.user("t2", 2000)?, None);
    assert_eq!(sessions.clean(2000)?, 1);
    main()
}
