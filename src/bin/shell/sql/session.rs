//! [`Session`]: a database that statements run on, and what was set for them.
//!
//! 1. A database that is not there is made by the first statement that works on an empty one and is no query.
//! 2. After a failure of the disk the database is opened again before the next statement.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use duramen::io::Io;
use duramen::{Access, Database, Options, Profile};
use duramen_sql::{Connection, Error, ResultSet, Statement, ToSql, Value, ValueRef};

use crate::failure::{Code, Failure, Outcome, Stop};
use crate::past::Past;
use crate::running::Running;
use crate::world::{self, World};

use super::look::{Look, Place};
use super::plan_tree;
use super::report::{self, Origin};
use super::rows;
use super::split::Piece;

/// Parameters of statements that nobody gave values are NULL.
const UNBOUND: &[(&str, &dyn ToSql)] = &[];

/// The name of a database in memory.
const IN_MEMORY: &str = ":memory:";

/// What a session begins with.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) path: PathBuf,
    pub(crate) read_only: bool,
    /// The moment to read, instead of now.
    pub(crate) as_of: Option<String>,
    /// What statements may do, if they run as those of an object.
    pub(crate) profile: Option<Profile>,
    pub(crate) look: Look,
}

/// What was set for statements.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) look: Look,
    /// Whether to say how long a statement took.
    pub(crate) timer: bool,
    /// Whether to show statements before they run.
    pub(crate) echo: bool,
    /// Whether to show plans before the rows.
    pub(crate) explain: bool,
    /// Whether to say how many rows a statement changed.
    pub(crate) changes: bool,
    /// Whether a script goes on after an error.
    pub(crate) goes_on: bool,
}

/// Where results go instead of standard output.
struct Target {
    path: PathBuf,
    file: BufWriter<File>,
    /// Whether for one statement alone.
    once: bool,
}

/// What statements run on.
enum Store {
    /// There is no database yet: an empty one to try statements on.
    Empty(Connection),
    /// The database.
    Open(Database, Connection),
    /// It has to be opened again.
    Lost,
}

/// A database and what was set.
pub(crate) struct Session {
    path: PathBuf,
    read_only: bool,
    io: Io,
    options: Options,
    profile: Option<Profile>,
    running: Running,
    pub(crate) settings: Settings,
    /// The last error that a script was told to pass over.
    pub(crate) passed: Option<Code>,
    store: Store,
    target: Option<Target>,
}

impl Session {
    /// Opens the database if there is one.
    pub(crate) fn start(start: Start, world: &World<'_>) -> Result<Session, Failure> {
        let mut session = Session {
            path: start.path,
            read_only: start.read_only,
            io: world.io.clone(),
            options: world.options.clone(),
            profile: start.profile,
            running: world.running.clone(),
            settings: Settings { look: start.look, ..Settings::default() },
            passed: None,
            store: Store::Lost,
            target: None,
        };
        session.store = match &start.as_of {
            Some(moment) => {
                session.read_only = true;
                let db = Past::open_as_of(&session.path, moment, world)?;
                Store::Open(db.clone(), session.connect(db)?)
            }
            None => session.open()?,
        };
        Ok(session)
    }

