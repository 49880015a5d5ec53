//! Runs steps on the storage of an object and on its model, and compares them after each.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use ::duramen::storage::{
    Error, Import, Profile, Result as StorageResult, Storage, StorageOptions, Transaction,
};
use duramen_engine::io::Io;
use duramen_engine::io::sim::SimFs;
use duramen_engine::{Database, Options};
use duramen_kv::{ListOptions, Value};

use crate::compare::{Checked, Divergence, same};
use crate::duramen::{DIR, failure, io_on, version_of};
use crate::engine::Version;
use crate::storage_model::{Change, End, State, Step};

/// An object and its model.
#[derive(Debug)]
pub struct StorageRun {
    fs: Arc<SimFs>,
    io: Io,
    options: Options,
    open: Option<(Database, Storage)>,
    /// What the object holds, with what is not committed.
    now: State,
    /// Whether a statement undid the turn: it cannot be committed any more.
    lost: bool,
    /// Each commit, and what it led to. The first is the database before it was made.
    commits: Vec<(Version, State)>,
}

/// The error of a storage that does not do what its model does.
fn broken(error: &Error) -> Divergence {
    Divergence::new(format!("{error}"))
}

/// An error that a step makes up to undo something.
fn made_up() -> Error {
    Error::Aborted("made up".into())
}

/// Opens the storage in a database.
///
/// # Errors
/// What opening answers.
pub fn storage_on(db: &Database, io: &Io) -> Checked<Storage> {
    let options =
        StorageOptions { profile: Profile::Open, io: Some(io.clone()), ..StorageOptions::default() };
    Storage::on(db.clone(), options).map_err(|error| broken(&error))
}

/// What a storage holds.
///
/// # Errors
/// What reading it answers.
pub fn state_of(storage: &Storage) -> Checked<State> {
    read(storage).map_err(|error| broken(&error).during("read everything"))
}

fn read(storage: &Storage) -> StorageResult<State> {
    let mut state = State::default();
    let names = storage.sql().exec("SELECT name FROM sqlite_master", ())?.to_array()?;
    for name in names {
        let name: String = name.get(0)?;
        match &*name {
            "_cf_KV" => drop(state.listed.insert("_cf_KV")),
            "_cf_METADATA" => drop(state.listed.insert("_cf_METADATA")),
            name => {
                let rows = storage.sql().exec(&format!("SELECT id, v FROM {name}"), ())?;
                let rows = rows.map(|row| row.and_then(|row| Ok((row.get(0)?, row.get(1)?))));
                let table = name.trim_start_matches('t').parse().unwrap_or(u8::MAX);
                state.tables.insert(table, rows.collect::<StorageResult<BTreeMap<i64, i64>>>()?);
            }
        }
    }
    for entry in storage.kv().list(&ListOptions::default())? {
        let (key, value) = entry?;
        let Value::Number(number) = value else { continue };
        state.values.insert(key, integer(number));
    }
    state.alarm = storage.get_alarm().now()?;
    Ok(state)
}

/// The integer that a number was made from.
fn integer(number: f64) -> i32 {
    format!("{number:.0}").parse().unwrap_or(i32::MIN)
}

impl StorageRun {
    /// Makes a new object.
    ///
    /// # Errors
    /// What opening answers.
    pub fn begin(options: Options, seed: u64) -> Checked<StorageRun> {
        let fs = Arc::new(SimFs::new());
        let io = io_on(fs.clone(), seed);
        let commits = vec![(Version(0), State::default())];
        let now = State::default();
        let mut run = StorageRun { fs, io, options, open: None, now, lost: false, commits };
        run.reopen()?;
        Ok(run)
    }

    /// What it runs on.
    #[must_use]
    pub fn fs(&self) -> &SimFs {
        &self.fs
    }

    /// How the database is opened.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The commits so far, and what each led to.
    #[must_use]
    pub fn commits(&self) -> &[(Version, State)] {
        &self.commits
    }

