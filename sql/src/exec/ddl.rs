//! `CREATE` and `DROP`.

use std::sync::Arc;

use duramen_engine::TreeId;

use super::orphans::Orphans;
use super::query::{Finder, Given, run_select};
use super::write::Writing;
use crate::ast::{self, ObjectKind, Statement, TableBody};
use crate::bind::{Binder, Catalog};
use crate::error::{Error, Result};
use crate::plan::{Planner, plan_delete, plan_target};
use crate::schema::{Builder, IndexOrigin, Schema, Store, Table, TableKind};
use crate::store::{
    SchemaRow, Writers, create_object_tree, create_schema, delete_schema_row, has_schema, put_schema_row,
    remove_sequence, renew_identity, schema_rows,
};
use crate::value::{Affinity, Value};

/// Changes what exists.
pub struct Definer<'w, 'c, 'g> {
    /// What is written.
    pub writers: Writers<'w>,
    /// What exists.
    pub catalog: Catalog<'c>,
    /// What the statement was given.
    pub given: Given<'g>,
    /// How many rows lack a parent.
    pub orphans: &'w mut Orphans,
    /// Whether all foreign keys are checked at commit.
    pub put_off_foreign_keys: bool,
}

impl<'c> Definer<'_, 'c, '_> {
    pub(super) fn schema(&self, store: Store) -> &'c Schema {
        self.catalog.schema(store)
    }

    /// The store that a new object goes into.
    pub(super) fn store_of(&self, name: &ast::QualifiedName, temporary: bool) -> Result<Store> {
        match &name.schema {
            None if temporary => Ok(Store::Temp),
            None => Ok(Store::Main),
            Some(schema) if schema.is("temp") => Ok(Store::Temp),
            Some(schema) if schema.is("main") && temporary => {
                Err(Error::statement("temporary table name must be unqualified"))
            }
            Some(schema) if schema.is("main") => Ok(Store::Main),
            Some(schema) => Err(Error::statement(format!("unknown database {}", schema.text))),
        }
    }

    pub(super) fn prepare(&mut self, store: Store) -> Result<()> {
        if !has_schema(self.writers.stores(), store) {
            create_schema(&mut self.writers, store)?;
        }
        Ok(())
    }

    /// Refuses names that are taken or reserved; false if the object exists and that is no error.
    fn name_is_free(&self, store: Store, name: &str, if_not_exists: bool) -> Result<bool> {
        let schema = self.schema(store);
        if name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_")) {
            return Err(Error::statement(format!("object name reserved for internal use: {name}")));
        }
        let kind = if schema.table(name).is_some() {
            "table"
        } else if schema.view(name).is_some() {
            "view"
        } else if schema.index(name).is_some() {
            return Err(Error::statement(format!("there is already an index named {name}")));
        } else {
            return Ok(true);
        };
        if if_not_exists { Ok(false) } else { Err(Error::statement(format!("{kind} {name} already exists"))) }
    }

    pub(super) fn add(
        &mut self,
        store: Store,
        kind: &str,
        name: &str,
        table: &str,
        tree: TreeId,
        sql: Option<&str>,
    ) -> Result<()> {
        let row = SchemaRow {
            rowid: 0,
            kind: kind.into(),
            name: name.into(),
            table: table.into(),
            tree: tree.0,
            sql: sql.map(Into::into),
        };
        // SQLite gives tables and views a row first, and then fills it in.
        let (read, written) = if matches!(kind, "table" | "view") { (1, 2) } else { (0, 1) };
        self.given.pace.read(read);
        self.given.pace.wrote(written);
        put_schema_row(&mut self.writers, store, &row)?;
        renew_identity(&mut self.writers, store)
    }

    /// `CREATE TABLE`
    ///
    /// # Errors
    /// What SQLite refuses, and those of the engine.
    pub fn create_table(&mut self, create: &ast::CreateTable) -> Result<()> {
        let store = self.store_of(&create.name, create.temporary)?;
        let name = &*create.name.name.text;
        if !self.name_is_free(store, name, create.if_not_exists)? {
            return Ok(());
        }
        self.prepare(store)?;
        match &create.body {
            TableBody::Columns(definition) => self.define_table(store, name, definition),
            TableBody::Select(select) => self.table_of_select(store, name, select),
        }
    }

    fn define_table(&mut self, store: Store, name: &str, definition: &ast::TableDefinition) -> Result<()> {
        let collation = |name: &str| self.catalog.collation(name);
        let builder = Builder { tree_of: &|_| TreeId::default(), collation: &collation };
        let table = builder.table(name, TreeId::default(), definition)?;
        if table.columns.len() > self.catalog.limits.columns {
            return Err(Error::statement(format!("too many columns on {name}")));
        }
        let table = Arc::new(table);
        // Conditions and generated columns must make sense.
        Binder::new(self.catalog).strict_names().target(store, &table)?;
        let tree = create_object_tree(&mut self.writers, store, name)?;
        self.add(store, "table", name, name, tree, Some(&definition.sql))?;
        for index in &table.indexes {
            let tree = create_object_tree(&mut self.writers, store, &index.name)?;
            self.add(store, "index", &index.name, name, tree, None)?;
        }
        if table.autoincrement && self.schema(store).table("sqlite_sequence").is_none() {
            let tree = create_object_tree(&mut self.writers, store, "sqlite_sequence")?;
            let sql = "CREATE TABLE sqlite_sequence(name,seq)";
            self.add(store, "table", "sqlite_sequence", "sqlite_sequence", tree, Some(sql))?;
        }
        Ok(())
    }

    /// `CREATE TABLE .. AS SELECT`
    fn table_of_select(&mut self, store: Store, name: &str, select: &ast::Select) -> Result<()> {
        let bound = Binder::new(self.catalog).select(select)?;
        let sql = statement_of_columns(name, &bound.columns);
        let parsed = crate::parse::parse_next(&sql, 0, self.catalog.limits)?;
        let Some(Statement::CreateTable(create)) = parsed.map(|parsed| parsed.statement) else {
            return Err(Error::statement(format!("cannot make table {name} of the query")));
        };
        let TableBody::Columns(definition) = &create.body else {
            return Err(Error::statement(format!("cannot make table {name} of the query")));
        };
        let plan = Planner::new(self.writers.stores()).statement(bound)?;
        let rows = {
            let mut rows: Vec<Vec<Value>> = Vec::new();
            run_select(&plan, self.writers.stores(), self.given, |values| {
                rows.push(values.iter().map(|value| value.to_value()).collect());
                Ok(true)
            })?;
            rows
        };
        self.define_table(store, name, definition)?;
        let tree = schema_rows(self.writers.stores(), store)?
            .into_iter()
            .find(|row| &*row.kind == "table" && row.name.eq_ignore_ascii_case(name))
            .map(|row| TreeId(row.tree))
            .unwrap_or_default();
        let collation = |name: &str| self.catalog.collation(name);
        let builder = Builder { tree_of: &|_| TreeId::default(), collation: &collation };
        let table = Arc::new(builder.table(name, tree, definition)?);
        let target = Binder::new(self.catalog).target(store, &table)?;
        let (target, row_plan) = plan_target(self.writers.stores(), &target)?;
        let mut writing = Writing::new(
            Writers { main: &mut *self.writers.main, temp: self.writers.temp.as_deref_mut() },
            self.given,
        );
        for (number, values) in rows.into_iter().enumerate() {
            let rowid = i64::try_from(number).unwrap_or(i64::MAX) + 1;
            let image = writing.image_of(&row_plan, &target, &values, rowid)?;
            writing.write(&row_plan, &target, &image, None)?;
        }
        Ok(())
    }

    /// `CREATE INDEX`
    ///
    /// # Errors
    /// What SQLite refuses, and those of the engine.
    pub fn create_index(&mut self, create: &ast::CreateIndex) -> Result<()> {
        let schema = create.name.schema.as_ref().map(|schema| &*schema.text);
        let table_name = &*create.table.text;
        let mut stores = vec![Store::Temp, Store::Main];
        if let Some(schema) = schema {
            stores.retain(|store| store.name().eq_ignore_ascii_case(schema));
            if stores.is_empty() {
                return Err(Error::statement(format!("unknown database {schema}")));
            }
        }
        let found = stores
            .iter()
            .find_map(|&store| self.schema(store).table(table_name).map(|table| (store, table.clone())));
        let Some((store, table)) = found else {
            if stores.iter().any(|&store| self.schema(store).view(table_name).is_some()) {
                return Err(Error::statement("views may not be indexed"));
            }
            let shown = schema
                .map_or_else(|| format!("main.{table_name}"), |schema| format!("{schema}.{table_name}"));
            return Err(Error::statement(format!("no such table: {shown}")));
        };
        if table.kind == TableKind::Schema || table.name.starts_with("sqlite_") {
            return Err(Error::statement(format!("table {} may not be indexed", table.name)));
        }
        let name = &*create.name.name.text;
        if name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_")) {
            return Err(Error::statement(format!("object name reserved for internal use: {name}")));
        }
        if self.schema(store).table(name).is_some() || self.schema(store).view(name).is_some() {
            return Err(Error::statement(format!("there is already a table named {name}")));
        }
        if self.schema(store).index(name).is_some() {
            if create.if_not_exists {
                return Ok(());
            }
            return Err(Error::statement(format!("index {name} already exists")));
        }
        if create.columns.len() > self.catalog.limits.columns {
            return Err(Error::statement("too many columns in index"));
        }
        let collation = |name: &str| self.catalog.collation(name);
        let builder = Builder { tree_of: &|_| TreeId::default(), collation: &collation };
        let checked = builder.index(&table, TreeId::default(), create)?;
        // Bound over the table with the new index alone: its expressions must make sense before anything is made.
        Binder::new(self.catalog).strict_names().target(store, &Arc::new(with_index(&table, checked)))?;
        let tree = create_object_tree(&mut self.writers, store, name)?;
        let index = builder.index(&table, tree, create)?;
        let target =
            Binder::new(self.catalog).strict_names().target(store, &Arc::new(with_index(&table, index)))?;
        let (target, row_plan) = plan_target(self.writers.stores(), &target)?;
        let mut writing = Writing::new(
            Writers { main: &mut *self.writers.main, temp: self.writers.temp.as_deref_mut() },
            self.given,
        );
        writing.fill_index(&row_plan, &target, 0)?;
        self.given.pace.read(1);
        self.add(store, "index", name, &table.name, tree, Some(&create.sql))
    }

    /// `CREATE VIEW`
    ///
    /// # Errors
    /// What SQLite refuses, and those of the engine.
    pub fn create_view(&mut self, create: &ast::CreateView) -> Result<()> {
        let store = self.store_of(&create.name, create.temporary)?;
        let name = &*create.name.name.text;
        if !self.name_is_free(store, name, create.if_not_exists)? {
            return Ok(());
        }
        self.prepare(store)?;
        self.add(store, "view", name, name, TreeId(0), Some(&create.sql))
    }

    /// `DROP`
    ///
    /// # Errors
    /// What SQLite refuses, and those of the engine.
    pub fn drop(&mut self, drop: &ast::Drop) -> Result<()> {
        let name = &*drop.name.name.text;
        let schema = drop.name.schema.as_ref().map(|schema| &*schema.text);
        let stores: Vec<Store> = [Store::Temp, Store::Main]
            .into_iter()
            .filter(|store| schema.is_none_or(|schema| schema.eq_ignore_ascii_case(store.name())))
            .collect();
        let exists = |store: Store, kind: ObjectKind| {
            let schema = self.schema(store);
            match kind {
                ObjectKind::Table => schema.table(name).is_some(),
                ObjectKind::View => schema.view(name).is_some(),
                ObjectKind::Index => schema.index(name).is_some(),
                ObjectKind::Trigger => schema.trigger(name).is_some(),
            }
        };
        let Some(store) = stores.iter().copied().find(|&store| exists(store, drop.kind)) else {
            let other = |kind| stores.iter().any(|&store| exists(store, kind));
            match drop.kind {
                ObjectKind::Table if other(ObjectKind::View) => {
                    return Err(Error::statement(format!("use DROP VIEW to delete view {name}")));
                }
                ObjectKind::View if other(ObjectKind::Table) => {
                    return Err(Error::statement(format!("use DROP TABLE to delete table {name}")));
                }
                _ if drop.if_exists => return Ok(()),
                _ => {}
            }
            let kind = match drop.kind {
                ObjectKind::Table => "table",
                ObjectKind::View => "view",
                ObjectKind::Index => "index",
                ObjectKind::Trigger => "trigger",
            };
            let shown = schema.map_or_else(|| name.to_string(), |schema| format!("{schema}.{name}"));
            return Err(Error::statement(format!("no such {kind}: {shown}")));
        };
        match drop.kind {
            ObjectKind::Table => self.drop_table(store, name),
            ObjectKind::Index => {
                let Some((index, _)) = self.schema(store).index(name) else { return Ok(()) };
                if index.origin != IndexOrigin::Statement {
                    return Err(Error::statement(
                        "index associated with UNIQUE or PRIMARY KEY constraint cannot be dropped",
                    ));
                }
                self.drop_tree(store, index.tree)?;
                self.remove_rows(store, |row| &*row.kind == "index" && row.name.eq_ignore_ascii_case(name))
            }
            ObjectKind::View => {
                self.drop_temporary_triggers(store, name)?;
                self.drop_triggers(store, name)?;
                self.remove_rows(store, |row| &*row.kind == "view" && row.name.eq_ignore_ascii_case(name))
            }
            ObjectKind::Trigger => {
                self.remove_rows(store, |row| &*row.kind == "trigger" && row.name.eq_ignore_ascii_case(name))
            }
        }
    }

    fn drop_table(&mut self, store: Store, name: &str) -> Result<()> {
        let Some(table) = self.schema(store).table(name).cloned() else { return Ok(()) };
        if table.kind == TableKind::Schema
            || table.name.get(..7).is_some_and(|s| s.eq_ignore_ascii_case("sqlite_"))
        {
            return Err(Error::statement(format!("table {} may not be dropped", table.name)));
        }
        if self.catalog.settings.foreign_keys {
            self.delete_all_rows(store, &table)?;
        }
        for index in &table.indexes {
            self.drop_tree(store, index.tree)?;
        }
        self.drop_tree(store, table.tree)?;
        if table.autoincrement {
            remove_sequence(&mut self.writers, store, &table.name)?;
        }
        self.drop_temporary_triggers(store, name)?;
        self.drop_triggers(store, name)?;
        self.remove_rows(store, |row| row.table.eq_ignore_ascii_case(name))
    }

    fn drop_tree(&mut self, store: Store, tree: TreeId) -> Result<()> {
        self.given.pace.read(1);
        Ok(self.writers.of(store).drop_tree(tree)?)
    }

    /// Drops the triggers of a table or view that are kept beside it.
    fn drop_triggers(&mut self, store: Store, table: &str) -> Result<()> {
        for trigger in self.schema(store).triggers_of(table) {
            self.remove_rows(store, |row| {
                &*row.kind == "trigger" && row.name.eq_ignore_ascii_case(&trigger.name)
            })?;
        }
        Ok(())
    }

    /// Deletes the rows of a table that is dropped, where foreign keys ask for it: as `DELETE` does, without triggers.
    fn delete_all_rows(&mut self, store: Store, table: &Arc<Table>) -> Result<()> {
        let is_parent = self
            .schema(store)
            .tables()
            .flat_map(|child| &child.foreign_keys)
            .any(|key| key.parent.eq_ignore_ascii_case(&table.name));
        let settles_others = table.foreign_keys.iter().any(|key| key.deferred || self.put_off_foreign_keys)
            && !self.orphans.allow_commit();
        if !is_parent && !settles_others {
            return Ok(());
        }
        let bound = Binder::new(self.catalog).without_triggers().delete_all(store, table)?;
        let plan = plan_delete(self.writers.stores(), bound)?;
        let writers = Writers { main: &mut *self.writers.main, temp: self.writers.temp.as_deref_mut() };
        let mut writing = Writing::new(writers, self.given);
        writing.orphans = *self.orphans;
        writing.put_off_foreign_keys = self.put_off_foreign_keys;
        writing.delete(&plan, &mut Finder::default())?;
        *self.orphans = writing.orphans;
        Ok(())
    }

    /// Drops the temporary triggers of a table or view in the database.
    fn drop_temporary_triggers(&mut self, store: Store, name: &str) -> Result<()> {
        let temp = self.catalog.temp;
        let hidden = temp.table(name).is_some() || temp.view(name).is_some();
        let doomed = temp.triggers_of(name).into_iter().filter(|trigger| {
            let schema = trigger.statement.table.schema.as_ref();
            store == Store::Main && schema.map_or(!hidden, |schema| schema.is("main"))
        });
        let doomed: Vec<&str> = doomed.map(|trigger| &*trigger.name).collect();
        if doomed.is_empty() {
            return Ok(());
        }
        self.remove_rows(Store::Temp, |row| {
            &*row.kind == "trigger" && doomed.iter().any(|name| row.name.eq_ignore_ascii_case(name))
        })
    }

    pub(super) fn remove_rows(&mut self, store: Store, gone: impl Fn(&SchemaRow) -> bool) -> Result<()> {
        for row in schema_rows(self.writers.stores(), store)? {
            self.given.pace.read(1);
            if gone(&row) {
                delete_schema_row(&mut self.writers, store, row.rowid)?;
            }
        }
        renew_identity(&mut self.writers, store)
    }
}

