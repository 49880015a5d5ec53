//! The past from the command line: naming, looking at, comparing, restoring, forking.

use std::path::PathBuf;

use duramen::Storage;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Ran, kv, run};

/// A shop of three products, its bookmark, and what was done to it after.
fn shop() -> (TempDir, PathBuf, String) {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let db = dir.path().join("shop");
    sql(
        &db,
        "CREATE TABLE product(id INTEGER PRIMARY KEY, name TEXT, price REAL); CREATE INDEX by_name ON product(name)",
    );
    sql(&db, "INSERT INTO product VALUES (1, 'axe', 30.5), (2, 'saw', 12), (-7, 'oil', NULL)");
    kv(&db, "put open true").output();
    let good = run(&[&"bookmark", &db]).output().trim_end().to_owned();
    sql(&db, "UPDATE product SET price = 0");
    (dir, db, good)
}

#[track_caller]
fn sql(db: &PathBuf, text: &str) -> String {
    run(&[&db, &text]).output()
}

/// The output of a run that may have told something besides.
#[track_caller]
fn told(ran: Ran) -> (String, String) {
    assert_eq!(ran.code, 0, "{ran:?}");
    (ran.out.trim_end().to_owned(), ran.err)
}

const PRICES: &str = "SELECT name, price FROM product ORDER BY id";

#[test]
fn a_mistake_is_found_looked_at_undone_and_redone() {
    let (_dir, db, good) = shop();
    assert_eq!(good.len(), 59);
    let log = run(&[&"log", &db]).output();
    let lines: Vec<&str> = log.lines().collect();
    assert!(lines[lines.len() - 1].ends_with("product +3"), "{log}");
    assert!(lines[lines.len() - 2].starts_with(&good) && lines[lines.len() - 2].ends_with("kv +1"), "{log}");
    let newest = run(&[&"log", &db, &"--since", &good, &"--limit", &"5"]).output();
    assert_eq!(newest.lines().collect::<Vec<_>>(), lines[lines.len() - 1..]);

    let before = "oil|\naxe|30.5\nsaw|12.0\n";
    assert_eq!(run(&[&db, &"--as-of", &good, &PRICES]).output(), before);
    assert_eq!(run(&[&db, &PRICES]).output(), "oil|0.0\naxe|0.0\nsaw|0.0\n");
    let refused = run(&[&db, &"--as-of", &good, &"DELETE FROM product"]);
    assert_ne!(refused.code, 0, "the past cannot be written: {refused:?}");

    let (undo, note) = told(run(&[&"restore", &db, &good]));
    assert!(note.contains("1 commit back") && note.contains(&undo), "{note}");
    assert_eq!(sql(&db, PRICES), before);
    told(run(&[&"restore", &db, &undo]));
    assert_eq!(sql(&db, PRICES), "oil|0.0\naxe|0.0\nsaw|0.0\n");
    assert!(run(&[&"verify", &db]).output().starts_with("checked "));
}

#[test]
fn times_name_moments() {
    let (_dir, db, good) = shop();
    let log = run(&[&"log", &db]).output();
    let line = log.lines().find(|line| line.starts_with(&good)).expect("it is listed");
    let time = &line[61..88];
    assert_eq!(run(&[&"bookmark", &db, &"--at", &time]).output().trim_end(), good);
    assert_eq!(run(&[&"bookmark", &db, &"--at", &"now"]).output(), run(&[&"bookmark", &db]).output());
    assert_eq!(kv(&db, "get open --as-of now").output(), "true\n");
    assert!(kv(&db, "put open false --as-of now").failure(2).contains("--as-of"));
    assert_eq!(run(&[&"kv", &db, &"list", &"--as-of", &"10 minutes ago"]).output(), "");
    let wrong = run(&[&"restore", &db, &"yesterdayish"]).failure(2);
    assert!(wrong.contains("no bookmark and no time"), "{wrong}");
    let mistyped = good.replace("00000000", "00000001");
    assert!(run(&[&"restore", &db, &mistyped]).failure(2).contains("mistyped"));
}

#[test]
fn differences_are_shown_by_row_and_lead_from_one_to_the_other() {
    let (dir, db, good) = shop();
    sql(&db, "DELETE FROM product WHERE id = 2; INSERT INTO product VALUES (300, 'it''s', 1.5)");
    sql(
        &db,
        "CREATE TABLE pair(a TEXT, b INT, PRIMARY KEY (a, b)) WITHOUT ROWID; INSERT INTO pair VALUES ('x', 1)",
    );
    kv(&db, "put open false").output();
    let shown = run(&[&"diff", &db, &good]).output();
    for line in [
        "product: 1 inserted, 2 updated, 1 deleted",
        "  ~ -7|'oil'|NULL -> -7|'oil'|0.0",
        "  ~ 1|'axe'|30.5 -> 1|'axe'|0.0",
        "  - 2|'saw'|12.0",
        "  + 300|'it''s'|1.5",
        "  + 'x'|1",
        "~ open\ttrue -> false",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line} in {shown}");
    }
    assert!(!shown.contains("by_name"), "{shown}");
    let copy = dir.path().join("copy");
    told(run(&[&"fork", &db, &good, &copy]));
    let (statements, _) = told(run(&[&"diff", &db, &good, &"--sql"]));
    sql(&copy, &statements);
    for query in [PRICES, "SELECT * FROM pair"] {
        assert_eq!(sql(&copy, query), sql(&db, query), "after {statements}");
    }
    assert_eq!(run(&[&"diff", &db, &good, &good]).output(), "");
}

