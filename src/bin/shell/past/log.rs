//! The list of commits: when, how large, and what they touched.

use std::collections::BTreeMap;

use duramen::engine::{Commit, CommitKind, Lsn, Op};
use duramen::pitr::Bookmark;
use duramen::{Access, TreeId};
use indicatif::HumanBytes;

use crate::args::LogArgs;
use crate::failure::{Failure, Outcome};
use crate::world::World;

use super::moment::{Past, shown};
use super::touched::{Named, Names};

/// Lists the newest commits, the newest last.
pub(crate) fn log(args: &LogArgs, world: &mut World<'_>) -> Outcome {
    let past = Past::open(&args.db, Access::ReadOnly, world)?;
    let done = list(&past, args, world);
    past.close(done)
}

fn list(past: &Past, args: &LogArgs, world: &mut World<'_>) -> Outcome {
    let after = match &args.since {
        Some(since) => past.moment(since)?.lsn(),
        None => past.pitr.oldest_bookmark().lsn(),
    };
    let until = args.until.as_deref().map(|until| past.moment(until)).transpose()?.map(|moment| moment.lsn());
    let newest = past.db.last_lsn();
    let last = until.map_or(newest, |until| until.min(newest));
    // Commits are numbered without gaps.
    let total = last.number.saturating_sub(after.number);
    let left_out = total.saturating_sub(args.limit);
    let mut names = Names::default();
    names.add(&past.db);
    let mut lines = Vec::new();
    let bar = world.bar(Some(total), "reading the log {bar:40} {human_pos} of {human_len} commits");
    for commit in past.db.history().log_from(after).map_err(|error| on(past, &error))? {
        let commit = commit.map_err(|error| on(past, &error))?;
        if commit.lsn() > last {
            break;
        }
        bar.inc(1);
        names.add_made_by(&commit);
        if commit.lsn().number - after.number > left_out {
            lines.push(line(past, &commit, &names));
        }
    }
    bar.finish_and_clear();
    if left_out > 0 {
        world.note(format_args!("{left_out} older commits are left out; --limit and --since show others"));
    }
    lines.into_iter().try_for_each(|line| world.line(format_args!("{line}")))?;
    world.flush()
}

fn on(past: &Past, error: &duramen::engine::Error) -> Failure {
    Failure::of_engine(&past.path, error)
}

fn line(past: &Past, commit: &Commit, names: &Names) -> String {
    let bookmark = |lsn: Lsn| Bookmark::new(past.db.id(), lsn);
    let what = match commit.kind() {
        CommitKind::Operations => touched(commit, names),
        CommitKind::Bulk => "a large transaction".into(),
        CommitKind::Reset { to } | CommitKind::WishedReset { to } => format!("restored {}", bookmark(to)),
        _ => String::new(),
    };
    let (time, size) = (shown(commit.time()), HumanBytes(commit.payload_bytes()).to_string());
    format!("{}  {time}  {size:>11}  {what}", bookmark(commit.lsn()))
}

/// What a commit did to one tree.
#[derive(Default)]
struct Done {
    put: u64,
    deleted: u64,
}

fn touched(commit: &Commit, names: &Names) -> String {
    let mut by_name: BTreeMap<Named, Done> = BTreeMap::new();
    let mut count = |tree: TreeId, put: u64, deleted: u64| {
        let unknown = Named::Tree(format!("tree {}, which is gone", tree.0));
        let done = by_name.entry(names.of(tree).cloned().unwrap_or(unknown)).or_default();
        done.put += put;
        done.deleted += deleted;
    };
    for op in commit.operations() {
        match op {
            Ok(Op::Put { tree, .. }) => count(tree, 1, 0),
            Ok(Op::Delete { tree, .. }) => count(tree, 0, 1),
            Ok(Op::DeleteRange { tree, removed, .. }) => count(tree, 0, removed),
            // The first commit of all makes an empty schema and nothing else.
            Ok(Op::CreateTree { tree, .. }) if names.of(tree) == Some(&Named::Schema) => count(tree, 0, 0),
            Ok(Op::CreateTree { .. } | Op::DropTree { .. }) => {}
            Err(_) => return "damaged".into(),
        }
    }
    let parts: Vec<String> = by_name
        .iter()
        .filter_map(|(named, done)| match named {
            Named::Table(name) | Named::Tree(name) => Some(format!("{name} {}", counts(done))),
            Named::Schema => Some("schema".into()),
            Named::Derived => None,
        })
        .collect();
    parts.join(", ")
}

fn counts(done: &Done) -> String {
    match (done.put, done.deleted) {
        (put, 0) => format!("+{put}"),
        (0, deleted) => format!("-{deleted}"),
        (put, deleted) => format!("+{put} -{deleted}"),
    }
}
