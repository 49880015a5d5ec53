//! A small issue tracker: issues with labels, comments and a history, in one directory.
//!
//! ```text
//! cargo run --release --example issue_tracker -- DIR new "The door squeaks" --label house --label small
//! cargo run --release --example issue_tracker -- DIR list --label house
//! cargo run --release --example issue_tracker -- DIR close 1 --because "oiled"
//! ```
//!
//! It was written for `rusqlite` first. What changed since is how the database is opened, and that transactions begin on
//! `&Connection`; docs/port-from-rusqlite.md has the whole list.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use duramen::sql::{Connection, Result, named_params, params};
use serde::Deserialize;

#[derive(Parser)]
#[command(about = "Keeps issues in a directory")]
struct Arguments {
    /// Where they are; made if it is not there.
    directory: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Opens an issue.
    New {
        title: String,
        /// What it belongs to; may be given again.
        #[arg(long = "label")]
        labels: Vec<String>,
    },
    /// Shows issues, the one touched last first.
    List {
        #[arg(long, value_enum, default_value = "open")]
        state: Wanted,
        /// Only those with this label.
        #[arg(long)]
        label: Option<String>,
        /// Only those whose title or comments contain this.
        #[arg(long)]
        contains: Option<String>,
    },
    /// Shows an issue with its history.
    Show { id: i64 },
    /// Adds a comment.
    Comment { id: i64, text: String },
    /// Closes an issue.
    Close {
        id: i64,
        #[arg(long)]
        because: Option<String>,
    },
    /// Opens a closed issue again.
    Reopen { id: i64 },
    /// Removes an issue and all that belongs to it.
    Remove { id: i64 },
    /// Counts issues by label.
    Labels,
}

#[derive(Clone, Copy, ValueEnum)]
enum Wanted {
    Open,
    Closed,
    All,
}

