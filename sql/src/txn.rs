//! [`Txn`]: the transaction of a connection, over the database and the store of temporary objects.
//!
//! It begins as it is asked to: `DEFERRED` ones read from the first statement on and write from the first one that
//! writes. What reads and what writes in both stores is begun, marked, undone and committed together.
//!
//! Invariants:
//! 1. Every named savepoint has a mark in each store that is written.
//! 2. A transaction that a single statement began for itself is over when that statement is.

use duramen_engine::{Database, Durability, Lsn, Options, ReadView, Savepoint, View, WriteTxn};

use crate::ast::TransactionMode;
use crate::error::{Error, Result};
use crate::exec::{Orphans, Views, violation};
use crate::schema::Store;
use crate::store::{Savepoints, Stores, Writers, create_schema, empty_schema};

/// The transaction of a connection; see the head of the file.
pub(crate) struct Txn {
    database: Database,
    temp: Option<Database>,
    open: Option<Open>,
    durability: Durability,
    /// Whether statements read an empty schema instead of the database, which has none.
    without_schema: bool,
}

/// A transaction that was begun.
struct Open {
    main: Main,
    temp: Option<WriteTxn>,
    savepoints: Vec<Named>,
    begun_by: BegunBy,
    /// What its statements read, until one writes.
    views: Option<Views>,
    /// How many rows lack the parent that a foreign key names.
    orphans: Orphans,
}

/// How far the transaction went in the database.
enum Main {
    /// It did nothing yet.
    Untouched,
    /// It read this version.
    Reading(ReadView),
    /// It writes.
    Writing(Box<WriteTxn>),
}

/// Who began a transaction, and so ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BegunBy {
    /// `BEGIN`; `COMMIT` or `ROLLBACK` end it.
    Begin,
    /// `SAVEPOINT`; the release of that one commits.
    Savepoint,
    /// A statement, for itself.
    Statement,
}

/// A savepoint with a name.
struct Named {
    name: Box<str>,
    main: Option<Savepoint>,
    temp: Option<Savepoint>,
    orphans: Orphans,
}

/// A commit that was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Commit {
    /// The one that the transaction started from.
    pub(crate) base: Lsn,
    pub(crate) lsn: Lsn,
}

/// A point inside a transaction that a statement goes back to if it fails.
pub(crate) struct Mark {
    main: Option<Savepoint>,
    temp: Option<Savepoint>,
    orphans: Orphans,
}

impl Mark {
    /// A point that a statement marked itself.
    pub(crate) fn of(savepoints: Savepoints, orphans: Orphans) -> Mark {
        Mark { main: Some(savepoints.main), temp: savepoints.temp, orphans }
    }
}