    fn storage(&self) -> Checked<Storage> {
        let open = self.open.as_ref();
        open.map(|(_, storage)| storage.clone()).ok_or_else(|| Divergence::new("the object is closed"))
    }

    /// Opens the object; what was not committed is gone.
    fn reopen(&mut self) -> Checked {
        self.open = None;
        let db = Database::open_with(self.io.clone(), DIR, self.options.clone()).map_err(failure)?;
        let storage = storage_on(&db, &self.io)?;
        self.open = Some((db, storage));
        self.now = self.commits.last().map(|(_, state)| state.clone()).unwrap_or_default();
        self.lost = false;
        Ok(())
    }

    /// Notes a commit that was made since, which led to the present state.
    fn note_commit(&mut self) {
        let Some((db, _)) = &self.open else { return };
        let version = version_of(db.last_lsn());
        if self.commits.last().is_some_and(|(last, _)| *last < version) {
            self.commits.push((version, self.now.clone()));
        }
        let durable = version_of(db.durable_lsn());
        let promised = self.commits.partition_point(|(version, _)| *version <= durable);
        self.fs.mark(promised.saturating_sub(1) as u64);
    }

    /// Does a step, and compares what the object holds then with its model.
    ///
    /// # Errors
    /// The first difference.
    pub fn step(&mut self, step: &Step) -> Checked {
        match step {
            Step::EndTurn => {
                let ended = self.storage()?.end_turn();
                self.after_commit(ended)?;
            }
            Step::WaitDurable => {
                let synced = self.storage()?.sync().wait();
                self.after_commit(synced)?;
            }
            Step::Abort => {
                self.storage()?.abort("made up").map_err(|error| broken(&error))?;
                self.reopen()?;
            }
            Step::Reopen => self.reopen()?,
            Step::Async(steps, end, after) => self.run_async(steps, *end, after)?,
            step => self.run(step)?,
        }
        let found = state_of(&self.storage()?)?;
        same("what the object holds", &found, &self.now)?;
        match step {
            Step::WaitDurable => self.copy_is_the_same(),
            _ => Ok(()),
        }
    }

    /// An export of what is committed makes an object that holds the same, and whose export is the same again.
    fn copy_is_the_same(&self) -> Checked {
        let during = |found: Divergence| found.during("export and import");
        let exported = |storage: &Storage| {
            let mut file = Vec::new();
            storage.export(&mut file, &mut |_, _| ()).map(|_| file).map_err(|error| during(broken(&error)))
        };
        let file = exported(&self.storage()?)?;
        let copy = Database::in_memory(Options::default()).map_err(failure)?;
        let import = Import::open(file.as_slice());
        let done = import.and_then(|import| import.into_database(&copy, &mut |_, _| ()));
        done.map_err(|error| during(broken(&error)))?;
        let copy = storage_on(&copy, &self.io)?;
        same("a copy", &state_of(&copy)?, &self.now).map_err(during)?;
        same("the export of a copy", &(exported(&copy)? == file), &true).map_err(during)
    }

    /// A commit ended; if a statement undid the turn before, it had to fail.
    fn after_commit(&mut self, ended: StorageResult<()>) -> Checked {
        match (ended, self.lost) {
            (Ok(()), false) => {
                self.note_commit();
                Ok(())
            }
            (Err(Error::TurnRolledBack), true) => self.reopen(),
            (ended, lost) => Err(Divergence::new(format!("a commit, lost: {lost}: {ended:?}"))),
        }
    }

    /// A step that commits nothing.
    fn run(&mut self, step: &Step) -> Checked {
        match step {
            Step::Change(change) => self.change(change),
            Step::Sync(steps, end) => {
                let before = self.now.clone();
                let mut wrong = Ok(());
                let storage = self.storage()?;
                let result = storage.transaction_sync(|_| {
                    wrong = steps.iter().try_for_each(|step| self.run(step));
                    if *end == End::Keep { Ok(()) } else { Err(made_up()) }
                });
                wrong?;
                if *end != End::Keep {
                    self.now = before;
                }
                same("whether a part is kept", &result.is_ok(), &(*end == End::Keep))
            }
            Step::DeleteAll => {
                self.storage()?.delete_all().map_err(|error| broken(&error))?;
                self.now = State::default();
                Ok(())
            }
            Step::RollBackAll(table) => self.roll_back_all(*table),
            _ => Ok(()),
        }
    }

