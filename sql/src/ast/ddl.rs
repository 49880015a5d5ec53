//! `CREATE`, `ALTER` and `DROP`.
//!
//! Each `CREATE` carries the text that `sqlite_schema.sql` shows, made as SQLite makes it: `CREATE TABLE` and its kin
//! in capitals, without `TEMP`, `IF NOT EXISTS` and the schema, then the statement from the name on as it was written.

use super::name::{Name, QualifiedName, Span};
use super::query::{Expr, OrderTerm, Select, TypeName};
use super::write::{ConflictAction, Delete, Insert, Update};

/// `CREATE [TEMP] TABLE ..`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    /// Whether `TEMP` was there.
    pub temporary: bool,
    /// Whether `IF NOT EXISTS` was there.
    pub if_not_exists: bool,
    /// The table.
    pub name: QualifiedName,
    /// Its columns.
    pub body: TableBody,
}

/// The columns of a new table.
#[derive(Clone, Debug, PartialEq)]
pub enum TableBody {
    /// `(columns, constraints) options`
    Columns(TableDefinition),
    /// `AS SELECT ..`: columns and rows are those of the query. The text for the schema is made from the columns.
    Select(Box<Select>),
}

/// A table as its statement defines it.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDefinition {
    /// The columns, at least one.
    pub columns: Vec<ColumnDefinition>,
    /// The constraints after the columns.
    pub constraints: Vec<TableConstraint>,
    /// `STRICT`
    pub strict: bool,
    /// `WITHOUT ROWID`
    pub without_rowid: bool,
    /// The text for `sqlite_schema.sql`.
    pub sql: Box<str>,
}

/// A column of a new table.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefinition {
    /// Its name.
    pub name: Name,
    /// Its type; `None` if it has none. `GENERATED ALWAYS` is not part of it.
    pub type_name: Option<TypeName>,
    /// Its constraints, in order.
    pub constraints: Vec<ColumnConstraint>,
    /// From its name to the end of its last constraint.
    pub span: Span,
}

/// A constraint after a column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnConstraint {
    /// The last `CONSTRAINT name` before it in the same column.
    pub name: Option<Name>,
    /// What it says.
    pub kind: ColumnConstraintKind,
    /// From its first to its last token, without its name.
    pub span: Span,
}

/// What a constraint after a column says.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnConstraintKind {
    /// `PRIMARY KEY [ASC|DESC] [ON CONFLICT ..] [AUTOINCREMENT]`
    PrimaryKey {
        /// `ASC` or `DESC`, if written.
        direction: Option<super::query::Direction>,
        /// `ON CONFLICT ..`
        conflict: Option<ConflictAction>,
        /// `AUTOINCREMENT`
        autoincrement: bool,
    },
    /// `NOT NULL [ON CONFLICT ..]`
    NotNull(Option<ConflictAction>),
    /// `NULL [ON CONFLICT ..]`: says nothing.
    Null,
    /// `UNIQUE [ON CONFLICT ..]`
    Unique(Option<ConflictAction>),
    /// `CHECK (..)`
    Check(CheckExpr),
    /// `DEFAULT ..`
    Default(DefaultValue),
    /// `COLLATE name`
    Collate(Name),
    /// `REFERENCES ..`
    References(ForeignReference),
    /// `[NOT] DEFERRABLE ..` apart from its `REFERENCES`; it belongs to the last one before it.
    Deferrable(Deferral),
    /// `[GENERATED ALWAYS] AS (..) [VIRTUAL|STORED]`
    Generated {
        /// The value.
        expr: Expr,
        /// What follows the parentheses, if anything: `VIRTUAL` or `STORED`; other words are the binder's to refuse.
        storage: Option<Name>,
    },
}

/// The condition of a `CHECK`.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckExpr {
    /// The condition.
    pub expr: Expr,
    /// Its text without the parentheses: names the constraint in errors if it has no name.
    pub text: Box<str>,
}

