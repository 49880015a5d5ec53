//! An import killed at random moments and resumed: whatever was acknowledged is there, and no batch is there in part.
//!
//! `DURAMEN_KILLS` sets how often it is killed (5 if not set), `DURAMEN_KILL_SEED` the moments; a failure prints the
//! seed. `DURAMEN_KILL_INPUT` names a file of lines to import instead of made-up ones.

use std::collections::BTreeMap;
use std::fs;
use std::hint::spin_loop;
use std::io::BufRead;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::program::{command, kv, read_line, run};

const BATCH: usize = 50;

/// Numbers that are random enough, from a seed (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }
}

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is {text:?}, which is no number"))
    })
}

/// Lines whose keys come in no order and whose values differ in length.
fn made_up_lines(random: &mut Random) -> String {
    (0..4000)
        .map(|n| {
            let text = "heartwood ".repeat(usize::try_from(random.below(20)).expect("below 20"));
            format!("{:04x} {n}\t{{\"n\":{n},\"text\":\"{text}\"}}\n", random.below(1 << 16))
        })
        .collect()
}

#[test]
fn an_import_killed_and_resumed_loses_nothing() {
    let kills = setting("DURAMEN_KILLS", 5);
    let seed = setting("DURAMEN_KILL_SEED", u64::from(std::process::id()));
    println!(
        "to repeat: DURAMEN_KILLS={kills} DURAMEN_KILL_SEED={seed} cargo test --test it killed_and_resumed"
    );
    let mut random = Random(seed);
    let input = match std::env::var_os("DURAMEN_KILL_INPUT") {
        Some(file) => fs::read_to_string(file).expect("the input can be read"),
        None => made_up_lines(&mut random),
    };
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let file = dir.path().join("lines.tsv");
    fs::write(&file, &input).expect("a temporary file can be written");
    let db = dir.path().join("db");
    let lines: Vec<&str> = input.lines().collect();

    let mut acknowledged = 0;
    for round in 0..kills {
        acknowledged = import_and_kill(&db, &file, acknowledged, lines.len(), &mut random);
        let found = check(&db, &lines, acknowledged);
        println!("kill {round}: {acknowledged} acknowledged, {found} found");
        if acknowledged == lines.len() {
            fs::remove_dir_all(&db).expect("a temporary directory can be removed");
            acknowledged = 0;
        }
    }
    let output =
        kv(&db, &format!("import {} --batch {BATCH} --skip {acknowledged}", file.display())).output();
    assert!(output.ends_with(&format!("committed {}\n", lines.len())), "{output}");
    assert_eq!(check(&db, &lines, lines.len()), lines.len());
}

/// Imports from record `from` on and kills the program somewhere; how much it had acknowledged by then.
fn import_and_kill(db: &Path, file: &Path, from: usize, total: usize, random: &mut Random) -> usize {
    let (batch, skip) = (BATCH.to_string(), from.to_string());
    let args: [&dyn AsRef<std::ffi::OsStr>; 8] =
        [&"kv", &db, &"import", &file, &"--batch", &batch, &"--skip", &skip];
    let mut child = command(&args).stdin(Stdio::null()).spawn().expect("the program was built");
    let out = child.stdout.as_mut().expect("it is piped");
    let batches_left = (total - from).div_ceil(BATCH);
    let mut acknowledged = from;
    for _ in 0..random.below(u64::try_from(batches_left / 3).expect("a small number") + 2) {
        acknowledged = total_of(&read_line(out)).unwrap_or(acknowledged);
    }
    // Up to a few milliseconds more, which is about a batch.
    for _ in 0..random.below(1 << 21) {
        spin_loop();
    }
    child.kill().expect("it is our child");
    // What it had printed before it died was acknowledged as well.
    let rest = std::io::BufReader::new(child.stdout.take().expect("it is piped")).lines();
    acknowledged =
        rest.map_while(Result::ok).filter_map(|line| total_of(&line)).last().unwrap_or(acknowledged);
    child.wait().expect("it is our child");
    acknowledged
}

fn total_of(line: &str) -> Option<usize> {
    line.strip_prefix("committed ")?.parse().ok()
}

/// Checks that the database is sound and holds a whole number of batches, at least what was acknowledged; how many
/// records it holds.
fn check(db: &Path, lines: &[&str], acknowledged: usize) -> usize {
    if !db.exists() {
        assert_eq!(acknowledged, 0);
        return 0;
    }
    let info = run(&[&"info", &db]);
    if info.code == 3 && acknowledged == 0 {
        // Killed before there was a database.
        return 0;
    }
    run(&[&"verify", &db]).output();
    let exported = kv(db, "export").output();
    let found: BTreeMap<&str, Value> = exported.lines().map(entry).collect();
    let records = found.len();
    assert!(records >= acknowledged, "{acknowledged} were acknowledged, {records} are there");
    assert!(
        records.is_multiple_of(BATCH) || records == lines.len(),
        "{records} is no whole number of batches of {BATCH}"
    );
    let wanted: BTreeMap<&str, Value> = lines[..records].iter().map(|line| entry(line)).collect();
    assert!(found == wanted, "the database differs from the first {records} lines");
    records
}

fn entry(line: &str) -> (&str, Value) {
    let (key, json) = line.split_once('\t').expect("it splits");
    (key, serde_json::from_str(json).expect("it is JSON"))
}
