//! What a connection keeps from one statement to the next besides its transaction: counters, settings, and what
//! functions and pragmas tell of them.

use std::cell::Cell;

use duramen_engine::io::{Clock, Entropy, OsClock, OsEntropy};

use crate::bind::Settings;
use crate::error::{Error, Result};
use crate::func::Context;
use crate::limits::Limits;
use crate::schema::{IndexOrigin, IndexPart, Schema, Store, Table, TableKey};
use crate::value::Value;

/// The rows of a statement, and what it changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultSet {
    /// The names of the columns; empty for statements without rows.
    pub columns: Vec<Box<str>>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
    /// How many rows were inserted, updated or deleted.
    pub changes: u64,
}

/// The state of a connection that functions see.
pub(crate) struct Ambient {
    limits: Limits,
    clock: OsClock,
    entropy: OsEntropy,
    now_ms: Cell<i64>,
    changes: i64,
    total_changes: i64,
    last_rowid: i64,
    case_sensitive_like: bool,
    settings: std::collections::HashMap<String, i64>,
}

/// Settings that would change what statements do or what is stored, and do not yet: turning them on is refused.
const UNBUILT: &[&str] = &[
    "foreign_keys",
    "defer_foreign_keys",
    "ignore_check_constraints",
    "user_version",
    "application_id",
    "writable_schema",
];

fn not_yet(pragma: &str) -> Error {
    Error::statement(format!("PRAGMA {pragma} is not supported yet"))
}

/// Settings that are taken and kept, and change nothing here yet, with their first values.
const KEPT: &[(&str, i64)] = &[
    ("foreign_keys", 0),
    ("recursive_triggers", 0),
    ("defer_foreign_keys", 0),
    ("ignore_check_constraints", 0),
    ("reverse_unordered_selects", 0),
    ("legacy_alter_table", 0),
    ("count_changes", 0),
    ("full_column_names", 0),
    ("short_column_names", 1),
    ("empty_result_callbacks", 0),
    ("automatic_index", 1),
    ("user_version", 0),
    ("application_id", 0),
    ("writable_schema", 0),
    ("cell_size_check", 0),
    ("secure_delete", 0),
    ("threads", 0),
    ("synchronous", 2),
    ("cache_size", -2000),
    ("auto_vacuum", 0),
    ("temp_store", 0),
    ("query_only", 0),
    ("page_size", 4096),
    ("read_uncommitted", 0),
    ("trusted_schema", 1),
];

impl Ambient {
    pub(crate) fn new(limits: Limits) -> Ambient {
        Ambient {
            limits,
            clock: OsClock::default(),
            entropy: OsEntropy,
            now_ms: Cell::new(0),
            changes: 0,
            total_changes: 0,
            last_rowid: 0,
            case_sensitive_like: false,
            settings: std::collections::HashMap::new(),
        }
    }

    pub(crate) fn start_statement(&self) {
        self.now_ms.set(0);
    }

    pub(crate) fn note_changes(&mut self, changes: u64, last_rowid: Option<i64>) {
        self.changes = i64::try_from(changes).unwrap_or(i64::MAX);
        self.total_changes = self.total_changes.saturating_add(self.changes);
        if let Some(rowid) = last_rowid {
            self.last_rowid = rowid;
        }
    }

    fn setting(&self, name: &str) -> bool {
        self.settings.get(name).is_some_and(|value| *value != 0)
    }

    /// What changes the meaning of statements.
    pub(crate) fn write_settings(&self) -> Settings {
        Settings {
            foreign_keys: self.setting("foreign_keys"),
            recursive_triggers: self.setting("recursive_triggers"),
        }
    }

