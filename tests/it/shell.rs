//! The shell on good days: each command, as somebody at a terminal would use it.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{kv, kv_with, run, run_with};

/// A place for a database that is not there yet.
fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let db = dir.path().join("db");
    (dir, db)
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn a_value_is_put_got_and_deleted() {
    let (_dir, db) = place();
    assert_eq!(kv(&db, r#"put a {"x":[1,2.5,null,true,"ä"]}"#).output(), "");
    assert_eq!(kv(&db, "get a").output(), "{\"x\":[1,2.5,null,true,\"ä\"]}\n");
    assert_eq!(kv(&db, "put a -1").output(), "");
    assert_eq!(kv_with("\"from\\nelsewhere\"\n", &db, "put b -").output(), "");
    assert_eq!(kv(&db, "get b").output(), "\"from\\nelsewhere\"\n");
    assert_eq!(kv(&db, "delete a a b c").output(), "2\n");
    assert!(kv(&db, "get a").failure(1).contains("no key \"a\""));
    assert_eq!(kv(&db, "list").output(), "");
}

#[test]
fn keys_are_listed_in_order_between_ends() {
    let (_dir, db) = place();
    let input = "b\t2\na/1\t1\na/2\t{}\nc\t3\na\t0\n";
    assert_eq!(kv_with(input, &db, "import").output(), "committed 5\n");
    for (args, keys) in [
        ("", "a a/1 a/2 b c"),
        ("--prefix a/", "a/1 a/2"),
        ("--prefix a --reverse", "a/2 a/1 a"),
        ("--start a/2", "a/2 b c"),
        ("--start-after a/2", "b c"),
        ("--end b", "a a/1 a/2"),
        ("--start a/1 --end c --limit 2", "a/1 a/2"),
        ("--start a/1 --end c --limit 2 --reverse", "b a/2"),
        ("--prefix x", ""),
    ] {
        let output = kv(&db, &format!("list {args}")).output();
        let found: Vec<&str> =
            output.lines().map(|line| line.split('\t').next().expect("it splits")).collect();
        assert_eq!(found.join(" "), keys, "{args}");
    }
    assert_eq!(kv(&db, "list --limit 1").output(), "a\t0\n");
}

#[test]
fn what_is_exported_can_be_imported() {
    let (dir, db) = place();
    let odd = "\t{\"empty\":\"key\"}\n\" tab\\there\"\t1\n\"\\\"quoted\\\"\"\t2\n\"line\\nbreak\"\t[]\nC:\\new\t3\nlast\t\"ä\"\n";
    assert_eq!(kv_with(odd, &db, "import").output(), "committed 6\n");
    let exported = kv(&db, "export").output();
    assert_eq!(lines(&exported).len(), 6, "{exported}");
    let file = dir.path().join("lines.tsv");
    fs::write(&file, &exported).expect("a temporary file can be written");
    let copy = dir.path().join("copy");
    let imported = kv(&copy, &format!("import {}", file.display())).output();
    assert_eq!(imported, "committed 6\n");
    assert_eq!(kv(&copy, "export").output(), exported);
}

#[test]
fn a_database_is_exported_to_a_file_and_made_of_it_again() {
    let (dir, db) = place();
    let file = dir.path().join("object.duramen");
    let schema = "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v UNIQUE); CREATE VIEW s AS SELECT v FROM t; \
                  INSERT INTO t(v) VALUES ('a'), (x'00'), (3.5)";
    assert_eq!(run(&[&db, &schema]).output(), "");
    assert_eq!(kv(&db, "put greeting \"hello\"").output(), "");
    let exported = run(&[&"export", &db, &file]);
    assert_eq!((exported.code, exported.out.as_str()), (0, ""), "{exported:?}");
    let copy = dir.path().join("copy");
    let imported = run(&[&"import", &file, &copy]);
    assert_eq!((imported.code, &imported.err), (0, &exported.err), "as many entries: {imported:?}");
    assert_eq!(run(&[&copy, &".dump"]).output(), run(&[&db, &".dump"]).output());
    assert_eq!(kv(&copy, "export").output(), kv(&db, "export").output());
    assert!(run(&[&"import", &file, &copy]).failure(1).contains("not empty"));
    assert!(run(&[&"verify", &copy]).output().contains("checked"));
}

#[test]
fn what_is_no_export_makes_no_database() {
    let (dir, db) = place();
    let file = dir.path().join("dump.sql");
    fs::write(&file, "CREATE TABLE t(a); -- and some more, longer than a header").expect("it can be written");
    let told = run(&[&"import", &file, &db]).failure(2);
    assert!(told.contains("no export of an object") && told.contains("kv DB import"), "{told}");
    assert!(!db.exists());
}

#[test]
fn a_profile_says_what_statements_may_do() {
    let (_dir, db) = place();
    let refused = [
        ("durable-object", "PRAGMA user_version = 3", "not authorized"),
        ("workerd-local", "BEGIN", "transactionSync"),
        ("durable-object", "CREATE TABLE _cf_mine(a)", "not authorized"),
        (
            "durable-object",
            "SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6",
            "compound",
        ),
    ];
    for (profile, statement, told) in refused {
        let failure = run(&[&db, &"--profile", &profile, &statement]).failure(1);
        assert!(failure.contains(told), "{statement}: {failure}");
    }
    assert!(!db.exists(), "nothing was written");
    let keys =
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p); INSERT INTO c VALUES (1)";
    assert!(run(&[&db, &"--profile", &"open", &keys]).failure(1).contains("FOREIGN KEY"));
    assert_eq!(
        run(&[&db, &"--profile", &"open", &"BEGIN; PRAGMA user_version = 3; COMMIT; PRAGMA user_version"])
            .output(),
        "3\n"
    );
}

#[test]
fn an_import_commits_batch_by_batch() {
    let (_dir, db) = place();
    let input: String = (0..23).map(|n| format!("key {n:03}\t{n}\r\n")).collect();
    let output = kv_with(&input, &db, "import - --batch 7").output();
    assert_eq!(lines(&output), ["committed 7", "committed 14", "committed 21", "committed 23"]);
    let output = kv_with(&input, &db, "import --batch 20 --skip 21").output();
    assert_eq!(lines(&output), ["committed 23"]);
    assert_eq!(kv_with(&input, &db, "import --skip 23").output(), "");
    assert_eq!(kv_with("\n\n", &db, "import").output(), "");
    assert_eq!(lines(&kv(&db, "export").output()).len(), 23);
}

#[test]
fn reports_come_as_text_and_as_json() {
    let (_dir, db) = place();
    kv_with("a\t1\nb\t2\n", &db, "import").output();
    let json = |command: &str| -> Value {
        let output = run(&[&command, &db, &"--json"]).output();
        serde_json::from_str(&output).unwrap_or_else(|error| panic!("{command}: {error}: {output}"))
    };
    let info = json("info");
    assert_eq!((&info["entries"], &info["trees"]), (&2.into(), &1.into()), "{info}");
    assert_eq!(info["lsn"], info["durable_lsn"], "{info}");
    assert!(info["log_bytes"].as_u64() > Some(0) && info["page_bytes"] == 0, "{info}");
    assert!(run(&[&"info", &db]).output().contains("entries           2\n"));

    assert!(json("checkpoint")["page_bytes"].as_u64() > Some(0));
    assert!(run(&[&"checkpoint", &db]).output().starts_with("nothing to write"));
    assert!(json("info")["page_bytes"].as_u64() > Some(0));
    assert!(run(&[&"compact", &db]).output().starts_with("wrote "));
    json("compact");

    let verify = json("verify");
    assert_eq!((&verify["sound"], &verify["entries"]), (&true.into(), &2.into()), "{verify}");
    assert!(run(&[&"verify", &db]).output().starts_with("checked  2 entries in 1 tree "));
}

#[test]
fn reading_commands_change_no_file() {
    let (_dir, db) = place();
    kv_with("a\t1\nb\t2\n", &db, "import").output();
    let files = || {
        let mut files: Vec<(PathBuf, Vec<u8>)> = fs::read_dir(&db)
            .expect("the database is a directory")
            .map(|entry| entry.expect("it can be listed").path())
            .map(|path| (path.clone(), fs::read(path).expect("it can be read")))
            .collect();
        files.sort();
        files
    };
    let before = files();
    for words in ["get a", "list", "export"] {
        kv(&db, words).output();
    }
    for command in ["info", "verify"] {
        run(&[&command, &db]).output();
    }
    assert!(files() == before, "a reading command wrote to {}", db.display());
}

#[test]
fn a_script_runs_the_same_commands() {
    let (dir, db) = place();
    let file = dir.path().join("more.tsv");
    fs::write(&file, "m\t1\n").expect("a temporary file can be written");
    let script = format!(
        "# made by a test\n\nput \"a b\" {{\"x\": \"y z\"}}\nget \"a b\"\nput c 3\nimport {}\nlist --limit 2\ndelete c m\ncheckpoint\nquit\nget c\n",
        file.display()
    );
    let ran = run_with(&script, &[&"kv", &db]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("the first put or import makes it"), "{ran:?}");
    let found = lines(&ran.out);
    assert_eq!(found[..5], ["{\"x\":\"y z\"}", "committed 1", "a b\t{\"x\":\"y z\"}", "c\t3", "2"]);
    assert_eq!(found.len(), 6, "{found:?}");
    assert_eq!(kv(&db, "export").output(), "a b\t{\"x\":\"y z\"}\n");
}

#[test]
fn a_script_stops_at_its_first_error() {
    let (_dir, db) = place();
    let ran = run_with("put a 1\nput b {\nput c 3\n", &[&"kv", &db]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("error: line 2: the value is not JSON"), "{ran:?}");
    assert_eq!(kv(&db, "export").output(), "a\t1\n");
    for (line, why) in [
        ("nonsense", "unrecognized subcommand"),
        ("import", "own input"),
        ("get \"x", "never closed"),
        ("get x", "no key"),
    ] {
        let message = run_with(&format!("\n{line}\n"), &[&"kv", &db]).err;
        assert!(message.contains("line 2: ") && message.contains(why), "{line}: {message}");
    }
    assert!(run_with("help\n", &[&"kv", &db]).output().contains("checkpoint"));
}

#[test]
fn the_first_word_is_a_command_or_a_database() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let here = |args: &[&str], input: &str| {
        let words: Vec<&dyn AsRef<std::ffi::OsStr>> = args.iter().map(|word| word as _).collect();
        let mut command = crate::program::command(&words);
        command.current_dir(dir.path());
        crate::program::finish(command.spawn().expect("the program was built"), input)
    };
    for words in [&["./info"][..], &["--", "verify"], &["data.db"], &["plain"], &["--mode", "csv", "kept"]] {
        let ran = here(words, "CREATE TABLE t(a); SELECT 1;");
        assert_eq!((ran.code, ran.out.as_str()), (0, "1\n"), "{words:?}: {ran:?}");
        assert!(dir.path().join(words.last().expect("there is one")).is_dir(), "{words:?}");
    }
    let message = here(&["verfy"], "").failure(2);
    assert!(message.contains("duramen verify") && message.contains("duramen -- verfy"), "{message}");
    assert!(here(&["put", "a", "1"], "").failure(2).contains("duramen kv DB put"));
    for word in ["verfy", "put"] {
        assert!(!dir.path().join(word).exists(), "{word}");
    }
}

#[test]
fn help_version_and_completions_are_there() {
    assert!(run(&[&"--version"]).output().starts_with("duramen "));
    let help = run(&[&"--help"]).output();
    assert!(help.contains("duramen kv ./data put greeting") && help.contains("Exit codes"), "{help}");
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(&[&"completions", &shell]).output().contains("verify"), "{shell}");
    }
    assert!(run(&[&"kv", &"db", &"import", &"--help"]).output().contains("--skip"));
}