impl Txn {
    /// None is begun yet.
    pub(crate) fn new(database: Database) -> Txn {
        Txn { database, temp: None, open: None, durability: Durability::Immediate, without_schema: false }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Has statements read an empty schema, because the database has none and cannot be given one: it is read-only.
    pub(crate) fn read_without_schema(&mut self) {
        self.without_schema = true;
    }

    /// The newest version, as statements read it.
    fn newest(&self) -> Result<ReadView> {
        if self.without_schema {
            return Ok(empty_schema().clone());
        }
        Ok(self.database.begin_read()?)
    }

    /// What commits are to survive from now on.
    pub(crate) fn set_durability(&mut self, durability: Durability) {
        self.durability = durability;
    }

    /// Whether a transaction is begun that the next statement is part of.
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether it writes.
    pub(crate) fn is_writing(&self) -> bool {
        self.open.as_ref().is_some_and(|open| matches!(open.main, Main::Writing(_)))
    }

    /// Whether the release of this savepoint commits.
    pub(crate) fn release_commits(&self, name: &str) -> bool {
        let first = self.open.as_ref().is_some_and(|open| open.begun_by == BegunBy::Savepoint);
        first && self.find_savepoint(name).is_ok_and(|place| place == 0)
    }

    /// Makes the store of temporary objects with an empty schema, if there is none.
    pub(crate) fn make_temp(&mut self) -> Result<()> {
        if self.temp.is_some() {
            return Ok(());
        }
        let temp = Database::in_memory(Options::default())?;
        let mut txn = temp.begin_write()?;
        create_schema(&mut Writers { main: &mut txn, temp: None }, Store::Main)?;
        txn.commit(Durability::Immediate)?;
        if let Some(open) = &mut self.open {
            let mut txn = temp.begin_write()?;
            for savepoint in &mut open.savepoints {
                savepoint.temp = Some(txn.savepoint());
            }
            open.temp = Some(txn);
        }
        self.temp = Some(temp);
        Ok(())
    }

    /// The versions that a statement reads now, to keep for as long as it likes.
    pub(crate) fn views(&mut self) -> Result<Views> {
        let Some(open) = &mut self.open else {
            let temp = self.temp.as_ref().map(Database::begin_read).transpose()?;
            return Ok(Views { main: self.newest()?, temp });
        };
        if let Some(views) = &open.views {
            return Ok(views.clone());
        }
        let main = match &open.main {
            Main::Writing(txn) => txn.view(),
            Main::Reading(view) => view.clone(),
            Main::Untouched => {
                let view = match self.without_schema {
                    true => empty_schema().clone(),
                    false => self.database.begin_read()?,
                };
                open.main = Main::Reading(view.clone());
                view
            }
        };
        let views = Views { main, temp: open.temp.as_ref().map(WriteTxn::view) };
        open.views = Some(views.clone());
        Ok(views)
    }

    /// Runs a query on what it reads now, without keeping that.
    pub(crate) fn read<T>(&mut self, run: impl FnOnce(Stores<'_>) -> Result<T>) -> Result<T> {
        if let Some(Open { main: Main::Writing(main), temp, .. }) = &self.open {
            return run(Stores { main: &**main, temp: temp.as_ref().map(|temp| temp as &dyn View) });
        }
        run(self.views()?.stores())
    }

    /// Runs something on what a statement would read now. It is no statement itself.
    pub(crate) fn with_stores<T>(&mut self, run: impl FnOnce(Stores<'_>) -> Result<T>) -> Result<T> {
        match &self.open {
            Some(Open { main: Main::Writing(main), temp, .. }) => {
                run(Stores { main: &**main, temp: temp.as_ref().map(|temp| temp as &dyn View) })
            }
            // Looking at the schema does not bind the transaction to a version yet.
            Some(Open { main: Main::Untouched, temp, .. }) => {
                let main = self.newest()?;
                run(Stores { main: &main, temp: temp.as_ref().map(|temp| temp as &dyn View) })
            }
            _ => run(self.views()?.stores()),
        }
    }

    /// Makes sure that a transaction is open and may write; one that had to be begun ends with the statement.
    ///
    /// # Errors
    /// If another connection writes, or wrote since this transaction first read.
    pub(crate) fn start_writing(&mut self) -> Result<()> {
        let Some(open) = &mut self.open else {
            let main = Main::Writing(Box::new(self.database.begin_write()?));
            return self.begin_with(main, BegunBy::Statement);
        };
        open.views = None;
        let mut main = match &open.main {
            Main::Writing(_) => return Ok(()),
            Main::Untouched => self.database.begin_write()?,
            Main::Reading(view) => self.database.begin_write_from(view)?,
        };
        for savepoint in &mut open.savepoints {
            savepoint.main = Some(main.savepoint());
        }
        open.main = Main::Writing(Box::new(main));
        Ok(())
    }

    fn begin_with(&mut self, main: Main, begun_by: BegunBy) -> Result<()> {
        let temp = self.temp.as_ref().map(Database::begin_write).transpose()?;
        self.open = Some(Open {
            main,
            temp,
            savepoints: Vec::new(),
            begun_by,
            views: None,
            orphans: Orphans::default(),
        });
        Ok(())
    }

    /// What a statement writes to.
    ///
    /// # Errors
    /// As [`Txn::start_writing`].
    pub(crate) fn writers(&mut self) -> Result<Writers<'_>> {
        self.start_writing()?;
        match &mut self.open {
            Some(Open { main: Main::Writing(main), temp, .. }) => Ok(Writers { main, temp: temp.as_mut() }),
            _ => Err(Error::statement("a transaction that writes is not open")),
        }
    }

    /// Marks the present point, to go back to if the statement fails. None is needed where nothing came before it.
    pub(crate) fn mark(&mut self) -> Option<Mark> {
        let open = self.open.as_mut().filter(|open| open.begun_by != BegunBy::Statement)?;
        let main = match &mut open.main {
            Main::Writing(txn) => Some(txn.savepoint()),
            Main::Untouched | Main::Reading(_) => None,
        };
        Some(Mark { main, temp: open.temp.as_mut().map(WriteTxn::savepoint), orphans: open.orphans })
    }

    /// Forgets a mark.
    pub(crate) fn release_mark(&mut self, mark: &Mark) -> Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        if let (Main::Writing(txn), Some(main)) = (&mut open.main, mark.main) {
            txn.release(main)?;
        }
        if let (Some(txn), Some(temp)) = (&mut open.temp, mark.temp) {
            txn.release(temp)?;
        }
        Ok(())
    }

    /// Goes back to a mark.
    pub(crate) fn undo_to(&mut self, mark: &Mark) -> Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.views = None;
        open.orphans = mark.orphans;
        if let (Main::Writing(txn), Some(main)) = (&mut open.main, mark.main) {
            txn.rollback_to(main)?;
        }
        if let (Some(txn), Some(temp)) = (&mut open.temp, mark.temp) {
            txn.rollback_to(temp)?;
        }
        Ok(())
    }

