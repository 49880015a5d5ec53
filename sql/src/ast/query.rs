//! Expressions and queries. They contain each other, so they are defined together.

use super::name::{Name, QualifiedName, Span};

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// From its first to its last token; parentheses around the whole are not counted.
    pub span: Span,
}

/// The forms of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A constant.
    Literal(Literal),
    /// A parameter by its number, from 1. Names were resolved to numbers: see [`Parameters`](super::Parameters).
    Parameter(u32),
    /// A column, or what [`ColumnRef`] says of words that are no column.
    Column(ColumnRef),
    /// An operator before its operand.
    Unary(UnaryOp, Box<Expr>),
    /// An operator between its operands, except `AND`, `OR` and the ones below.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `a AND b AND c`: two or more. A chain without parentheses is one node; the members are evaluated in order.
    And(Vec<Expr>),
    /// `a OR b OR c`: two or more, as for `AND`.
    Or(Vec<Expr>),
    /// `a ISNULL`, `a IS NULL`.
    IsNull(Box<Expr>),
    /// `a NOTNULL`, `a NOT NULL`, `a IS NOT NULL`.
    NotNull(Box<Expr>),
    /// `a [NOT] LIKE b [ESCAPE c]` and its kin.
    Match(Box<MatchExpr>),
    /// `operand [NOT] BETWEEN low AND high`.
    Between {
        /// Whether `NOT` was there.
        negated: bool,
        /// What is tested.
        operand: Box<Expr>,
        /// The lower end, included.
        low: Box<Expr>,
        /// The upper end, included.
        high: Box<Expr>,
    },
    /// `operand [NOT] IN ...`.
    In {
        /// Whether `NOT` was there.
        negated: bool,
        /// What is looked for; a [`ExprKind::Row`] if the set has several columns.
        operand: Box<Expr>,
        /// Where it is looked for.
        set: Box<InSet>,
    },
    /// `CASE [operand] WHEN .. THEN .. [ELSE ..] END`.
    Case(Box<CaseExpr>),
    /// `CAST(operand AS type)`.
    Cast {
        /// What is converted.
        operand: Box<Expr>,
        /// The type; its text is empty for `CAST(x AS)`.
        type_name: TypeName,
    },
    /// `operand COLLATE collation`.
    Collate {
        /// What is compared by the collation.
        operand: Box<Expr>,
        /// The collation.
        collation: Name,
    },
    /// A call of a scalar, aggregate or window function.
    Function(Box<FunctionCall>),
    /// `EXISTS (SELECT ..)`. `NOT EXISTS` is a `NOT` around it.
    Exists(Box<Select>),
    /// `(SELECT ..)`: its first row, as a value or a row value.
    Subquery(Box<Select>),
    /// `(a, b, ..)`: a row value of two or more.
    Row(Vec<Expr>),
    /// `RAISE(..)` in a trigger.
    Raise(Box<Raise>),
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `NULL`.
    Null,
    /// A whole number that fits 64 bits, decimal or hexadecimal.
    Integer(i64),
    /// A number with point or exponent, or a whole one too large for an integer.
    Real(f64),
    /// `'text'`.
    Text(Box<str>),
    /// `x'53'`.
    Blob(Box<[u8]>),
    /// `CURRENT_TIME`.
    CurrentTime,
    /// `CURRENT_DATE`.
    CurrentDate,
    /// `CURRENT_TIMESTAMP`.
    CurrentTimestamp,
}

/// A column by its name, with or without its table.
///
/// Two kinds of bare word are no column if no column has the name: one in double quotes is then a string, and `true`
/// and `false` without quotes are then 1 and 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnRef {
    /// What stands before the column, if anything does.
    pub table: Option<Box<QualifiedName>>,
    /// The column.
    pub column: Name,
}