/// The tables. A trigger writes the history, so that no command can forget it.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS issue(
        id INTEGER PRIMARY KEY,
        title TEXT NOT NULL CHECK (length(trim(title)) > 0),
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
        touched TEXT NOT NULL DEFAULT (datetime('now'))
    ) STRICT;
    CREATE TABLE IF NOT EXISTS label(
        issue INTEGER NOT NULL REFERENCES issue ON DELETE CASCADE,
        name TEXT NOT NULL COLLATE NOCASE,
        PRIMARY KEY (name, issue)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS label_issue ON label(issue);
    CREATE TABLE IF NOT EXISTS event(
        id INTEGER PRIMARY KEY,
        issue INTEGER NOT NULL REFERENCES issue ON DELETE CASCADE,
        time TEXT NOT NULL DEFAULT (datetime('now')),
        text TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS event_issue ON event(issue);
    CREATE TRIGGER IF NOT EXISTS issue_opened AFTER INSERT ON issue BEGIN
        INSERT INTO event(issue, text) VALUES (new.id, 'opened');
    END;
    CREATE TRIGGER IF NOT EXISTS issue_changed AFTER UPDATE OF state ON issue WHEN old.state <> new.state BEGIN
        INSERT INTO event(issue, text) VALUES (new.id, iif(new.state = 'open', 'opened again', 'closed'));
    END;
    CREATE TRIGGER IF NOT EXISTS issue_touched AFTER INSERT ON event BEGIN
        UPDATE issue SET touched = new.time WHERE id = new.issue;
    END;";

/// An issue as lists show it.
#[derive(Debug, Deserialize, PartialEq)]
struct Issue {
    id: i64,
    title: String,
    state: String,
    labels: Option<String>,
    comments: u32,
}

fn prepare(connection: &Connection) -> Result<()> {
    connection.execute_batch("PRAGMA foreign_keys = ON")?;
    connection.execute_batch(SCHEMA)
}

fn open_issue(connection: &Connection, title: &str, labels: &[String]) -> Result<i64> {
    let transaction = connection.transaction()?;
    transaction.execute("INSERT INTO issue(title) VALUES (?1)", [title])?;
    // The trigger inserts too, but what it inserted last is forgotten when it ends.
    let id = transaction.last_insert_rowid();
    for label in labels {
        transaction.execute("INSERT OR IGNORE INTO label VALUES (?1, ?2)", params![id, label])?;
    }
    transaction.commit()?;
    Ok(id)
}

fn list(
    connection: &Connection,
    state: Wanted,
    label: Option<&str>,
    contains: Option<&str>,
) -> Result<Vec<Issue>> {
    let state = match state {
        Wanted::Open => Some("open"),
        Wanted::Closed => Some("closed"),
        Wanted::All => None,
    };
    let mut statement = connection.prepare_cached(
        "SELECT id, title, state,
                (SELECT group_concat(name, ', ' ORDER BY name) FROM label WHERE issue = issue.id) AS labels,
                (SELECT count(*) FROM event WHERE issue = issue.id AND text LIKE 'comment: %') AS comments
         FROM issue
         WHERE (:state IS NULL OR state = :state)
           AND (:label IS NULL OR id IN (SELECT issue FROM label WHERE name = :label))
           AND (:contains IS NULL OR instr(lower(title), lower(:contains))
                OR EXISTS (SELECT 1 FROM event WHERE issue = issue.id AND instr(lower(text), lower(:contains))))
         ORDER BY touched DESC, id DESC",
    )?;
    let given = named_params! { ":state": state, ":label": label, ":contains": contains };
    statement.query_map(given, |row| row.deserialize())?.collect()
}

fn comment(connection: &Connection, id: i64, text: &str) -> Result<()> {
    connection.execute("INSERT INTO event(issue, text) VALUES (?1, 'comment: ' || ?2)", params![id, text])?;
    Ok(())
}

fn set_state(connection: &Connection, id: i64, state: &str, because: Option<&str>) -> Result<bool> {
    let transaction = connection.transaction()?;
    let found = transaction.execute("UPDATE issue SET state = ?2 WHERE id = ?1", params![id, state])? > 0;
    if let Some(because) = because.filter(|_| found) {
        comment(&transaction, id, because)?;
    }
    transaction.commit()?;
    Ok(found)
}

fn history(connection: &Connection, id: i64) -> Result<Vec<(String, String)>> {
    let mut statement =
        connection.prepare_cached("SELECT time, text FROM event WHERE issue = ?1 ORDER BY id")?;
    statement.query_map([id], |row| row.deserialize())?.collect()
}

fn labels(connection: &Connection) -> Result<Vec<(String, u32, u32)>> {
    let mut statement = connection.prepare(
        "SELECT name, count(*) FILTER (WHERE state = 'open'), count(*)
         FROM label JOIN issue ON issue.id = label.issue GROUP BY name ORDER BY 2 DESC, name",
    )?;
    statement.query_map((), |row| row.deserialize())?.collect()
}

fn print_issue(issue: &Issue) {
    let labels = issue.labels.as_ref().map(|labels| format!("  [{labels}]")).unwrap_or_default();
    let comments = if issue.comments > 0 { format!("  {} comments", issue.comments) } else { String::new() };
    println!("#{:<4} {:6}  {}{labels}{comments}", issue.id, issue.state, issue.title);
}

/// Does what is asked for; whether the issue it is about exists.
fn run(connection: &Connection, command: Command) -> Result<bool> {
    match command {
        Command::New { title, labels } => println!("#{}", open_issue(connection, &title, &labels)?),
        Command::List { state, label, contains } => {
            list(connection, state, label.as_deref(), contains.as_deref())?.iter().for_each(print_issue);
        }
        Command::Show { id } => {
            let Some(issue) =
                list(connection, Wanted::All, None, None)?.into_iter().find(|issue| issue.id == id)
            else {
                return Ok(false);
            };
            print_issue(&issue);
            for (time, text) in history(connection, id)? {
                println!("      {time}  {text}");
            }
        }
        Command::Comment { id, text } => comment(connection, id, &text)?,
        Command::Close { id, because } => return set_state(connection, id, "closed", because.as_deref()),
        Command::Reopen { id } => return set_state(connection, id, "open", None),
        Command::Remove { id } => return Ok(connection.execute("DELETE FROM issue WHERE id = ?1", [id])? > 0),
        Command::Labels => {
            for (label, open, all) in labels(connection)? {
                println!("{label:20}  {open} open of {all}");
            }
        }
    }
    Ok(true)
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let connection = Connection::open(&arguments.directory)?;
    prepare(&connection)?;
    if run(&connection, arguments.command)? {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("there is no such issue");
    Ok(ExitCode::FAILURE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracker() -> Connection {
        let connection = Connection::open_in_memory().expect("memory suffices");
        prepare(&connection).expect("the schema is well formed");
        connection
    }

    fn titles(issues: &[Issue]) -> Vec<&str> {
        issues.iter().map(|issue| &*issue.title).collect()
    }

    #[test]
    fn issues_are_found_by_state_label_and_words() {
        let connection = tracker();
        let door =
            open_issue(&connection, "The door squeaks", &["house".into(), "small".into()]).expect("new");
        open_issue(&connection, "Roof", &["House".into()]).expect("new");
        open_issue(&connection, "Taxes", &[]).expect("new");
        comment(&connection, door, "Needs OIL").expect("it is there");
        assert!(set_state(&connection, door, "closed", Some("oiled")).expect("it is there"));
        let found = list(&connection, Wanted::Closed, Some("HOUSE"), Some("oil")).expect("a query");
        assert_eq!(titles(&found), ["The door squeaks"]);
        assert_eq!((found[0].labels.as_deref(), found[0].comments), (Some("house, small"), 2));
        let found = list(&connection, Wanted::Open, None, None).expect("a query");
        assert_eq!(titles(&found), ["Taxes", "Roof"]);
        assert_eq!(labels(&connection).expect("a query")[0], ("house".into(), 1, 2));
    }

    #[test]
    fn the_history_tells_what_happened_once() {
        let connection = tracker();
        let id = open_issue(&connection, "x", &[]).expect("new");
        for state in ["closed", "closed", "open"] {
            set_state(&connection, id, state, None).expect("it is there");
        }
        let history = history(&connection, id).expect("a query");
        let texts: Vec<&str> = history.iter().map(|(_, text)| &**text).collect();
        assert_eq!(texts, ["opened", "closed", "opened again"]);
    }

    #[test]
    fn what_belongs_to_an_issue_goes_with_it() {
        let connection = tracker();
        let id = open_issue(&connection, "x", &["a".into()]).expect("new");
        assert!(run(&connection, Command::Remove { id }).expect("it works"));
        let left: i64 = connection
            .query_row("SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM label)", (), |row| {
                row.get(0)
            })
            .expect("a query");
        assert_eq!(left, 0);
        assert!(!run(&connection, Command::Show { id }).expect("it works"));
        assert!(comment(&connection, id, "too late").is_err(), "there is no such issue");
        assert!(open_issue(&connection, "  ", &[]).is_err(), "a title says something");
    }
}
