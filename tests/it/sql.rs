//! SQL through the program: modes, dot-commands, errors and exit codes, scripts, import and dump.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::program::{Ran, command, finish, run_with};

/// A place for files and a database that is not there yet.
struct Place {
    dir: TempDir,
    db: PathBuf,
}

impl Place {
    fn new() -> Place {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let db = dir.path().join("db");
        Place { dir, db }
    }

    /// With a table of every kind of value.
    fn filled() -> Place {
        let place = Place::new();
        place.run(&[
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c);",
            "INSERT INTO t VALUES (1, 'x', 1.5), (2, NULL, x'01ff'), (30, 'a|b,\"c\"', '')",
        ]);
        place
    }

    fn ran(&self, input: &str, words: &[&str]) -> Ran {
        let mut args: Vec<&dyn AsRef<OsStr>> = vec![&self.db];
        args.extend(words.iter().map(|word| word as &dyn AsRef<OsStr>));
        run_with(input, &args)
    }

    /// What arguments print.
    #[track_caller]
    fn run(&self, words: &[&str]) -> String {
        self.ran("", words).output()
    }

    /// What a script prints.
    #[track_caller]
    fn script(&self, script: &str) -> String {
        self.ran(script, &[]).output()
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, text).expect("a temporary file can be written");
        path
    }
}

fn shown(path: &Path) -> &str {
    path.to_str().expect("temporary paths are UTF-8")
}

#[test]
fn each_mode_shows_the_same_rows() {
    let place = Place::filled();
    for (mode, wanted) in [
        ("list", "1|x|1.5\n2||x'01ff'\n30|a|b,\"c\"|\n"),
        ("csv", "1,x,1.5\n2,,x'01ff'\n30,\"a|b,\"\"c\"\"\",\"\"\n"),
        (
            "json",
            "[{\"a\":1,\"b\":\"x\",\"c\":1.5},\n{\"a\":2,\"b\":null,\"c\":\"01FF\"},\n\
             {\"a\":30,\"b\":\"a|b,\\\"c\\\"\",\"c\":\"\"}]\n",
        ),
        ("line", "a = 1\nb = x\nc = 1.5\n\na = 2\nb = NULL\nc = x'01ff'\n\na = 30\nb = a|b,\"c\"\nc = \n"),
        (
            "table",
            "+----+---------+---------+\n\
             | a  | b       | c       |\n\
             +========================+\n\
             |  1 | x       |     1.5 |\n\
             |  2 | NULL    | x'01ff' |\n\
             | 30 | a|b,\"c\" |         |\n\
             +----+---------+---------+\n",
        ),
        (
            "box",
            "┌────┬─────────┬─────────┐\n\
             │ a  ┆ b       ┆ c       │\n\
             ╞════╪═════════╪═════════╡\n\
             │  1 ┆ x       ┆     1.5 │\n\
             │  2 ┆ NULL    ┆ x'01ff' │\n\
             │ 30 ┆ a|b,\"c\" ┆         │\n\
             └────┴─────────┴─────────┘\n",
        ),
        (
            "markdown",
            "| a  | b        | c       |\n\
             |----|----------|---------|\n\
             |  1 | x        |     1.5 |\n\
             |  2 | NULL     | x'01ff' |\n\
             | 30 | a\\|b,\"c\" |         |\n",
        ),
    ] {
        assert_eq!(place.run(&["--mode", mode, "SELECT * FROM t"]), wanted, "{mode}");
        assert_eq!(place.script(&format!(".mode {mode}\nSELECT * FROM t;")), wanted, "{mode}");
    }
    assert_eq!(place.run(&["SELECT 1, 'a'"]), "1|a\n", "`list` is for what is no terminal");
}

