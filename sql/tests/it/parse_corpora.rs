//! The parser against public test material: all that SQLite accepts parses, and what SQLite refuses as no SQL is refused
//! with its words.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use duramen_sql::Limits;
use duramen_sql::ast::{ColumnLabel, ExprKind, ResultColumn, SelectBody, Statement};
use duramen_sql::parse::parse_next;

/// The directory with the test material, beside the project; `None`, with a loud word, if it is not there.
fn corpus(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora").join(name);
    if !path.exists() {
        eprintln!("SKIPPED: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// Parses a text of statements; the error is a message.
fn parse_all(sql: &str) -> Result<Vec<String>, String> {
    let (limits, mut at, mut printed) = (Limits::default(), 0, Vec::new());
    while let Some(parsed) = parse_next(sql, at, &limits).map_err(|error| error.to_string())? {
        printed.push(parsed.statement.to_string());
        at = parsed.next;
    }
    Ok(printed)
}

/// What was wrong, and how much was right.
#[derive(Default)]
struct Tally {
    right: usize,
    wrong: Vec<String>,
}

impl Tally {
    /// A statement that parses also prints, and parses again to the same print.
    fn accept(&mut self, sql: &str) {
        let again = parse_all(sql).and_then(|first| Ok((parse_all(&first.join(";"))?, first)));
        match again {
            Ok((second, first)) if first == second => self.right += 1,
            Ok((second, first)) => self.wrong.push(format!("{sql}\n  prints {first:?}\n  then {second:?}")),
            Err(error) => self.wrong.push(format!("{sql}\n  {error}")),
        }
    }

    fn refuse(&mut self, sql: &str, expected: &str) {
        match parse_all(sql) {
            Err(error) if error == expected => self.right += 1,
            other => self.wrong.push(format!("{sql}\n  expected {expected}\n  got {other:?}")),
        }
    }

    /// A result column that has an alias, or is no plain column, is called what the tree says.
    fn labels(&mut self, sql: &str, names: &[serde_json::Value]) {
        let Ok(Some(parsed)) = parse_next(sql, 0, &Limits::default()) else { return };
        let Statement::Select(select) = parsed.statement else { return };
        let SelectBody::Query(query) = select.body else { return };
        if query.columns.len() != names.len() {
            return;
        }
        for (column, name) in query.columns.iter().zip(names) {
            let label = match column {
                ResultColumn::Expr { label: ColumnLabel::Alias(alias), .. } => &alias.text,
                ResultColumn::Expr { expr, label: ColumnLabel::Source(text) }
                    if !matches!(expr.kind, ExprKind::Column(_)) =>
                {
                    text
                }
                _ => continue,
            };
            match name.as_str() {
                Some(name) if name == &**label => self.right += 1,
                _ => self.wrong.push(format!("{sql}\n  {name} is called {label}")),
            }
        }
    }

    fn check(self, what: &str) {
        let all = self.right + self.wrong.len();
        eprintln!("{what}: {} of {all}", self.right);
        self.wrong.iter().take(50).for_each(|wrong| eprintln!("{wrong}"));
        assert!(self.wrong.is_empty(), "{} of {all} are wrong", self.wrong.len());
    }
}

/// Messages that SQLite's parser gives, and not what comes after it.
fn is_of_the_parser(message: &str) -> bool {
    let parts = [
        "syntax error",
        "incomplete input",
        "unrecognized token",
        "unknown join type",
        "unknown table option",
        "a JOIN clause is required",
        "clause should come after",
        "within triggers",
        "duplicate WITH table name",
        "unsupported frame specification",
    ];
    parts.iter().any(|part| message.contains(part)) && !message.starts_with("fts5")
}

#[test]
fn recorded_statements_parse_as_in_sqlite() {
    let Some(path) = corpus("sqlite-recorded/dev.jsonl.zst") else { return };
    let unpack = Command::new("zstd").args(["-dc", "--long=27"]).arg(&path).stderr(Stdio::null()).output();
    let Ok(unpacked) = unpack else {
        return eprintln!("SKIPPED: there is no program zstd to unpack {}", path.display());
    };
    let (mut tally, mut labels) = (Tally::default(), Tally::default());
    for line in String::from_utf8_lossy(&unpacked.stdout).lines() {
        let record: serde_json::Value = serde_json::from_str(line).expect("a JSON object a line");
        let Some(sql) = record["sql"].as_str() else { continue };
        match record["error"].as_str() {
            Some(error) if is_of_the_parser(error) => tally.refuse(sql, error),
            // SQLite looks for the names before it reads on, so a second error in the text stays unseen.
            Some(_) if parse_all(sql).is_err() => tally.right += 1,
            _ => tally.accept(sql),
        }
        if let Some(names) = record["cols"].as_array() {
            labels.labels(sql, names);
        }
    }
    tally.check("recorded statements");
    labels.check("names of result columns");
}

#[test]
fn sqllogictest_statements_parse() {
    let Some(path) = corpus("sqllogictest") else { return };
    let mut tally = Tally::default();
    for file in test_files(&path) {
        let text = std::fs::read_to_string(&file).expect("a readable file").replace("\r\n", "\n");
        for record in text.split("\n\n") {
            let lines: Vec<&str> = record.lines().skip_while(|line| line.starts_with('#')).collect();
            let is_for_others = lines.iter().any(|line| {
                line.starts_with("onlyif") && !line.contains("sqlite")
                    || line.starts_with("skipif") && line.contains("sqlite")
            });
            let start =
                lines.iter().position(|line| line.starts_with("statement ok") || line.starts_with("query"));
            let (Some(start), false) = (start, is_for_others) else { continue };
            let sql: Vec<&str> =
                lines[start + 1..].iter().copied().take_while(|&line| line != "----").collect();
            tally.accept(&sql.join("\n"));
        }
    }
    tally.check("statements of sqllogictest");
}

fn test_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a readable directory") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            files.extend(test_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "test") {
            files.push(path);
        }
    }
    files
}
