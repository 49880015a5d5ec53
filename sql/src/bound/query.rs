//! Bound expressions and queries. They contain each other, so they are defined together.

use std::ops::Range;
use std::sync::Arc;

use crate::ast;
use crate::func::Function;
use crate::schema::{Index, Store, Table};
use crate::value::{Affinity, Collation, Value};

/// A place for a row, unique in a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u32);

/// A bound expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A constant.
    Literal(Value),
    /// A parameter by its number, from 1.
    Parameter(u32),
    /// A column of a row.
    Column(Column),
    /// `+a`: the value without its affinity.
    Plus(Box<Expr>),
    /// `-a`
    Negate(Box<Expr>),
    /// `~a`
    BitNot(Box<Expr>),
    /// `NOT a`
    Not(Box<Expr>),
    /// `+ - * / % || & | << >>`
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    /// `= <> < <= > >= IS, IS NOT`
    Compare(Box<Comparison>),
    /// `a AND b ..`: evaluated in order until one is false.
    And(Vec<Expr>),
    /// `a OR b ..`: evaluated in order until one is true.
    Or(Vec<Expr>),
    /// `a ISNULL`
    IsNull(Box<Expr>),
    /// `a NOTNULL`
    NotNull(Box<Expr>),
    /// `a IS [NOT] TRUE|FALSE`
    IsTruth {
        /// What is tested.
        operand: Box<Expr>,
        /// `TRUE` or `FALSE`.
        truth: bool,
        /// `IS NOT`
        negated: bool,
    },
    /// `a BETWEEN low AND high`; `NOT` stands around it.
    Between(Box<Between>),
    /// `a IN ..`; `NOT` stands around it.
    In(Box<In>),
    /// `CASE`
    Case(Box<Case>),
    /// `CAST`
    Cast(Box<Expr>, Affinity),
    /// The value of a generated column: as a column of this affinity and collation gives it.
    Generated(Box<Expr>, Affinity, Collation),
    /// `a COLLATE c`
    Collate(Box<Expr>, Collation),
    /// A call of a scalar function.
    Function(Box<FunctionCall>),
    /// A call of an aggregate function; gone once its query is bound.
    Aggregate(Box<AggregateCall>),
    /// A call of a window function; gone once its query is bound.
    Window(Box<WindowCall>),
    /// `(SELECT ..)`: a column of its first row, NULL if there is none.
    Subquery(Arc<Subquery>, usize),
    /// `EXISTS (SELECT ..)`
    Exists(Arc<Subquery>),
    /// `RAISE(..)`
    Raise(RaiseAction, Option<Box<Expr>>),
    /// `(a, b, ..)`; gone once what it stands in is bound.
    Row(Vec<Expr>),
}

/// What `RAISE` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RaiseAction {
    /// `IGNORE`
    Ignore,
    /// `ROLLBACK`
    Rollback,
    /// `ABORT`
    Abort,
    /// `FAIL`
    Fail,
}

/// A column of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The row.
    pub slot: Slot,
    /// The column in it.
    pub place: Place,
    /// Its affinity.
    pub affinity: Affinity,
    /// Its collation.
    pub collation: Collation,
    /// Whether it can be taken for never NULL: the optimiser's, not the language's.
    pub not_null: bool,
    /// Whether its collation is its own, as that of a column; else it gives way to another operand's.
    pub has_collation: bool,
}

/// Which value of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The rowid.
    Rowid,
    /// The column at this place.
    At(usize),
    /// The whole row of a table as it is stored, if it is short; NULL if it is long. Only plans name it.
    Record,
}

/// Operators between two values that are no comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `||`
    Concat,
    /// `&`
    BitAnd,
    /// `|`
    BitOr,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
}

/// The comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `IS`
    Is,
    /// `IS NOT`
    IsNot,
}