#[test]
fn what_is_shown_can_be_set() {
    let place = Place::filled();
    let select = "SELECT a, b FROM t LIMIT 2";
    let options = ["--headers", "--nullvalue", "-", "--separator", ";", select];
    assert_eq!(place.run(&options), "a;b\n1;x\n2;-\n");
    let script =
        format!(".headers on\n.nullvalue \"\\t-\"\n.separator ', '\n{select};\n.headers off\n{select};");
    assert_eq!(place.script(&script), "a, b\n1, x\n2, \t-\n1, x\n2, \t-\n");
    assert_eq!(place.run(&["--headers=off", "--mode", "table", "SELECT 1"]), "+---+\n| 1 |\n+---+\n");
    let show = place.script(".mode json\n.timer on\n.show\n.mode\n");
    assert!(show.contains("mode       json\n") && show.contains("timer      on\n"), "{show}");
    assert!(show.ends_with("\njson\n"), "{show}");
}

#[test]
fn statements_come_from_arguments_and_scripts() {
    let place = Place::new();
    assert_eq!(place.run(&["CREATE TABLE t(a); INSERT INTO t VALUES (1)", "SELECT a FROM t"]), "1\n");
    let script = "-- a comment\nINSERT INTO t\n  VALUES ('x;y'); /* ; */ SELECT count(*)\nFROM t;\n\nSELECT 'no semicolon'";
    assert_eq!(place.script(script), "2\nno semicolon\n");
    assert_eq!(place.script(""), "");
    assert_eq!(place.script("SELECT 1;\n.print b 'c d'\n.quit\nSELECT 3;"), "1\nb c d\n");
    let file = place.file("more.sql", "SELECT 7;\n.print done\n");
    assert_eq!(place.script(&format!(".read {}\nSELECT 8;", shown(&file))), "7\ndone\n8\n");
    assert_eq!(place.ran(".exit 9\n", &[]).code, 9);
}

#[test]
fn an_error_shows_its_place_and_ends_a_script() {
    let place = Place::filled();
    let message = place.ran("", &["SELECT 1", "SELECT * FORM t"]).failure(1);
    assert_eq!(message, "error: near \"FORM\": syntax error\n  SELECT * FORM t\n           ^^^^\n");
    let ran = place.ran("SELECT 1;\nSELECT b,\n  nope FROM t;\nSELECT 2;\n", &[]);
    assert_eq!(ran.out, "1\n");
    assert_eq!(ran.failure(1), "error: line 3: no such column: nope\n    nope FROM t;\n    ^^^^\n");
    let ran = place.ran(".bail off\nSELECT 1 FROM;\nINSERT INTO t(a) VALUES (1);\nSELECT 2;\n", &[]);
    assert_eq!((ran.code, ran.out.as_str()), (1, "2\n"));
    assert!(ran.err.contains("error: line 2: near \";\": syntax error\n"), "{}", ran.err);
    assert!(ran.err.ends_with("error: line 3: UNIQUE constraint failed: t.a\n"), "{}", ran.err);
    let file = place.file("bad.sql", "\nSELECT;\n");
    let message = place.ran(&format!(".read {}", shown(&file)), &[]).failure(1);
    assert!(message.starts_with(&format!("error: {}, line 2: near", shown(&file))), "{message}");
    assert!(place.ran("SELECT '\u{0}", &[]).failure(1).contains("line 1: unrecognized token"));
    assert!(place.ran("BEGIN; INSERT INTO t(a) VALUES (9);", &[]).err.contains("is undone"));
    assert_eq!(place.run(&["SELECT count(*) FROM t"]), "3\n");
}

#[test]
fn a_database_is_made_by_the_first_statement_that_writes() {
    let place = Place::new();
    assert_eq!(place.run(&["SELECT 1"]), "1\n");
    place.ran("", &["SELECT * FROM t"]).failure(1);
    place.ran("", &["CREATE TABEL t(a)"]).failure(1);
    place.ran("", &["INSERT INTO t VALUES (1)"]).failure(1);
    assert_eq!(place.run(&[".databases"]), format!("main: {} (not there yet)\n", shown(&place.db)));
    assert!(!place.db.exists());
    place.run(&["CREATE TABLE t(a)"]);
    assert!(place.db.is_dir());
    assert!(place.ran("", &["--readonly", "INSERT INTO t VALUES (1)"]).code != 0);
    assert_eq!(place.run(&["--readonly", "SELECT count(*) FROM t"]), "0\n");
    assert_eq!(run_with("", &[&":memory:", &"CREATE TABLE t(a); SELECT count(*) FROM t"]).output(), "0\n");
}