    /// What stops the running statement.
    pub(crate) fn running(&self) -> Running {
        self.running.clone()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is a database.
    pub(crate) fn is_there(&self) -> bool {
        !matches!(self.store, Store::Empty(_))
    }

    /// Opens the database, or an empty one in memory where there is none.
    fn open(&self) -> Result<Store, Failure> {
        if self.path == Path::new(IN_MEMORY) {
            let db = Database::in_memory(self.options.clone()).map_err(|error| self.engine_failed(&error))?;
            return Ok(Store::Open(db.clone(), self.connect(db)?));
        }
        let first = if self.read_only { Access::ReadOnly } else { Access::OpenExisting };
        let opened = self.open_for(first).or_else(|failure| match failure.code {
            // Whoever may not write may still read.
            Code::Disk => self.open_for(Access::ReadOnly).map_err(|_| failure),
            _ => Err(failure),
        });
        match opened {
            Ok(db) => Ok(Store::Open(db.clone(), self.connect(db)?)),
            Err(failure) if failure.code == Code::NoDatabase && !self.read_only && !self.path.exists() => {
                let scratch = Database::in_memory(Options::default());
                Ok(Store::Empty(self.connect(scratch.map_err(|error| self.engine_failed(&error))?)?))
            }
            Err(failure) => Err(failure),
        }
    }

    /// A connection for statements.
    fn connect(&self, db: Database) -> Result<Connection, Failure> {
        match self.profile {
            Some(profile) => profile.connect(db).map_err(|error| report::plain(&self.path, &error)),
            None => Ok(Connection::new(db)),
        }
    }

    fn open_for(&self, access: Access) -> Result<Database, Failure> {
        world::open(&self.io, &self.options, &self.path, access)
    }

    fn engine_failed(&self, error: &duramen::engine::Error) -> Failure {
        Failure::of_engine(&self.path, error)
    }

    /// What statements run on.
    pub(crate) fn connection(&mut self) -> Result<&mut Connection, Failure> {
        if let Store::Lost = self.store {
            self.store = self.open()?;
        }
        match &mut self.store {
            Store::Empty(connection) | Store::Open(_, connection) => Ok(connection),
            Store::Lost => Err(Failure::new(Code::Refused, "the database is not open")),
        }
    }

    /// Runs a statement and shows its rows.
    pub(crate) fn run(&mut self, piece: &Piece, origin: &Origin, world: &mut World<'_>) -> Outcome {
        if self.settings.echo {
            self.line(format_args!("{}", piece.text), world)?;
        }
        if self.settings.explain {
            self.show_plan(piece, world)?;
        }
        let started = Instant::now();
        let done = self.run_and_show(piece, origin, world);
        if self.settings.timer {
            world.note(format_args!("time: {}", seconds(started.elapsed())));
        }
        self.settle(world)?;
        if let Err(Stop::Failed(failure)) = &done
            && failure.code == Code::Disk
        {
            self.store = Store::Lost;
        }
        done
    }

    fn run_and_show(&mut self, piece: &Piece, origin: &Origin, world: &mut World<'_>) -> Outcome {
        let path = self.path.clone();
        let failed = |error: &Error| report::failure(&path, origin, piece, error);
        let running = self.running.clone();
        let run = running.begin(self.connection()?.interrupt_flag());
        let mut statement = self.connection()?.prepare(&piece.text).map_err(|error| failed(&error))?;
        if let (Store::Empty(_), 0) = (&self.store, statement.column_count()) {
            statement.execute(UNBOUND).map_err(|error| failed(&error))?;
            statement = self.make()?.prepare(&piece.text).map_err(|error| failed(&error))?;
        }
        self.show(&mut statement, &|| run.is_stopped(), world)?.map_err(|error| failed(&error))?;
        if self.settings.changes {
            let changes = self.connection()?.changes();
            self.line(format_args!("changes: {changes}"), world)?;
        }
        Ok(())
    }

    /// Makes the database that is not there.
    fn make(&mut self) -> Result<&mut Connection, Failure> {
        let db = self.open_for(Access::OpenOrCreate)?;
        self.store = Store::Open(db.clone(), self.connect(db)?);
        self.connection()
    }

    /// Makes the database if it is not there, for a command that will write to it.
    pub(crate) fn connection_to_write(&mut self) -> Result<&mut Connection, Failure> {
        match self.store {
            Store::Empty(_) => self.make(),
            _ => self.connection(),
        }
    }

    /// A statement of the shell's own.
    pub(crate) fn prepare(&mut self, sql: &str) -> Result<Statement, Failure> {
        let path = self.path.clone();
        self.connection()?.prepare(sql).map_err(|error| report::plain(&path, &error))
    }

    /// All rows of a statement of the shell's own.
    pub(crate) fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<ResultSet, Failure> {
        let path = self.path.clone();
        let result = self.connection()?.run(sql, parameters);
        result.map_err(|error| report::plain(&path, &error))
    }

    fn show_plan(&mut self, piece: &Piece, world: &mut World<'_>) -> Outcome {
        let sql = format!("EXPLAIN QUERY PLAN {}", piece.text);
        // What is wrong with a statement is told when it runs.
        let Ok(plan) = self.query(&sql, &[]) else { return Ok(()) };
        if plan.rows.is_empty() { Ok(()) } else { self.text(&plan_tree::draw(&plan.rows), world) }
    }

    /// Runs a statement and writes its rows in the form that was asked for, as they come. The inner result is that of
    /// the statement.
    fn show(
        &mut self,
        statement: &mut Statement,
        is_stopped: &dyn Fn() -> bool,
        world: &mut World<'_>,
    ) -> Outcome<Result<(), Error>> {
        let columns: Vec<Box<str>> = statement.column_names().into_iter().map(Box::from).collect();
        if columns.is_empty() {
            return Ok(statement.execute(UNBOUND).map(drop));
        }
        let (look, place) = (self.settings.look.clone(), self.place(world));
        if plan_tree::is_plan(&columns) && !look.mode(place).is_for_programs() {
            return match collected(statement) {
                Ok(rows) => self.text(&plan_tree::draw(&rows), world).map(Ok),
                Err(error) => Ok(Err(error)),
            };
        }
        let mut rows = match statement.query(UNBOUND) {
            Ok(rows) => rows,
            Err(error) => return Ok(Err(error)),
        };
        let mut ended = Ok(());
        self.write(world, |out| {
            // A statement that fails before its first row shows nothing.
            let mut writer = None;
            ended = loop {
                let row = match rows.next() {
                    Ok(Some(_)) if is_stopped() => break Err(Error::Interrupted),
                    Ok(Some(row)) => row,
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                };
                let values: Result<Vec<_>, _> = (0..columns.len()).map(|place| row.get_ref(place)).collect();
                let values = match values {
                    Ok(values) => values,
                    Err(error) => break Err(error),
                };
                let begun = match writer.take() {
                    Some(writer) => writer,
                    None => rows::begin(&look, place, &columns, out)?,
                };
                writer.insert(begun).row(&values, out)?;
            };
            match writer {
                Some(writer) => writer.end(out),
                None if ended.is_ok() => rows::begin(&look, place, &columns, out)?.end(out),
                None => Ok(()),
            }
        })?;
        Ok(ended)
    }

    /// Where rows are shown.
    pub(crate) fn place(&self, world: &World<'_>) -> Place {
        match self.target {
            Some(_) => Place::default(),
            None => Place { width: world.width(), colours: world.width().is_some() && world.colours },
        }
    }

    /// Writes a line of the result.
    pub(crate) fn line(&mut self, line: std::fmt::Arguments<'_>, world: &mut World<'_>) -> Outcome {
        self.write(world, |out| {
            out.write_fmt(line)?;
            out.write_all(b"\n")
        })
    }

    /// Writes a text of whole lines.
    pub(crate) fn text(&mut self, text: &str, world: &mut World<'_>) -> Outcome {
        self.write(world, |out| out.write_all(text.as_bytes()))
    }

    /// Writes to where results go.
    pub(crate) fn write(
        &mut self,
        world: &mut World<'_>,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Outcome {
        match &mut self.target {
            None => world.write(write),
            Some(target) => {
                write(&mut target.file).map_err(|error| cannot_write(&target.path, &error).into())
            }
        }
    }

    /// Sends results to a file, or to standard output again.
    pub(crate) fn redirect(&mut self, file: Option<&Path>, once: bool) -> Outcome {
        self.end_redirection()?;
        if let Some(path) = file {
            let file = File::create(path).map_err(|error| cannot_write(path, &error))?;
            self.target = Some(Target { path: path.into(), file: BufWriter::new(file), once });
        }
        Ok(())
    }

    /// Where results go, if not to standard output.
    pub(crate) fn redirected_to(&self) -> Option<&Path> {
        self.target.as_ref().map(|target| &*target.path)
    }

    fn end_redirection(&mut self) -> Outcome {
        match self.target.take() {
            Some(mut target) => {
                target.file.flush().map_err(|error| cannot_write(&target.path, &error).into())
            }
            None => Ok(()),
        }
    }

    /// Hands on what a statement or a dot-command wrote.
    pub(crate) fn settle(&mut self, world: &mut World<'_>) -> Outcome {
        match &self.target {
            Some(target) if target.once => self.end_redirection(),
            Some(_) => Ok(()),
            None => world.flush(),
        }
    }

    /// Ends the session; a transaction that was begun and not ended is undone.
    pub(crate) fn close(mut self, world: &mut World<'_>) -> Outcome {
        self.end_redirection()?;
        let Store::Open(db, connection) = self.store else { return Ok(()) };
        if connection.in_transaction() {
            world.note(format_args!("note: the transaction was not committed and is undone"));
        }
        drop(connection);
        db.close().map_err(|error| Failure::of_engine(&self.path, &error).into())
    }
}

/// All rows of a statement.
fn collected(statement: &mut Statement) -> Result<Vec<Vec<Value>>, Error> {
    let columns = statement.column_count();
    let mut rows = statement.query(UNBOUND)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let values = (0..columns).map(|place| row.get_ref(place).map(ValueRef::to_value));
        all.push(values.collect::<Result<_, _>>()?);
    }
    Ok(all)
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::of_file("write it", path, error)
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}