/// A comparison and the rules it follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The operator.
    pub op: CompareOp,
    /// The left side.
    pub left: Expr,
    /// The right side.
    pub right: Expr,
    /// What is applied to both sides.
    pub affinity: Affinity,
    /// How text compares.
    pub collation: Collation,
}

/// `operand BETWEEN low AND high`
#[derive(Clone, Debug, PartialEq)]
pub struct Between {
    /// What is tested.
    pub operand: Expr,
    /// The lower end, with the rules of its comparison.
    pub low: (Expr, Affinity, Collation),
    /// The upper end, with the rules of its comparison.
    pub high: (Expr, Affinity, Collation),
}

/// `operands IN set`
#[derive(Clone, Debug, PartialEq)]
pub struct In {
    /// What is looked for: one value, or those of a row.
    pub operands: Vec<Expr>,
    /// Where it is looked for.
    pub set: InSet,
    /// The rules of the comparison of each operand.
    pub rules: Vec<(Affinity, Collation)>,
}

/// Where `IN` looks.
#[derive(Clone, Debug, PartialEq)]
pub enum InSet {
    /// These values; one operand only.
    List(Vec<Expr>),
    /// The rows of a query.
    Select(Arc<Subquery>),
}

/// `CASE`, its operand already compared: every branch has a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What the conditions are compared with, and how; without it they are conditions themselves.
    pub operand: Option<Expr>,
    /// The conditions, and the values if they hold. With an operand each has the rules of its comparison.
    pub branches: Vec<(Expr, Affinity, Collation, Expr)>,
    /// The value if none holds.
    pub otherwise: Option<Expr>,
}

/// A call of a scalar function.
#[derive(Clone, Debug)]
pub struct FunctionCall {
    /// The function.
    pub function: Arc<Function>,
    /// Its arguments.
    pub arguments: Vec<Expr>,
    /// The collation of the first argument that has one.
    pub collation: Collation,
    /// Where the call stands.
    pub place: crate::func::Place,
}

impl PartialEq for FunctionCall {
    fn eq(&self, other: &FunctionCall) -> bool {
        Arc::ptr_eq(&self.function, &other.function)
            && self.arguments == other.arguments
            && self.collation == other.collation
    }
}

/// A call of an aggregate function.
#[derive(Clone, Debug)]
pub struct AggregateCall {
    /// The function.
    pub function: Arc<Function>,
    /// Its arguments.
    pub arguments: Vec<Expr>,
    /// `DISTINCT`
    pub distinct: bool,
    /// `FILTER (WHERE ..)`
    pub filter: Option<Expr>,
    /// The order in which it takes its rows.
    pub order_by: Vec<OrderTerm>,
    /// The collation of the first argument that has one.
    pub collation: Collation,
    /// The query whose rows it is over.
    pub owner: QueryId,
}

impl PartialEq for AggregateCall {
    fn eq(&self, other: &AggregateCall) -> bool {
        Arc::ptr_eq(&self.function, &other.function)
            && self.arguments == other.arguments
            && self.distinct == other.distinct
            && self.filter == other.filter
            && self.order_by == other.order_by
            && self.collation == other.collation
            && self.owner == other.owner
    }
}

/// Which query of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QueryId(pub u32);

/// A call of a window function.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowCall {
    /// The function and its arguments.
    pub call: AggregateCall,
    /// `PARTITION BY`
    pub partition_by: Vec<Expr>,
    /// `ORDER BY`
    pub order_by: Vec<OrderTerm>,
    /// The frame.
    pub frame: WindowFrame,
}

/// The frame of a window, its ends bound.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowFrame {
    /// What is counted.
    pub unit: ast::FrameUnit,
    /// Where it starts.
    pub start: FrameBound,
    /// Where it ends.
    pub end: FrameBound,
    /// What is left out.
    pub exclude: ast::FrameExclude,
}

/// One end of a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum FrameBound {
    /// The start or end of the partition.
    Unbounded,
    /// That far before.
    Preceding(Expr),
    /// The row itself, with its peers where the unit says so.
    CurrentRow,
    /// That far behind.
    Following(Expr),
}