    /// Commits what a statement began for itself; nothing if it is part of a larger transaction.
    pub(crate) fn end_statement(&mut self) -> Result<Option<Commit>> {
        if self.is_of_statement() { self.commit_open() } else { Ok(None) }
    }

    /// Whether the transaction is one that a statement began for itself.
    pub(crate) fn is_of_statement(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.begun_by == BegunBy::Statement)
    }

    /// Drops the transaction and all it did.
    pub(crate) fn drop_open(&mut self) {
        self.open = None;
    }

    /// How many rows lack a parent.
    pub(crate) fn orphans(&self) -> Orphans {
        self.open.as_ref().map(|open| open.orphans).unwrap_or_default()
    }

    /// Notes how many rows lack a parent.
    pub(crate) fn set_orphans(&mut self, orphans: Orphans) {
        if let Some(open) = &mut self.open {
            open.orphans = orphans;
        }
    }

    /// Commits; the transaction stays open if rows lack a parent.
    fn commit_open(&mut self) -> Result<Option<Commit>> {
        if !self.orphans().allow_commit() {
            return Err(violation());
        }
        let Some(open) = self.open.take() else { return Ok(None) };
        let commit = match open.main {
            Main::Writing(txn) => {
                let base = txn.lsn();
                Some(Commit { base, lsn: txn.commit(self.durability)? })
            }
            Main::Reading(_) | Main::Untouched => None,
        };
        if let Some(temp) = open.temp {
            temp.commit(Durability::None)?;
        }
        Ok(commit)
    }

    /// `BEGIN`
    pub(crate) fn begin(&mut self, mode: TransactionMode) -> Result<()> {
        if self.open.is_some() {
            return Err(Error::statement("cannot start a transaction within a transaction"));
        }
        let main = match mode {
            TransactionMode::Deferred => Main::Untouched,
            TransactionMode::Immediate | TransactionMode::Exclusive => {
                Main::Writing(Box::new(self.database.begin_write()?))
            }
        };
        self.begin_with(main, BegunBy::Begin)
    }

    /// `COMMIT`
    pub(crate) fn commit(&mut self) -> Result<Option<Commit>> {
        if self.open.is_none() {
            return Err(Error::statement("cannot commit - no transaction is active"));
        }
        self.commit_open()
    }

    /// `SAVEPOINT`
    pub(crate) fn savepoint(&mut self, name: &str) -> Result<()> {
        if self.open.is_none() {
            self.begin_with(Main::Untouched, BegunBy::Savepoint)?;
        }
        let Some(mark) = self.mark() else { return Ok(()) };
        if let Some(open) = &mut self.open {
            let Mark { main, temp, orphans } = mark;
            open.savepoints.push(Named { name: name.into(), main, temp, orphans });
        }
        Ok(())
    }

    /// The place of the newest savepoint of this name.
    fn find_savepoint(&self, name: &str) -> Result<usize> {
        self.open
            .as_ref()
            .and_then(|open| open.savepoints.iter().rposition(|known| known.name.eq_ignore_ascii_case(name)))
            .ok_or_else(|| Error::statement(format!("no such savepoint: {name}")))
    }

    /// `RELEASE`; the commit, if that ended a transaction that wrote.
    pub(crate) fn release(&mut self, name: &str) -> Result<Option<Commit>> {
        let place = self.find_savepoint(name)?;
        let Some(open) = &mut self.open else { return Ok(None) };
        if place == 0 && open.begun_by == BegunBy::Savepoint {
            return self.commit_open();
        }
        let released = open.savepoints.split_off(place);
        if let Some(Named { main, temp, orphans, .. }) = released.first() {
            self.release_mark(&Mark { main: *main, temp: *temp, orphans: *orphans })?;
        }
        Ok(None)
    }

    /// `ROLLBACK TO`
    pub(crate) fn rollback_to(&mut self, name: &str) -> Result<()> {
        let place = self.find_savepoint(name)?;
        let Some(open) = &mut self.open else { return Ok(()) };
        open.savepoints.truncate(place + 1);
        let Named { main, temp, orphans, .. } = open.savepoints[place];
        let mark = Mark { main, temp, orphans };
        self.undo_to(&mark)
    }
}
