//! `.import`: lines of values separated by commas into a table, all or none of them.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Parser;
use csv::{ByteRecord, Reader, ReaderBuilder};
use duramen_sql::{Value, params_from_iter};
use indicatif::ProgressBar;

use crate::failure::{Code, Failure, Outcome};
use crate::world::World;

use super::names;
use super::report;
use super::session::Session;
use super::value_text::quoted;

/// What `.import` is told.
#[derive(Debug, Parser)]
#[command(name = ".import", no_binary_name = true, disable_help_flag = true)]
pub(crate) struct Import {
    /// Passes over the first rows
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip: u64,
    /// Takes the names of columns from the first row, also where the table is there
    #[arg(long, visible_alias = "table-from-header")]
    header: bool,
    /// What separates values
    #[arg(long, value_name = "C", default_value = ",")]
    separator: String,
    /// The file
    file: PathBuf,
    /// The table, made from the first row if it is not there
    table: String,
}

/// How much is read at once.
const READ_BYTES: usize = 256 << 10;

/// Every so many rows the bar moves.
const ROWS_A_STEP: u64 = 500;

/// Counts what is read through it.
struct Counted<'r> {
    from: Box<dyn Read + 'r>,
    counts: Rc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    bytes: Cell<u64>,
    /// Whether a quote was opened and not closed: their number is odd.
    open: Cell<bool>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        let quotes = buffer[..read].iter().filter(|&&byte| byte == b'"').count();
        self.counts.open.set(self.counts.open.get() ^ (quotes % 2 == 1));
        self.counts.bytes.set(self.counts.bytes.get() + u64::try_from(read).unwrap_or(0));
        Ok(read)
    }
}

/// Reads the file into the table; says how many rows it had.
pub(crate) fn run(
    session: &mut Session,
    import: &Import,
    reads_input: bool,
    world: &mut World<'_>,
) -> Outcome {
    let [separator] = *import.separator.as_bytes() else {
        return Err(Failure::new(Code::Wrong, "the separator is one ASCII character").into());
    };
    let standard = import.file == Path::new("-");
    if standard && !reads_input {
        let failure = Failure::new(Code::Wrong, "the script's own input cannot be imported");
        return Err(failure.help("name a file, or use: duramen DB '.import - TABLE'").into());
    }
    let counts = Rc::new(Counts::default());
    let (total, name) = match standard {
        true => (None, "standard input".to_owned()),
        false => (Some(size(&import.file)?), import.file.display().to_string()),
    };
    let template = match total {
        Some(_) => "{msg} rows {bar:40} {bytes} of {total_bytes}, {eta} left",
        None => "{msg} rows, {bytes} read in {elapsed}",
    };
    let bar = world.bar(total, template);
    let from: Box<dyn Read + '_> = match standard {
        true => Box::new(&mut *world.input),
        false => Box::new(open(&import.file)?),
    };
    let reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .buffer_capacity(READ_BYTES)
        .from_reader(Counted { from, counts: counts.clone() });
    let mut under_way = UnderWay { import, name, counts, reader, record: ByteRecord::new(), bar };
    let done = under_way.all_or_none(session);
    under_way.bar.finish_and_clear();
    drop(under_way);
    let rows = done?;
    if world.watched {
        let rows_are = if rows == 1 { "row" } else { "rows" };
        world.note(format_args!("imported {rows} {rows_are} into {}", import.table));
    }
    Ok(())
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| Failure::of_file("read it", path, &error))
}

fn size(path: &Path) -> Result<u64, Failure> {
    let meta = open(path)?.metadata().and_then(|meta| match meta.is_dir() {
        true => Err(io::ErrorKind::IsADirectory.into()),
        false => Ok(meta.len()),
    });
    meta.map_err(|error| Failure::of_file("read it", path, &error))
}

/// An import under way.
struct UnderWay<'i> {
    import: &'i Import,
    /// What is read, as it is told.
    name: String,
    counts: Rc<Counts>,
    reader: Reader<Counted<'i>>,
    record: ByteRecord,
    bar: ProgressBar,
}