/// The value of a `DEFAULT`.
#[derive(Clone, Debug, PartialEq)]
pub struct DefaultValue {
    /// The value. A bare word is a text.
    pub expr: Expr,
    /// Its text without outer parentheses, as `PRAGMA table_info` shows it.
    pub text: Box<str>,
}

/// `REFERENCES table (columns) ..`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignReference {
    /// The parent table.
    pub table: Name,
    /// Its columns; empty for its primary key.
    pub columns: Vec<Name>,
    /// `ON DELETE ..`
    pub on_delete: ForeignAction,
    /// `ON UPDATE ..`
    pub on_update: ForeignAction,
    /// `[NOT] DEFERRABLE ..`, where it follows directly.
    pub deferral: Option<Deferral>,
}

/// What happens to child rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ForeignAction {
    /// `NO ACTION`: the check decides.
    #[default]
    NoAction,
    /// `RESTRICT`: refused at once.
    Restrict,
    /// `SET NULL`
    SetNull,
    /// `SET DEFAULT`
    SetDefault,
    /// `CASCADE`
    Cascade,
}

/// When a foreign key is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deferral {
    /// At the end of the statement: everything but the following.
    Immediate,
    /// At commit: `DEFERRABLE INITIALLY DEFERRED`.
    Deferred,
}

/// A constraint after the columns.
#[derive(Clone, Debug, PartialEq)]
pub struct TableConstraint {
    /// The last `CONSTRAINT name` before it, after the last comma.
    pub name: Option<Name>,
    /// What it says.
    pub kind: TableConstraintKind,
    /// From its first to its last token, without its name.
    pub span: Span,
}

/// What a constraint after the columns says.
#[derive(Clone, Debug, PartialEq)]
pub enum TableConstraintKind {
    /// `PRIMARY KEY (..)`
    PrimaryKey {
        /// The columns.
        columns: Vec<OrderTerm>,
        /// `AUTOINCREMENT` inside the parentheses.
        autoincrement: bool,
        /// `ON CONFLICT ..`
        conflict: Option<ConflictAction>,
    },
    /// `UNIQUE (..)`
    Unique {
        /// The columns.
        columns: Vec<OrderTerm>,
        /// `ON CONFLICT ..`
        conflict: Option<ConflictAction>,
    },
    /// `CHECK (..)`. `ON CONFLICT` may follow and does nothing.
    Check(CheckExpr),
    /// `FOREIGN KEY (..) REFERENCES ..`
    ForeignKey {
        /// The child columns.
        columns: Vec<Name>,
        /// What they refer to.
        references: ForeignReference,
    },
}

/// `CREATE [UNIQUE] INDEX ..`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateIndex {
    /// Whether `UNIQUE` was there.
    pub unique: bool,
    /// Whether `IF NOT EXISTS` was there.
    pub if_not_exists: bool,
    /// The index.
    pub name: QualifiedName,
    /// The table.
    pub table: Name,
    /// The columns and expressions.
    pub columns: Vec<OrderTerm>,
    /// The condition of a partial index.
    pub filter: Option<Expr>,
    /// The text for `sqlite_schema.sql`.
    pub sql: Box<str>,
}

/// `CREATE [TEMP] VIEW ..`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateView {
    /// Whether `TEMP` was there.
    pub temporary: bool,
    /// Whether `IF NOT EXISTS` was there.
    pub if_not_exists: bool,
    /// The view.
    pub name: QualifiedName,
    /// The names of its columns; empty to take them from the query.
    pub columns: Vec<Name>,
    /// Its rows.
    pub select: Box<Select>,
    /// The text for `sqlite_schema.sql`.
    pub sql: Box<str>,
}