/// A query inside an expression.
#[derive(Clone, Debug)]
pub struct Subquery {
    /// Which one; copies of an expression share it.
    pub id: QueryId,
    /// The query.
    pub select: Select,
}

impl PartialEq for Subquery {
    fn eq(&self, other: &Subquery) -> bool {
        self.id == other.id
    }
}

/// A term of `ORDER BY`.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderTerm {
    /// What is sorted by.
    pub expr: Expr,
    /// Whether the largest comes first.
    pub descending: bool,
    /// Whether NULL comes first.
    pub nulls_first: bool,
    /// How text sorts.
    pub collation: Collation,
}

/// A whole query.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// What makes its rows.
    pub body: Body,
    /// Names and kinds of the columns of its rows.
    pub columns: Vec<ResultColumn>,
    /// `ORDER BY`; for a compound over the columns of `slot`.
    pub order_by: Vec<OrderTerm>,
    /// `LIMIT`
    pub limit: Option<Expr>,
    /// `OFFSET`
    pub offset: Option<Expr>,
    /// The row of the result, where a step needs one: sorted or combined rows.
    pub slot: Slot,
}

/// What a result column is called and how it compares.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultColumn {
    /// Its name, for the queries around.
    pub name: Arc<str>,
    /// What the program sees as its name, where that is another one.
    pub shown: Option<Arc<str>>,
    /// Its affinity.
    pub affinity: Affinity,
    /// Its collation, if it has one of its own.
    pub collation: Option<Collation>,
    /// The declared type of the column it is, if it is one.
    pub type_name: Option<Arc<str>>,
}

impl ResultColumn {
    /// What the program sees as its name.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.shown.as_deref().unwrap_or(&self.name)
    }
}

/// What makes the rows of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `SELECT ..`
    Query(Box<Query>),
    /// `VALUES ..`
    Values(Vec<Vec<Expr>>),
    /// Two bodies combined.
    Compound(Box<Compound>),
}

impl Body {
    /// The values that make the rows; of several members or rows those of the last, which is the one whose `COLLATE` counts
    /// where the rows are compared with something.
    #[must_use]
    pub fn last_values(&self) -> &[Expr] {
        match self {
            Body::Query(query) => &query.columns,
            Body::Values(rows) => rows.last().map_or(&[], Vec::as_slice),
            Body::Compound(compound) => compound.right.last_values(),
        }
    }
}

/// Two bodies combined.
#[derive(Clone, Debug, PartialEq)]
pub struct Compound {
    /// How.
    pub op: ast::CompoundOp,
    /// All members before.
    pub left: Body,
    /// The last member.
    pub right: Body,
    /// How the columns are compared.
    pub collations: Vec<Collation>,
}

/// `SELECT .. FROM .. WHERE .. GROUP BY .. HAVING ..`
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Which one.
    pub id: QueryId,
    /// `FROM`
    pub from: Option<From>,
    /// `WHERE`, split at `AND`.
    pub filter: Vec<Expr>,
    /// Grouping and aggregates, if there are any. What comes after it is over its slot.
    pub aggregation: Option<Aggregation>,
    /// `HAVING`, split at `AND`.
    pub having: Vec<Expr>,
    /// Window functions, each step over the slot of the one before.
    pub windows: Vec<WindowStep>,
    /// The values of the result.
    pub columns: Vec<Expr>,
    /// `DISTINCT`, with the collation of each column.
    pub distinct: Option<Vec<Collation>>,
}

/// Grouping and aggregates. Its row has the keys, then the results, then the bare columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregation {
    /// The row of a group.
    pub slot: Slot,
    /// `GROUP BY` and how each compares; empty for one group, which is there without rows too.
    pub keys: Vec<(Expr, Collation)>,
    /// Whether `GROUP BY` was there.
    pub grouped: bool,
    /// The aggregates.
    pub calls: Vec<AggregateCall>,
    /// Columns outside of aggregates that are no key: from one row of the group.
    pub bare: Vec<Expr>,
}