/// Everything of a database that SQL reaches, with its rowids.
#[track_caller]
fn whole(db: &PathBuf) -> String {
    let dump = sql(db, ".dump --preserve-rowids");
    let mut lines: Vec<&str> = dump.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

#[test]
fn the_statements_lead_to_the_other_moment_whatever_has_changed() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let db = dir.path().join("db");
    sql(
        &db,
        "CREATE TABLE altered(a, b UNIQUE); CREATE INDEX altered_a ON altered(a);
         INSERT INTO altered VALUES (1, 'x'), (2, 'y'), (3, 'z');
         CREATE TABLE again(a); INSERT INTO again VALUES (1), (1), (1), (2);
         CREATE TABLE dropped(a); CREATE INDEX dropped_a ON dropped(a); INSERT INTO dropped VALUES (1);
         CREATE TABLE swapped(id INTEGER PRIMARY KEY, name UNIQUE); INSERT INTO swapped VALUES (1, 'a'), (2, 'b');
         CREATE TABLE named(rowid, a); INSERT INTO named VALUES ('p', 1), ('p', 2);
         CREATE TABLE counted(id INTEGER PRIMARY KEY AUTOINCREMENT, a); INSERT INTO counted(a) VALUES (1), (2);
         CREATE TABLE told(a); CREATE VIEW seen AS SELECT a FROM altered;
         CREATE VIEW gone AS SELECT a FROM dropped;
         CREATE TRIGGER stays AFTER INSERT ON altered BEGIN INSERT INTO told VALUES (new.a); END;
         CREATE TRIGGER goes AFTER DELETE ON again BEGIN INSERT INTO told VALUES ('gone'); END;
         CREATE TRIGGER swaps AFTER DELETE ON swapped BEGIN INSERT INTO told VALUES ('swapped'); END",
    );
    let first = run(&[&"bookmark", &db]).output().trim_end().to_owned();
    sql(
        &db,
        "ALTER TABLE altered ADD COLUMN c DEFAULT 5; UPDATE altered SET c = 6 WHERE a = 2;
         DROP TABLE again; CREATE TABLE again(a); INSERT INTO again VALUES (1), (1), (2), (2);
         DROP VIEW gone; DROP TABLE dropped;
         UPDATE swapped SET name = 'c' WHERE id = 1; UPDATE swapped SET name = 'a' WHERE id = 2;
         UPDATE swapped SET name = 'b' WHERE id = 1; UPDATE named SET a = 3 WHERE a = 2;
         INSERT INTO counted(a) VALUES (3); DELETE FROM counted WHERE a = 3;
         CREATE TABLE added(a, b); CREATE INDEX added_b ON added(b); INSERT INTO added VALUES (1, 2);
         CREATE VIEW fresh AS SELECT b FROM added;
         CREATE TRIGGER also AFTER INSERT ON added BEGIN INSERT INTO told VALUES ('also'); END",
    );
    let second = run(&[&"bookmark", &db]).output().trim_end().to_owned();
    for (from, to) in [(&first, &second), (&second, &first)] {
        let (start, end) = (dir.path().join(format!("from {from}")), dir.path().join(format!("to {from}")));
        told(run(&[&"fork", &db, from, &start]));
        told(run(&[&"fork", &db, to, &end]));
        let (statements, _) = told(run(&[&"diff", &db, from, to, &"--sql"]));
        sql(&start, &statements);
        assert_eq!(whole(&start), whole(&end), "after {statements}");
    }
    let shown = run(&[&"diff", &db, &first, &second]).output();
    assert!(shown.contains("again: 1 inserted, 0 updated, 1 deleted"), "rows are counted: {shown}");
}

#[test]
fn values_that_came_after_all_were_deleted_are_shown() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let db = dir.path().join("db");
    let storage = Storage::open(&db).expect("it can be made");
    let put = |key: &str, number: i32| storage.put(key, &duramen::kv::Value::from(number)).now();
    put("old", 1).and(put("both", 1)).expect("they can be put");
    let before = storage.get_current_bookmark().expect("there is one");
    storage.delete_all().expect("all can be deleted");
    put("both", 2).and(put("new", 2)).expect("they can be put");
    storage.end_turn().expect("it is committed");
    drop(storage);
    let shown = run(&[&"diff", &db, &before]).output();
    let values: Vec<&str> = shown.lines().filter(|line| line.contains('\t')).collect();
    assert_eq!(values, ["~ both\t1 -> 2", "+ new\t2", "- old\t1"], "{shown}");
}

