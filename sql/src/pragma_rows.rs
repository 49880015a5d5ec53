//! [`PragmaReader`]: what pragmas tell, as rows; the same for the statement and for the table in `FROM`.

use std::sync::Arc;

use crate::ast::ForeignAction;
use crate::bind::{Binder, Catalog};
use crate::codec::Direction;
use crate::error::Result;
use crate::exec::{Checker, Depth, Given, PragmaCall, foreign_key_check};
use crate::func::{Arity, Body, Function, Volatility};
use crate::pragma::Pragmas;
use crate::schema::{
    Index, IndexColumn, IndexOrigin, IndexPart, Schema, Store, Table, TableKey, TableKind, View, pragma_names,
};
use crate::store::{Stores, kept_number};
use crate::value::Value;

/// Rows, value by value.
type Rows = Vec<Vec<Value>>;

/// See the head of the file.
#[derive(Clone, Copy)]
pub(crate) struct PragmaReader<'c> {
    /// What exists.
    pub(crate) catalog: Catalog<'c>,
    /// What is read.
    pub(crate) stores: Stores<'c>,
    /// What evaluation is given.
    pub(crate) given: Given<'c>,
    /// The settings.
    pub(crate) pragmas: &'c Pragmas,
}

/// How many things `integrity_check` names if it is not told.
const MOST_FINDINGS: usize = 100;

impl<'c> PragmaReader<'c> {
    /// The rows of a pragma.
    ///
    /// # Errors
    /// Where its argument does not fit; those of the engine.
    pub(crate) fn rows(&self, call: PragmaCall<'_>) -> Result<Rows> {
        Ok(match call.name {
            "table_info" => self.table_info(call, Details::Shown)?,
            "table_xinfo" => self.table_info(call, Details::All)?,
            "table_list" => self.table_list(call)?,
            "index_list" => self.table(call).map_or_else(Rows::new, index_list),
            "index_info" => self.index_info(call, Details::Shown),
            "index_xinfo" => self.index_info(call, Details::All),
            "foreign_key_list" => self.table(call).map_or_else(Rows::new, |table| foreign_key_list(table)),
            "foreign_key_check" => {
                foreign_key_check(self.stores, self.catalog, self.given, call.argument, call.schema)?
            }
            "integrity_check" => self.check(call, Depth::Full)?,
            "quick_check" => self.check(call, Depth::Quick)?,
            "database_list" => self.database_list(),
            "collation_list" => self.collation_list(),
            "function_list" => self.catalog.functions.iter().map(|function| function_row(function)).collect(),
            "pragma_list" => pragma_names().map(|name| vec![text(name)]).collect(),
            // Nothing is gathered about tables that could be brought up to date.
            "module_list" | "optimize" => Rows::new(),
            "user_version" | "application_id" => {
                let is_temp = call.schema.is_some_and(|schema| schema.eq_ignore_ascii_case("temp"));
                let store = if is_temp { Store::Temp } else { Store::Main };
                vec![vec![Value::Integer(kept_number(self.stores, store, call.name)?.into())]]
            }
            name => self.pragmas.value(name).map_or_else(Rows::new, |value| vec![vec![value]]),
        })
    }

