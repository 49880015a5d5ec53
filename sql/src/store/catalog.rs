//! What a store keeps of its schema: a tree with the rows of `sqlite_schema`, and an identity that changes with it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use duramen_engine::{TreeId, View as _};

use super::stores::{SCHEMA_TREE, Stores};
use super::writers::Writers;
use crate::ast::{Statement, TableBody};
use crate::codec::{Record, encode_record, rowid_of};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::parse::parse_next;
use crate::schema::{Builder, Column, Schema, Store, Table, TableKey, TableKind, Trigger, View};
use crate::value::{Affinity, Collation, Value, ValueRef};

/// The tree of `sqlite_sequence`.
const SEQUENCE_TREE: &[u8] = b"sql/sequence";
/// The tree of what else is known of the schema, and the key of its identity there.
const META_TREE: &[u8] = b"sql/meta";
const IDENTITY: &[u8] = b"identity";

/// An identity of a schema: never used twice, not even after a rollback.
pub type Identity = [u8; 16];

/// A row of `sqlite_schema`.
#[derive(Clone, Debug)]
pub struct SchemaRow {
    /// Its rowid.
    pub rowid: i64,
    /// `table`, `index`, `view` or `trigger`.
    pub kind: Box<str>,
    /// The name of the object.
    pub name: Box<str>,
    /// The table it belongs to.
    pub table: Box<str>,
    /// Its tree; 0 if it has none.
    pub tree: u32,
    /// Its statement.
    pub sql: Option<Arc<str>>,
}

/// The tree of `sqlite_sequence`, if there is one.
///
/// # Errors
/// Those of the engine.
pub fn sequence_tree(stores: Stores<'_>, store: Store) -> Result<Option<TreeId>> {
    Ok(stores.view(store).tree(SEQUENCE_TREE))
}

/// Whether a store has a schema at all.
#[must_use]
pub fn has_schema(stores: Stores<'_>, store: Store) -> bool {
    stores.view(store).tree(SCHEMA_TREE).is_some()
}

/// Makes the trees of an empty schema.
///
/// # Errors
/// Those of the engine.
pub fn create_schema(writers: &mut Writers<'_>, store: Store) -> Result<()> {
    writers.of(store).create_tree(SCHEMA_TREE)?;
    writers.of(store).create_tree(META_TREE)?;
    renew_identity(writers, store)
}

/// Removes all that SQL keeps in the database, and makes an empty schema.
///
/// # Errors
/// Those of the engine.
pub fn remove_all(writers: &mut Writers<'_>) -> Result<()> {
    let trees = writers.main.trees().into_iter();
    let own: Vec<TreeId> =
        trees.filter(|(name, _)| name.starts_with(b"sql/")).map(|(_, tree)| tree).collect();
    for tree in own {
        writers.main.drop_tree(tree)?;
    }
    create_schema(writers, Store::Main)
}

/// A number that programs keep in a database, such as `user_version`; 0 if it was never set.
///
/// # Errors
/// Those of the engine.
pub fn kept_number(stores: Stores<'_>, store: Store, name: &str) -> Result<i32> {
    let Some(tree) = stores.view(store).tree(META_TREE) else { return Ok(0) };
    let bytes = stores.get(store, tree, name.as_bytes())?;
    Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, i32::from_le_bytes))
}

/// Sets such a number.
///
/// # Errors
/// Those of the engine.
pub fn keep_number(writers: &mut Writers<'_>, store: Store, name: &str, number: i32) -> Result<()> {
    let Some(tree) = writers.stores().view(store).tree(META_TREE) else { return Ok(()) };
    writers.put(store, tree, name.as_bytes(), &number.to_le_bytes())
}

/// The identity of the schema of a store.
///
/// # Errors
/// Those of the engine.
pub fn identity(stores: Stores<'_>, store: Store) -> Result<Identity> {
    let Some(tree) = stores.view(store).tree(META_TREE) else { return Ok([0; 16]) };
    let bytes = stores.get(store, tree, IDENTITY)?;
    Ok(bytes.and_then(|bytes| bytes.try_into().ok()).unwrap_or([0; 16]))
}