    fn roll_back_all(&mut self, table: u8) -> Checked {
        let Some(row) = self.now.tables.get(&table).and_then(|rows| rows.keys().next().copied()) else {
            return Ok(());
        };
        let sql = format!("INSERT OR ROLLBACK INTO t{table} VALUES (?1, 0)");
        if self.storage()?.sql().exec(&sql, [row]).is_ok() {
            return Err(Divergence::new("a row was inserted that is there already"));
        }
        self.lost = true;
        self.now = self.commits.last().map(|(_, state)| state.clone()).unwrap_or_default();
        Ok(())
    }

    fn change(&mut self, change: &Change) -> Checked {
        let can = self.now.clone().apply(change);
        let done = do_change(&self.storage()?, change);
        if can {
            self.now.apply(change);
        }
        same(format_args!("whether {change:?} works ({:?})", done.as_ref().err()), &done.is_ok(), &can)
    }

    fn run_async(&mut self, steps: &[Step], end: End, after: &[Step]) -> Checked {
        let storage = self.storage()?;
        let lost = self.lost;
        let mut wrong = Ok(());
        let result = run_now(storage.transaction(async |transaction: Transaction| {
            self.note_commit();
            let before = self.now.clone();
            wrong = steps.iter().try_for_each(|step| self.run(step));
            if end != End::Keep {
                self.now = before;
            }
            match end {
                End::Keep => Ok(()),
                End::Fail => Err(made_up()),
                End::Rollback => {
                    transaction.rollback()?;
                    wrong = wrong.clone().and_then(|()| after.iter().try_for_each(|step| self.run(step)));
                    Ok(())
                }
            }
        }))?;
        wrong?;
        drop(storage);
        match result {
            Err(Error::TurnRolledBack) if lost => self.reopen(),
            Err(Error::Aborted(_)) if end == End::Fail => self.after_commit(Ok(())),
            Ok(()) if end != End::Fail => self.after_commit(Ok(())),
            result => Err(Divergence::new(format!("a transaction that ends with {end:?}: {result:?}"))),
        }
    }
}

/// Runs a future that has nothing to wait for.
fn run_now<F: Future>(future: F) -> Checked<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => Err(Divergence::new("a transaction waits though nothing else runs")),
    }
}

pub(crate) fn do_change(storage: &Storage, change: &Change) -> StorageResult<()> {
    let sql = |text: String| storage.sql().exec(&text, ()).map(drop);
    match change {
        Change::CreateTable(table) => {
            sql(format!("CREATE TABLE t{table} (id INTEGER PRIMARY KEY, v INTEGER)"))
        }
        Change::DropTable(table) => sql(format!("DROP TABLE t{table}")),
        Change::Insert(table, key, value) => sql(format!("INSERT INTO t{table} VALUES ({key}, {value})")),
        Change::AddToAll(table, more) => sql(format!("UPDATE t{table} SET v = v + {more}")),
        Change::DeleteRow(table, key) => sql(format!("DELETE FROM t{table} WHERE id = {key}")),
        Change::Put(key, value) => storage.kv().put_as(key, value),
        Change::PutMany(entries) => {
            let entries: Vec<(&String, Value)> =
                entries.iter().map(|(key, value)| (key, Value::Number(f64::from(*value)))).collect();
            storage.put_many(&entries).now()
        }
        Change::Remove(key) => storage.delete(key).now().map(drop),
        Change::SetAlarm(time) => storage.set_alarm(*time).now(),
        Change::DeleteAlarm => storage.delete_alarm().now(),
    }
}