/// An operator before its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-`
    Minus,
    /// `+`: leaves the value as it is, and takes away its affinity and collation.
    Plus,
    /// `~`
    BitNot,
    /// `NOT`
    Not,
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
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
    /// `->`
    JsonArrow,
    /// `->>`
    JsonArrowText,
    /// `&`
    BitAnd,
    /// `|`
    BitOr,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
    /// `=`, `==`
    Eq,
    /// `<>`, `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `IS`, `IS NOT DISTINCT FROM`. A right side that is the bare word `true` or `false` tests for truth.
    Is,
    /// `IS NOT`, `IS DISTINCT FROM`. As for `IS`.
    IsNot,
}

/// `operand [NOT] LIKE pattern [ESCAPE escape]` and its kin.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchExpr {
    /// Which of them.
    pub op: MatchOp,
    /// Where it stands.
    pub at: Span,
    /// Whether `NOT` was there.
    pub negated: bool,
    /// What is tested.
    pub operand: Expr,
    /// What it should look like.
    pub pattern: Expr,
    /// The character that takes the meaning of the next one away.
    pub escape: Option<Expr>,
}

/// The operators that are calls of the function of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchOp {
    /// `LIKE`
    Like,
    /// `GLOB`
    Glob,
    /// `REGEXP`
    Regexp,
    /// `MATCH`
    Match,
}

/// The right side of `IN`.
#[derive(Clone, Debug, PartialEq)]
pub enum InSet {
    /// `(a, b, ..)`; may be empty.
    List(Vec<Expr>),
    /// `(SELECT ..)`
    Select(Box<Select>),
    /// The rows of a table or view.
    Table(QualifiedName),
    /// The rows of a table function.
    TableFunction {
        /// The function.
        name: QualifiedName,
        /// Its arguments; may be empty.
        arguments: Vec<Expr>,
    },
}

/// `CASE [operand] WHEN .. THEN .. [ELSE ..] END`.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseExpr {
    /// What each `WHEN` is compared with; without it each is a condition.
    pub operand: Option<Expr>,
    /// `WHEN` and its `THEN`, one or more.
    pub branches: Vec<(Expr, Expr)>,
    /// `ELSE`.
    pub otherwise: Option<Expr>,
}

/// A type as written. Its affinity follows from the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeName {
    /// The words and numbers as they stand in the text, as `VARCHAR (10)`; empty if there are none.
    pub text: Box<str>,
}

/// A call of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionCall {
    /// The function.
    pub name: Name,
    /// Its arguments.
    pub arguments: Arguments,
    /// `FILTER (WHERE ..)`
    pub filter: Option<Expr>,
    /// `OVER ..`: makes it a window function.
    pub over: Option<Over>,
}

/// The arguments of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Arguments {
    /// `count(*)`
    Star,
    /// `f([DISTINCT] a, b, .. [ORDER BY ..])`
    List {
        /// Whether `DISTINCT` was there.
        distinct: bool,
        /// The arguments; may be empty.
        values: Vec<Expr>,
        /// The order in which an aggregate takes its rows; empty if it does not matter.
        order_by: Vec<OrderTerm>,
    },
}

/// What follows `OVER`.
#[derive(Clone, Debug, PartialEq)]
pub enum Over {
    /// A window of the `WINDOW` clause.
    Name(Name),
    /// A window of its own in parentheses.
    Window(WindowSpec),
}

/// A window: which rows a window function sees.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowSpec {
    /// The window of the `WINDOW` clause that this one adds to.
    pub base: Option<Name>,
    /// `PARTITION BY`; empty for one partition.
    pub partition_by: Vec<Expr>,
    /// `ORDER BY`; empty if not given.
    pub order_by: Vec<OrderTerm>,
    /// The frame, if one was written. Without it: from the start of the partition to the last peer of the row.
    pub frame: Option<Frame>,
    /// Where it stands, without its parentheses.
    pub span: Span,
}

/// The part of a partition that a window function sees from one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// What is counted.
    pub unit: FrameUnit,
    /// Where it starts.
    pub start: FrameBound,
    /// Where it ends; `CURRENT ROW` if not written.
    pub end: FrameBound,
    /// What is left out.
    pub exclude: FrameExclude,
}

