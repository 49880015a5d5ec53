//! The commands that name a moment or go back to one.

use std::path::Path;

use duramen::engine::{self, KeptRoot};
use duramen::pitr::{Bookmark, Conflict, Error, Keeper, Reach};
use duramen::{Access, View};
use duramen_sql::Connection;
use indicatif::{HumanBytes, HumanCount, HumanDuration};
use serde_json::{Value, json};

use crate::args::{OnDatabase, PinArgs, RestoreArgs};
use crate::failure::{Code, Failure, Outcome, quoted};
use crate::world::World;

use super::moment::{Past, shown, time};

/// Prints the bookmark of now, or of a time; nothing else.
pub(crate) fn bookmark(db: &Path, at: Option<&str>, world: &mut World<'_>) -> Outcome {
    let past = Past::open(db, Access::ReadOnly, world)?;
    let found = match at {
        Some(at) => past.moment_of(time(at)?)?,
        None => past.pitr.current_bookmark(),
    };
    let done = world.line(format_args!("{found}"));
    past.close(done)
}

/// Makes the content, or one table, what it was at a moment; the last line is the bookmark that undoes it. Without a moment
/// takes back the restore that the next session would begin with.
pub(crate) fn restore(args: &RestoreArgs, world: &mut World<'_>) -> Outcome {
    let Some(moment) = &args.moment else {
        let past = Past::open_as_it_is(&args.db, world)?;
        let done = cancel_restore(&past, world);
        return past.close(done);
    };
    let past = Past::open(&args.db, Access::OpenExisting, world)?;
    let done = restore_to(&past, moment, args.table.as_deref(), !args.yes, world);
    past.close(done)
}

fn cancel_restore(past: &Past, world: &mut World<'_>) -> Outcome {
    let Some(target) = past.pitr.pending_restore() else {
        return Err(Failure::new(Code::Refused, "no restore was put off to the next session").into());
    };
    past.pitr.cancel_restore().map_err(|error| past.failed(&error))?;
    world.note(format_args!("taken back: the next session would have gone back to"));
    world.line(format_args!("{target}"))
}

fn restore_to(past: &Past, moment: &str, table: Option<&str>, asks: bool, world: &mut World<'_>) -> Outcome {
    let target = past.moment(moment)?;
    let view = past.view(&target)?;
    let commits = past.db.last_lsn().number.saturating_sub(view.lsn().number);
    let when = shown(view.time());
    let commits = match commits {
        1 => "1 commit".to_owned(),
        n => format!("{} commits", HumanCount(n)),
    };
    let what = table.map_or_else(|| past.path.display().to_string(), |table| format!("table {table}"));
    if asks && world.typed {
        world.note(format_args!(
            "{what} goes back to {when}; what {commits} did since is undone, and can be redone. Go on? [y/N]"
        ));
        let mut answer = String::new();
        let read = world.input.read_line(&mut answer);
        if read.is_err() || !matches!(answer.trim(), "y" | "Y" | "yes") {
            return Err(Failure::new(Code::Refused, "nothing was restored").into());
        }
    }
    let (undo, changed) = match table {
        None => (past.restore(&target)?, String::new()),
        Some(table) => restore_table(past, &target, table, world)?,
    };
    world.note(format_args!(
        "restored{changed} to {when}, {commits} back; to undo it: duramen restore {} {undo}",
        quoted(&past.path)
    ));
    world.line(format_args!("{undo}"))
}

/// Restores one table; the bookmark that undoes it, and what changed.
fn restore_table(
    past: &Past,
    target: &Bookmark,
    table: &str,
    world: &mut World<'_>,
) -> Result<(Bookmark, String), Failure> {
    let connection = Connection::new(past.db.clone());
    let restored =
        duramen::restore_table(&connection, &past.pitr, target, table).map_err(|error| match error {
            duramen::Error::Engine(error) => Failure::of_engine(&past.path, &error),
            other => Failure::new(Code::Refused, other.to_string()),
        })?;
    let broken = connection.run("PRAGMA foreign_key_check", &[]).map_err(|error| past.sql_failed(&error))?;
    if !broken.rows.is_empty() {
        let count = HumanCount(u64::try_from(broken.rows.len()).unwrap_or(u64::MAX));
        world.note(format_args!(
            "{count} rows refer to rows that are not there; PRAGMA foreign_key_check lists them"
        ));
    }
    let redefined = if restored.table.redefined { " and its definition" } else { "" };
    Ok((restored.undo, format!(" {} rows of {table}{redefined}", HumanCount(restored.table.rows))))
}

/// Makes a database of its own out of a moment.
pub(crate) fn fork(db: &Path, moment: &str, new: &Path, world: &mut World<'_>) -> Outcome {
    let past = Past::open(db, Access::OpenExisting, world)?;
    let done = fork_to(&past, moment, new, world);
    past.close(done)
}