    /// The stores that are looked in: those of the schema that is named, or all in the order of names.
    fn looked_in(&self, call: PragmaCall<'_>) -> impl Iterator<Item = (Store, &'c Schema)> + use<'c> {
        let is_meant = [Store::Temp, Store::Main]
            .map(|store| call.schema.is_none_or(|schema| schema.eq_ignore_ascii_case(store.name())));
        let stores = [(Store::Temp, self.catalog.temp), (Store::Main, self.catalog.main)];
        stores.into_iter().zip(is_meant).filter(|(_, is_meant)| *is_meant).map(|(store, _)| store)
    }

    /// The table that the argument names.
    fn table(&self, call: PragmaCall<'_>) -> Option<&'c Arc<Table>> {
        let name = call.argument?;
        self.looked_in(call).find_map(|(_, schema)| schema.table(name))
    }

    fn table_info(&self, call: PragmaCall<'_>, details: Details) -> Result<Rows> {
        if let Some(table) = self.table(call) {
            return Ok(columns_of_table(table, details));
        }
        let view = call.argument.and_then(|name| {
            self.looked_in(call).find_map(|(store, schema)| Some((store, schema.view(name)?)))
        });
        let Some((store, view)) = view else { return Ok(Rows::new()) };
        let columns = self.columns_of_view(store, view)?;
        let row = |(place, (name, type_name)): (usize, (Arc<str>, Arc<str>))| {
            let mut row =
                vec![number(place), text(&name), text(&type_name), flag(false), Value::Null, flag(false)];
            if details == Details::All {
                row.push(number(0));
            }
            row
        };
        Ok(columns.into_iter().enumerate().map(row).collect())
    }

    /// The names and types of the columns of a view.
    fn columns_of_view(&self, store: Store, view: &Arc<View>) -> Result<Vec<(Arc<str>, Arc<str>)>> {
        Binder::new(self.catalog).view_columns(store, view)
    }

    fn table_list(&self, call: PragmaCall<'_>) -> Result<Rows> {
        let is_asked_for = |name: &str| call.argument.is_none_or(|asked| name.eq_ignore_ascii_case(asked));
        let mut rows = Rows::new();
        for (store, schema) in self.looked_in(call) {
            for view in schema.views().filter(|view| is_asked_for(&view.name)) {
                let columns = self.columns_of_view(store, view).map_or(0, |columns| columns.len());
                let shown = [text(store.name()), text(&view.name), text("view")];
                rows.push(shown.into_iter().chain([number(columns), flag(false), flag(false)]).collect());
            }
            // The schema itself has two names: it is asked for by the older one, and goes by the newer one.
            let has_newer_name =
                |table: &Table| table.kind == TableKind::Schema && table.name.ends_with("schema");
            let tables = schema.tables().filter(|table| !has_newer_name(table));
            for table in tables.filter(|table| is_asked_for(&table.name)) {
                let is_keyed = matches!(table.key, TableKey::Primary { .. });
                let is_schema = table.kind == TableKind::Schema;
                let name =
                    if is_schema { table.name.replace("master", "schema") } else { table.name.to_string() };
                let shown = [text(store.name()), text(&name), text("table")];
                let told = [number(table.columns.len()), flag(is_keyed), flag(table.strict)];
                rows.push(shown.into_iter().chain(told).collect());
            }
        }
        Ok(rows)
    }

    fn index_info(&self, call: PragmaCall<'_>, details: Details) -> Rows {
        let found =
            call.argument.and_then(|name| self.looked_in(call).find_map(|(_, schema)| schema.index(name)));
        match found {
            Some((index, table)) => parts_of_index(index, table, details),
            None => self.table(call).map_or_else(Rows::new, |table| parts_of_key(table, details)),
        }
    }

    fn check(&self, call: PragmaCall<'_>, depth: Depth) -> Result<Rows> {
        let most = call.argument.map(str::parse::<usize>);
        let only = call.argument.filter(|_| matches!(most, Some(Err(_))));
        let most = most.and_then(Result::ok).filter(|most| *most > 0).unwrap_or(MOST_FINDINGS);
        let checks = !self.catalog.settings.ignore_checks;
        let PragmaReader { catalog, stores, given, .. } = *self;
        let mut found = Checker { stores, catalog, given, depth, most, checks }.run(only, call.schema)?;
        if found.is_empty() {
            found.push("ok".to_string());
        }
        Ok(found.into_iter().map(|message| vec![Value::from(message)]).collect())
    }

    fn database_list(&self) -> Rows {
        let temp = self.stores.temp.map(|_| "temp");
        let names = std::iter::once("main").chain(temp).enumerate();
        names.map(|(place, name)| vec![number(place), text(name), text("")]).collect()
    }

    fn collation_list(&self) -> Rows {
        let own = self.catalog.collations.iter().rev().map(|collation| collation.name());
        let names = own.chain(["RTRIM", "NOCASE", "BINARY"]).enumerate();
        names.map(|(place, name)| vec![number(place), text(name)]).collect()
    }
}

/// How much is told: `table_xinfo` and `index_xinfo` tell more than `table_info` and `index_info`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Details {
    Shown,
    All,
}

fn text(text: &str) -> Value {
    Value::from(text)
}

fn number(number: usize) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn flag(flag: bool) -> Value {
    Value::Integer(flag.into())
}

fn columns_of_table(table: &Table, details: Details) -> Rows {
    let mut rows = Rows::new();
    for column in &table.columns {
        let hidden = match &column.generated {
            None if column.hidden => 1,
            None => 0,
            Some(generated) if generated.stored => 3,
            Some(_) => 2,
        };
        if details == Details::Shown && hidden != 0 {
            continue;
        }
        let mut row = vec![
            number(rows.len()),
            text(&column.name),
            text(&column.type_name),
            flag(column.not_null.is_some()),
            column.default.as_ref().map_or(Value::Null, |(_, default)| text(default)),
            number(column.primary_key),
        ];
        if details == Details::All {
            row.push(Value::Integer(hidden));
        }
        rows.push(row);
    }
    rows
}

