//! From the statements that `sqlite_schema` keeps to tables and indexes, with SQLite's checks on them.

use std::sync::Arc;

use duramen_engine::TreeId;

use super::index::{Index, IndexColumn, IndexOrigin, IndexPart};
use super::table::{Check, Column, ForeignKey, Generated, Table, TableKey, TableKind};
use crate::ast::{
    self, ColumnConstraintKind, ConflictAction, ExprKind, Literal, TableConstraintKind, TableDefinition,
};
use crate::codec::Direction;
use crate::error::{Error, Result};
use crate::value::{Affinity, Collation, Value};

/// Types that are shown in these letters, however they were written.
const STANDARD_TYPES: [&str; 6] = ["ANY", "BLOB", "INT", "INTEGER", "REAL", "TEXT"];

/// What building needs to know of the rest.
pub struct Builder<'b> {
    /// The trees of the indexes that constraints make, by name.
    pub tree_of: &'b dyn Fn(&str) -> TreeId,
    /// The collation of a name.
    pub collation: &'b dyn Fn(&str) -> Result<Collation>,
}

/// The columns of a key, how they compare and how they are sorted.
type KeyColumns = Vec<(usize, Collation, Direction)>;

/// A key that a constraint asks for.
struct KeyTerms {
    columns: KeyColumns,
    conflict: Option<ConflictAction>,
    kind: KeyKind,
}

/// Which constraint asks for a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyKind {
    Unique,
    Primary,
    /// `PRIMARY KEY DESC` behind a column, which is never the rowid.
    Descending,
}

impl KeyTerms {
    fn is_primary(&self) -> bool {
        self.kind != KeyKind::Unique
    }

    fn same_columns(&self, other: &KeyTerms) -> bool {
        self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(|(a, b)| a.0 == b.0 && a.1 == b.1)
    }
}

