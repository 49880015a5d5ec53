//! The recorded vectors of a Durable Object's storage, where they are there.

use std::collections::HashSet;
use std::path::Path;

use duramen_fuzz::vectors::case::Case;
use duramen_fuzz::vectors::report::Report;
use duramen_fuzz::vectors::run::run;

const EXCLUDED: &str = include_str!("../../vectors/excluded");

/// The areas of what programs do with storage, apart from what single statements give.
const AREAS: [&str; 8] =
    ["alarms", "bookmarks", "gates", "kv-async", "kv-list", "kv-sql-mixed", "kv-sync", "tx-async"];

#[test]
fn the_storage_does_what_was_recorded() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/durable-object-storage.jsonl");
    let Ok(text) = std::fs::read_to_string(&file) else {
        return eprintln!("SKIPPED: {} is not there", file.display());
    };
    let names = EXCLUDED.lines().filter_map(|line| line.split(['#', ' ']).next());
    let excluded: HashSet<&str> = names.collect();
    let mut report = Report::default();
    for line in text.lines() {
        let case = Case::read(line).expect("a case");
        if AREAS.contains(&&*case.area) && !excluded.contains(&*case.id) {
            let outcome = run(&case);
            assert!(outcome.failures.is_empty(), "{}: {:#?}", case.id, outcome.failures);
            report.add(&case, &outcome);
        }
    }
    assert!(report.totals().0 > 50, "{report}");
}
