//! Reports as text for people and as JSON for programs.

use std::path::Path;

use duramen::engine::Corruption;
use duramen::{CheckpointReport, Info, VerifyReport};
use indicatif::{HumanBytes, HumanCount, HumanDuration};
use serde_json::{Value, json};

/// What `info` shows, as text.
pub(crate) fn info(db: &Path, info: &Info) -> String {
    let mut rows = vec![
        ("database", db.display().to_string()),
        ("id", info.id.to_string()),
        ("newest commit", info.lsn.to_string()),
        ("on disk up to", info.durable_lsn.to_string()),
        ("in pages up to", info.checkpoint_lsn.to_string()),
        ("trees", HumanCount(info.trees).to_string()),
        ("entries", HumanCount(info.entries).to_string()),
        ("pages", in_files(info.page_bytes, info.page_segments)),
        ("log", in_files(info.log_bytes, info.log_segments)),
        ("to replay", HumanBytes(info.replay_bytes).to_string()),
        ("kept roots", HumanCount(info.roots).to_string()),
    ];
    if info.dirty_bytes > 0 {
        rows.push(("changes in memory", HumanBytes(info.dirty_bytes).to_string()));
    }
    if let Some(reader) = &info.oldest_reader {
        rows.push(("oldest reader", format!("at {}, for {}", reader.lsn, HumanDuration(reader.age))));
    }
    if let Some(error) = &info.background_error {
        rows.push(("background work failed", error.to_string()));
    }
    let lines: Vec<String> = rows.iter().map(|(name, value)| format!("{name:<18}{value}")).collect();
    lines.join("\n")
}

fn in_files(bytes: u64, files: u64) -> String {
    format!("{} in {}", HumanBytes(bytes), counted(files, "segment", "segments"))
}

fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", HumanCount(n), if n == 1 { one } else { many })
}

/// What `info` shows, as JSON.
pub(crate) fn info_json(db: &Path, info: &Info) -> Value {
    json!({
        "database": db.to_string_lossy(),
        "id": info.id.to_string(),
        "lsn": info.lsn.to_string(),
        "durable_lsn": info.durable_lsn.to_string(),
        "checkpoint_lsn": info.checkpoint_lsn.to_string(),
        "trees": info.trees,
        "entries": info.entries,
        "page_bytes": info.page_bytes,
        "page_segments": info.page_segments,
        "log_bytes": info.log_bytes,
        "log_segments": info.log_segments,
        "replay_bytes": info.replay_bytes,
        "roots": info.roots,
        "dirty_bytes": info.dirty_bytes,
        "oldest_reader": info.oldest_reader.as_ref().map(|reader| {
            json!({ "lsn": reader.lsn.to_string(), "age_ms": u64::try_from(reader.age.as_millis()).unwrap_or(u64::MAX) })
        }),
        "background_error": info.background_error.as_ref().map(ToString::to_string),
    })
}

/// What `verify` found, as text.
pub(crate) fn verify(report: &VerifyReport) -> String {
    let mut lines: Vec<String> =
        report.problems.iter().map(|problem| format!("damaged  {problem}")).collect();
    lines.push(format!(
        "checked  {} in {} at commit {}; {} ({}) of {}; {}",
        counted(report.entries, "entry", "entries"),
        counted(report.trees, "tree", "trees"),
        report.lsn,
        counted(report.pages, "page", "pages"),
        HumanBytes(report.page_bytes),
        counted(report.roots, "root", "roots"),
        counted(report.log_records, "log record", "log records"),
    ));
    lines.join("\n")
}

/// What `verify` found, as JSON.
pub(crate) fn verify_json(report: &VerifyReport) -> Value {
    json!({
        "sound": report.is_clean(),
        "lsn": report.lsn.to_string(),
        "entries": report.entries,
        "trees": report.trees,
        "pages": report.pages,
        "page_bytes": report.page_bytes,
        "roots": report.roots,
        "log_records": report.log_records,
        "problems": report.problems.iter().map(problem_json).collect::<Vec<_>>(),
    })
}

/// One damaged place, as JSON.
pub(crate) fn problem_json(problem: &Corruption) -> Value {
    json!({
        "file": problem.file.to_string_lossy(),
        "offset": problem.offset,
        "unit": problem.unit,
        "expected": problem.expected,
        "found": problem.found,
    })
}

/// What a checkpoint or a compaction did, as text.
pub(crate) fn checkpoint(report: &CheckpointReport) -> String {
    match report.page_bytes {
        0 => format!("nothing to write; pages hold everything up to commit {}", report.lsn),
        bytes => {
            format!("wrote {} of pages; they hold everything up to commit {}", HumanBytes(bytes), report.lsn)
        }
    }
}

/// What a checkpoint or a compaction did, as JSON.
pub(crate) fn checkpoint_json(report: &CheckpointReport) -> Value {
    json!({ "lsn": report.lsn.to_string(), "page_bytes": report.page_bytes })
}
