//! [`Session`]: what a connection is, behind its lock: its transaction, its schemas, its plans, its settings.
//!
//! Here statements are prepared and writes are run; `command.rs` adds the statements that are no queries and write no rows.
//!
//! Invariants:
//! 1. A statement that fails leaves nothing behind, unless `OR FAIL` asks for it.
//! 2. `known` holds the identities of the schemas in every version that its commit led to, and inside the open
//!    transaction that began there; whatever may change a schema forgets it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use duramen_engine::{Database, Lsn};

use crate::ambient::Ambient;
use crate::ast::{ConflictAction, Parameters, Statement};
use crate::authorizer::Permission;
use crate::bind::{Binder, Catalog};
use crate::error::{ConstraintKind, Error, Result};
use crate::exec::{Given, Looked, Lookup, Orphans, Pace, Undo, Views, Writing};
use crate::func::Registry;
use crate::hooks::Hooks;
use crate::limits::Limits;
use crate::names::{Names, identities};
use crate::parse::{Parsed, parse_next};
use crate::plan::{Planner, plan_delete, plan_insert, plan_update};
use crate::pragma::columns_of;
use crate::prepared::{Identities, Plan, Plans, Prepared, Ready};
use crate::schema::{Schema, Store};
use crate::store::{Stores, create_schema, has_schema};
use crate::txn::{Commit, Mark, Txn};
use crate::value::{Collation, Value};

/// What a connection is; see the head of the file.
pub(crate) struct Session {
    pub(crate) txn: Txn,
    pub(crate) plans: Plans,
    pub(crate) ambient: Ambient,
    pub(crate) names: Names,
    pub(crate) hooks: Hooks,
    pub(crate) pace: Pace,
    known: Option<(Lsn, Identities)>,
    /// Grows when a function, a collation or a setting changes.
    definitions: u64,
    /// Grows when this connection changes what its open queries read.
    pub(crate) changed: u64,
    /// Grows when a transaction is rolled back.
    pub(crate) rolled_back: u64,
}

/// How a statement writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Steps {
    /// Row by row: it marks where it began itself, where it may fail halfway.
    Rows,
    /// In any way: it may fail halfway.
    Many,
}

/// What a statement did that writes rows.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) changes: u64,
    pub(crate) last_rowid: Option<i64>,
    pub(crate) returned: Vec<Vec<Value>>,
}

impl Session {
    pub(crate) fn new(database: Database, interrupt: Arc<AtomicBool>) -> Session {
        Session {
            txn: Txn::new(database),
            plans: Plans::new(),
            ambient: Ambient::new(Limits::default(), interrupt.clone()),
            names: Names::default(),
            hooks: Hooks::default(),
            pace: Pace::new(interrupt),
            known: None,
            definitions: 0,
            changed: 0,
            rolled_back: 0,
        }
    }

    pub(crate) fn functions(&self) -> &Registry {
        &self.names.functions
    }

    pub(crate) fn collations(&self) -> &[Collation] {
        &self.names.collations
    }

    /// The functions, to be changed.
    pub(crate) fn functions_mut(&mut self) -> &mut Registry {
        self.definitions += 1;
        &mut self.names.functions
    }

    /// The collations, to be changed.
    pub(crate) fn collations_mut(&mut self) -> &mut Vec<Collation> {
        self.definitions += 1;
        self.names.schemas = None;
        &mut self.names.collations
    }

    /// Plans were made with settings that do not hold any more.
    pub(crate) fn settings_changed(&mut self) {
        self.definitions += 1;
    }

    /// The identities of the schemas as statements see them now.
    pub(crate) fn identities(&mut self) -> Result<Identities> {
        let known = self.known;
        let found = self.txn.with_stores(|stores| identities_in(stores, known))?;
        self.known = Some(found);
        Ok(found.1)
    }

    /// What a query reads now, and the identities of the schemas there.
    pub(crate) fn views(&mut self) -> Result<(Views, Identities)> {
        let views = self.txn.views()?;
        let found = identities_in(views.stores(), self.known)?;
        self.known = Some(found);
        Ok((views, found.1))
    }

    /// Forgets what the schemas were.
    pub(crate) fn schema_changed(&mut self) {
        self.known = None;
    }

    /// The schemas as statements see them now.
    pub(crate) fn schemas(&mut self) -> Result<(Arc<Schema>, Arc<Schema>)> {
        self.load_schemas()?;
        match &self.names.schemas {
            Some(schemas) => Ok((schemas.main.clone(), schemas.temp.clone())),
            None => Ok((Arc::new(Schema::new()), Arc::new(Schema::new()))),
        }
    }