/// Window functions over one window. Its row has the values passed on, then the results.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowStep {
    /// The row.
    pub slot: Slot,
    /// The values passed on.
    pub passed: Vec<Expr>,
    /// The functions; all have one partition and order.
    pub calls: Vec<WindowCall>,
}

/// The tables of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum From {
    /// One table.
    Source(Box<Source>),
    /// Two, joined.
    Join(Box<Join>),
}

/// Two tables or joins, joined.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Which rows are kept.
    pub kind: JoinKind,
    /// The left side.
    pub left: From,
    /// The right side.
    pub right: From,
    /// What must hold, split at `AND`.
    pub on: Vec<Expr>,
}

/// Which rows a join keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// Those of both sides that fit.
    Inner,
    /// The same, and the left side is the outer loop.
    Cross,
    /// All of the left side.
    Left,
    /// All of the right side.
    Right,
    /// All of both sides.
    Full,
}

/// A table in `FROM`.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its row.
    pub slot: Slot,
    /// What it is called.
    pub name: Box<str>,
    /// Where its rows come from.
    pub rows: SourceRows,
}

/// Where the rows of a table in `FROM` come from.
#[derive(Clone, Debug)]
pub enum SourceRows {
    /// A stored table.
    Table {
        /// Where it is kept.
        store: Store,
        /// The table.
        table: Arc<Table>,
        /// `INDEXED BY` or `NOT INDEXED`
        index: IndexChoice,
        /// The expressions and conditions of its indexes over this slot.
        indexes: Arc<Vec<BoundIndex>>,
    },
    /// A query, a view or a common table expression.
    Select(Box<Select>),
    /// The rows that the recursive part of a common table expression gets.
    Recursion(RecursionId),
    /// A recursive common table expression.
    Recursive(Box<Recursive>),
    /// A table function.
    Function {
        /// The function.
        function: TableFunction,
        /// Its arguments.
        arguments: Vec<Expr>,
        /// The places of its hidden columns, which show them.
        parameters: Range<usize>,
    },
}

impl PartialEq for SourceRows {
    fn eq(&self, other: &SourceRows) -> bool {
        match (self, other) {
            (SourceRows::Table { table: a, .. }, SourceRows::Table { table: b, .. }) => Arc::ptr_eq(a, b),
            (SourceRows::Select(a), SourceRows::Select(b)) => a == b,
            _ => false,
        }
    }
}

/// An index whose expressions are bound.
#[derive(Clone, Debug)]
pub struct BoundIndex {
    /// The index.
    pub index: Arc<Index>,
    /// Its columns as expressions over the slot of the table.
    pub columns: Vec<Expr>,
    /// Its condition, split at `AND`.
    pub filter: Vec<Expr>,
}

/// Which recursive common table expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecursionId(pub u32);

/// Which index a table is to be read by.
#[derive(Clone, Debug)]
pub enum IndexChoice {
    /// Any.
    Any,
    /// This one.
    Only(Arc<Index>),
    /// None.
    None,
}

/// A recursive common table expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Recursive {
    /// Which one.
    pub id: RecursionId,
    /// The rows to start with.
    pub initial: Select,
    /// What is made of each row.
    pub steps: Vec<Select>,
    /// Whether a row that was there before is left out.
    pub distinct: Option<Vec<Collation>>,
    /// In which order rows are taken; empty for the order of their making.
    pub order_by: Vec<OrderTerm>,
    /// `LIMIT`
    pub limit: Option<Expr>,
    /// `OFFSET`
    pub offset: Option<Expr>,
}

/// The functions that give rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableFunction {
    /// `generate_series(start, stop, step)`
    Series,
    /// `pragma_NAME(argument, schema)`
    Pragma(Box<str>),
}