/// A table that has one index only.
fn with_index(table: &Table, index: crate::schema::Index) -> Table {
    with_indexes(table, vec![Arc::new(index)], Checks::None)
}

/// Which conditions of a table are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Checks {
    All,
    None,
}

/// A table that has these indexes only.
pub(super) fn with_indexes(table: &Table, indexes: Vec<Arc<crate::schema::Index>>, checks: Checks) -> Table {
    let columns = table
        .columns
        .iter()
        .map(|column| crate::schema::Column {
            name: column.name.clone(),
            type_name: column.type_name.clone(),
            affinity: column.affinity,
            collation: column.collation.clone(),
            not_null: column.not_null,
            default: None,
            missing: column.missing.clone(),
            generated: column.generated.clone(),
            primary_key: column.primary_key,
            hidden: column.hidden,
        })
        .collect();
    Table {
        name: table.name.clone(),
        tree: table.tree,
        kind: table.kind,
        columns,
        key: table.key.clone(),
        indexes,
        checks: if checks == Checks::All { table.checks.clone() } else { Vec::new() },
        foreign_keys: Vec::new(),
        strict: table.strict,
        autoincrement: table.autoincrement,
        sql: table.sql.clone(),
    }
}

/// The statement of a table that has the columns of a query, as SQLite writes it.
fn statement_of_columns(name: &str, columns: &[crate::bound::ResultColumn]) -> String {
    let mut names: Vec<String> = Vec::new();
    for column in columns {
        let taken = |wanted: &str| names.iter().any(|name: &String| name.eq_ignore_ascii_case(wanted));
        let mut free = column.name.to_string();
        let mut number = 1;
        while taken(&free) {
            free = format!("{}:{number}", column.name);
            number += 1;
        }
        names.push(free);
    }
    let quoted = |name: &str| {
        let plain = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !name.as_bytes()[0].is_ascii_digit()
            && !is_reserved(name);
        if plain { name.to_string() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
    };
    let length: usize = names.iter().map(|name| name.len() + 5).sum::<usize>() + name.len();
    let (open, between, close) = if length < 50 { ("", ",", ")") } else { ("\n  ", ",\n  ", "\n)") };
    let list: Vec<String> = names
        .iter()
        .zip(columns)
        .map(|(name, column)| match column.affinity {
            Affinity::Blob | Affinity::None => quoted(name),
            affinity => format!("{} {}", quoted(name), affinity.type_name()),
        })
        .collect();
    format!("CREATE TABLE {}({open}{}{close}", quoted(name), list.join(between))
}

/// Whether a word needs quotes to be a name.
fn is_reserved(word: &str) -> bool {
    const RESERVED: &[&str] = &[
        "add",
        "all",
        "alter",
        "and",
        "as",
        "autoincrement",
        "between",
        "case",
        "check",
        "collate",
        "commit",
        "constraint",
        "create",
        "default",
        "deferrable",
        "delete",
        "distinct",
        "drop",
        "else",
        "escape",
        "exists",
        "foreign",
        "from",
        "group",
        "having",
        "in",
        "index",
        "insert",
        "intersect",
        "into",
        "is",
        "isnull",
        "join",
        "limit",
        "not",
        "notnull",
        "null",
        "on",
        "or",
        "order",
        "primary",
        "references",
        "select",
        "set",
        "table",
        "then",
        "to",
        "transaction",
        "union",
        "unique",
        "update",
        "using",
        "values",
        "when",
        "where",
        "except",
        "returning",
        "nothing",
    ];
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(word))
}
