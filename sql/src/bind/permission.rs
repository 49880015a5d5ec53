//! What binding asks the program's [`Authorizer`](crate::authorizer::Authorizer).
//!
//! Without an authorizer nothing is asked and nothing is kept.

use super::authority::StoredRow;
use super::binder::{Binder, Catalog};
use crate::ast::ColumnRef;
use crate::authorizer::{AuthAction, AuthContext, Permission, not_authorized};
use crate::bound::Slot;
use crate::error::{Error, Result};
use crate::schema::{Store, Table};

impl Catalog<'_> {
    /// Asks, if there is somebody to ask.
    pub(super) fn ask_about(&self, context: AuthContext<'_>) -> Result<Permission> {
        match self.authorizer {
            Some(authorizer) => authorizer.ask(context),
            None => Ok(Permission::Given),
        }
    }
}

impl Binder<'_> {
    /// Asks whether the statement may do something.
    pub(super) fn permission(&self, action: AuthAction<'_>, store: Option<Store>) -> Result<Permission> {
        self.catalog.ask_about(AuthContext {
            action,
            database_name: store.map(Store::name),
            accessor: self.authority.accessor.as_deref(),
        })
    }

    /// Fails unless the statement may do something.
    pub(super) fn demand(&self, action: AuthAction<'_>, store: Option<Store>) -> Result<()> {
        match self.permission(action, store)? {
            Permission::Given => Ok(()),
            Permission::Ignored => Err(not_authorized()),
        }
    }

    /// Asks for a function, of which SQLite's refusal tells where it is called.
    pub(super) fn permission_to_call(
        &self,
        function: &str,
        written: &str,
        offset: Option<usize>,
    ) -> Result<Permission> {
        match self.permission(AuthAction::Function { function_name: function }, None) {
            Err(Error::NotAuthorized(_)) => {
                let message = format!("not authorized to use function: {written}");
                Err(Error::Statement { message, offset })
            }
            answer => answer,
        }
    }

    /// Binds something that a trigger, view or common table does.
    pub(super) fn on_behalf_of<T>(
        &mut self,
        accessor: &str,
        bind: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        if self.catalog.authorizer.is_none() {
            return bind(self);
        }
        let before = self.authority.accessor.replace(accessor.into());
        let result = bind(self);
        self.authority.accessor = before;
        result
    }

    /// Binds what a stored definition holds. It was asked about when it was defined.
    pub(super) fn of_definition<T>(&mut self, bind: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let is_made_now = !self.quoted_texts;
        let authorizer = self.catalog.authorizer.filter(|_| is_made_now);
        let before = std::mem::replace(&mut self.catalog.authorizer, authorizer);
        let result = self.elsewhere(bind);
        self.catalog.authorizer = before;
        result
    }

    /// A stored table has a row, of which columns may be read.
    pub(super) fn keep_row(&mut self, table: &Table, slot: Slot) {
        if self.catalog.authorizer.is_none() {
            return;
        }
        let temporary = self.catalog.temp.table(&table.name);
        let store = match temporary.is_some_and(|found| std::ptr::eq(&**found, table)) {
            true => Store::Temp,
            false => Store::Main,
        };
        let rowid = table.rowid_alias().map_or("ROWID", |alias| &*table.columns[alias].name);
        let (table, rowid) = (table.name.clone(), rowid.into());
        self.authority.rows.push(StoredRow { slot, store, table, rowid, read: false });
    }

    /// A view or table function has a row.
    pub(super) fn keep_made_row(&mut self, store: Store, name: &str, slot: Slot) {
        if self.catalog.authorizer.is_some() {
            let (table, rowid) = (name.into(), "ROWID".into());
            self.authority.rows.push(StoredRow { slot, store, table, rowid, read: true });
        }
    }

    /// Asks for the column that was found by its name in the scope at this depth.
    pub(super) fn permission_to_read(&mut self, depth: usize, name: &ColumnRef) -> Result<Permission> {
        if self.catalog.authorizer.is_none() {
            return Ok(Permission::Given);
        }
        let bare = name.table.is_none();
        let scope = &self.scopes[depth];
        for table in scope.tables.iter().filter(|table| table.is_meant_by(name)) {
            let mut columns = table.columns.iter();
            let own = columns.find(|column| name.column.is(&column.name) && !(bare && column.joined));
            let alias = scope.aliases.iter().any(|(alias, _)| name.column.is(alias));
            let column = match own {
                Some(column) => column.name.clone(),
                None if table.rowid.is_some() && !alias => "ROWID".into(),
                None => continue,
            };
            return self.permission_to_read_column(table.slot, &column);
        }
        Ok(Permission::Given)
    }

    /// Asks for a column of a row, if the row is that of a stored table.
    pub(super) fn permission_to_read_column(&mut self, slot: Slot, column: &str) -> Result<Permission> {
        let Some(row) = self.authority.rows.iter_mut().find(|row| row.slot == slot) else {
            return Ok(Permission::Given);
        };
        let is_rowid = column == "ROWID" || column == &*row.rowid;
        row.read |= !is_rowid;
        let (table, store) = (row.table.clone(), row.store);
        let column = if is_rowid { row.rowid.clone() } else { column.into() };
        self.permission_for_column(store, &table, &column)
    }

    /// Asks for a column of a table.
    pub(super) fn permission_for_column(
        &self,
        store: Store,
        table: &str,
        column: &str,
    ) -> Result<Permission> {
        let action = AuthAction::Read { table_name: table, column_name: column };
        self.permission(action, Some(store)).map_err(|error| match (error, store) {
            (Error::NotAuthorized(_), Store::Main) => {
                Error::NotAuthorized(format!("access to {table}.{column} is prohibited"))
            }
            (Error::NotAuthorized(_), Store::Temp) => {
                Error::NotAuthorized(format!("access to temp.{table}.{column} is prohibited"))
            }
            (error, _) => error,
        })
    }

    /// Asks whether a column may get another value.
    pub(super) fn permission_to_set(&self, store: Store, table: &Table, column: &str) -> Result<Permission> {
        let column_name = match table.column(column) {
            Some(place) => &*table.columns[place].name,
            None if table.is_rowid(column) => "ROWID",
            None => return Ok(Permission::Given),
        };
        self.permission(AuthAction::Update { table_name: &table.name, column_name }, Some(store))
    }

    /// Asks for the columns of a key that a foreign key looks at.
    pub(super) fn demand_key(&self, store: Store, table: &Table, places: &[usize]) -> Result<()> {
        for &place in places {
            self.permission_for_column(store, &table.name, &table.columns[place].name)?;
        }
        Ok(())
    }

    /// Asks for the tables of the query that was bound last, if nothing of them was read.
    pub(super) fn demand_unread(&self) -> Result<()> {
        let Some(scope) = self.members.last().filter(|_| self.catalog.authorizer.is_some()) else {
            return Ok(());
        };
        for table in &scope.tables {
            let unread = self.authority.rows.iter().find(|row| row.slot == table.slot && !row.read);
            if let Some(row) = unread {
                let action = AuthAction::Read { table_name: &row.table, column_name: "" };
                self.demand(action, Some(row.store))?;
            }
        }
        Ok(())
    }
}
