//! What the program's authorizer is asked about statements that are no queries and write no rows.
//!
//! Where such a statement names what is not there nothing is asked: it fails by itself.

use std::sync::Arc;

use super::binder::{Catalog, Found};
use crate::ast::{
    self, AlterAction, AlterTable, CreateIndex, CreateTable, CreateTrigger, CreateView, CreateVirtualTable,
    Expr, ExprKind, Literal, ObjectKind, QualifiedName, Statement,
};
use crate::authorizer::{AuthAction, AuthContext, Permission, TransactionOperation};
use crate::error::{Error, Result};
use crate::schema::{Schema, Store, Table};

impl Catalog<'_> {
    /// Asks for a statement that is no query and writes no rows.
    ///
    /// # Errors
    /// The refusal.
    pub fn permission_to_run(&self, statement: &Statement) -> Result<Permission> {
        if self.authorizer.is_none() {
            return Ok(Permission::Given);
        }
        let transaction = |operation| self.ask(AuthAction::Transaction { operation }, None);
        let savepoint = |operation, name: &ast::Name| {
            self.ask(AuthAction::Savepoint { operation, savepoint_name: &name.text }, None)
        };
        match statement {
            Statement::Begin(_) => transaction(TransactionOperation::Begin),
            Statement::Commit => transaction(TransactionOperation::Commit),
            Statement::Rollback => transaction(TransactionOperation::Rollback),
            Statement::Savepoint(name) => savepoint(TransactionOperation::Begin, name),
            Statement::Release(name) => savepoint(TransactionOperation::Release, name),
            Statement::RollbackTo(name) => savepoint(TransactionOperation::Rollback, name),
            Statement::CreateTable(create) => self.create_table(create),
            Statement::CreateIndex(create) => self.create_index(create),
            Statement::CreateView(create) => self.create_view(create),
            Statement::CreateTrigger(create) => self.create_trigger(create),
            Statement::CreateVirtualTable(create) => self.create_virtual_table(create),
            Statement::AlterTable(alter) => self.alter_table(alter),
            Statement::Drop(drop) => self.drop(drop),
            Statement::Pragma(pragma) => self.pragma(pragma),
            Statement::Analyze(name) => self.analyze(name.as_ref()),
            Statement::Reindex(name) => self.reindex(name.as_ref()),
            Statement::Attach(attach) => {
                self.ask(AuthAction::Attach { filename: text_of(&attach.file) }, None)
            }
            Statement::Detach(schema) => {
                self.ask(AuthAction::Detach { database_name: text_of(schema) }, None)
            }
            Statement::Vacuum { .. }
            | Statement::Explain { .. }
            | Statement::Select(_)
            | Statement::Insert(_)
            | Statement::Update(_)
            | Statement::Delete(_) => Ok(Permission::Given),
        }
    }

    fn ask(&self, action: AuthAction<'_>, store: Option<Store>) -> Result<Permission> {
        self.ask_about(AuthContext { action, database_name: store.map(Store::name), accessor: None })
    }

    /// Asks for all of several things: what is left out in one place is left out altogether.
    fn ask_all<const N: usize>(&self, actions: [AuthAction<'_>; N], store: Store) -> Result<Permission> {
        for action in actions {
            if self.ask(action, Some(store))? == Permission::Ignored {
                return Ok(Permission::Ignored);
            }
        }
        Ok(Permission::Given)
    }

    fn create_table(&self, create: &CreateTable) -> Result<Permission> {
        let store = store_of(&create.name, create.temporary);
        self.ask_all([into_schema(store), new_table(store, &create.name.name.text)], store)
    }

    fn create_view(&self, create: &CreateView) -> Result<Permission> {
        let store = store_of(&create.name, create.temporary);
        let view_name = &*create.name.name.text;
        let action = match store {
            Store::Main => AuthAction::CreateView { view_name },
            Store::Temp => AuthAction::CreateTempView { view_name },
        };
        self.ask_all([into_schema(store), action], store)
    }

    fn create_index(&self, create: &CreateIndex) -> Result<Permission> {
        let schema = create.name.schema.as_ref().map(|schema| &*schema.text);
        let Some(Found::Table(store, table)) = self.find(schema, &create.table.text)? else {
            return Ok(Permission::Given);
        };
        let (index_name, table_name) = (&*create.name.name.text, &*table.name);
        let action = match store {
            Store::Main => AuthAction::CreateIndex { index_name, table_name },
            Store::Temp => AuthAction::CreateTempIndex { index_name, table_name },
        };
        self.ask_all([into_schema(store), action, AuthAction::Reindex { index_name }], store)
    }

    fn create_trigger(&self, create: &CreateTrigger) -> Result<Permission> {
        let schema = create.table.schema.as_ref().map(|schema| &*schema.text);
        let (of, table_name) = match self.find(schema, &create.table.name.text)? {
            Some(Found::Table(of, table)) => (of, &*table.name),
            Some(Found::View(of, view)) => (of, &*view.name),
            None => return Ok(Permission::Given),
        };
        let store = match of {
            Store::Temp => Store::Temp,
            Store::Main => store_of(&create.name, create.temporary),
        };
        let trigger_name = &*create.name.name.text;
        let action = match store {
            Store::Main => AuthAction::CreateTrigger { trigger_name, table_name },
            Store::Temp => AuthAction::CreateTempTrigger { trigger_name, table_name },
        };
        self.ask_all([action, into_schema(store)], store)
    }

    fn create_virtual_table(&self, create: &CreateVirtualTable) -> Result<Permission> {
        let store = store_of(&create.name, false);
        let (table_name, module_name) = (&*create.name.name.text, &*create.module.text);
        self.ask_all([into_schema(store), AuthAction::CreateVtable { table_name, module_name }], store)
    }

    fn alter_table(&self, alter: &AlterTable) -> Result<Permission> {
        let schema = alter.table.schema.as_ref().map(|schema| &*schema.text);
        let Some(Found::Table(store, table)) = self.find(schema, &alter.table.name.text)? else {
            return Ok(Permission::Given);
        };
        if let AlterAction::AddCheck { .. } = &alter.action {
            // SQLite looks for rows that break the rule with a function of its own, in a statement of its own.
            self.call_of_its_own("sqlite_fail")?;
        }
        let action = AuthAction::AlterTable { database_name: store.name(), table_name: &table.name };
        if self.ask(action, None)? == Permission::Ignored {
            return Ok(Permission::Ignored);
        }
        match &alter.action {
            AlterAction::RenameTable(to) => self.ask(new_table(store, &to.text), Some(store)),
            _ => Ok(Permission::Given),
        }
    }

    /// Asks for a function that SQLite calls in a statement `SELECT function(…` behind the one of the program.
    fn call_of_its_own(&self, function: &str) -> Result<Permission> {
        let answer = self.ask(AuthAction::Function { function_name: function }, None);
        answer.map_err(|error| match error {
            Error::NotAuthorized(_) => {
                Error::statement_at(format!("not authorized to use function: {function}"), "SELECT ".len())
            }
            error => error,
        })
    }

    fn drop(&self, drop: &ast::Drop) -> Result<Permission> {
        let schema = drop.name.schema.as_ref().map(|schema| &*schema.text);
        let name = &*drop.name.name.text;
        for &store in self.stores(schema)? {
            let objects = self.schema(store);
            let found = match drop.kind {
                ObjectKind::Table => objects.table(name).map(|table| self.drop_table(table, store)),
                ObjectKind::View => objects.view(name).map(|view| self.drop_view(&view.name, store)),
                ObjectKind::Index => {
                    objects.index(name).map(|(index, table)| self.drop_index(&index.name, &table.name, store))
                }
                ObjectKind::Trigger => objects
                    .trigger(name)
                    .map(|trigger| self.drop_trigger(&trigger.name, &trigger.table, store)),
            };
            if let Some(answer) = found {
                return answer;
            }
        }
        Ok(Permission::Given)
    }

    fn drop_table(&self, table: &Table, store: Store) -> Result<Permission> {
        let table_name = &*table.name;
        let action = match store {
            Store::Main => AuthAction::DropTable { table_name },
            Store::Temp => AuthAction::DropTempTable { table_name },
        };
        let actions = [out_of_schema(store), action, AuthAction::Delete { table_name }];
        if self.ask_all(actions, store)? == Permission::Ignored {
            return Ok(Permission::Ignored);
        }
        for trigger in self.schema(store).triggers_of(table_name) {
            self.drop_trigger(&trigger.name, table_name, store)?;
        }
        Ok(Permission::Given)
    }

    fn drop_view(&self, view_name: &str, store: Store) -> Result<Permission> {
        let action = match store {
            Store::Main => AuthAction::DropView { view_name },
            Store::Temp => AuthAction::DropTempView { view_name },
        };
        let rows = AuthAction::Delete { table_name: view_name };
        self.ask_all([out_of_schema(store), action, rows], store)
    }

    fn drop_index(&self, index_name: &str, table_name: &str, store: Store) -> Result<Permission> {
        let action = match store {
            Store::Main => AuthAction::DropIndex { index_name, table_name },
            Store::Temp => AuthAction::DropTempIndex { index_name, table_name },
        };
        self.ask_all([out_of_schema(store), action], store)
    }

    fn drop_trigger(&self, trigger_name: &str, table_name: &str, store: Store) -> Result<Permission> {
        let action = match store {
            Store::Main => AuthAction::DropTrigger { trigger_name, table_name },
            Store::Temp => AuthAction::DropTempTrigger { trigger_name, table_name },
        };
        self.ask_all([action, out_of_schema(store)], store)
    }

    fn pragma(&self, pragma: &ast::Pragma) -> Result<Permission> {
        let (pragma_name, pragma_value) = (&*pragma.name.text, pragma.value.as_deref());
        let action = AuthAction::Pragma { pragma_name, pragma_value };
        let database_name = pragma.schema.as_ref().map(|schema| &*schema.text);
        self.ask_about(AuthContext { action, database_name, accessor: None })
    }

    /// `ANALYZE` of everything, a schema, a table or the table of an index.
    fn analyze(&self, name: Option<&QualifiedName>) -> Result<Permission> {
        for (store, table) in
            self.tables_meant(name, |objects, name| objects.index(name).map(|(_, table)| table.clone()))?
        {
            if self.ask(AuthAction::Analyze { table_name: &table.name }, Some(store))? == Permission::Ignored
            {
                return Ok(Permission::Ignored);
            }
        }
        Ok(Permission::Given)
    }

    /// `REINDEX` of everything, a table or an index; of a collation it is that of everything.
    fn reindex(&self, name: Option<&QualifiedName>) -> Result<Permission> {
        if let Some(name) = name {
            for &store in self.stores(name.schema.as_ref().map(|schema| &*schema.text))? {
                if let Some((index, _)) = self.schema(store).index(&name.name.text) {
                    return self.ask(AuthAction::Reindex { index_name: &index.name }, Some(store));
                }
            }
        }
        for (store, table) in self.tables_meant(name, |_, _| None)? {
            for index in &table.indexes {
                let action = AuthAction::Reindex { index_name: &index.name };
                if self.ask(action, Some(store))? == Permission::Ignored {
                    return Ok(Permission::Ignored);
                }
            }
        }
        Ok(Permission::Given)
    }

    /// The tables that a name means: one of its own name, one that `other` finds by it, or all.
    fn tables_meant(
        &self,
        name: Option<&QualifiedName>,
        other: impl Fn(&Schema, &str) -> Option<Arc<Table>>,
    ) -> Result<Vec<(Store, Arc<Table>)>> {
        let all = || {
            let stores = [Store::Main, Store::Temp].into_iter();
            stores
                .flat_map(|store| self.schema(store).tables().map(move |table| (store, table.clone())))
                .filter(|(_, table)| !table.name.starts_with("sqlite_"))
                .collect()
        };
        let Some(name) = name else { return Ok(all()) };
        for &store in self.stores(name.schema.as_ref().map(|schema| &*schema.text))? {
            let objects = self.schema(store);
            let text = &*name.name.text;
            if let Some(table) = objects.table(text).cloned().or_else(|| other(objects, text)) {
                return Ok(vec![(store, table)]);
            }
        }
        Ok(all())
    }
}

/// The store that a new object goes into.
fn store_of(name: &QualifiedName, temporary: bool) -> Store {
    match temporary || name.schema.as_ref().is_some_and(|schema| schema.is("temp")) {
        true => Store::Temp,
        false => Store::Main,
    }
}

/// A table of a new name.
fn new_table(store: Store, table_name: &str) -> AuthAction<'_> {
    match store {
        Store::Main => AuthAction::CreateTable { table_name },
        Store::Temp => AuthAction::CreateTempTable { table_name },
    }
}

/// The table that holds the schema of a store.
fn schema_table(store: Store) -> &'static str {
    match store {
        Store::Main => "sqlite_master",
        Store::Temp => "sqlite_temp_master",
    }
}

fn into_schema(store: Store) -> AuthAction<'static> {
    AuthAction::Insert { table_name: schema_table(store) }
}

fn out_of_schema(store: Store) -> AuthAction<'static> {
    AuthAction::Delete { table_name: schema_table(store) }
}

/// The text that an expression is; empty if it is none.
fn text_of(expr: &Expr) -> &str {
    match &expr.kind {
        ExprKind::Literal(Literal::Text(text)) => text,
        _ => "",
    }
}
