//! [`Connection`]: the entry point. Runs statements, one at a time, each in a transaction of its own unless one was begun.
//!
//! Invariants:
//! 1. A statement that fails leaves nothing behind, unless `OR FAIL` asks for it.
//! 2. A cached plan is used only for the schema it was made for.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use duramen_engine::{Database, Durability, Options, Savepoint, View, WriteTxn};

use crate::ast::{ConflictAction, Parameters, Statement};
use crate::bind::{Binder, Catalog};
use crate::error::{Error, Result};
use crate::exec::{Definer, FunctionTables, Given, Writing, run_select};
use crate::func::{Context, Registry};
use crate::limits::Limits;
use crate::parse::parse_next;
use crate::plan::{
    DeletePlan, InsertPlan, Planner, SelectPlan, UpdatePlan, explain_select, plan_delete, plan_insert,
    plan_update,
};
use crate::schema::{Schema, Store};
use crate::session::{Ambient, ResultSet, pragma_rows};
use crate::store::{Identity, Stores, Writers, create_schema, has_schema, identity, load_schema};
use crate::value::{Collation, Value, ValueRef};

/// A plan, and what it was made for.
struct Prepared {
    plan: Plan,
    schema: (Identity, Identity),
    parameters: Parameters,
}

/// The plan of a statement.
enum Plan {
    Select(SelectPlan),
    Insert(Box<InsertPlan>),
    Update(Box<UpdatePlan>),
    Delete(Box<DeletePlan>),
    /// Anything that is done anew each time.
    Other(Box<Statement>),
}

/// A transaction that was begun.
struct Open {
    main: WriteTxn,
    temp: Option<WriteTxn>,
    savepoints: Vec<Named>,
    /// Whether `SAVEPOINT` began it, so that the release of that one commits.
    by_savepoint: bool,
}

/// A savepoint with a name.
struct Named {
    name: Box<str>,
    main: Savepoint,
    temp: Option<Savepoint>,
}

/// The schemas of both stores, and what they are identified by.
type Schemas = ((Identity, Identity), Arc<Schema>, Arc<Schema>);

/// A connection to a database.
pub struct Connection {
    database: Database,
    temp: Option<Database>,
    open: Option<Open>,
    schemas: Option<Schemas>,
    plans: HashMap<Box<str>, Arc<Prepared>>,
    functions: Registry,
    collations: Vec<Collation>,
    ambient: Ambient,
    interrupt: Arc<AtomicBool>,
    durability: Durability,
}

/// From this many plans on the cache is emptied.
const MOST_PLANS: usize = 512;