/// `CREATE VIRTUAL TABLE .. USING ..`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateVirtualTable {
    /// Whether `IF NOT EXISTS` was there.
    pub if_not_exists: bool,
    /// The table.
    pub name: QualifiedName,
    /// The module.
    pub module: Name,
    /// The arguments as they were written, split at commas outside of parentheses, without outer blanks.
    pub arguments: Vec<Box<str>>,
    /// The text for `sqlite_schema.sql`.
    pub sql: Box<str>,
}

/// `CREATE [TEMP] TRIGGER ..`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTrigger {
    /// Whether `TEMP` was there.
    pub temporary: bool,
    /// Whether `IF NOT EXISTS` was there.
    pub if_not_exists: bool,
    /// The trigger.
    pub name: QualifiedName,
    /// When it runs.
    pub time: TriggerTime,
    /// What makes it run.
    pub event: TriggerEvent,
    /// The table or view.
    pub table: QualifiedName,
    /// `WHEN ..`
    pub condition: Option<Expr>,
    /// What it does, one step or more.
    pub steps: Vec<TriggerStep>,
    /// The text for `sqlite_schema.sql`.
    pub sql: Box<str>,
}

/// When a trigger runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TriggerTime {
    /// `BEFORE`, also if nothing is written.
    Before,
    /// `AFTER`
    After,
    /// `INSTEAD OF`, on views.
    InsteadOf,
}

/// What makes a trigger run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TriggerEvent {
    /// `DELETE`
    Delete,
    /// `INSERT`
    Insert,
    /// `UPDATE [OF a, b, ..]`; empty for all columns.
    Update(Vec<Name>),
}

/// A statement in a trigger.
#[derive(Clone, Debug, PartialEq)]
pub enum TriggerStep {
    /// `SELECT ..`
    Select(Box<Select>),
    /// `INSERT ..`. That `RETURNING` is not allowed here is not checked.
    Insert(Box<Insert>),
    /// `UPDATE ..`
    Update(Box<Update>),
    /// `DELETE ..`
    Delete(Box<Delete>),
}

/// `ALTER TABLE ..`
#[derive(Clone, Debug, PartialEq)]
pub struct AlterTable {
    /// The table.
    pub table: QualifiedName,
    /// What is changed.
    pub action: AlterAction,
}

/// What `ALTER TABLE` changes.
#[derive(Clone, Debug, PartialEq)]
pub enum AlterAction {
    /// `RENAME TO name`
    RenameTable(Name),
    /// `RENAME [COLUMN] from TO to`
    RenameColumn {
        /// The column.
        from: Name,
        /// Its new name.
        to: Name,
    },
    /// `ADD [COLUMN] definition`
    AddColumn {
        /// The column.
        column: Box<ColumnDefinition>,
        /// Its text, to go into the text of the table.
        text: Box<str>,
    },
    /// `DROP [COLUMN] name`
    DropColumn(Name),
    /// `ALTER [COLUMN] name SET NOT NULL [ON CONFLICT ..]`
    SetNotNull {
        /// The column.
        column: Name,
        /// `NOT NULL [ON CONFLICT ..]` as it was written, to go into the text of the table.
        text: Box<str>,
    },
    /// `ALTER [COLUMN] name DROP NOT NULL`
    DropNotNull(Name),
    /// `ADD [CONSTRAINT name] CHECK (..) [ON CONFLICT ..]`
    AddCheck {
        /// Its name, if it has one.
        name: Option<Name>,
        /// The condition.
        check: Box<CheckExpr>,
        /// The whole constraint as it was written, to go into the text of the table.
        text: Box<str>,
    },
    /// `DROP CONSTRAINT name`
    DropConstraint(Name),
}

/// `DROP ..`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drop {
    /// What kind of thing.
    pub kind: ObjectKind,
    /// Whether `IF EXISTS` was there.
    pub if_exists: bool,
    /// Which one.
    pub name: QualifiedName,
}

/// A kind of thing in a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// A table.
    Table,
    /// An index.
    Index,
    /// A view.
    View,
    /// A trigger.
    Trigger,
}