impl Builder<'_> {
    /// A table from its definition.
    ///
    /// # Errors
    /// What SQLite refuses.
    pub fn table(&self, name: &str, tree: TreeId, definition: &TableDefinition) -> Result<Table> {
        let mut columns: Vec<Column> = Vec::new();
        let mut keys: Vec<KeyTerms> = Vec::new();
        let mut checks = Vec::new();
        let mut foreign_keys = Vec::new();
        let mut autoincrement = false;
        let more_than_one = || Error::statement(format!("table \"{name}\" has more than one primary key"));
        for column in &definition.columns {
            if columns.iter().any(|known| known.name.eq_ignore_ascii_case(&column.name.text)) {
                return Err(Error::statement(format!("duplicate column name: {}", column.name.text)));
            }
            columns.push(self.column(column, definition.strict, name)?);
        }
        for (place, column) in definition.columns.iter().enumerate() {
            let collation = columns[place].collation.clone();
            let mut deferrable_of: Option<usize> = None;
            for constraint in &column.constraints {
                let label = constraint.name.as_ref().map(|name| name.text.clone());
                match &constraint.kind {
                    ColumnConstraintKind::PrimaryKey { direction, conflict, autoincrement: auto } => {
                        if keys.iter().any(KeyTerms::is_primary) {
                            return Err(more_than_one());
                        }
                        autoincrement |= auto;
                        keys.push(KeyTerms {
                            columns: vec![(place, collation.clone(), direction_of(*direction))],
                            conflict: *conflict,
                            kind: match direction {
                                Some(ast::Direction::Descending) => KeyKind::Descending,
                                _ => KeyKind::Primary,
                            },
                        });
                    }
                    ColumnConstraintKind::Unique(conflict) => keys.push(KeyTerms {
                        columns: vec![(place, collation.clone(), Direction::Ascending)],
                        conflict: *conflict,
                        kind: KeyKind::Unique,
                    }),
                    ColumnConstraintKind::Check(check) => checks.push(Check {
                        name: label.unwrap_or_else(|| check.text.clone()),
                        expr: Arc::new(check.expr.clone()),
                    }),
                    ColumnConstraintKind::References(reference) => {
                        if reference.columns.len() > 1 {
                            return Err(Error::statement(format!(
                                "foreign key on {} should reference only one column of table {}",
                                column.name.text, reference.table.text
                            )));
                        }
                        deferrable_of = Some(foreign_keys.len());
                        foreign_keys.push(foreign_key(vec![place], reference)?);
                    }
                    ColumnConstraintKind::Deferrable(deferral) => {
                        if let Some(number) = deferrable_of {
                            foreign_keys[number].deferred = *deferral == ast::Deferral::Deferred;
                        }
                    }
                    _ => {}
                }
            }
        }
        for constraint in &definition.constraints {
            let label = constraint.name.as_ref().map(|name| name.text.clone());
            match &constraint.kind {
                TableConstraintKind::PrimaryKey { columns: terms, autoincrement: auto, conflict } => {
                    if keys.iter().any(KeyTerms::is_primary) {
                        return Err(more_than_one());
                    }
                    let key = self.key_terms(name, terms, &columns)?;
                    autoincrement |= auto;
                    keys.push(KeyTerms { columns: key, conflict: *conflict, kind: KeyKind::Primary });
                }
                TableConstraintKind::Unique { columns: terms, conflict } => {
                    let key = self.key_terms(name, terms, &columns)?;
                    keys.push(KeyTerms { columns: key, conflict: *conflict, kind: KeyKind::Unique });
                }
                TableConstraintKind::Check(check) => checks.push(Check {
                    name: label.unwrap_or_else(|| check.text.clone()),
                    expr: Arc::new(check.expr.clone()),
                }),
                TableConstraintKind::ForeignKey { columns: names, references } => {
                    let mut places = Vec::new();
                    if !references.columns.is_empty() && references.columns.len() != names.len() {
                        return Err(uneven_foreign_key());
                    }
                    for name in names {
                        let place = columns.iter().position(|column| name.is(&column.name));
                        places.push(place.ok_or_else(|| {
                            Error::statement(format!(
                                "unknown column \"{}\" in foreign key definition",
                                name.text
                            ))
                        })?);
                    }
                    foreign_keys.push(foreign_key(places, references)?);
                }
            }
        }
        let primary = keys.iter().find(|key| key.is_primary());
        for (number, (place, ..)) in primary.iter().flat_map(|key| &key.columns).enumerate() {
            if columns[*place].generated.is_some() {
                return Err(Error::statement("generated columns cannot be part of the PRIMARY KEY"));
            }
            if columns[*place].primary_key == 0 {
                columns[*place].primary_key = number + 1;
            }
        }
        if columns.iter().all(|column| column.generated.is_some()) {
            return Err(Error::statement("must have at least one non-generated column"));
        }
        let integer_key = match primary {
            Some(KeyTerms { columns: key, kind: KeyKind::Primary, .. }) if key.len() == 1 => {
                let place = key[0].0;
                columns[place].type_name.eq_ignore_ascii_case("INTEGER").then_some(place)
            }
            _ => None,
        };
        if autoincrement {
            if definition.without_rowid {
                return Err(Error::statement("AUTOINCREMENT not allowed on WITHOUT ROWID tables"));
            }
            if integer_key.is_none() {
                return Err(Error::statement("AUTOINCREMENT is only allowed on an INTEGER PRIMARY KEY"));
            }
        }
        if definition.without_rowid && primary.is_none() {
            return Err(Error::statement(format!("PRIMARY KEY missing on table {name}")));
        }
        if definition.without_rowid || definition.strict && integer_key.is_none() {
            for (place, ..) in primary.iter().flat_map(|key| &key.columns) {
                columns[*place].not_null.get_or_insert(None);
            }
        }
        let mut conflict = None;
        if integer_key.is_some()
            && let Some(place) = keys.iter().position(KeyTerms::is_primary)
        {
            // The rowid needs no index, and a key that would be one is made last.
            let key = keys.remove(place);
            conflict = key.conflict;
            keys.extend(definition.without_rowid.then_some(key));
        }
        let keys = each_once(keys)?;
        let key = match keys.iter().position(KeyTerms::is_primary) {
            Some(made_after) if definition.without_rowid => {
                let key = &keys[made_after];
                TableKey::Primary { columns: own_columns(key), conflict: key.conflict, made_after }
            }
            _ => TableKey::Rowid { alias: integer_key, conflict },
        };
        let mut table = Table {
            name: name.into(),
            tree,
            kind: TableKind::Ordinary,
            columns,
            key,
            indexes: Vec::new(),
            checks,
            foreign_keys,
            strict: definition.strict,
            autoincrement,
            sql: definition.sql.as_ref().into(),
        };
        table.indexes = self.constraint_indexes(&table, &keys);
        Ok(table)
    }

    /// The indexes of `UNIQUE` and of a `PRIMARY KEY` that is not the key of the rows.
    fn constraint_indexes(&self, table: &Table, keys: &[KeyTerms]) -> Vec<Arc<Index>> {
        let keys = keys.iter().zip(1..).filter(|(key, _)| table.has_rowid() || !key.is_primary());
        let indexes = keys.map(|(key, number): (_, usize)| {
            let name = format!("sqlite_autoindex_{}_{number}", table.name);
            let columns: Vec<IndexColumn> = key.columns.iter().map(index_column).collect();
            Arc::new(Index {
                tree: (self.tree_of)(&name),
                name: name.into(),
                origin: if key.is_primary() { IndexOrigin::PrimaryKey } else { IndexOrigin::Unique },
                unique: true,
                conflict: key.conflict,
                suffix: suffix(&table.key, &columns),
                columns,
                filter: None,
                sql: None,
            })
        });
        indexes.collect()
    }

    fn key_terms(&self, table: &str, terms: &[ast::OrderTerm], columns: &[Column]) -> Result<KeyColumns> {
        let mut key = Vec::new();
        for term in terms {
            refuse_nulls(term)?;
            let (expr, collation) = self.without_collation(&term.expr)?;
            let Some(name) = column_name(expr) else {
                return Err(Error::statement("expressions prohibited in PRIMARY KEY and UNIQUE constraints"));
            };
            let place = columns
                .iter()
                .position(|column| column.name.eq_ignore_ascii_case(name))
                .ok_or_else(|| Error::statement(format!("table {table} has no column named {name}")))?;
            let collation = collation.unwrap_or_else(|| columns[place].collation.clone());
            key.push((place, collation, direction_of(term.direction)));
        }
        Ok(key)
    }

    fn without_collation<'e>(&self, expr: &'e ast::Expr) -> Result<(&'e ast::Expr, Option<Collation>)> {
        match &expr.kind {
            ExprKind::Collate { operand, collation } => {
                let collation = (self.collation)(&collation.text)?;
                Ok((self.without_collation(operand)?.0, Some(collation)))
            }
            _ => Ok((expr, None)),
        }
    }

    fn column(&self, column: &ast::ColumnDefinition, strict: bool, table: &str) -> Result<Column> {
        let written = column.type_name.as_ref().map_or_else(Box::default, |t| without_quotes(&t.text));
        let standard = STANDARD_TYPES.iter().find(|known| known.eq_ignore_ascii_case(&written));
        let name = &column.name.text;
        if strict {
            if written.is_empty() {
                return Err(Error::statement(format!("missing datatype for {table}.{name}")));
            }
            if standard.is_none() {
                return Err(Error::statement(format!("unknown datatype for {table}.{name}: \"{written}\"")));
            }
        }
        let type_name = standard.map_or_else(|| Arc::from(&*written), |standard| Arc::from(*standard));
        let affinity = match &*type_name {
            "" => Affinity::Blob,
            "ANY" if strict => Affinity::Blob,
            name => Affinity::of_type(name),
        };
        let mut built = Column {
            name: (**name).into(),
            type_name,
            affinity,
            collation: Collation::Binary,
            not_null: None,
            default: None,
            missing: Value::Null,
            generated: None,
            primary_key: 0,
            hidden: false,
        };
        for constraint in &column.constraints {
            match &constraint.kind {
                ColumnConstraintKind::NotNull(conflict) => built.not_null = Some(*conflict),
                ColumnConstraintKind::Default(default) => {
                    if built.generated.is_some() {
                        return Err(Error::statement("cannot use DEFAULT on a generated column"));
                    }
                    if !is_constant(&default.expr) {
                        return Err(Error::statement(format!(
                            "default value of column [{name}] is not constant"
                        )));
                    }
                    built.missing = constant(&default.expr).unwrap_or(Value::Null);
                    built.default = Some((Arc::new(default.expr.clone()), default.text.clone()));
                }
                ColumnConstraintKind::Collate(collation) => {
                    built.collation = (self.collation)(&collation.text)?;
                }
                ColumnConstraintKind::Generated { expr, storage } => {
                    let stored = match storage {
                        None => false,
                        Some(word) if word.is("virtual") => false,
                        Some(word) if word.is("stored") => true,
                        Some(_) => {
                            return Err(Error::statement(format!("error in generated column \"{name}\"")));
                        }
                    };
                    if built.default.is_some() {
                        return Err(Error::statement("cannot use DEFAULT on a generated column"));
                    }
                    built.generated = Some(Generated { expr: Arc::new(expr.clone()), stored });
                }
                _ => {}
            }
        }
        let mut buffer = crate::value::ArenaBuffer::new();
        let missing = built.affinity.apply(built.missing.as_ref(), &buffer.arena()).to_value();
        built.missing = missing;
        Ok(built)
    }

    /// An index from its statement.
    ///
    /// # Errors
    /// What SQLite refuses.
    pub fn index(&self, table: &Table, tree: TreeId, statement: &ast::CreateIndex) -> Result<Index> {
        let mut columns = Vec::new();
        for term in &statement.columns {
            refuse_nulls(term)?;
            let (expr, collation) = self.without_collation(&term.expr)?;
            let direction = direction_of(term.direction);
            let place = column_name(expr).and_then(|name| table.column(name));
            columns.push(match place {
                Some(place) => IndexColumn {
                    collation: collation.unwrap_or_else(|| table.columns[place].collation.clone()),
                    part: IndexPart::Column(place),
                    direction,
                },
                None => {
                    if let ExprKind::Literal(Literal::Text(name)) = &expr.kind {
                        return Err(Error::statement(format!("no such column: {name}")));
                    }
                    IndexColumn {
                        part: IndexPart::Expr(Arc::new(expr.clone())),
                        collation: collation.unwrap_or_default(),
                        direction,
                    }
                }
            });
        }
        Ok(Index {
            name: statement.name.name.text.clone(),
            tree,
            origin: IndexOrigin::Statement,
            unique: statement.unique,
            conflict: None,
            suffix: suffix(&table.key, &columns),
            columns,
            filter: statement.filter.as_ref().map(|filter| Arc::new(filter.clone())),
            sql: Some(statement.sql.as_ref().into()),
        })
    }
}

