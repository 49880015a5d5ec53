//! Statements that are no queries and write no rows: transactions, definitions, pragmas, `EXPLAIN`.

use crate::ast::{ExplainKind, Expr, Parameters, Pragma, Select, SelectBody, Statement};
use crate::bind::Catalog;
use crate::error::{Error, Result};
use crate::exec::{Definer, PragmaCall, run_select};
use crate::plan::{Line, explain_select};
use crate::pragma::{Answer, explain_columns};
use crate::pragma_rows::PragmaReader;
use crate::prepared::Plan;
use crate::schema::{Store, pragma_columns};
use crate::session::{Session, Steps};
use crate::store::{Writers, copy_database, create_schema, has_schema, keep_number};
use crate::txn::Txn;
use crate::value::Value;

impl Session {
    /// Runs a statement that is no query and writes no rows.
    pub(crate) fn command(&mut self, statement: &Statement, parameters: &[Value]) -> Result<Answer> {
        let done = |result: Result<()>| result.map(|()| Answer::default());
        match statement {
            Statement::Begin(mode) => done(self.txn.begin(*mode)),
            Statement::Commit => {
                self.before_commit()?;
                done(self.end_with(Txn::commit).map(drop))
            }
            Statement::Rollback => {
                if !self.txn.is_open() {
                    return Err(Error::statement("cannot rollback - no transaction is active"));
                }
                self.abandon();
                Ok(Answer::default())
            }
            Statement::Savepoint(name) => done(self.txn.savepoint(&name.text)),
            Statement::Release(name) => {
                if self.txn.release_commits(&name.text) {
                    self.before_commit()?;
                }
                done(self.end_with(|txn| txn.release(&name.text)).map(drop))
            }
            Statement::RollbackTo(name) => done(self.rollback_to(&name.text)),
            Statement::CreateTable(_)
            | Statement::CreateIndex(_)
            | Statement::CreateView(_)
            | Statement::CreateTrigger(_)
            | Statement::AlterTable(_)
            | Statement::Reindex(_)
            | Statement::Drop(_) => done(self.define(statement, parameters)),
            Statement::Pragma(pragma) => self.pragma(pragma),
            Statement::Vacuum { .. } if self.txn.is_open() => {
                Err(Error::statement("cannot VACUUM from within a transaction"))
            }
            Statement::Vacuum { into: None, .. } => {
                self.txn.database().compact(&mut |_, _| {})?;
                Ok(Answer::default())
            }
            Statement::Analyze(_) => Ok(Answer::default()),
            Statement::Explain { kind, statement } => self.explain(*kind, statement),
            Statement::CreateVirtualTable(create) => {
                Err(Error::statement(format!("no such module: {}", create.module.text)))
            }
            Statement::Attach(_) | Statement::Detach(_) => {
                Err(Error::statement("ATTACH and DETACH are not supported"))
            }
            Statement::Vacuum { into: Some(into), .. } => done(self.vacuum_into(into, parameters)),
            Statement::Select(_) | Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => {
                Err(Error::statement("a statement with a plan was run without one"))
            }
        }
    }

    /// Copies the database to a new directory.
    fn vacuum_into(&mut self, into: &Expr, parameters: &[Value]) -> Result<()> {
        let path = self.value_of(into, parameters)?;
        let Value::Text(path) = &path else { return Err(Error::statement("non-text filename")) };
        let path = String::from_utf8_lossy(path).into_owned();
        let view = self.txn.views()?.main;
        copy_database(&view, path.as_ref()).map_err(|error| match error {
            Error::Engine(duramen_engine::Error::AlreadyExists(_)) => {
                Error::statement("output file already exists")
            }
            error => error,
        })
    }

    /// The value of an expression that stands in a statement by itself.
    fn value_of(&mut self, expr: &Expr, parameters: &[Value]) -> Result<Value> {
        let select = Select {
            with: None,
            body: SelectBody::Values(vec![vec![expr.clone()]]),
            compound: Vec::new(),
            order_by: Vec::new(),
            limit: None,
            span: expr.span,
        };
        let prepared = self.prepare("", Statement::Select(Box::new(select)), Parameters::default())?;
        let Plan::Select(plan) = &prepared.plan else { return Ok(Value::Null) };
        let views = self.txn.views()?;
        let mut value = Value::Null;
        self.with_given(parameters, |given| {
            run_select(plan, views.stores(), given, |values| {
                value = values[0].to_value();
                Ok(false)
            })
        })?;
        Ok(value)
    }

    fn explain(&mut self, kind: ExplainKind, statement: &Statement) -> Result<Answer> {
        if kind == ExplainKind::Program {
            return Err(Error::statement(
                "EXPLAIN shows the bytecode of SQLite, and there is none here: EXPLAIN QUERY PLAN shows the plan",
            ));
        }
        let prepared = self.prepare("", statement.clone(), Parameters::default())?;
        let lines = match &prepared.plan {
            Plan::Select(plan) => explain_select(plan),
            Plan::Update(plan) => explain_select(&plan.find),
            Plan::Delete(plan) => explain_select(&plan.find),
            Plan::Insert(plan) => plan.source.as_ref().map_or_else(Vec::new, explain_select),
            Plan::Other(_) | Plan::Nothing => Vec::new(),
        };
        let row = |line: Line| {
            vec![
                Value::Integer(line.id),
                Value::Integer(line.parent),
                Value::Integer(0),
                Value::from(line.detail),
            ]
        };
        Ok(Answer { columns: explain_columns(), rows: lines.into_iter().map(row).collect() })
    }

