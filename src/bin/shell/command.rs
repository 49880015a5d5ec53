//! The commands, each on an open database. The prompt and the command line share them.

use std::path::Path;

use duramen::{Access, Database};

use crate::args::{Form, KvCommand, OnDatabase};
use crate::failure::{Code, Failure, Outcome};
use crate::import::{self, Source};
use crate::opened::Opened;
use crate::past::Past;
use crate::records;
use crate::render;
use crate::world::World;

/// A report on the whole database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Info,
    Verify,
    Checkpoint,
    Compact,
}

impl Task {
    /// What must be allowed to do it.
    pub(crate) fn access(self) -> Access {
        match self {
            Task::Info | Task::Verify => Access::ReadOnly,
            Task::Checkpoint | Task::Compact => Access::OpenExisting,
        }
    }
}

/// What must be allowed to run a key-value command.
pub(crate) fn kv_access(command: &KvCommand) -> Access {
    match command {
        KvCommand::Get { .. } | KvCommand::List(_) | KvCommand::Export => Access::ReadOnly,
        KvCommand::Delete { .. } => Access::OpenExisting,
        KvCommand::Put { .. } | KvCommand::Import(_) => Access::OpenOrCreate,
    }
}

/// Runs a key-value command of the command line.
pub(crate) fn kv_once(
    path: &Path,
    as_of: Option<&str>,
    mut command: KvCommand,
    world: &mut World<'_>,
) -> Outcome {
    // Bad input must not leave an empty database behind.
    let source = prepare(&mut command, world)?;
    let db = match as_of {
        Some(_) if kv_access(&command) != Access::ReadOnly => {
            return Err(Failure::new(Code::Wrong, "the past can be read only; leave out --as-of").into());
        }
        Some(moment) => Past::open_as_of(path, moment, world)?,
        None => world.open(path, kv_access(&command))?,
    };
    let done = kv(&Opened { db: &db, path }, &command, source, world);
    close(db, path, done)
}

/// Runs a task of the command line.
pub(crate) fn task_once(task: Task, on: &OnDatabase, world: &mut World<'_>) -> Outcome {
    let db = match world.open(&on.db, task.access()) {
        Err(failure) if failure.code == Code::Damaged && task == Task::Verify && on.form.json => {
            world
                .line(format_args!("{}", serde_json::json!({ "sound": false, "error": failure.message })))?;
            return Err(failure.into());
        }
        opened => opened?,
    };
    let done = self::task(task, &Opened { db: &db, path: &on.db }, on.form, world);
    close(db, &on.db, done)
}

/// Closes the database; a failure of the command comes first.
fn close(db: Database, path: &Path, done: Outcome) -> Outcome {
    let closed = db.close().map_err(|error| Failure::of_engine(path, &error).into());
    done.and(closed)
}

/// Checks and opens what a command reads besides the database.
pub(crate) fn prepare(command: &mut KvCommand, world: &mut World<'_>) -> Outcome<Option<Source>> {
    match command {
        KvCommand::Put { json, .. } => {
            if json == "-" {
                *json = import::read_all(world.input)?;
            }
            records::value(json)?;
            Ok(None)
        }
        KvCommand::Import(args) => Ok(Some(Source::open(&args.file)?)),
        _ => Ok(None),
    }
}

/// Runs a key-value command.
pub(crate) fn kv(
    on: &Opened<'_>,
    command: &KvCommand,
    source: Option<Source>,
    world: &mut World<'_>,
) -> Outcome {
    match command {
        KvCommand::Put { key, json } => records::put(on, key, json),
        KvCommand::Get { key } => match records::get(on, key)? {
            Some(json) => world.line(format_args!("{json}")),
            None => Err(Failure::new(Code::Refused, format!("no key {key:?}")).into()),
        },
        KvCommand::Delete { keys } => {
            let deleted = records::delete(on, keys)?;
            world.line(format_args!("{deleted}"))
        }
        KvCommand::List(args) => records::list(on, args, world),
        KvCommand::Import(args) => import::run(on, args, source.unwrap_or(Source::StandardInput), world),
        KvCommand::Export => records::list(on, &Default::default(), world),
    }?;
    world.flush()
}

/// Runs a task on the whole database.
pub(crate) fn task(task: Task, on: &Opened<'_>, form: Form, world: &mut World<'_>) -> Outcome {
    let (text, json, sound) = match task {
        Task::Info => {
            let info = on.db.info().map_err(|error| on.failed(&error))?;
            (render::info(on.path, &info), render::info_json(on.path, &info), true)
        }
        Task::Verify => {
            let bar = world.bar(Some(0), "checking {bar:40} {bytes} of {total_bytes}");
            let report = on.db.verify(&mut |progress| {
                bar.set_length(progress.total_bytes);
                bar.set_position(progress.done_bytes);
            });
            bar.finish_and_clear();
            let report = report.map_err(|error| on.failed(&error))?;
            (render::verify(&report), render::verify_json(&report), report.is_clean())
        }
        Task::Checkpoint => {
            let report = on.db.checkpoint().map_err(|error| on.failed(&error))?;
            (render::checkpoint(&report), render::checkpoint_json(&report), true)
        }
        Task::Compact => {
            let bar = world.bar(Some(0), "compacting {bar:40} {human_pos} of {human_len} entries");
            let report = on.db.compact(&mut |done, total| {
                bar.set_length(total);
                bar.set_position(done);
            });
            bar.finish_and_clear();
            let report = report.map_err(|error| on.failed(&error))?;
            (render::checkpoint(&report), render::checkpoint_json(&report), true)
        }
    };
    match form.json {
        true => world.line(format_args!("{json}"))?,
        false => world.line(format_args!("{text}"))?,
    }
    world.flush()?;
    if sound {
        return Ok(());
    }
    let failure = Failure::new(Code::Damaged, format!("{}: damaged", on.path.display()));
    Err(failure
        .help(
            "restore the directory from a copy; what is not damaged can still be read: duramen kv DB export",
        )
        .into())
}