fn index_list(table: &Arc<Table>) -> Rows {
    let of_index = |index: &Arc<Index>| {
        let origin = match index.origin {
            IndexOrigin::Statement => "c",
            IndexOrigin::Unique => "u",
            IndexOrigin::PrimaryKey => "pk",
        };
        vec![text(&index.name), flag(index.unique), text(origin), flag(index.filter.is_some())]
    };
    let mut rows: Rows = table.indexes.iter().map(of_index).collect();
    if let TableKey::Primary { made_after, .. } = table.key {
        // What SQLite calls the index that such a table is.
        let name = format!("sqlite_autoindex_{}_{}", table.name, made_after + 1);
        rows.insert(made_after, vec![text(&name), flag(true), text("pk"), flag(false)]);
    }
    rows.reverse();
    rows.iter_mut().enumerate().for_each(|(place, row)| row.insert(0, number(place)));
    rows
}

/// A row of `index_info` or `index_xinfo`: what the part is, and the rest that only the latter tells.
fn part_row(place: usize, what: [Value; 2], details: Details, rest: (Direction, &str, bool)) -> Vec<Value> {
    let [cid, name] = what;
    let mut row = vec![number(place), cid, name];
    if details == Details::All {
        let (direction, collation, is_key) = rest;
        row.extend([flag(direction == Direction::Descending), text(collation), flag(is_key)]);
    }
    row
}

fn parts_of_index(index: &Index, table: &Table, details: Details) -> Rows {
    let keys = index.columns.iter().map(|column| (column, true));
    let suffix = index.suffix.iter().map(|column| (column, false));
    let parts = keys.chain(suffix.filter(|_| details == Details::All));
    let what = |part: &IndexPart| match part {
        IndexPart::Column(at) if table.rowid_alias() == Some(*at) => {
            let name = &table.columns[*at].name;
            [Value::Integer(-1), if details == Details::Shown { text(name) } else { Value::Null }]
        }
        IndexPart::Column(at) => [number(*at), text(&table.columns[*at].name)],
        IndexPart::Expr(_) => [Value::Integer(-2), Value::Null],
    };
    let row = |(place, (column, is_key)): (usize, (&IndexColumn, bool))| {
        part_row(place, what(&column.part), details, (column.direction, column.collation.name(), is_key))
    };
    let mut rows: Rows = parts.enumerate().map(row).collect();
    if details == Details::All && table.has_rowid() {
        let rowid = [Value::Integer(-1), Value::Null];
        rows.push(part_row(rows.len(), rowid, details, (Direction::Ascending, "BINARY", false)));
    }
    rows
}

/// The columns of the primary key of a table without rowid, and the others behind them.
fn parts_of_key(table: &Table, details: Details) -> Rows {
    let TableKey::Primary { columns, .. } = &table.key else { return Rows::new() };
    let mut parts: Vec<(usize, (Direction, &str, bool))> = Vec::new();
    for column in columns {
        if let IndexPart::Column(place) = column.part {
            parts.push((place, (column.direction, column.collation.name(), true)));
        }
    }
    if details == Details::All {
        for (place, column) in table.columns.iter().enumerate() {
            if !parts.iter().any(|part| part.0 == place) && column.generated.is_none() {
                parts.push((place, (Direction::Ascending, "BINARY", false)));
            }
        }
    }
    let row = |(at, (place, rest)): (usize, (usize, (Direction, &str, bool)))| {
        part_row(at, [number(place), text(&table.columns[place].name)], details, rest)
    };
    parts.into_iter().enumerate().map(row).collect()
}

fn foreign_key_list(table: &Table) -> Rows {
    let mut rows = Rows::new();
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

fn action_name(action: ForeignAction) -> &'static str {
    match action {
        ForeignAction::NoAction => "NO ACTION",
        ForeignAction::Restrict => "RESTRICT",
        ForeignAction::SetNull => "SET NULL",
        ForeignAction::SetDefault => "SET DEFAULT",
        ForeignAction::Cascade => "CASCADE",
    }
}

/// What SQLite's flags `DETERMINISTIC` and `INNOCUOUS` are.
const DETERMINISTIC: i64 = 0x800;
const INNOCUOUS: i64 = 0x20_0000;

fn function_row(function: &Function) -> Vec<Value> {
    let (is_built_in, kind) = match &function.body {
        Body::Scalar(_) | Body::Lazy(..) => (true, "s"),
        Body::Aggregate(_) | Body::Window(_) => (true, "w"),
        Body::HostScalar(_) => (false, "s"),
        Body::HostAggregate { is_window, .. } => (false, if *is_window { "w" } else { "a" }),
    };
    let arguments = match function.arity {
        Arity::Exactly(count) => i64::try_from(count).unwrap_or(i64::MAX),
        Arity::AtLeast(_) => -1,
    };
    let is_pure = matches!(function.volatility, Volatility::Pure | Volatility::PureUnlessNow);
    let flags = i64::from(is_pure) * DETERMINISTIC + i64::from(is_built_in) * INNOCUOUS;
    let numbers = [Value::Integer(arguments), Value::Integer(flags)];
    let shown = [text(&function.name), flag(is_built_in), text(kind), text("utf8")];
    shown.into_iter().chain(numbers).collect()
}
