//! A leaderboard in SQL: the best score of each player, and ranks that equal scores share.
//!
//! `cargo run --example leaderboard`

use duramen::storage::Result;
use duramen::{Storage, StorageOptions};

struct Leaderboard {
    storage: Storage,
}

impl Leaderboard {
    fn new(storage: Storage) -> Result<Leaderboard> {
        storage.sql().exec(
            "CREATE TABLE IF NOT EXISTS best (player TEXT PRIMARY KEY, score INTEGER NOT NULL) WITHOUT ROWID;
             CREATE INDEX IF NOT EXISTS best_score ON best (score DESC)",
            (),
        )?;
        Ok(Leaderboard { storage })
    }

    fn report(&self, player: &str, score: i64) -> Result<()> {
        let text = "INSERT INTO best VALUES (?, ?)
                    ON CONFLICT (player) DO UPDATE SET score = excluded.score WHERE excluded.score > score";
        self.storage.sql().exec(text, (player, score))?;
        self.storage.end_turn()
    }

    /// The players at the top: rank, name, score.
    fn top(&self, count: i64) -> Result<Vec<(i64, String, i64)>> {
        let text = "SELECT rank() OVER (ORDER BY score DESC) AS rank, player, score
                    FROM best ORDER BY rank, player LIMIT ?";
        let rows = self.storage.sql().exec(text, [count])?;
        rows.map(|row| row.and_then(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))).collect()
    }
}

fn example() -> Result<Leaderboard> {
    let board = Leaderboard::new(Storage::in_memory(StorageOptions::default())?)?;
    for (player, score) in [("ada", 70), ("alan", 90), ("grace", 90), ("ada", 80), ("ada", 10)] {
        board.report(player, score)?;
    }
    Ok(board)
}

fn main() -> Result<()> {
    for (rank, player, score) in example()?.top(10)? {
        println!("{rank}. {player:8} {score}");
    }
    Ok(())
}

#[test]
fn equal_scores_share_a_rank() -> Result<()> {
    let top = example()?.top(3)?;
    let expected = [(1, "alan", 90), (1, "grace", 90), (3, "ada", 80)];
    assert_eq!(top, expected.map(|(rank, player, score)| (rank, player.to_owned(), score)));
    main()
}