/// Gives the schema of a store a new identity: whatever was made for the one before is out of date.
///
/// # Errors
/// Those of the engine.
pub fn renew_identity(writers: &mut Writers<'_>, store: Store) -> Result<()> {
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    static PROCESS: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    let process = PROCESS.get_or_init(|| {
        use std::hash::{BuildHasher, Hasher};
        std::collections::hash_map::RandomState::new().build_hasher().finish()
    });
    let mut identity = [0; 16];
    identity[..8].copy_from_slice(&process.to_le_bytes());
    identity[8..].copy_from_slice(&COUNTER.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    let tree = writers.of(store).open_tree(META_TREE)?;
    writers.put(store, tree, IDENTITY, &identity)
}

/// The rows of `sqlite_schema` of a store.
///
/// # Errors
/// Those of the engine, and malformed rows.
pub fn schema_rows(stores: Stores<'_>, store: Store) -> Result<Vec<SchemaRow>> {
    let mut rows = Vec::new();
    let Some(tree) = stores.view(store).tree(SCHEMA_TREE) else { return Ok(rows) };
    let mut cursor = stores.cursor(store, tree)?;
    let mut more = cursor.first()?;
    while more {
        let rowid = rowid_of(cursor.key()).map_err(|_| Error::Malformed)?;
        let record = Record::new(cursor.value()?).map_err(|_| Error::Malformed)?;
        let text = |column: usize| -> Result<Option<String>> {
            let value = record.column(column).map_err(|_| Error::Malformed)?;
            Ok(value.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
        };
        let tree = record.column(3).map_err(|_| Error::Malformed)?.to_integer();
        rows.push(SchemaRow {
            rowid,
            kind: text(0)?.unwrap_or_default().into(),
            name: text(1)?.unwrap_or_default().into(),
            table: text(2)?.unwrap_or_default().into(),
            tree: u32::try_from(tree).map_err(|_| Error::Malformed)?,
            sql: text(4)?.map(Into::into),
        });
        more = cursor.next()?;
    }
    Ok(rows)
}

/// Adds a row, or puts one in place of that with its rowid; a rowid of 0 asks for a new one.
///
/// # Errors
/// Those of the engine.
pub fn put_schema_row(writers: &mut Writers<'_>, store: Store, row: &SchemaRow) -> Result<i64> {
    let tree = writers.of(store).open_tree(SCHEMA_TREE)?;
    let rowid = match row.rowid {
        0 => writers.stores().last_rowid(store, tree)?.unwrap_or(0) + 1,
        rowid => rowid,
    };
    let sql = row.sql.as_ref().map_or(ValueRef::Null, |sql| ValueRef::text(sql));
    let columns = [
        ValueRef::text(&row.kind),
        ValueRef::text(&row.name),
        ValueRef::text(&row.table),
        ValueRef::Integer(i64::from(row.tree)),
        sql,
    ];
    let mut record = Vec::new();
    encode_record(&mut record, &columns, 0).map_err(|_| Error::TooBig("string or blob too big"))?;
    writers.put_row(store, tree, rowid, &record)?;
    Ok(rowid)
}

/// Removes a row.
///
/// # Errors
/// Those of the engine.
pub fn delete_schema_row(writers: &mut Writers<'_>, store: Store, rowid: i64) -> Result<()> {
    let tree = writers.of(store).open_tree(SCHEMA_TREE)?;
    writers.delete_row(store, tree, rowid)
}

/// Makes the tree of a new object.
///
/// # Errors
/// Those of the engine.
pub fn create_object_tree(writers: &mut Writers<'_>, store: Store, name: &str) -> Result<TreeId> {
    if name.eq_ignore_ascii_case("sqlite_sequence") {
        return Ok(writers.of(store).create_tree(SEQUENCE_TREE)?);
    }
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    loop {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("sql/object/{number}");
        if writers.of(store).tree(name.as_bytes()).is_none() {
            return Ok(writers.of(store).create_tree(name.as_bytes())?);
        }
    }
}

/// `sqlite_schema` as a table.
fn schema_table(name: &str, tree: TreeId) -> Table {
    let column = |name: &str, type_name: &str| Column {
        name: name.into(),
        type_name: type_name.into(),
        affinity: Affinity::of_type(type_name),
        collation: Collation::Binary,
        not_null: None,
        default: None,
        missing: Value::Null,
        generated: None,
        primary_key: 0,
        hidden: false,
    };
    Table {
        name: name.into(),
        tree,
        kind: TableKind::Schema,
        columns: vec![
            column("type", "TEXT"),
            column("name", "TEXT"),
            column("tbl_name", "TEXT"),
            column("rootpage", "INT"),
            column("sql", "TEXT"),
        ],
        key: TableKey::Rowid { alias: None, conflict: None },
        indexes: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        strict: false,
        autoincrement: false,
        sql: "".into(),
    }
}

/// The statement of a row, parsed.
fn statement(row: &SchemaRow) -> Result<Statement> {
    let sql = row.sql.as_deref().unwrap_or_default();
    let parsed = parse_next(sql, 0, &Limits::default())?;
    let malformed = || Error::statement(format!("malformed database schema ({})", row.name));
    parsed.map(|parsed| parsed.statement).ok_or_else(malformed)
}

/// Reads the schema of a store.
///
/// # Errors
/// Those of the engine, and statements that cannot be understood.
pub fn load_schema(
    stores: Stores<'_>,
    store: Store,
    collation: &dyn Fn(&str) -> Result<Collation>,
) -> Result<Schema> {
    let mut schema = Schema::new();
    let rows = schema_rows(stores, store)?;
    let trees: HashMap<&str, TreeId> =
        rows.iter().filter(|row| &*row.kind == "index").map(|row| (&*row.name, TreeId(row.tree))).collect();
    let tree_of = |name: &str| trees.get(name).copied().unwrap_or_default();
    let builder = Builder { tree_of: &tree_of, collation };
    if let Some(tree) = stores.view(store).tree(SCHEMA_TREE) {
        let names: &[&str] = match store {
            Store::Main => &["sqlite_master", "sqlite_schema"],
            Store::Temp => &["sqlite_temp_master", "sqlite_temp_schema"],
        };
        for name in names {
            schema.add_table(Arc::new(schema_table(name, tree)));
        }
    }
    let mut tables: Vec<Table> = Vec::new();
    for row in rows.iter().filter(|row| &*row.kind == "table") {
        if let Statement::CreateTable(create) = statement(row)?
            && let TableBody::Columns(definition) = &create.body
        {
            let mut table = builder.table(&row.name, TreeId(row.tree), definition)?;
            table.sql = row.sql.clone().unwrap_or_else(|| "".into());
            tables.push(table);
        }
    }
    for row in rows.iter().filter(|row| &*row.kind == "index" && row.sql.is_some()) {
        if let Statement::CreateIndex(create) = statement(row)?
            && let Some(table) = tables.iter_mut().find(|table| create.table.is(&table.name))
        {
            let index = builder.index(table, TreeId(row.tree), &create)?;
            table.indexes.push(Arc::new(index));
        }
    }
    for table in tables {
        schema.add_table(Arc::new(table));
    }
    for row in &rows {
        match &*row.kind {
            "view" => {
                if let Statement::CreateView(view) = statement(row)? {
                    schema.add_view(Arc::new(View {
                        name: row.name.clone(),
                        columns: view.columns.iter().map(|name| name.text.clone()).collect(),
                        select: Arc::new(*view.select),
                        sql: row.sql.clone().unwrap_or_else(|| "".into()),
                    }));
                }
            }
            "trigger" => {
                if let Statement::CreateTrigger(trigger) = statement(row)? {
                    schema.add_trigger(Arc::new(Trigger {
                        name: row.name.clone(),
                        table: row.table.clone(),
                        number: row.rowid,
                        statement: Arc::new(*trigger),
                    }));
                }
            }
            _ => {}
        }
    }
    Ok(schema)
}