fn fork_to(past: &Past, moment: &str, new: &Path, world: &mut World<'_>) -> Outcome {
    let target = past.moment(moment)?;
    let bar = world.bar(Some(0), "forking {bar:40} {bytes} of {total_bytes}");
    let made = past.pitr.fork(&target, new, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let made = made.map_err(|error| match error {
        Error::Engine(error @ (engine::Error::AlreadyExists(_) | engine::Error::NotADatabase { .. })) => {
            Failure::of_engine(new, &error)
        }
        other => past.failed(&other),
    })?;
    let [shared, copied, own] = [made.shared_bytes, made.copied_bytes, made.own_bytes].map(HumanBytes);
    world.line(format_args!(
        "forked into {}: {shared} shared, {copied} copied, {own} of its own",
        new.display()
    ))
}

/// Shows how far back the database can go, what keeps it so, and what that costs.
pub(crate) fn history(on: &OnDatabase, world: &mut World<'_>) -> Outcome {
    let past = Past::open(&on.db, Access::ReadOnly, world)?;
    let done = match past.pitr.reach() {
        Ok(reach) if on.form.json => world.line(format_args!("{}", reach_json(&reach))),
        Ok(reach) => world.line(format_args!("{}", reach_text(&reach))),
        Err(error) => Err(past.failed(&error).into()),
    };
    past.close(done)
}

fn reach_text(reach: &Reach) -> String {
    let root = |(bookmark, root): &(Bookmark, KeptRoot)| format!("root     {bookmark}  {}", shown(root.time));
    let cost =
        reach.bytes_a_day().map_or_else(|| "not known yet".into(), |bytes| HumanBytes(bytes).to_string());
    let mut lines = vec![
        format!("oldest   {}", reach.oldest),
        format!("newest   {}", reach.newest),
        format!("kept     {}", HumanDuration(reach.observed())),
        format!("log      {}", HumanBytes(reach.space.log_bytes)),
        format!("pages    {} of the past alone", HumanBytes(past_pages(reach))),
        format!("a day    {cost}"),
    ];
    lines.extend(reach.pins.iter().map(|pin| format!("pin      {}  {}", pin.bookmark, pin.name)));
    lines.extend(reach.pending_restore.map(|to| {
        format!("pending  {to}  restored when the database is next opened for writing; restore --cancel takes it back")
    }));
    lines.extend(reach.conflicts.iter().map(conflict_text));
    lines.extend(reach.roots.iter().map(root));
    lines.join("\n")
}

fn conflict_text(conflict: &Conflict) -> String {
    format!(
        "warning  {} keeps {} of log that would go otherwise",
        keeper(&conflict.keeper),
        HumanBytes(conflict.log_bytes)
    )
}

fn keeper(keeper: &Keeper) -> String {
    match keeper {
        Keeper::Pin(name) => format!("the pin {name:?}"),
        Keeper::NextSession => "the restore that the next session begins with".into(),
        Keeper::Hold => "somebody who reads the past".into(),
        Keeper::MinKeep => "that the youngest day is kept whatever it takes".into(),
        _ => "something".into(),
    }
}

fn past_pages(reach: &Reach) -> u64 {
    reach.space.kept_page_bytes.saturating_sub(reach.space.live_page_bytes)
}

fn reach_json(reach: &Reach) -> Value {
    let roots: Vec<Value> = reach
        .roots
        .iter()
        .map(|(bookmark, root)| json!({ "bookmark": bookmark.to_string(), "time": shown(root.time) }))
        .collect();
    let pins: Vec<Value> = reach
        .pins
        .iter()
        .map(|pin| json!({ "name": pin.name, "bookmark": pin.bookmark.to_string() }))
        .collect();
    let conflicts: Vec<Value> = reach
        .conflicts
        .iter()
        .map(|conflict| json!({ "keeper": keeper(&conflict.keeper), "log_bytes": conflict.log_bytes }))
        .collect();
    json!({
        "oldest": reach.oldest.to_string(),
        "newest": reach.newest.to_string(),
        "kept_seconds": reach.observed().as_secs(),
        "log_bytes": reach.space.log_bytes,
        "past_page_bytes": past_pages(reach),
        "bytes_a_day": reach.bytes_a_day(),
        "pins": pins,
        "pending_restore": reach.pending_restore.map(|to| to.to_string()),
        "conflicts": conflicts,
        "roots": roots,
    })
}

/// Lists pins, sets one, or lets one go.
pub(crate) fn pin(args: &PinArgs, world: &mut World<'_>) -> Outcome {
    let access = if args.name.is_some() { Access::OpenExisting } else { Access::ReadOnly };
    let past = Past::open(&args.db, access, world)?;
    let done = pin_on(&past, args, world);
    past.close(done)
}

fn pin_on(past: &Past, args: &PinArgs, world: &mut World<'_>) -> Outcome {
    let Some(name) = &args.name else {
        let reach = past.pitr.reach().map_err(|error| past.failed(&error))?;
        return reach
            .pins
            .iter()
            .try_for_each(|pin| world.line(format_args!("{}  {}", pin.bookmark, pin.name)));
    };
    if args.remove {
        let known = past.pitr.unpin(name).map_err(|error| past.failed(&error))?;
        let missing = Failure::new(Code::Refused, format!("no pin {name:?}"))
            .help(format!("list them: duramen pin {}", quoted(&past.path)));
        return if known { Ok(()) } else { Err(missing.into()) };
    }
    let moment = match &args.moment {
        Some(moment) => past.moment(moment)?,
        None => past.pitr.current_bookmark(),
    };
    past.pitr.pin(name, &moment).map_err(|error| past.failed(&error))?;
    world.line(format_args!("{moment}"))
}
