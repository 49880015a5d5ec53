//! A recorder of measurements: takes lines of a time and a value, keeps them by series, and shows them by hour or day.
//!
//! ```text
//! printf '2025-11-20T08:00 21.5\n2025-11-20T08:10 21.9\n' | cargo run --release --example time_series -- DIR record kitchen
//! cargo run --release --example time_series -- DIR show kitchen --per hour
//! cargo run --release --example time_series -- DIR thin --older-than-days 30
//! ```
//!
//! It was written for `rusqlite` first; docs/port-from-rusqlite.md says what such a program has to change.

use std::error::Error;
use std::io::{self, BufRead};
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use duramen::sql::{Connection, params};
use serde::Deserialize;

#[derive(Parser)]
#[command(about = "Records measurements in a directory")]
struct Arguments {
    /// Where they are; made if it is not there.
    directory: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Reads lines of a time and a value from the standard input. A line that is neither ends it; the batches before it
    /// are kept.
    Record {
        series: String,
        /// So many lines are made durable together.
        #[arg(long, default_value_t = 1000)]
        batch: usize,
    },
    /// Shows a series: least, mean and greatest of each span, and the mean of the last three.
    Show {
        series: String,
        #[arg(long, value_enum, default_value = "hour")]
        per: Span,
    },
    /// Shows what series there are.
    Series,
    /// Replaces old measurements by one mean for each hour.
    Thin {
        #[arg(long)]
        older_than_days: u32,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Span {
    Minute,
    Hour,
    Day,
}

impl Span {
    fn seconds(self) -> i64 {
        match self {
            Span::Minute => 60,
            Span::Hour => 3600,
            Span::Day => 86400,
        }
    }
}

/// Measurements lie in the order of their series and time, so that a span of one is a range of the table.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS series(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS measurement(
        series INTEGER NOT NULL REFERENCES series,
        time INTEGER NOT NULL,
        value REAL NOT NULL,
        PRIMARY KEY (series, time)
    ) STRICT, WITHOUT ROWID;";

/// A span of a series.
#[derive(Debug, Deserialize, PartialEq)]
struct Summary {
    start: String,
    count: u32,
    least: f64,
    mean: f64,
    greatest: f64,
    trend: f64,
}

fn prepare(connection: &Connection) -> duramen::sql::Result<()> {
    connection.execute_batch("PRAGMA foreign_keys = ON")?;
    connection.execute_batch(SCHEMA)
}

/// The number of a series; a new one is made.
fn series(connection: &Connection, name: &str) -> duramen::sql::Result<i64> {
    connection.query_row(
        "INSERT INTO series(name) VALUES (?1) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id",
        [name],
        |row| row.get(0),
    )
}

/// Records lines, and says how many. A measurement of the same time is replaced.
fn record(
    connection: &Connection,
    name: &str,
    batch: usize,
    lines: impl Iterator<Item = io::Result<String>>,
) -> Result<usize, Box<dyn Error>> {
    let series = series(connection, name)?;
    let mut insert = connection.prepare(
        "INSERT OR REPLACE INTO measurement SELECT ?1, unixepoch(?2), ?3 WHERE unixepoch(?2) IS NOT NULL",
    )?;
    let mut recorded = 0;
    let mut lines = lines.enumerate().peekable();
    while lines.peek().is_some() {
        // Dropped by an error, the transaction takes its part of the lines with it.
        let transaction = connection.transaction()?;
        let mut taken = 0;
        for (number, line) in lines.by_ref().take(batch.max(1)) {
            let line = line?;
            let wrong = || format!("line {}: not a time and a value: {line}", number + 1);
            let (time, value) = line.trim_end().rsplit_once(char::is_whitespace).ok_or_else(wrong)?;
            let value: f64 = value.trim().parse().map_err(|_| wrong())?;
            if insert.execute(params![series, time, value])? == 0 {
                return Err(wrong().into());
            }
            taken += 1;
        }
        transaction.commit()?;
        recorded += taken;
    }
    Ok(recorded)
}

fn summaries(connection: &Connection, name: &str, per: Span) -> duramen::sql::Result<Vec<Summary>> {
    let mut statement = connection.prepare_cached(
        "SELECT datetime(span * ?2, 'unixepoch') AS start, count, least, mean, greatest,
                avg(mean) OVER (ORDER BY span ROWS 2 PRECEDING) AS trend
         FROM (SELECT time / ?2 AS span, count(*) AS count, min(value) AS least, avg(value) AS mean,
                      max(value) AS greatest
               FROM measurement WHERE series = (SELECT id FROM series WHERE name = ?1) GROUP BY span)
         ORDER BY span",
    )?;
    statement.query_map(params![name, per.seconds()], |row| row.deserialize())?.collect()
}

/// Replaces measurements before a time by means; how many rows that saved.
fn thin(connection: &Connection, before: &str) -> duramen::sql::Result<usize> {
    let transaction = connection.transaction()?;
    transaction
        .execute_batch("CREATE TEMP TABLE mean AS SELECT 0 AS series, 0 AS time, 0.0 AS value WHERE false")?;
    let kept = transaction.execute(
        "INSERT INTO mean SELECT series, time / 3600 * 3600, avg(value) FROM measurement
         WHERE time < unixepoch(?1) / 3600 * 3600 GROUP BY series, time / 3600",
        [before],
    )?;
    let removed =
        transaction.execute("DELETE FROM measurement WHERE time < unixepoch(?1) / 3600 * 3600", [before])?;
    transaction.execute("INSERT INTO measurement SELECT series, time, value FROM mean", ())?;
    transaction.execute_batch("DROP TABLE mean")?;
    transaction.commit()?;
    Ok(removed - kept)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let connection = Connection::open(&arguments.directory)?;
    prepare(&connection)?;
    match arguments.command {
        Command::Record { series, batch } => {
            let recorded = record(&connection, &series, batch, io::stdin().lock().lines())?;
            println!("{recorded} measurements recorded");
        }
        Command::Show { series, per } => {
            for Summary { start, count, least, mean, greatest, trend } in
                summaries(&connection, &series, per)?
            {
                println!("{start}  {count:6} × {least:10.3} {mean:10.3} {greatest:10.3}   {trend:10.3}");
            }
        }
        Command::Series => {
            let mut statement = connection.prepare(
                "SELECT name, count(time), coalesce(datetime(max(time), 'unixepoch'), '-')
                 FROM series LEFT JOIN measurement ON series = id GROUP BY id ORDER BY name",
            )?;
            let mut rows = statement.query(())?;
            while let Some(row) = rows.next()? {
                let (name, count, last): (&str, u64, &str) = row.deserialize()?;
                println!("{name:20} {count:8}  last {last}");
            }
        }
        Command::Thin { older_than_days } => {
            let before: String = connection.query_row(
                "SELECT datetime('now', ?1)",
                [format!("-{older_than_days} days")],
                |row| row.get(0),
            )?;
            println!("{} rows saved", thin(&connection, &before)?);
            connection.execute_batch("VACUUM")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorder() -> Connection {
        let connection = Connection::open_in_memory().expect("memory suffices");
        prepare(&connection).expect("the schema is well formed");
        connection
    }

    fn lines(text: &str) -> impl Iterator<Item = io::Result<String>> {
        text.lines().map(|line| Ok(line.to_string()))
    }

    const DAY: &str =
        "2025-11-20T08:00 20\n2025-11-20T08:30:15 22\n2025-11-20 09:10 25\n2025-11-20T11:59 19\n";

    #[test]
    fn spans_are_summed_up_with_their_trend() {
        let connection = recorder();
        assert_eq!(record(&connection, "kitchen", 3, lines(DAY)).expect("they are well formed"), 4);
        let hours = summaries(&connection, "kitchen", Span::Hour).expect("a query");
        let means: Vec<(&str, u32, f64, f64)> =
            hours.iter().map(|hour| (&*hour.start, hour.count, hour.mean, hour.trend)).collect();
        let expected = [
            ("2025-11-20 08:00:00", 2, 21.0, 21.0),
            ("2025-11-20 09:00:00", 1, 25.0, 23.0),
            ("2025-11-20 11:00:00", 1, 19.0, 65.0 / 3.0),
        ];
        assert_eq!(means, expected);
        assert_eq!((hours[0].least, hours[0].greatest), (20.0, 22.0));
        assert!(summaries(&connection, "cellar", Span::Day).expect("a query").is_empty());
    }

    #[test]
    fn a_bad_line_takes_its_batch_with_it_and_leaves_the_others() {
        let connection = recorder();
        for bad in ["noon 1", "2025-11-20T08:00", "2025-11-20T08:00 warm"] {
            let text = format!("{DAY}{bad}\n");
            let error = record(&connection, "kitchen", 3, lines(&text)).expect_err("a line is bad");
            assert!(error.to_string().starts_with("line 5: "), "{error}");
            assert!(!connection.in_transaction());
        }
        let count: i64 =
            connection.query_row("SELECT count(*) FROM measurement", (), |row| row.get(0)).expect("a query");
        assert_eq!(count, 3);
    }

    #[test]
    fn thinning_keeps_one_mean_for_each_hour() {
        let connection = recorder();
        record(&connection, "kitchen", 10, lines(DAY)).expect("they are well formed");
        record(&connection, "cellar", 10, lines(DAY)).expect("they are well formed");
        assert_eq!(thin(&connection, "2025-11-20 11:30").expect("it works"), 2);
        let hours = summaries(&connection, "cellar", Span::Hour).expect("a query");
        assert_eq!(hours.iter().map(|hour| hour.mean).collect::<Vec<_>>(), [21.0, 25.0, 19.0]);
        assert_eq!(thin(&connection, "2025-11-20 11:30").expect("it works"), 0, "again changes nothing");
    }
}