/// What a frame counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameUnit {
    /// Rows.
    Rows,
    /// Difference of the value of the one `ORDER BY` term.
    Range,
    /// Groups of rows that are equal by `ORDER BY`.
    Groups,
}

/// One end of a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum FrameBound {
    /// `UNBOUNDED PRECEDING`; only a start.
    UnboundedPreceding,
    /// `n PRECEDING`
    Preceding(Box<Expr>),
    /// `CURRENT ROW`
    CurrentRow,
    /// `n FOLLOWING`
    Following(Box<Expr>),
    /// `UNBOUNDED FOLLOWING`; only an end.
    UnboundedFollowing,
}

/// What a frame leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FrameExclude {
    /// Nothing.
    #[default]
    NoOthers,
    /// The row itself.
    CurrentRow,
    /// The row and its peers.
    Group,
    /// The peers of the row, but not the row.
    Ties,
}

/// `RAISE(..)`.
#[derive(Clone, Debug, PartialEq)]
pub enum Raise {
    /// `RAISE(IGNORE)`
    Ignore,
    /// `RAISE(ROLLBACK, message)`
    Rollback(Expr),
    /// `RAISE(ABORT, message)`
    Abort(Expr),
    /// `RAISE(FAIL, message)`
    Fail(Expr),
}

/// A term of `ORDER BY`, or a column of an index or key.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderTerm {
    /// What to sort by.
    pub expr: Expr,
    /// `ASC` or `DESC`, if written.
    pub direction: Option<Direction>,
    /// `NULLS FIRST` or `NULLS LAST`, if written.
    pub nulls: Option<NullsOrder>,
}

/// Which way to sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `ASC`
    Ascending,
    /// `DESC`
    Descending,
}

/// Where nulls go in a sorted result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NullsOrder {
    /// `NULLS FIRST`: what `ASC` does anyway.
    First,
    /// `NULLS LAST`: what `DESC` does anyway.
    Last,
}

/// A whole query.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// `WITH ..`
    pub with: Option<With>,
    /// The first member, and the only one of most queries.
    pub body: SelectBody,
    /// The further members, each combined with the result of all before it.
    pub compound: Vec<(CompoundOp, SelectBody)>,
    /// `ORDER BY`; empty if not given.
    pub order_by: Vec<OrderTerm>,
    /// `LIMIT`
    pub limit: Option<Limit>,
    /// From its first to its last token.
    pub span: Span,
}

/// How two members of a compound query are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompoundOp {
    /// `UNION`
    Union,
    /// `UNION ALL`
    UnionAll,
    /// `INTERSECT`
    Intersect,
    /// `EXCEPT`
    Except,
}

/// A member of a compound query.
#[derive(Clone, Debug, PartialEq)]
pub enum SelectBody {
    /// `SELECT ..`
    Query(Box<Query>),
    /// `VALUES (..), (..)`: at least one row, of at least one value. That they are of equal length is not checked.
    Values(Vec<Vec<Expr>>),
}

/// `SELECT .. FROM .. WHERE .. GROUP BY .. HAVING .. WINDOW ..`
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Whether `DISTINCT` was there.
    pub distinct: bool,
    /// The result columns, at least one.
    pub columns: Vec<ResultColumn>,
    /// `FROM`
    pub from: Option<From>,
    /// `WHERE`
    pub filter: Option<Expr>,
    /// `GROUP BY`; empty if not given.
    pub group_by: Vec<Expr>,
    /// `HAVING`
    pub having: Option<Expr>,
    /// `WINDOW`; empty if not given.
    pub windows: Vec<NamedWindow>,
}

/// A result column, of a query or of `RETURNING`.
#[derive(Clone, Debug, PartialEq)]
pub enum ResultColumn {
    /// `*`, and where it stands.
    Star(Span),
    /// `t.*`
    TableStar(Name),
    /// An expression.
    Expr {
        /// The value.
        expr: Expr,
        /// What the column is called.
        label: ColumnLabel,
    },
}