#[test]
fn dot_commands_tell_what_there_is() {
    let place = Place::filled();
    place.run(&["CREATE INDEX i ON t(b); CREATE VIEW v AS SELECT a FROM t; CREATE TABLE u(x UNIQUE)"]);
    assert_eq!(place.run(&[".tables"]), "t\nu\nv\n");
    assert_eq!(place.run(&[".tables u%"]), "u\n");
    assert_eq!(place.run(&[".indexes"]), "i\nsqlite_autoindex_u_1\n");
    assert_eq!(place.run(&[".indexes t"]), "i\n");
    assert_eq!(
        place.run(&[".schema t"]),
        "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c);\nCREATE INDEX i ON t(b);\n"
    );
    assert_eq!(
        place.run(&["CREATE TEMP TABLE w(a)", ".tables", ".schema w"]),
        "t\nu\nv\nw\nCREATE TABLE w(a);\n"
    );
    assert_eq!(place.script(".changes on\nDELETE FROM t WHERE a < 3;"), "changes: 2\n");
    assert_eq!(place.script(".echo on\nSELECT\n1;"), "SELECT\n1;\n1\n");
    let plan = place.script(".explain on\nSELECT * FROM t WHERE a = 1;");
    assert!(plan.starts_with("QUERY PLAN\n`--S"), "{plan}");
    let timed = place.ran(".timer on\nSELECT 1;", &[]);
    assert!(timed.out == "1\n" && timed.err.starts_with("time: "), "{timed:?}");
}

#[test]
fn output_goes_to_files() {
    let place = Place::filled();
    let (one, two) = (place.dir.path().join("one"), place.dir.path().join("two"));
    let script = format!(
        ".once {}\nSELECT a FROM t;\nSELECT 'here';\n.output {}\nSELECT b FROM t;\n.tables\n.output\n.print back\n",
        shown(&one),
        shown(&two)
    );
    assert_eq!(place.script(&script), "here\nback\n");
    assert_eq!(fs::read_to_string(one).expect("it was written"), "1\n2\n30\n");
    assert_eq!(fs::read_to_string(two).expect("it was written"), "x\n\na|b,\"c\"\nt\n");
}

#[test]
fn help_knows_every_command_and_a_wrong_word_is_told_the_nearest() {
    let place = Place::new();
    let help = place.run(&[".help"]);
    for name in [
        "tables", "schema", "indexes", "mode", "headers", "import", "dump", "read", "timer", "explain",
        "help", "quit", "exit",
    ] {
        assert!(help.contains(&format!("\n.{name} ")), "{name}: {help}");
        assert!(place.run(&[&format!(".help {name}")]).starts_with(&format!(".{name}")), "{name}");
    }
    assert!(place.ran("", &[".he import"]).failure(2).contains("did you mean"));
    assert!(place.run(&[".hel import"]).starts_with(".import"));
    for (line, parts) in [
        (".tabels", &["no command \".tabels\"", "did you mean: .tables"][..]),
        (".mode tabel", &["no mode \"tabel\"", "did you mean: .mode table"]),
        (".xyzzy", &["`.help` lists the commands"]),
        (".timer", &["it is written: .timer on|off"]),
        (".timer perhaps", &["neither on nor off"]),
        (".import x", &["an argument is missing", "FILE TABLE"]),
        (".read nowhere.sql", &["nowhere.sql: cannot read it"]),
        (".print 'a", &["never closed"]),
    ] {
        let message = place.ran("", &[line]).failure(2);
        assert!(parts.iter().all(|part| message.contains(part)), "{line}: {message}");
        assert!(place.ran(&format!("\n{line}\n"), &[]).failure(2).starts_with("error: line 2: "), "{line}");
    }
}