#[test]
fn a_fork_goes_its_own_way() {
    let (dir, db, good) = shop();
    let fork = dir.path().join("fork");
    assert!(run(&[&"fork", &db, &good, &fork]).output().starts_with("forked into "));
    sql(&fork, "DELETE FROM product WHERE id < 0");
    sql(&db, "DROP TABLE product");
    told(run(&[&"compact", &db]));
    assert_eq!(sql(&fork, PRICES), "axe|30.5\nsaw|12.0\n");
    assert!(run(&[&"fork", &db, &good, &fork]).failure(1).contains("exists already"));
    let foreign = run(&[&"restore", &fork, &good]).failure(1);
    assert!(foreign.contains("another database"), "{foreign}");
}

#[test]
fn pins_and_the_history_are_listed() {
    let (_dir, db, good) = shop();
    assert_eq!(run(&[&"pin", &db, &"before the sale", &good]).output().trim_end(), good);
    assert_eq!(run(&[&"pin", &db]).output(), format!("{good}  before the sale\n"));
    let history = run(&[&"history", &db, &"--json"]).output();
    let history: Value = serde_json::from_str(&history).expect("it is JSON");
    assert_eq!(history["pins"][0]["bookmark"], good.as_str());
    assert_eq!(history["newest"], run(&[&"bookmark", &db]).output().trim_end());
    assert!(history["log_bytes"].as_u64() > Some(0), "{history}");
    assert!(run(&[&"history", &db]).output().contains(&format!("pin      {good}  before the sale\n")));
    assert_eq!(run(&[&"pin", &db, &"before the sale", &"--remove"]).output(), "");
    assert!(run(&[&"pin", &db, &"before the sale", &"--remove"]).failure(1).contains("no pin"));
}

#[test]
fn one_table_comes_back_and_the_rest_stays() {
    let (_dir, db, good) = shop();
    sql(&db, "CREATE TABLE sold(product INTEGER REFERENCES product(id)); INSERT INTO sold VALUES (2), (9)");
    kv(&db, "put open false").output();
    sql(&db, "DROP TABLE product");
    let (undo, note) = told(run(&[&"restore", &db, &good, &"--table", &"product"]));
    assert!(note.contains("restored 3 rows of product and its definition to"), "{note}");
    assert!(note.contains("1 rows refer to rows that are not there"), "{note}");
    assert_eq!(sql(&db, PRICES), "oil|\naxe|30.5\nsaw|12.0\n");
    assert_eq!(
        (sql(&db, "SELECT count(*) FROM sold"), kv(&db, "get open").output()),
        ("2\n".into(), "false\n".into())
    );
    let missing = run(&[&"restore", &db, &undo, &"--table", &"product"]).failure(1);
    assert!(missing.contains("no such table at that moment: product"), "{missing}");
    assert!(run(&[&"verify", &db]).output().starts_with("checked "));
}

#[test]
fn before_the_first_commit_there_is_an_empty_database() {
    let (dir, db, _) = shop();
    let history = run(&[&"history", &db, &"--json"]).output();
    let history: Value = serde_json::from_str(&history).expect("it is JSON");
    let empty = history["oldest"].as_str().expect("it is a text").to_owned();
    assert_eq!(run(&[&db, &"--as-of", &empty, &"SELECT count(*) FROM sqlite_schema"]).output(), "0\n");
    assert_eq!(run(&[&db, &"--as-of", &empty, &".tables"]).output(), "");
    assert!(run(&[&db, &"--as-of", &empty, &"SELECT * FROM product"]).failure(1).contains("no such table"));
    assert!(run(&[&db, &"--as-of", &empty, &"CREATE TABLE t (a)"]).failure(1).contains("read"));
    assert!(run(&[&"diff", &db, &empty]).output().contains("product: 3 inserted"));
    let fork = dir.path().join("fork");
    told(run(&[&"fork", &db, &empty, &fork]));
    sql(&fork, "CREATE TABLE t (a)");
    assert!(run(&[&"verify", &fork]).output().starts_with("checked "));
}

#[test]
fn errors_name_the_way_out_of_what_they_are_about() {
    let (dir, db, good) = shop();
    let fork = dir.path().join("fork");
    run(&[&"fork", &db, &good, &fork]).output();
    let taken = run(&[&"fork", &db, &good, &fork]).failure(1);
    assert!(taken.starts_with(&format!("error: {}: exists already", fork.display())), "{taken}");
    assert!(taken.contains("help: name a directory that is not there yet"), "{taken}");
    let unknown = run(&[&"pin", &db, &"x", &"--remove"]).failure(1);
    assert!(unknown.contains("help: list them: duramen pin "), "{unknown}");
    let foreign = run(&[&"log", &fork, &"--since", &good]).failure(1);
    assert!(foreign.contains("of another database") && foreign.contains("duramen history "), "{foreign}");
}