impl Connection {
    /// A connection to a new database in memory.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn open_in_memory() -> Result<Connection> {
        Ok(Connection::new(Database::in_memory(Options::default())?))
    }

    /// A connection to a database.
    #[must_use]
    pub fn new(database: Database) -> Connection {
        Connection {
            database,
            temp: None,
            open: None,
            schemas: None,
            plans: HashMap::new(),
            functions: Registry::new(),
            collations: Vec::new(),
            ambient: Ambient::new(Limits::default()),
            interrupt: Arc::new(AtomicBool::new(false)),
            durability: Durability::Immediate,
        }
    }

    /// A flag that stops the running statement when it is set.
    #[must_use]
    pub fn interrupt_flag(&self) -> Arc<AtomicBool> {
        self.interrupt.clone()
    }

    /// The functions that statements may call, to add own ones.
    pub fn functions(&mut self) -> &mut Registry {
        self.plans.clear();
        &mut self.functions
    }

    /// Whether a transaction was begun and not ended.
    #[must_use]
    pub fn in_transaction(&self) -> bool {
        self.open.is_some()
    }

    /// How many rows the last `INSERT`, `UPDATE` or `DELETE` changed.
    #[must_use]
    pub fn changes(&self) -> i64 {
        self.ambient.changes()
    }

    /// The rowid of the last row inserted.
    #[must_use]
    pub fn last_insert_rowid(&self) -> i64 {
        self.ambient.last_insert_rowid()
    }

    /// Runs all statements of a text, and gives what the last one gave.
    ///
    /// # Errors
    /// Those of the first statement that fails; what came before it stays done.
    pub fn run(&mut self, sql: &str, parameters: &[Value]) -> Result<ResultSet> {
        if let Some(prepared) = self.plans.get(sql).cloned()
            && self.identities()? == prepared.schema
        {
            return self.execute(&prepared, parameters);
        }
        let mut result = ResultSet::default();
        let mut start = 0;
        while let Some(parsed) = parse_next(sql, start, self.ambient.limits())? {
            let alone = start == 0 && sql[parsed.next..].trim().is_empty();
            start = parsed.next;
            let prepared = Arc::new(self.prepare(parsed.statement, parsed.parameters)?);
            if alone && !matches!(prepared.plan, Plan::Other(_)) {
                if self.plans.len() >= MOST_PLANS {
                    self.plans.clear();
                }
                self.plans.insert(sql.into(), prepared.clone());
            }
            result = self.execute(&prepared, parameters)?;
        }
        Ok(result)
    }

    /// Runs one statement with parameters by name, as they are written with `:`, `@`, `$` or as `?N`.
    ///
    /// # Errors
    /// Those of the statement.
    pub fn run_named(&mut self, sql: &str, parameters: &[(&str, Value)]) -> Result<ResultSet> {
        let Some(parsed) = parse_next(sql, 0, self.ambient.limits())? else {
            return Ok(ResultSet::default());
        };
        let prepared = self.prepare(parsed.statement, parsed.parameters)?;
        let mut values = vec![Value::Null; prepared.parameters.count()];
        for (name, value) in parameters {
            if let Some(number) = prepared.parameters.number(name) {
                values[number - 1] = value.clone();
            }
        }
        self.execute(&prepared, &values)
    }

    /// The identities of the schemas as statements see them now.
    fn identities(&mut self) -> Result<(Identity, Identity)> {
        self.with_views(|_, stores| Ok((identity(stores, Store::Main)?, identity(stores, Store::Temp)?)))
    }

    /// Runs something on the versions that a reading statement sees.
    fn with_views<T>(&self, run: impl FnOnce(&Connection, Stores<'_>) -> Result<T>) -> Result<T> {
        if let Some(open) = &self.open {
            let temp = open.temp.as_ref().map(|temp| temp as &dyn View);
            return run(self, Stores { main: &open.main, temp });
        }
        let main = self.database.begin_read()?;
        let temp = self.temp.as_ref().map(Database::begin_read).transpose()?;
        let stores = Stores { main: &main, temp: temp.as_ref().map(|temp| temp as &dyn View) };
        run(self, stores)
    }

    /// The schemas as statements see them now.
    fn schemas(&mut self) -> Result<(Arc<Schema>, Arc<Schema>)> {
        let now = self.identities()?;
        if let Some((known, main, temp)) = &self.schemas
            && *known == now
        {
            return Ok((main.clone(), temp.clone()));
        }
        if self.open.is_none() && now.0 == [0; 16] {
            self.make_schema()?;
            return self.schemas();
        }
        let (main, temp) = self.with_views(|connection, stores| {
            let collation = |name: &str| {
                Collation::built_in(name)
                    .or_else(|| {
                        let own = connection.collations.iter();
                        own.clone().find(|own| own.name().eq_ignore_ascii_case(name)).cloned()
                    })
                    .ok_or_else(|| Error::statement(format!("no such collation sequence: {name}")))
            };
            Ok((
                Arc::new(load_schema(stores, Store::Main, &collation)?),
                Arc::new(load_schema(stores, Store::Temp, &collation)?),
            ))
        })?;
        self.schemas = Some((now, main.clone(), temp.clone()));
        Ok((main, temp))
    }

    /// Gives a new database its empty schema.
    fn make_schema(&mut self) -> Result<()> {
        let mut txn = self.database.begin_write()?;
        let mut writers = Writers { main: &mut txn, temp: None };
        if !has_schema(writers.stores(), Store::Main) {
            create_schema(&mut writers, Store::Main)?;
        }
        txn.commit(self.durability)?;
        Ok(())
    }

    /// Makes the store of temporary objects.
    fn make_temp(&mut self) -> Result<()> {
        if self.temp.is_some() {
            return Ok(());
        }
        let temp = Database::in_memory(Options::default())?;
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

    fn prepare(&mut self, statement: Statement, parameters: Parameters) -> Result<Prepared> {
        let refused = match &statement {
            _ if parameters.count() == 0 => None,
            Statement::CreateTrigger(_) => Some("trigger cannot use variables"),
            Statement::CreateView(_) => Some("parameters are not allowed in views"),
            _ => None,
        };
        if let Some(refused) = refused {
            return Err(Error::statement(refused));
        }
        let (main, temp) = self.schemas()?;
        let schema = self.identities()?;
        let plan = self.with_views(|connection, stores| {
            let catalog = connection.catalog(&main, &temp);
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
                other => Plan::Other(Box::new(other)),
            })
        })?;
        Ok(Prepared { plan, schema, parameters })
    }

    fn catalog<'c>(&'c self, main: &'c Schema, temp: &'c Schema) -> Catalog<'c> {
        Catalog {
            main,
            temp,
            functions: &self.functions,
            collations: &self.collations,
            limits: self.ambient.limits(),
            settings: self.ambient.write_settings(),
            home: None,
        }
    }

    fn execute(&mut self, prepared: &Prepared, parameters: &[Value]) -> Result<ResultSet> {
        self.interrupt.store(false, Ordering::Relaxed);
        self.ambient.start_statement();
        let (columns, returning) = match &prepared.plan {
            Plan::Select(plan) => return self.select(plan, parameters),
            Plan::Other(statement) => return self.other(statement, parameters),
            Plan::Insert(plan) => (&plan.returning.columns, !plan.returning.values.is_empty()),
            Plan::Update(plan) => (&plan.returning.columns, !plan.returning.values.is_empty()),
            Plan::Delete(plan) => (&plan.returning.columns, !plan.returning.values.is_empty()),
        };
        let columns = columns.iter().map(|column| column.name.clone()).collect();
        let (changes, last_rowid, rows) = self.write(parameters, |writing| match &prepared.plan {
            Plan::Insert(plan) => writing.insert(plan),
            Plan::Update(plan) => writing.update(plan),
            Plan::Delete(plan) => writing.delete(plan),
            Plan::Select(_) | Plan::Other(_) => Ok(()),
        })?;
        self.ambient.note_changes(changes, last_rowid);
        Ok(ResultSet { columns: if returning { columns } else { Vec::new() }, rows, changes })
    }

    fn select(&mut self, plan: &SelectPlan, parameters: &[Value]) -> Result<ResultSet> {
        let mut rows = Vec::new();
        let (main, temp) = self.schemas()?;
        let tables = Tables { main, temp };
        self.with_views(|connection, stores| {
            let given = Given {
                parameters,
                context: &connection.ambient,
                interrupt: &connection.interrupt,
                tables: &tables,
            };
            run_select(plan, stores, given, |values: &[ValueRef<'_>]| {
                rows.push(values.iter().map(|value| value.to_value()).collect());
                Ok(true)
            })
        })?;
        let columns = plan.columns.iter().map(|column| column.name.clone()).collect();
        Ok(ResultSet { columns, rows, changes: 0 })
    }

    /// Runs a statement that writes, and undoes what it did if it fails.
    fn write(
        &mut self,
        parameters: &[Value],
        run: impl FnOnce(&mut Writing<'_, '_>) -> Result<()>,
    ) -> Result<(u64, Option<i64>, Vec<Vec<Value>>)> {
        let (main_schema, temp_schema) = self.schemas()?;
        let tables = Tables { main: main_schema, temp: temp_schema };
        let given = Given { parameters, context: &self.ambient, interrupt: &self.interrupt, tables: &tables };
        if let Some(open) = &mut self.open {
            let main = open.main.savepoint();
            let temp = open.temp.as_mut().map(WriteTxn::savepoint);
            let writers = Writers { main: &mut open.main, temp: open.temp.as_mut() };
            let mut writing = Writing::new(writers, given);
            let result = run(&mut writing);
            let (action, outcome) =
                (writing.on_failure, (writing.changes, writing.last_rowid(), writing.returned));
            let Err(error) = result else {
                open.main.release(main)?;
                if let (Some(txn), Some(temp)) = (&mut open.temp, temp) {
                    txn.release(temp)?;
                }
                return Ok(outcome);
            };
            match action {
                ConflictAction::Rollback => self.open = None,
                ConflictAction::Fail => self.ambient.note_changes(outcome.0, outcome.1),
                _ => {
                    open.main.rollback_to(main)?;
                    open.main.release(main)?;
                    if let (Some(txn), Some(temp)) = (&mut open.temp, temp) {
                        txn.rollback_to(temp)?;
                        txn.release(temp)?;
                    }
                }
            }
            return Err(error);
        }
        let mut main = self.database.begin_write()?;
        let mut temp = self.temp.as_ref().map(Database::begin_write).transpose()?;
        let writers = Writers { main: &mut main, temp: temp.as_mut() };
        let mut writing = Writing::new(writers, given);
        let result = run(&mut writing);
        let action = writing.on_failure;
        let outcome = (writing.changes, writing.last_rowid(), writing.returned);
        if let Err(error) = result {
            if action == ConflictAction::Fail {
                self.ambient.note_changes(outcome.0, outcome.1);
                main.commit(self.durability)?;
                if let Some(temp) = temp {
                    temp.commit(Durability::None)?;
                }
            }
            return Err(error);
        }
        main.commit(self.durability)?;
        if let Some(temp) = temp {
            temp.commit(Durability::None)?;
        }
        Ok(outcome)
    }

    /// Runs a statement that is no query and writes no rows.
    fn other(&mut self, statement: &Statement, parameters: &[Value]) -> Result<ResultSet> {
        let done = |result: Result<()>| result.map(|()| ResultSet::default());
        match statement {
            Statement::Begin(_) => done(self.begin()),
            Statement::Commit => done(self.commit()),
            Statement::Rollback => {
                if self.open.take().is_none() {
                    return Err(Error::statement("cannot rollback - no transaction is active"));
                }
                Ok(ResultSet::default())
            }
            Statement::Savepoint(name) => done(self.savepoint(&name.text)),
            Statement::Release(name) => done(self.release(&name.text)),
            Statement::RollbackTo(name) => done(self.rollback_to(&name.text)),
            Statement::CreateTable(_)
            | Statement::CreateIndex(_)
            | Statement::CreateView(_)
            | Statement::CreateTrigger(_)
            | Statement::Drop(_) => done(self.define(statement, parameters)),
            Statement::Pragma(pragma) => self.pragma(pragma),
            Statement::Analyze(_) | Statement::Vacuum { into: None, .. } => Ok(ResultSet::default()),
            Statement::Reindex(name) => done(self.reindex(name.as_ref())),
            Statement::AlterTable(_) => Err(Error::statement("ALTER TABLE is not supported yet")),
            Statement::Explain { kind, statement } => self.explain(*kind, statement),
            Statement::CreateVirtualTable(create) => {
                Err(Error::statement(format!("no such module: {}", create.module.text)))
            }
            Statement::Attach(_) | Statement::Detach(_) => {
                Err(Error::statement("ATTACH and DETACH are not supported"))
            }
            Statement::Vacuum { .. } => Err(Error::statement("VACUUM INTO is not supported")),
            Statement::Select(_) | Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => {
                Err(Error::statement("a statement with a plan was run without one"))
            }
        }
    }

    fn explain(&mut self, kind: crate::ast::ExplainKind, statement: &Statement) -> Result<ResultSet> {
        if kind == crate::ast::ExplainKind::Program {
            return Err(Error::statement("EXPLAIN without QUERY PLAN is not supported"));
        }
        let prepared = self.prepare(statement.clone(), Parameters::default())?;
        let lines = match &prepared.plan {
            Plan::Select(plan) => explain_select(plan),
            Plan::Update(plan) => explain_select(&plan.find),
            Plan::Delete(plan) => explain_select(&plan.find),
            Plan::Insert(plan) => plan.source.as_ref().map_or_else(Vec::new, explain_select),
            Plan::Other(_) => Vec::new(),
        };
        let columns = ["id", "parent", "notused", "detail"].map(Box::from).to_vec();
        let rows = lines
            .into_iter()
            .map(|line| {
                vec![
                    Value::Integer(line.id),
                    Value::Integer(line.parent),
                    Value::Integer(0),
                    Value::from(line.detail),
                ]
            })
            .collect();
        Ok(ResultSet { columns, rows, changes: 0 })
    }

    fn define(&mut self, statement: &Statement, parameters: &[Value]) -> Result<()> {
        let temporary = match statement {
            Statement::CreateTable(create) => create.temporary || is_temp(&create.name),
            Statement::CreateView(create) => create.temporary || is_temp(&create.name),
            Statement::CreateTrigger(create) => create.temporary || is_temp(&create.name),
            _ => false,
        };
        if temporary {
            self.make_temp()?;
        }
        let (main, temp) = self.schemas()?;
        let functions = self.functions.clone();
        let collations = self.collations.clone();
        let limits = self.ambient.limits().clone();
        let settings = self.ambient.write_settings();
        self.write(parameters, |writing| {
            let catalog = Catalog {
                main: &main,
                temp: &temp,
                functions: &functions,
                collations: &collations,
                limits: &limits,
                settings,
                home: None,
            };
            let writers =
                Writers { main: &mut *writing.writers.main, temp: writing.writers.temp.as_deref_mut() };
            let mut definer = Definer { writers, catalog, given: writing.given };
            match statement {
                Statement::CreateTable(create) => definer.create_table(create),
                Statement::CreateIndex(create) => definer.create_index(create),
                Statement::CreateView(create) => definer.create_view(create),
                Statement::CreateTrigger(create) => definer.create_trigger(create),
                Statement::Drop(drop) => definer.drop(drop),
                _ => Ok(()),
            }
        })?;
        self.plans.clear();
        Ok(())
    }

    fn reindex(&mut self, name: Option<&crate::ast::QualifiedName>) -> Result<()> {
        let Some(name) = name else { return Ok(()) };
        let (main, temp) = self.schemas()?;
        let text = &*name.name.text;
        let known = self.catalog(&main, &temp).collation(text).is_ok()
            || [&main, &temp]
                .iter()
                .any(|schema| schema.table(text).is_some() || schema.index(text).is_some());
        if known {
            return Ok(());
        }
        Err(Error::statement("unable to identify the object to be reindexed"))
    }

    fn pragma(&mut self, pragma: &crate::ast::Pragma) -> Result<ResultSet> {
        let (main, temp) = self.schemas()?;
        let name = pragma.name.text.to_ascii_lowercase();
        if let Some(columns) = crate::schema::pragma_columns(&name) {
            let schema = pragma.schema.as_ref().map(|schema| &*schema.text);
            let rows = pragma_rows(&main, &temp, &name, pragma.value.as_deref(), schema)?;
            return Ok(ResultSet {
                columns: columns.iter().map(|column| Box::from(*column)).collect(),
                rows,
                changes: 0,
            });
        }
        // Plans depend on settings.
        self.plans.clear();
        self.ambient.pragma(&name, pragma.value.as_deref())
    }

    fn open_transaction(&mut self, by_savepoint: bool) -> Result<()> {
        let main = self.database.begin_write()?;
        let temp = self.temp.as_ref().map(Database::begin_write).transpose()?;
        self.open = Some(Open { main, temp, savepoints: Vec::new(), by_savepoint });
        Ok(())
    }

    fn begin(&mut self) -> Result<()> {
        if self.open.is_some() {
            return Err(Error::statement("cannot start a transaction within a transaction"));
        }
        self.open_transaction(false)
    }

    fn commit(&mut self) -> Result<()> {
        let Some(open) = self.open.take() else {
            return Err(Error::statement("cannot commit - no transaction is active"));
        };
        open.main.commit(self.durability)?;
        if let Some(temp) = open.temp {
            temp.commit(Durability::None)?;
        }
        Ok(())
    }

    fn savepoint(&mut self, name: &str) -> Result<()> {
        if self.open.is_none() {
            self.open_transaction(true)?;
        }
        if let Some(open) = &mut self.open {
            let main = open.main.savepoint();
            let temp = open.temp.as_mut().map(WriteTxn::savepoint);
            open.savepoints.push(Named { name: name.into(), main, temp });
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

    fn release(&mut self, name: &str) -> Result<()> {
        let place = self.find_savepoint(name)?;
        let Some(open) = &mut self.open else { return Ok(()) };
        if place == 0 && open.by_savepoint {
            return self.commit();
        }
        let released = open.savepoints.split_off(place);
        if let Some(first) = released.first() {
            open.main.release(first.main)?;
            if let (Some(txn), Some(temp)) = (&mut open.temp, first.temp) {
                txn.release(temp)?;
            }
        }
        Ok(())
    }

    fn rollback_to(&mut self, name: &str) -> Result<()> {
        let place = self.find_savepoint(name)?;
        let Some(open) = &mut self.open else { return Ok(()) };
        open.savepoints.truncate(place + 1);
        let savepoint = &open.savepoints[place];
        open.main.rollback_to(savepoint.main)?;
        if let (Some(txn), Some(temp)) = (&mut open.temp, savepoint.temp) {
            txn.rollback_to(temp)?;
        }
        Ok(())
    }
}

fn is_temp(name: &crate::ast::QualifiedName) -> bool {
    name.schema.as_ref().is_some_and(|schema| schema.is("temp"))
}

/// What table functions read.
struct Tables {
    main: Arc<Schema>,
    temp: Arc<Schema>,
}

impl FunctionTables for Tables {
    fn pragma(&self, name: &str, argument: Option<&str>, schema: Option<&str>) -> Result<Vec<Vec<Value>>> {
        pragma_rows(&self.main, &self.temp, name, argument, schema)
    }
}

#[cfg(test)]
mod tests;