#[test]
fn csv_is_imported_whole_or_not_at_all() {
    let place = Place::new();
    let csv = place.file("data.csv", "\u{feff}id,\"the name\",n\r\n1,\"a, \"\"b\"\"\r\nc\",1.50\r\n2,,\r\n");
    let import = format!(".import {} t", shown(&csv));
    assert_eq!(place.run(&[&import]), "");
    assert_eq!(place.run(&[".schema"]), "CREATE TABLE \"t\"(\"id\" TEXT, \"the name\" TEXT, \"n\" TEXT);\n");
    assert_eq!(
        place.run(&["--mode", "csv", "SELECT * FROM t"]),
        "1,\"a, \"\"b\"\"\r\nc\",1.50\n2,\"\",\"\"\n"
    );
    place.run(&[&format!(".import --skip 1 {} t", shown(&csv))]);
    place.run(&["CREATE TABLE u(n REAL, id INTEGER, x DEFAULT 7)"]);
    let two = place.file("two.csv", "id;n\n5;1.50\n");
    place.run(&[&format!(".import --header --separator ';' {} u", shown(&two))]);
    assert_eq!(place.run(&["SELECT count(*) FROM t", "SELECT * FROM u"]), "4\n1.5|5|7\n");
    let input = place.ran("9,y,z\n", &[".import - t"]);
    assert_eq!((input.code, place.run(&["SELECT count(*) FROM t"]).as_str()), (0, "5\n"));

    for (text, parts) in [
        ("1,2,3\n4,5\n", &["line 2: 2 values, but 3 columns", "nothing of it was imported"][..]),
        ("1,2,3\n4,\"5,6\n7,8,9\n", &["line 2: 2 values, but 3 columns", "never closed"]),
    ] {
        let bad = place.file("bad.csv", text);
        let message = place.ran("", &[&format!(".import {} t", shown(&bad))]).failure(2);
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
    place.run(&["CREATE TABLE strict(a INTEGER CHECK (a < 3))"]);
    let bad = place.file("bad.csv", "1\n2\n3\n");
    let message = place.ran("", &[&format!(".import {} strict", shown(&bad))]).failure(1);
    assert!(message.contains("bad.csv, line 3: CHECK constraint failed"), "{message}");
    assert_eq!(place.run(&["SELECT count(*) FROM t", "SELECT count(*) FROM strict"]), "5\n0\n");
    let inside = format!(
        ".bail off\nBEGIN;\nINSERT INTO strict VALUES (0);\n.import {} strict\nCOMMIT;\nSELECT count(*) FROM strict;",
        shown(&bad)
    );
    assert_eq!(place.ran(&inside, &[]).out, "1\n", "what came before the import is kept");
    assert!(place.ran("", &[".import nowhere.csv t"]).failure(2).contains("nowhere.csv"));
    assert!(place.ran(".import - t\n", &[]).failure(2).contains("name a file"));
    let none = place.file("none.csv", "");
    assert!(place.ran("", &[&format!(".import {} v", shown(&none))]).failure(2).contains("no first row"));
    assert_eq!(place.run(&[".tables"]), "strict\nt\nu\n");
}

/// Everything that a dump has to bring over.
const ODD: &str = "
CREATE TABLE first(id INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT NOT NULL DEFAULT 'it''s', r REAL, b BLOB);
CREATE TABLE k(k TEXT COLLATE NOCASE PRIMARY KEY, v, g AS (v || 'x')) WITHOUT ROWID;
CREATE TABLE \"odd \"\"name\"(\"a b\", \"select\" UNIQUE);
CREATE TABLE last(id INTEGER PRIMARY KEY AUTOINCREMENT);
INSERT INTO first(t, r, b) VALUES ('it''s', 0.1, x'00ff'), ('two
lines', 1e300, NULL), ('nul' || char(0) || 'x', -2.2250738585072014e-308, ''), ('', 9e999, x'');
INSERT INTO first(t, r) SELECT CAST(x'ff' AS TEXT), 1.0 / 3;
DELETE FROM first WHERE id = 2;
INSERT INTO k(k, v) VALUES ('b', 9223372036854775807), ('A', -9223372036854775808), ('c', 1e16);
INSERT INTO \"odd \"\"name\" VALUES (1, 2), (NULL, NULL);
INSERT INTO last VALUES (41);
DELETE FROM last;
CREATE INDEX i ON first(t DESC) WHERE r > 0;
CREATE VIEW v AS SELECT t FROM first;
CREATE TRIGGER r AFTER INSERT ON last BEGIN
  UPDATE first SET r = CASE r WHEN 1 THEN 2 END; -- not here;
  DELETE FROM k;
END;
";

#[test]
fn a_dump_makes_the_same_again() {
    let place = Place::new();
    place.script(ODD);
    let dump = place.run(&[".dump"]);
    let copy = Place::new();
    copy.script(&dump);
    assert_eq!(copy.run(&[".dump"]), dump);
    for query in [
        "SELECT id, hex(t), r, b FROM first",
        "SELECT * FROM k",
        "SELECT hex(t) FROM v",
        "SELECT * FROM sqlite_sequence",
    ] {
        assert_eq!(copy.run(&[query]), place.run(&[query]), "{query}");
    }
    copy.run(&["INSERT INTO last VALUES (NULL)"]);
    assert_eq!(copy.run(&["SELECT id FROM last"]), "42\n");
    let one = place.run(&[".dump k"]);
    assert!(one.contains("CREATE TABLE k") && !one.contains("first") && one.ends_with("COMMIT;\n"), "{one}");
    assert!(place.ran("", &[".dump nothing"]).failure(1).contains("nothing is named nothing"));
    let kept = place.run(&["DELETE FROM \"odd \"\"name\" WHERE rowid = 1", ".dump --preserve-rowids odd%"]);
    assert!(
        kept.contains("(\"a b\",\"select\",rowid)") || kept.contains("(rowid,\"a b\",\"select\") VALUES(2,"),
        "{kept}"
    );
}

#[test]
fn sqlite_reads_a_dump() {
    let place = Place::new();
    place.script(ODD);
    // Not all versions of SQLite print reals alike.
    let asked = [
        "SELECT id, hex(t), r = 0.1, r = 1.0 / 3, r = -2.2250738585072014e-308, r > 1e308, hex(b) FROM first",
        "SELECT k, typeof(v), v = 1e16, v = 9223372036854775807, v = -9223372036854775808 FROM k",
        "SELECT * FROM sqlite_sequence",
        "SELECT count(*) FROM sqlite_schema WHERE type <> 'index'",
    ];
    let script = format!("{}{};\n", place.run(&[".dump"]), asked.join(";\n"));
    let sqlite = Command::new("sqlite3").arg(":memory:").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(sqlite) = sqlite else {
        eprintln!("SKIPPED: there is no program sqlite3 to read the dump");
        return;
    };
    let ran = finish(sqlite, &script);
    assert_eq!((ran.code, ran.out), (0, place.run(&asked)));
}

#[test]
fn a_statement_that_fails_before_its_first_row_shows_nothing() {
    let place = Place::filled();
    let ran = place.ran("", &["--mode", "json", "SELECT abs(-9223372036854775807 - a) FROM t"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (1, "", "error: integer overflow\n"));
    let ran = place.ran("", &["--mode", "json", "SELECT abs(-9223372036854775806 - a) AS n FROM t"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, "[{\"n\":9223372036854775807}]\n"));
}

/// Spawns the program with a long statement and interrupts it `moments` after it has begun; what came of it.
#[cfg(unix)]
fn interrupted_after(moments: u32, place: &Place) -> Ran {
    let mut child = command(&[&place.db]).spawn().expect("the program was built");
    let long = "SELECT 'begun';\nWITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000000) \
                SELECT count(*) FROM n;\n.print not stopped\n";
    let mut begun = [0; 6];
    child.stdin.as_mut().expect("it is piped").write_all(long.as_bytes()).expect("the program reads");
    child.stdout.as_mut().expect("it is piped").read_exact(&mut begun).expect("the program writes");
    for _ in 0..moments {
        std::hint::spin_loop();
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("there is such a program").success());
    finish(child, "")
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_the_statement() {
    let place = Place::new();
    // Where it comes before the statement runs, it ends the program.
    let stopped = (0..20).map(|round| interrupted_after(1 << round, &place)).find(|ran| ran.code != 130);
    let message = stopped.expect("statements can be interrupted").failure(1);
    assert_eq!(message, "error: line 2: interrupted\n");
}
