//! A rate limiter: a bucket of tokens that fills up with time. Each request takes one, or is turned away.
//!
//! `cargo run --example rate_limiter`

use duramen::storage::Result;
use duramen::{Storage, StorageOptions};

/// So many requests may come at once.
const MOST_TOKENS: f64 = 3.0;
const TOKENS_PER_SECOND: f64 = 2.0;

struct RateLimiter {
    storage: Storage,
}

impl RateLimiter {
    /// Whether a request of this client may go on at this moment, in seconds.
    fn allows(&self, client: &str, now: f64) -> Result<bool> {
        let kv = self.storage.kv();
        let (tokens, last) = kv.get_as::<(f64, f64)>(client)?.unwrap_or((MOST_TOKENS, now));
        let tokens = (tokens + (now - last) * TOKENS_PER_SECOND).min(MOST_TOKENS);
        let is_allowed = tokens >= 1.0;
        kv.put_as(client, &(if is_allowed { tokens - 1.0 } else { tokens }, now))?;
        self.storage.end_turn()?; // a limit need not wait for the disk
        Ok(is_allowed)
    }
}

fn main() -> Result<()> {
    let limiter = RateLimiter { storage: Storage::in_memory(StorageOptions::default())? };
    for now in [0.0, 0.1, 0.2, 0.3, 1.0] {
        println!("{now:.1} s: {}", if limiter.allows("ada", now)? { "allowed" } else { "turned away" });
    }
    Ok(())
}

#[test]
fn a_burst_is_cut_off() -> Result<()> {
    let limiter = RateLimiter { storage: Storage::in_memory(StorageOptions::default())? };
    let burst: Result<Vec<bool>> = (0..5).map(|_| limiter.allows("ada", 10.0)).collect();
    assert_eq!(burst?, [true, true, true, false, false]);
    assert!(limiter.allows("alan", 10.0)?);
    assert!(limiter.allows("ada", 10.5)?);
    main()
}
