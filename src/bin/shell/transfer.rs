//! Objects as files: all that a database holds, written to one file and read from it.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;

use duramen::storage::{Error, Import, ImportFault, export as write_export};
use duramen::{Access, Database};
use indicatif::HumanCount;

use crate::args::{ExportArgs, TransferArgs};
use crate::failure::{Code, Failure, Outcome};
use crate::import::Source;
use crate::past::Past;
use crate::world::{self, World};

/// How much is read and written at once, in bytes.
const BUFFER_BYTES: usize = 256 << 10;

/// Writes all of a database to a file.
pub(crate) fn export(args: &ExportArgs, world: &mut World<'_>) -> Outcome {
    let to_output = args.file == Path::new("-");
    if to_output && world.screen.is_some() {
        let failure = Failure::new(Code::Wrong, "an export is no text; it is not written to a terminal");
        return Err(failure.help("name a file, or send it to one: duramen export DB > FILE").into());
    }
    let db = match &args.as_of {
        Some(moment) => Past::open_as_of(&args.db, moment, world)?,
        None => world.open(&args.db, Access::ReadOnly)?,
    };
    let view = db.begin_read().map_err(|error| Failure::of_engine(&args.db, &error))?;
    let bar = world.bar(Some(0), "exporting {bar:40} {human_pos} of {human_len} entries");
    let mut progress = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let done = match to_output {
        true => write_export(&view, world.out, &mut progress),
        false => write_file(&args.file, &mut |out| write_export(&view, out, &mut progress)),
    };
    bar.finish_and_clear();
    let done = done.map_err(|error| failed(&args.db, &args.file, &error))?;
    world.note(format_args!("{} entries in {} trees", HumanCount(done.entries), done.trees));
    drop(view);
    close(db, &args.db)
}

/// Writes a file, and sees to it that it is on disk.
fn write_file<T>(path: &Path, write: &mut dyn FnMut(&mut dyn Write) -> Result<T, Error>) -> Result<T, Error> {
    let failed = |error: io::Error| Error::File(error.into());
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, File::create(path).map_err(failed)?);
    let done = write(&mut out)?;
    out.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)?;
    Ok(done)
}

/// Makes a database of a file.
pub(crate) fn import(args: &TransferArgs, world: &mut World<'_>) -> Outcome {
    let source = Source::open(&args.file)?;
    let failed = |error: Error| failed(&args.db, &args.file, &error);
    let bar = world.bar(Some(0), "importing {bar:40} {human_pos} of {human_len} entries");
    let mut progress = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    // What is no export must not leave an empty database behind.
    let input: Box<dyn io::Read + '_> = match source {
        Source::StandardInput => Box::new(&mut *world.input),
        Source::File { file, .. } => Box::new(BufReader::with_capacity(BUFFER_BYTES, file)),
    };
    let import = Import::open(input).map_err(failed)?;
    let db = world::open(&world.io, &world.options, &args.db, Access::OpenOrCreate)?;
    let done = import.into_database(&db, &mut progress).map_err(failed);
    bar.finish_and_clear();
    let done = done?;
    close(db, &args.db)?;
    world.note(format_args!("{} entries in {} trees", HumanCount(done.entries), done.trees));
    Ok(())
}

fn close(db: Database, path: &Path) -> Outcome {
    db.close().map_err(|error| Failure::of_engine(path, &error).into())
}

/// What the library reports, about the database or the file.
fn failed(db: &Path, file: &Path, error: &Error) -> Failure {
    match error {
        Error::Engine(error) => Failure::of_engine(db, error),
        Error::File(error) => Failure::of_file("go on", file, error),
        Error::Import(ImportFault::NotEmpty) => {
            Failure::new(Code::Refused, format!("{}: the database is not empty", db.display()))
                .help("name a directory that is not there yet")
        }
        Error::Import(fault) => {
            let failure = Failure::new(Code::Wrong, format!("{}: {fault}", file.display()));
            match fault {
                ImportFault::Foreign => failure
                    .help("it is made by: duramen export DB FILE")
                    .help("SQL is run by: duramen DB < FILE; values are read by: duramen kv DB import FILE"),
                ImportFault::Version(_) => failure.help("use the version of duramen that wrote it"),
                _ => failure.help("nothing was imported; export it again, or copy the file again"),
            }
        }
        error => Failure::new(Code::Refused, error.to_string()),
    }
}