/// Keys over the same columns become the first of them.
fn each_once(keys: Vec<KeyTerms>) -> Result<Vec<KeyTerms>> {
    let mut made: Vec<KeyTerms> = Vec::new();
    for key in keys {
        let Some(known) = made.iter_mut().find(|known| known.same_columns(&key)) else {
            made.push(key);
            continue;
        };
        if known.conflict.is_some() && key.conflict.is_some() && known.conflict != key.conflict {
            return Err(Error::statement("conflicting ON CONFLICT clauses specified"));
        }
        known.conflict = known.conflict.or(key.conflict);
        if key.is_primary() {
            known.kind = key.kind;
        }
    }
    Ok(made)
}

/// The columns of a key, each of them once.
fn own_columns(key: &KeyTerms) -> Vec<IndexColumn> {
    let is_first = |at: usize| {
        let (place, collation, _) = &key.columns[at];
        !key.columns[..at].iter().any(|known| known.0 == *place && known.1 == *collation)
    };
    let first = key.columns.iter().enumerate().filter(|(at, _)| is_first(*at));
    first.map(|(_, column)| index_column(column)).collect()
}

fn index_column((place, collation, direction): &(usize, Collation, Direction)) -> IndexColumn {
    IndexColumn { part: IndexPart::Column(*place), collation: collation.clone(), direction: *direction }
}