    /// Changes what exists.
    fn define(&mut self, statement: &Statement, parameters: &[Value]) -> Result<()> {
        if is_temporary(statement) {
            self.txn.make_temp()?;
            self.schema_changed();
        }
        let result = self.define_in_transaction(statement, parameters);
        if result.is_err() && self.txn.is_of_statement() {
            self.abandon();
        }
        self.schema_changed();
        result
    }

    fn define_in_transaction(&mut self, statement: &Statement, parameters: &[Value]) -> Result<()> {
        // A new database gets its schema in a transaction of its own.
        self.schemas()?;
        self.txn.start_writing()?;
        let (main, temp) = self.schemas()?;
        let functions = self.functions().clone();
        let collations = self.collations().to_vec();
        let limits = self.ambient.limits.clone();
        let settings = self.names.pragmas.write_settings();
        let authorizer = self.names.authorizer.clone();
        self.write_uncommitted(Steps::Many, parameters, |writing| {
            let catalog = Catalog {
                main: &main,
                temp: &temp,
                functions: &functions,
                collations: &collations,
                limits: &limits,
                settings,
                home: None,
                authorizer: authorizer.as_deref(),
            };
            let writers =
                Writers { main: &mut *writing.writers.main, temp: writing.writers.temp.as_deref_mut() };
            let mut definer = Definer {
                writers,
                catalog,
                given: writing.given,
                orphans: &mut writing.orphans,
                put_off_foreign_keys: writing.put_off_foreign_keys,
            };
            match statement {
                Statement::CreateTable(create) => definer.create_table(create),
                Statement::CreateIndex(create) => definer.create_index(create),
                Statement::CreateView(create) => definer.create_view(create),
                Statement::CreateTrigger(create) => definer.create_trigger(create),
                Statement::AlterTable(alter) => definer.alter_table(alter),
                Statement::Reindex(name) => definer.reindex(name.as_ref()),
                Statement::Drop(drop) => definer.drop(drop),
                _ => Ok(()),
            }
        })?;
        self.schema_changed();
        self.end_statement()
    }

    fn pragma(&mut self, pragma: &Pragma) -> Result<Answer> {
        let name = pragma.name.text.to_ascii_lowercase();
        let value = pragma.value.as_deref();
        let schema = pragma.schema.as_ref().map(|schema| &*schema.text);
        let is_kept = matches!(&*name, "user_version" | "application_id");
        let told = match pragma_columns(&name) {
            Some(columns) => Some(columns.iter().map(|column| Box::from(*column)).collect()),
            None => (is_kept && value.is_none()).then(|| vec![name.as_str().into()]),
        };
        if let Some(columns) = told {
            let rows = self.pragma_rows(PragmaCall { name: &name, argument: value, schema })?;
            return Ok(Answer { columns, rows });
        }
        if let Some(value) = value.filter(|_| is_kept) {
            return self.keep_number(&name, schema, value).map(|()| Answer::default());
        }
        if name == "foreign_keys" && value.is_some() && self.txn.is_open() {
            // Inside a transaction it cannot be changed.
            return Ok(Answer::default());
        }
        if value.is_some() {
            self.settings_changed();
        }
        self.names.pragmas.apply(&mut self.ambient, &name, value)
    }

    /// The rows of a pragma that tells about the database.
    fn pragma_rows(&mut self, call: PragmaCall<'_>) -> Result<Vec<Vec<Value>>> {
        let (main, temp) = self.schemas()?;
        let views = self.txn.views()?;
        let catalog = self.catalog(&main, &temp).for_itself();
        let pragmas = &self.names.pragmas;
        self.with_given(&[], |given| {
            PragmaReader { catalog, stores: views.stores(), given, pragmas }.rows(call)
        })
    }

    /// Keeps a number of the database that means something to programs only.
    fn keep_number(&mut self, name: &str, schema: Option<&str>, value: &str) -> Result<()> {
        let store = match schema {
            Some(schema) if schema.eq_ignore_ascii_case("temp") => Store::Temp,
            _ => Store::Main,
        };
        if store == Store::Temp {
            self.txn.make_temp()?;
            self.schema_changed();
            self.schemas()?;
        }
        let number = value.parse().unwrap_or(0);
        self.txn.start_writing()?;
        self.write_uncommitted(Steps::Many, &[], |writing| {
            if !has_schema(writing.writers.stores(), store) {
                create_schema(&mut writing.writers, store)?;
            }
            keep_number(&mut writing.writers, store, name, number)
        })?;
        self.schema_changed();
        self.end_statement()
    }
}

/// Whether a statement makes something in the store of temporary objects.
fn is_temporary(statement: &Statement) -> bool {
    let (temporary, name) = match statement {
        Statement::CreateTable(create) => (create.temporary, &create.name),
        Statement::CreateView(create) => (create.temporary, &create.name),
        Statement::CreateTrigger(create) => (create.temporary, &create.name),
        _ => return false,
    };
    temporary || name.schema.as_ref().is_some_and(|schema| schema.is("temp"))
}