/// What a result column is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnLabel {
    /// The name after `AS` (or without `AS`).
    Alias(Name),
    /// The text of the expression as SQLite takes it: up to the next token, so with comments, without outer blanks.
    /// An expression that is just a column is called by the column's name instead.
    Source(Box<str>),
}

/// A window of the `WINDOW` clause.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedWindow {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub window: WindowSpec,
}

/// `FROM` or a parenthesised join: tables joined from left to right.
#[derive(Clone, Debug, PartialEq)]
pub struct From {
    /// The first table.
    pub first: TableTerm,
    /// What is joined to the result so far, in order.
    pub joins: Vec<Join>,
}

/// A table in `FROM`.
#[derive(Clone, Debug, PartialEq)]
pub struct TableTerm {
    /// Where its rows come from.
    pub source: TableSource,
    /// The name after `AS` (or without `AS`).
    pub alias: Option<Name>,
    /// Where it stands.
    pub span: Span,
}

/// Where the rows of a table in `FROM` come from.
#[derive(Clone, Debug, PartialEq)]
pub enum TableSource {
    /// A table, a view or a common table expression.
    Table {
        /// Its name.
        name: QualifiedName,
        /// `INDEXED BY` or `NOT INDEXED`
        index: IndexHint,
    },
    /// A table function.
    Function {
        /// Its name.
        name: QualifiedName,
        /// Its arguments; may be empty.
        arguments: Vec<Expr>,
    },
    /// `(SELECT ..)`
    Select(Box<Select>),
    /// `(a JOIN b ..)`: two or more. One table in parentheses is that table without them.
    Nested(Box<From>),
}

/// Which index a table may be read by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IndexHint {
    /// Any.
    #[default]
    Any,
    /// `INDEXED BY name`: this one, or the statement fails.
    IndexedBy(Name),
    /// `NOT INDEXED`: none.
    NotIndexed,
}

/// A table and how it is joined to the ones before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Which rows are kept.
    pub kind: JoinKind,
    /// `NATURAL`: all columns of equal name are equal.
    pub natural: bool,
    /// The table.
    pub table: TableTerm,
    /// `ON` or `USING`
    pub constraint: JoinConstraint,
}

/// Which rows a join keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// `,`
    Comma,
    /// `JOIN`, `INNER JOIN`
    Inner,
    /// `CROSS JOIN`: the table on the left is the outer loop.
    Cross,
    /// `LEFT [OUTER] JOIN`
    Left,
    /// `RIGHT [OUTER] JOIN`
    Right,
    /// `FULL [OUTER] JOIN`
    Full,
}

/// What must hold between joined rows.
#[derive(Clone, Debug, PartialEq)]
pub enum JoinConstraint {
    /// Nothing, or what `NATURAL` says.
    None,
    /// `ON condition`
    On(Expr),
    /// `USING (a, b, ..)`
    Using(Vec<Name>),
}

/// `LIMIT count [OFFSET skip]`, also as `LIMIT skip, count`.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// How many rows at most; negative for all.
    pub count: Expr,
    /// How many rows to leave out first.
    pub offset: Option<Expr>,
}

/// `WITH ..` before a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct With {
    /// Whether `RECURSIVE` was there. SQLite does not care: any member may refer to itself.
    pub recursive: bool,
    /// The common table expressions, at least one.
    pub tables: Vec<CommonTable>,
}

/// A common table expression.
#[derive(Clone, Debug, PartialEq)]
pub struct CommonTable {
    /// Its name.
    pub name: Name,
    /// The names of its columns; empty to take them from the query.
    pub columns: Vec<Name>,
    /// `MATERIALIZED` or `NOT MATERIALIZED`
    pub materialized: Materialized,
    /// Its rows.
    pub select: Box<Select>,
}

/// Whether a common table expression is computed once and kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Materialized {
    /// As the planner likes.
    #[default]
    Either,
    /// `MATERIALIZED`
    Yes,
    /// `NOT MATERIALIZED`
    No,
}