    /// A pragma that reads or changes a setting. Unknown ones do nothing, as in SQLite.
    pub(crate) fn pragma(&mut self, name: &str, value: Option<&str>) -> Result<ResultSet> {
        let number = value.map(|value| match value.to_ascii_lowercase().as_str() {
            "on" | "yes" | "true" => 1,
            "off" | "no" | "false" => 0,
            text => text.parse().unwrap_or(0),
        });
        let one = |name: &str, value: Value| ResultSet {
            columns: vec![name.into()],
            rows: vec![vec![value]],
            changes: 0,
        };
        match name {
            "case_sensitive_like" => {
                self.case_sensitive_like = number.unwrap_or(0) != 0;
                Ok(ResultSet::default())
            }
            "encoding" if value.is_none() => Ok(one(name, Value::from("UTF-8"))),
            "journal_mode" => Ok(one(name, Value::from("wal"))),
            "integrity_check" | "quick_check" => Err(not_yet(name)),
            _ if UNBUILT.contains(&name) && number.is_some_and(|number| number != 0) => Err(not_yet(name)),
            "data_version" => Ok(one(name, Value::Integer(1))),
            _ => {
                let Some((_, first)) = KEPT.iter().find(|(known, _)| *known == name) else {
                    return Ok(ResultSet::default());
                };
                match number {
                    Some(number) => {
                        self.settings.insert(name.to_string(), number);
                        Ok(ResultSet::default())
                    }
                    None => {
                        let value = self.settings.get(name).copied().unwrap_or(*first);
                        Ok(one(name, Value::Integer(value)))
                    }
                }
            }
        }
    }
}

impl Context for Ambient {
    fn now_ms(&self) -> i64 {
        if self.now_ms.get() == 0 {
            self.now_ms.set(self.clock.wall().0 / 1000);
        }
        self.now_ms.get()
    }

    fn random(&self, out: &mut [u8]) {
        for part in out.chunks_mut(8) {
            let bytes = self.entropy.next_u64().to_le_bytes();
            part.copy_from_slice(&bytes[..part.len()]);
        }
    }

    fn changes(&self) -> i64 {
        self.changes
    }

    fn total_changes(&self) -> i64 {
        self.total_changes
    }