/// Refuses `NULLS FIRST` and `NULLS LAST`, where a key is described.
///
/// # Errors
/// If one of them is there.
pub fn refuse_nulls(term: &ast::OrderTerm) -> Result<()> {
    let which = match term.nulls {
        None => return Ok(()),
        Some(ast::NullsOrder::First) => "FIRST",
        Some(ast::NullsOrder::Last) => "LAST",
    };
    Err(Error::statement(format!("unsupported use of NULLS {which}")))
}

/// The columns of the primary key of a table `WITHOUT ROWID` that an index does not have itself.
fn suffix(key: &TableKey, columns: &[IndexColumn]) -> Vec<IndexColumn> {
    let TableKey::Primary { columns: key, .. } = key else { return Vec::new() };
    let has = |wanted: &IndexColumn| {
        columns.iter().any(|column| {
            matches!((&column.part, &wanted.part), (IndexPart::Column(a), IndexPart::Column(b)) if a == b)
                && column.collation == wanted.collation
        })
    };
    key.iter().filter(|column| !has(column)).cloned().collect()
}

fn direction_of(direction: Option<ast::Direction>) -> Direction {
    match direction {
        Some(ast::Direction::Descending) => Direction::Descending,
        _ => Direction::Ascending,
    }
}

/// The name, if an expression in a key is the name of a column. A text is one too.
fn column_name(expr: &ast::Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Column(name) if name.table.is_none() => Some(&name.column.text),
        ExprKind::Literal(Literal::Text(name)) => Some(name),
        _ => None,
    }
}