    /// Makes sure that the schemas kept are those that statements see now.
    fn load_schemas(&mut self) -> Result<Identities> {
        let mut identities = self.identities()?;
        if self.names.schemas.as_ref().is_some_and(|schemas| schemas.identities == identities) {
            return Ok(identities);
        }
        if !self.txn.is_open() && identities.0 == [0; 16] {
            match self.make_schema() {
                Err(Error::Engine(duramen_engine::Error::ReadOnly(_))) => self.txn.read_without_schema(),
                made => made?,
            }
            identities = self.identities()?;
        }
        let names = &self.names;
        let schemas = self.txn.with_stores(|stores| names.read_schemas(stores, identities))?;
        self.names.schemas = Some(schemas);
        Ok(identities)
    }

    /// Gives a new database its empty schema.
    fn make_schema(&mut self) -> Result<()> {
        self.known = None;
        let mut writers = self.txn.writers()?;
        let result = match has_schema(writers.stores(), Store::Main) {
            true => Ok(()),
            false => create_schema(&mut writers, Store::Main),
        };
        match result {
            Ok(()) => self.txn.end_statement().map(drop),
            Err(error) => {
                self.txn.drop_open();
                Err(error)
            }
        }
    }

    /// What statements may name, in these schemas.
    pub(crate) fn catalog<'c>(&'c self, main: &'c Schema, temp: &'c Schema) -> Catalog<'c> {
        self.names.catalog(main, temp, &self.ambient.limits)
    }

    /// Whether a statement can be run as it was prepared.
    pub(crate) fn is_current(&mut self, prepared: &Prepared) -> Result<bool> {
        Ok(prepared.definitions == self.definitions && prepared.schema == self.identities()?)
    }

    /// Whether functions, collations and settings are those that a statement was prepared with.
    pub(crate) fn has_settings_of(&self, prepared: &Prepared) -> bool {
        prepared.definitions == self.definitions
    }

    /// As [`Session::is_current`], where the identities are known already.
    pub(crate) fn is_current_in(&self, prepared: &Prepared, identities: &Identities) -> bool {
        prepared.definitions == self.definitions && prepared.schema == *identities
    }

    /// A statement that is remembered and can be run as it is, with what one of its text left for running.
    pub(crate) fn remembered(&mut self, sql: &str) -> Result<Option<Ready>> {
        let Some(remembered) = self.plans.get(sql) else { return Ok(None) };
        let found = (remembered.prepared.clone(), remembered.means.take());
        Ok(self.is_current(&found.0)?.then_some(found))
    }

    /// The one statement of a text, as it was prepared before or anew; `None` if the text has none.
    pub(crate) fn prepared(&mut self, sql: &str) -> Result<Option<Ready>> {
        if let Some(found) = self.remembered(sql)? {
            return Ok(Some(found));
        }
        let Some(parsed) = parse_next(sql, 0, &self.ambient.limits)? else { return Ok(None) };
        if parse_next(sql, parsed.next, &self.ambient.limits).is_ok_and(|more| more.is_none()) {
            return Ok(Some((self.prepare_alone(sql, parsed)?, None)));
        }
        Err(Error::MultipleStatement)
    }

    /// Prepares the only statement of a text, and remembers it.
    pub(crate) fn prepare_alone(&mut self, sql: &str, parsed: Parsed) -> Result<Arc<Prepared>> {
        let prepared = Arc::new(self.prepare(sql, parsed.statement, parsed.parameters)?);
        if !prepared.plan.is_command() {
            self.plans.insert(&prepared);
        }
        Ok(prepared)
    }

    /// Makes a statement ready to run.
    pub(crate) fn prepare(
        &mut self,
        sql: &str,
        statement: Statement,
        parameters: Parameters,
    ) -> Result<Prepared> {
        let refused = match &statement {
            _ if parameters.count() == 0 => None,
            Statement::CreateTrigger(_) => Some("trigger cannot use variables"),
            Statement::CreateView(_) => Some("parameters are not allowed in views"),
            _ => None,
        };
        if let Some(refused) = refused {
            return Err(Error::statement(refused));
        }
        let schema = self.load_schemas()?;
        let (main, temp) = self.schemas()?;
        let catalog = self.names.catalog(&main, &temp, &self.ambient.limits);
        let plan = self.txn.with_stores(|stores| {
            let mut binder = Binder::new(catalog);
            Ok(match statement {
                Statement::Select(select) => {
                    let bound = binder.select(&select)?;
                    Plan::Select(Planner::new(stores).statement(bound)?)
                }
                Statement::Insert(insert) => {
                    Plan::Insert(Box::new(plan_insert(stores, binder.insert(&insert)?)?))
                }
                Statement::Update(update) => {
                    Plan::Update(Box::new(plan_update(stores, binder.update(&update)?)?))
                }
                Statement::Delete(delete) => {
                    Plan::Delete(Box::new(plan_delete(stores, binder.delete(&delete)?)?))
                }
                other => match catalog.permission_to_run(&other)? {
                    Permission::Given => Plan::Other(Box::new(other)),
                    Permission::Ignored => Plan::Nothing,
                },
            })
        })?;
        let columns = match &plan {
            Plan::Select(plan) => plan.columns.iter().map(|column| Box::from(column.shown())).collect(),
            Plan::Other(statement) => columns_of(statement).into(),
            Plan::Nothing => Arc::default(),
            plan => match plan.returning() {
                Some(returning) => returning.columns.iter().map(|column| Box::from(column.shown())).collect(),
                None if self.names.pragmas.counts_changes() => Arc::from(plan.count_column()),
                None => Arc::default(),
            },
        };
        Ok(Prepared { sql: sql.into(), plan, schema, definitions: self.definitions, parameters, columns })
    }

    /// Reads or computes a row the direct way; `None` if the statement must be prepared anew before.
    pub(crate) fn look_up(
        &mut self,
        prepared: &Prepared,
        lookup: &mut Lookup,
        parameters: &[Value],
    ) -> Result<Option<Looked>> {
        let Plan::Select(plan) = &prepared.plan else { return Ok(None) };
        if prepared.definitions != self.definitions {
            return Ok(None);
        }
        let given = Given {
            parameters,
            context: &self.ambient,
            pace: &self.pace,
            tables: &self.names,
            watch: self.hooks.watch(),
        };
        if !Lookup::reads(plan) {
            // Whatever the schema is by now, nothing of it was named.
            return lookup.compute(plan, given).map(Some);
        }
        let known = &mut self.known;
        self.txn.read(|stores| {
            let found = identities_in(stores, *known)?;
            *known = Some(found);
            match found.1 == prepared.schema {
                true => lookup.find(plan, stores, given).map(Some),
                false => Ok(None),
            }
        })
    }

    /// Runs something with what a query is given.
    pub(crate) fn with_given<T>(&self, parameters: &[Value], run: impl FnOnce(Given<'_>) -> T) -> T {
        run(Given {
            parameters,
            context: &self.ambient,
            pace: &self.pace,
            tables: &self.names,
            watch: self.hooks.watch(),
        })
    }

    /// Runs a statement that writes, undoes what it did if it fails, and commits if it is a transaction of its own.
    pub(crate) fn write(
        &mut self,
        steps: Steps,
        parameters: &[Value],
        run: impl FnOnce(&mut Writing<'_, '_>) -> Result<()>,
    ) -> Result<Written> {
        let written = self.write_uncommitted(steps, parameters, run)?;
        self.end_statement()?;
        Ok(written)
    }

    /// Runs a statement that writes, and undoes what it did if it fails.
    pub(crate) fn write_uncommitted(
        &mut self,
        steps: Steps,
        parameters: &[Value],
        run: impl FnOnce(&mut Writing<'_, '_>) -> Result<()>,
    ) -> Result<Written> {
        self.changed += 1;
        let mut mark = if steps == Steps::Many { self.txn.mark() } else { None };
        let is_alone = self.txn.is_of_statement();
        let given = Given {
            parameters,
            context: &self.ambient,
            pace: &self.pace,
            tables: &self.names,
            watch: self.hooks.watch(),
        };
        let orphans = self.txn.orphans();
        let mut writing = Writing::new(self.txn.writers()?, given);
        writing.orphans = orphans;
        if steps == Steps::Rows && !is_alone {
            writing.undo = Undo::Unmarked;
        }
        writing.put_off_foreign_keys = self.names.pragmas.is_on("defer_foreign_keys");
        let result = run(&mut writing);
        let action = writing.on_failure;
        let (orphans, before) = (writing.orphans, orphans);
        if let Undo::Marked(savepoints) = writing.undo {
            mark = Some(Mark::of(savepoints, before));
        }
        let by_programs = writing.changes_by_programs();
        let written = Written {
            changes: writing.changes,
            last_rowid: writing.last_rowid(),
            returned: writing.returned,
        };
        if let Err(error) = result {
            // After the engine failed to write, the transaction could not be committed any more.
            let action = if error.is_of_storage() { ConflictAction::Rollback } else { action };
            if action == ConflictAction::Fail {
                self.txn.set_orphans(orphans);
            }
            self.undo(mark.as_ref(), action, &written)?;
            return Err(error);
        }
        self.ambient.note_changes_by_programs(by_programs);
        self.txn.set_orphans(orphans);
        if let Some(mark) = mark {
            self.txn.release_mark(&mark)?;
        }
        Ok(written)
    }

    /// Commits if the statement began the transaction for itself.
    pub(crate) fn end_statement(&mut self) -> Result<()> {
        if self.txn.is_of_statement() {
            self.before_commit()?;
        }
        let result = self.end_with(Txn::end_statement).map(drop);
        if result.is_err() && self.txn.is_of_statement() {
            self.abandon();
        }
        result
    }

    /// Ends a transaction, or a part of it. A commit that the engine fails to make leaves nothing of the transaction.
    pub(crate) fn end_with(
        &mut self,
        end: impl FnOnce(&mut Txn) -> Result<Option<Commit>>,
    ) -> Result<Option<Lsn>> {
        let was_open = self.txn.is_open();
        let result = end(&mut self.txn).map(|commit| {
            self.committed(commit);
            commit.map(|commit| commit.lsn)
        });
        if was_open && !self.txn.is_open() {
            self.names.pragmas.end_transaction();
            if result.is_err() {
                self.rolled_back += 1;
                self.hooks.rolled_back();
                self.schema_changed();
            }
        }
        result
    }

    /// Asks the program whether the transaction may be committed, and rolls it back if not.
    pub(crate) fn before_commit(&mut self) -> Result<()> {
        if self.txn.is_writing() && self.hooks.refuse_commit() {
            self.abandon();
            let message = "constraint failed".into();
            return Err(Error::Constraint { kind: ConstraintKind::CommitHook, message });
        }
        Ok(())
    }

    /// What was known of the schemas in the transaction holds in its commit as well.
    pub(crate) fn committed(&mut self, commit: Option<Commit>) {
        if let (Some(Commit { base, lsn }), Some((known, _))) = (commit, &mut self.known)
            && *known == base
        {
            *known = lsn;
        }
    }

    /// Undoes what a statement did that failed, as far as its conflict clause asks for it.
    fn undo(&mut self, mark: Option<&Mark>, action: ConflictAction, written: &Written) -> Result<()> {
        match (action, mark) {
            (ConflictAction::Fail, _) => {
                self.ambient.note_changes(written.changes, written.last_rowid);
                if let Some(mark) = mark {
                    self.txn.release_mark(mark)?;
                }
                self.end_statement()
            }
            (ConflictAction::Rollback, _) => {
                self.abandon();
                Ok(())
            }
            // What did nothing in a larger transaction leaves nothing to undo.
            (_, None) if !self.txn.is_of_statement() => Ok(()),
            (_, None) => {
                self.abandon();
                Ok(())
            }
            (_, Some(mark)) => {
                self.txn.undo_to(mark)?;
                self.txn.release_mark(mark)
            }
        }
    }

    /// Goes back to a savepoint of the program.
    pub(crate) fn rollback_to(&mut self, name: &str) -> Result<()> {
        self.changed += 1;
        self.schema_changed();
        self.txn.rollback_to(name)
    }

    /// Ends the queries that are open.
    pub(crate) fn end_queries(&mut self) {
        self.rolled_back += 1;
    }

    /// Makes the settings what they were, and forgets the schema; all it held was removed.
    pub(crate) fn reset(&mut self, limits: Limits, foreign_keys: bool) {
        self.begin_with(limits, foreign_keys);
        self.txn.set_orphans(Orphans::default());
        self.changed += 1;
        self.end_queries();
        self.schema_changed();
        self.settings_changed();
    }

    /// The settings that a connection begins with.
    pub(crate) fn begin_with(&mut self, limits: Limits, foreign_keys: bool) {
        self.names.pragmas = crate::pragma::Pragmas::default();
        self.ambient.limits = limits.bounded();
        self.ambient.case_sensitive_like = false;
        self.names.pragmas.set("foreign_keys", foreign_keys.into());
    }

    /// Drops the transaction and all it did.
    pub(crate) fn abandon(&mut self) {
        if self.txn.is_open() {
            if !self.txn.is_of_statement() {
                self.rolled_back += 1;
            }
            self.txn.drop_open();
            self.hooks.rolled_back();
        }
        self.names.pragmas.end_transaction();
        self.schema_changed();
    }
}

/// The identities of the schemas in a version, and the commit that it goes back to.
fn identities_in(stores: Stores<'_>, known: Option<(Lsn, Identities)>) -> Result<(Lsn, Identities)> {
    let base = stores.main.lsn();
    match known {
        Some((lsn, identities)) if lsn == base => Ok((lsn, identities)),
        _ => Ok((base, identities(stores)?)),
    }
}