impl UnderWay<'_> {
    /// Reads all rows in a transaction, or a savepoint of the one that was begun; how many.
    fn all_or_none(&mut self, session: &mut Session) -> Outcome<u64> {
        for _ in 0..self.import.skip {
            self.next()?;
        }
        let inside = session.connection_to_write()?.in_transaction();
        let (begin, keep, undo) = match inside {
            true => ("SAVEPOINT import", "RELEASE import", "ROLLBACK TO import; RELEASE import"),
            false => ("BEGIN", "COMMIT", "ROLLBACK"),
        };
        session.query(begin, &[])?;
        let done = self.rows(session).and_then(|rows| session.query(keep, &[]).map(|_| rows));
        if done.is_err() {
            // The first failure is the one to tell.
            let _ = session.query(undo, &[]);
        }
        Ok(done.map_err(|failure| failure.help("nothing of it was imported"))?)
    }

    fn rows(&mut self, session: &mut Session) -> Result<u64, Failure> {
        let (insert, columns) = self.insert(session)?;
        let running = session.running();
        let run = running.begin(session.connection()?.interrupt_flag());
        let mut insert = session.prepare(&insert)?;
        let mut rows = 0;
        while self.next()? {
            if self.record.len() != columns {
                return Err(self.misfit(columns));
            }
            let values = self.record.iter().map(|field| Value::Text(field.into()));
            insert
                .execute(params_from_iter(values))
                .map_err(|error| self.at_line(report::plain(session.path(), &error)))?;
            rows += 1;
            if rows % ROWS_A_STEP == 0 {
                self.bar.set_position(self.counts.bytes.get());
                self.bar.set_message(rows.to_string());
                if run.is_stopped() {
                    return Err(self.at_line(Failure::new(Code::Refused, "interrupted")));
                }
            }
        }
        Ok(rows)
    }

    /// The statement that takes a row, and how many values it takes. Makes the table if it is not there.
    fn insert(&mut self, session: &mut Session) -> Result<(String, usize), Failure> {
        let table = quoted(&self.import.table, '"');
        let known = names::columns(session, &self.import.table)?;
        let mut into = String::new();
        let mut count = known.len();
        if known.is_empty() || self.import.header {
            if !self.next()? {
                let why = format!("{}: there is no first row to name the columns", self.name);
                return Err(Failure::new(Code::Wrong, why));
            }
            let columns: Vec<String> =
                self.record.iter().map(|field| quoted(String::from_utf8_lossy(field).trim(), '"')).collect();
            count = columns.len();
            if known.is_empty() {
                let sql = format!("CREATE TABLE {table}({} TEXT)", columns.join(" TEXT, "));
                session.query(&sql, &[]).map_err(|failure| self.at_line(failure))?;
            } else {
                into = format!("({})", columns.join(", "));
            }
        }
        let places = vec!["?"; count].join(", ");
        Ok((format!("INSERT INTO {table}{into} VALUES ({places})"), count))
    }

    /// Reads the next row; whether there was one.
    fn next(&mut self) -> Result<bool, Failure> {
        self.reader
            .read_byte_record(&mut self.record)
            .map_err(|error| Failure::new(Code::Wrong, format!("{}: cannot read it: {error}", self.name)))
    }

    /// A failure, told with the line that the row begins on.
    fn at_line(&self, failure: Failure) -> Failure {
        let line = self.record.position().map_or(0, csv::Position::line);
        Failure { message: format!("{}, line {line}: {}", self.name, failure.message), ..failure }
    }

    /// A row with too many or too few values.
    fn misfit(&mut self, columns: usize) -> Failure {
        let found = self.record.len();
        let failure = Failure::new(
            Code::Wrong,
            format!("{found} {}, but {columns} columns", if found == 1 { "value" } else { "values" }),
        );
        let failure = self.at_line(failure);
        // A quote that is never closed makes one value of all the rest.
        let is_last = !self.next().unwrap_or(false);
        match is_last && self.counts.open.get() {
            true => failure.help("a double quote that opens a value is never closed"),
            false => failure,
        }
    }
}