fn uneven_foreign_key() -> Error {
    Error::statement(
        "number of columns in foreign key does not match the number of columns in the referenced table",
    )
}

fn foreign_key(columns: Vec<usize>, reference: &ast::ForeignReference) -> Result<ForeignKey> {
    if !reference.columns.is_empty() && reference.columns.len() != columns.len() {
        return Err(uneven_foreign_key());
    }
    Ok(ForeignKey {
        columns,
        parent: reference.table.text.clone(),
        parent_columns: reference.columns.iter().map(|name| name.text.clone()).collect(),
        on_delete: reference.on_delete,
        on_update: reference.on_update,
        deferred: reference.deferral == Some(ast::Deferral::Deferred),
    })
}

/// Whether a default value names no column, parameter or query.
fn is_constant(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) => true,
        ExprKind::Column(name) => {
            name.table.is_none()
                && (name.column.quote == ast::Quote::Double
                    || name.column.is_word("true")
                    || name.column.is_word("false"))
        }
        ExprKind::Parameter(_) | ExprKind::Exists(_) | ExprKind::Subquery(_) | ExprKind::Raise(_) => false,
        ExprKind::Unary(_, a) | ExprKind::IsNull(a) | ExprKind::NotNull(a) => is_constant(a),
        ExprKind::Cast { operand, .. } | ExprKind::Collate { operand, .. } => is_constant(operand),
        ExprKind::Binary(_, a, b) => is_constant(a) && is_constant(b),
        ExprKind::And(all) | ExprKind::Or(all) | ExprKind::Row(all) => all.iter().all(is_constant),
        ExprKind::Between { operand, low, high, .. } => {
            is_constant(operand) && is_constant(low) && is_constant(high)
        }
        ExprKind::In { operand, set, .. } => {
            is_constant(operand) && matches!(&**set, ast::InSet::List(all) if all.iter().all(is_constant))
        }
        ExprKind::Match(matching) => is_constant(&matching.operand) && is_constant(&matching.pattern),
        ExprKind::Case(case) => {
            case.operand.iter().all(is_constant)
                && case.branches.iter().all(|(a, b)| is_constant(a) && is_constant(b))
                && case.otherwise.iter().all(is_constant)
        }
        ExprKind::Function(call) => match &call.arguments {
            ast::Arguments::Star => false,
            ast::Arguments::List { values, .. } => values.iter().all(is_constant) && call.over.is_none(),
        },
    }
}

/// The value of a default that is a constant: a literal, a word, or a number with its sign; `None` for anything else.
#[must_use]
pub fn constant(expr: &ast::Expr) -> Option<Value> {
    Some(match &expr.kind {
        ExprKind::Literal(literal) => match literal {
            Literal::Null => Value::Null,
            Literal::Integer(integer) => Value::Integer(*integer),
            Literal::Real(real) => Value::real(*real),
            Literal::Text(text) => Value::from(&**text),
            Literal::Blob(blob) => Value::from(&**blob),
            Literal::CurrentTime | Literal::CurrentDate | Literal::CurrentTimestamp => return None,
        },
        ExprKind::Column(name) if name.table.is_none() => match &name.column {
            word if word.is_word("true") => Value::Integer(1),
            word if word.is_word("false") => Value::Integer(0),
            word => Value::from(&*word.text),
        },
        ExprKind::Unary(ast::UnaryOp::Plus, operand) => constant(operand)?,
        ExprKind::Unary(ast::UnaryOp::Minus, operand) => {
            let operand = constant(operand)?;
            crate::value::negate(operand.as_ref()).to_value()
        }
        _ => return None,
    })
}

/// A type that is a single word in quotes, without them.
fn without_quotes(type_name: &str) -> Box<str> {
    let mut inner = type_name.chars();
    let inside = match (inner.next(), inner.next_back()) {
        (Some('['), Some(']')) => Some(inner.as_str()).filter(|inside| !inside.contains(['[', ']'])),
        (Some(quote @ ('"' | '`' | '\'')), Some(end)) if quote == end => {
            Some(inner.as_str()).filter(|inside| !inside.contains(quote))
        }
        _ => None,
    };
    inside.unwrap_or(type_name).into()
}