    fn last_insert_rowid(&self) -> i64 {
        self.last_rowid
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn is_like_case_sensitive(&self) -> bool {
        self.case_sensitive_like
    }
}

/// The rows of a pragma that tells about the schema.
///
/// # Errors
/// Where its argument does not fit.
pub(crate) fn pragma_rows(
    main: &Schema,
    temp: &Schema,
    name: &str,
    argument: Option<&str>,
    schema: Option<&str>,
) -> Result<Vec<Vec<Value>>> {
    let stores = [(Store::Temp, temp), (Store::Main, main)];
    let looked_in = || {
        stores
            .iter()
            .filter(|(store, _)| schema.is_none_or(|schema| schema.eq_ignore_ascii_case(store.name())))
    };
    let table = argument.and_then(|name| looked_in().find_map(|(_, schema)| schema.table(name)));
    let text = |text: &str| Value::from(text);
    let number = |number: usize| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    let flag = |flag: bool| Value::Integer(i64::from(flag));
    Ok(match name {
        "table_info" | "table_xinfo" => {
            let Some(table) = table else { return Ok(Vec::new()) };
            let mut rows = Vec::new();
            let mut shown = 0;
            for column in &table.columns {
                let hidden = match &column.generated {
                    None if column.hidden => 1,
                    None => 0,
                    Some(generated) if generated.stored => 3,
                    Some(_) => 2,
                };
                if name == "table_info" && hidden != 0 {
                    continue;
                }
                let mut row = vec![
                    number(shown),
                    text(&column.name),
                    text(&column.type_name),
                    flag(column.not_null.is_some()),
                    column.default.as_ref().map_or(Value::Null, |(_, default)| text(default)),
                    number(column.primary_key),
                ];
                if name == "table_xinfo" {
                    row.push(Value::Integer(hidden));
                }
                rows.push(row);
                shown += 1;
            }
            rows
        }
        "index_list" => {
            let Some(table) = table else { return Ok(Vec::new()) };
            let indexes = table.indexes.iter().rev().enumerate();
            indexes
                .map(|(place, index)| {
                    let origin = match index.origin {
                        IndexOrigin::Statement => "c",
                        IndexOrigin::Unique => "u",
                        IndexOrigin::PrimaryKey => "pk",
                    };
                    vec![
                        number(place),
                        text(&index.name),
                        flag(index.unique),
                        text(origin),
                        flag(index.filter.is_some()),
                    ]
                })
                .collect()
        }
        "index_info" | "index_xinfo" => {
            let found = argument.and_then(|name| looked_in().find_map(|(_, schema)| schema.index(name)));
            let Some((index, table)) = found else { return Ok(Vec::new()) };
            let mut rows = Vec::new();
            for (place, column) in index.columns.iter().chain(&index.suffix).enumerate() {
                let is_key = place < index.columns.len();
                if name == "index_info" && !is_key {
                    break;
                }
                let (cid, shown) = match column.part {
                    IndexPart::Column(at) if table.rowid_alias() == Some(at) => (
                        Value::Integer(-1),
                        if name == "index_info" { text(&table.columns[at].name) } else { Value::Null },
                    ),
                    IndexPart::Column(at) => (number(at), text(&table.columns[at].name)),
                    IndexPart::Expr(_) => (Value::Integer(-2), Value::Null),
                };
                let mut row = vec![number(place), cid, shown];
                if name == "index_xinfo" {
                    row.push(flag(column.direction == crate::codec::Direction::Descending));
                    row.push(text(column.collation.name()));
                    row.push(flag(is_key));
                }
                rows.push(row);
            }
            if name == "index_xinfo" && table.has_rowid() {
                let place = number(rows.len());
                rows.push(vec![
                    place,
                    Value::Integer(-1),
                    Value::Null,
                    flag(false),
                    text("BINARY"),
                    flag(false),
                ]);
            }
            rows
        }
        "table_list" => {
            let mut rows = Vec::new();
            for (store, schema) in looked_in() {
                for table in schema.tables() {
                    if argument.is_some_and(|name| !table.name.eq_ignore_ascii_case(name)) {
                        continue;
                    }
                    rows.push(table_list_row(*store, table));
                }
                for view in schema.views() {
                    if argument.is_none_or(|name| view.name.eq_ignore_ascii_case(name)) {
                        rows.push(vec![
                            text(store.name()),
                            text(&view.name),
                            text("view"),
                            number(view.columns.len()),
                            flag(false),
                            flag(false),
                        ]);
                    }
                }
            }
            rows
        }
        "foreign_key_list" => {
            let Some(table) = table else { return Ok(Vec::new()) };
            let mut rows = Vec::new();
            for (id, key) in table.foreign_keys.iter().rev().enumerate() {
                for (place, column) in key.columns.iter().enumerate() {
                    rows.push(vec![
                        number(id),
                        number(place),
                        text(&key.parent),
                        text(&table.columns[*column].name),
                        key.parent_columns.get(place).map_or(Value::Null, |name| text(name)),
                        text(action_name(key.on_update)),
                        text(action_name(key.on_delete)),
                        text("NONE"),
                    ]);
                }
            }
            rows
        }
        "database_list" => vec![vec![Value::Integer(0), text("main"), text("")]],
        "collation_list" => ["RTRIM", "NOCASE", "BINARY"]
            .iter()
            .enumerate()
            .map(|(place, name)| vec![number(place), text(name)])
            .collect(),
        "integrity_check" | "quick_check" | "foreign_key_check" => return Err(not_yet(name)),
        "function_list" | "pragma_list" | "module_list" => Vec::new(),
        _ => return Err(Error::statement(format!("no such table: pragma_{name}"))),
    })
}

fn table_list_row(store: Store, table: &Table) -> Vec<Value> {
    let columns = i64::try_from(table.columns.len()).unwrap_or(i64::MAX);
    vec![
        Value::from(store.name()),
        Value::from(&*table.name),
        Value::from("table"),
        Value::Integer(columns),
        Value::Integer(i64::from(matches!(table.key, TableKey::Primary { .. }))),
        Value::Integer(i64::from(table.strict)),
    ]
}

fn action_name(action: crate::ast::ForeignAction) -> &'static str {
    match action {
        crate::ast::ForeignAction::NoAction => "NO ACTION",
        crate::ast::ForeignAction::Restrict => "RESTRICT",
        crate::ast::ForeignAction::SetNull => "SET NULL",
        crate::ast::ForeignAction::SetDefault => "SET DEFAULT",
        crate::ast::ForeignAction::Cascade => "CASCADE",
    }
}
