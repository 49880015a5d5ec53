//! The tree as SQL, with every operator in parentheses: for `EXPLAIN`, for people who look for mistakes, for tests.

use std::fmt::{Display, Formatter, Result};

use super::ddl::*;
use super::name::{Name, QualifiedName, Quote};
use super::query::*;
use super::statement::*;
use super::write::*;

/// Several things with a text between them.
struct Joined<'a, T>(&'a [T], &'static str);

impl<T: Display> Display for Joined<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (index, item) in self.0.iter().enumerate() {
            f.write_str(if index > 0 { self.1 } else { "" })?;
            item.fmt(f)?;
        }
        Ok(())
    }
}

fn list<T>(items: &[T]) -> Joined<'_, T> {
    Joined(items, ", ")
}

/// A text before a list, and nothing if the list is empty.
fn clause<T: Display>(f: &mut Formatter<'_>, head: &str, items: &[T]) -> Result {
    if items.is_empty() { Ok(()) } else { write!(f, "{head}{}", list(items)) }
}

/// A text before something, and nothing if it is not there.
fn optional<T: Display>(f: &mut Formatter<'_>, head: &str, item: Option<&T>) -> Result {
    item.map_or(Ok(()), |item| write!(f, "{head}{item}"))
}

/// A text, if something holds.
fn word(f: &mut Formatter<'_>, is_there: bool, text: &str) -> Result {
    if is_there { f.write_str(text) } else { Ok(()) }
}

/// Names in parentheses, and nothing if there are none.
fn names(f: &mut Formatter<'_>, names: &[Name]) -> Result {
    if names.is_empty() { Ok(()) } else { write!(f, "({})", list(names)) }
}

// Names and constants.

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let text = &self.text;
        match self.quote {
            Quote::None => f.write_str(text),
            Quote::Double => write!(f, "\"{}\"", text.replace('"', "\"\"")),
            Quote::Backtick => write!(f, "`{}`", text.replace('`', "``")),
            Quote::Bracket => write!(f, "[{text}]"),
            Quote::Single => write!(f, "'{}'", text.replace('\'', "''")),
        }
    }
}

impl Display for QualifiedName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}.")?;
        }
        self.name.fmt(f)
    }
}

impl Display for TypeName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&self.text)
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Literal::Null => f.write_str("NULL"),
            Literal::Integer(value @ ..0) => write!(f, "({value})"),
            Literal::Integer(value) => value.fmt(f),
            Literal::Real(value) if value.is_infinite() => f.write_str("9e999"),
            Literal::Real(value) => write!(f, "{value:?}"),
            Literal::Text(value) => write!(f, "'{}'", value.replace('\'', "''")),
            Literal::Blob(bytes) => {
                f.write_str("x'")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str("'")
            }
            Literal::CurrentTime => f.write_str("CURRENT_TIME"),
            Literal::CurrentDate => f.write_str("CURRENT_DATE"),
            Literal::CurrentTimestamp => f.write_str("CURRENT_TIMESTAMP"),
        }
    }
}

// Expressions.

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.kind.fmt(f)
    }
}

impl Display for ExprKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            ExprKind::Literal(literal) => literal.fmt(f),
            ExprKind::Parameter(number) => write!(f, "?{number}"),
            ExprKind::Column(column) => column.fmt(f),
            ExprKind::Unary(op, operand) => write!(f, "({op}{operand})"),
            ExprKind::Binary(op, left, right) => write!(f, "({left} {op} {right})"),
            ExprKind::And(members) => write!(f, "({})", Joined(members, " AND ")),
            ExprKind::Or(members) => write!(f, "({})", Joined(members, " OR ")),
            ExprKind::IsNull(operand) => write!(f, "({operand} ISNULL)"),
            ExprKind::NotNull(operand) => write!(f, "({operand} NOTNULL)"),
            ExprKind::Match(test) => test.fmt(f),
            ExprKind::Between { negated, operand, low, high } => {
                write!(f, "({operand}{} BETWEEN {low} AND {high})", not(*negated))
            }
            ExprKind::In { negated, operand, set } => write!(f, "({operand}{} IN {set})", not(*negated)),
            ExprKind::Case(case) => case.fmt(f),
            ExprKind::Cast { operand, type_name } => write!(f, "CAST({operand} AS {type_name})"),
            ExprKind::Collate { operand, collation } => write!(f, "({operand} COLLATE {collation})"),
            ExprKind::Function(call) => call.fmt(f),
            ExprKind::Exists(select) => write!(f, "EXISTS ({select})"),
            ExprKind::Subquery(select) => write!(f, "({select})"),
            ExprKind::Row(items) => write!(f, "({})", list(items)),
            ExprKind::Raise(raise) => match raise.as_ref() {
                Raise::Ignore => f.write_str("RAISE(IGNORE)"),
                Raise::Rollback(message) => write!(f, "RAISE(ROLLBACK, {message})"),
                Raise::Abort(message) => write!(f, "RAISE(ABORT, {message})"),
                Raise::Fail(message) => write!(f, "RAISE(FAIL, {message})"),
            },
        }
    }
}

fn not(negated: bool) -> &'static str {
    if negated { " NOT" } else { "" }
}

impl Display for ColumnRef {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(table) = &self.table {
            write!(f, "{table}.")?;
        }
        self.column.fmt(f)
    }
}

impl Display for UnaryOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            UnaryOp::Minus => "-",
            UnaryOp::Plus => "+",
            UnaryOp::BitNot => "~",
            UnaryOp::Not => "NOT ",
        })
    }
}

impl Display for BinaryOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Remainder => "%",
            BinaryOp::Concat => "||",
            BinaryOp::JsonArrow => "->",
            BinaryOp::JsonArrowText => "->>",
            BinaryOp::BitAnd => "&",
            BinaryOp::BitOr => "|",
            BinaryOp::ShiftLeft => "<<",
            BinaryOp::ShiftRight => ">>",
            BinaryOp::Eq => "=",
            BinaryOp::Ne => "<>",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::Is => "IS",
            BinaryOp::IsNot => "IS NOT",
        })
    }
}

impl Display for MatchOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            MatchOp::Like => "LIKE",
            MatchOp::Glob => "GLOB",
            MatchOp::Regexp => "REGEXP",
            MatchOp::Match => "MATCH",
        })
    }
}

impl Display for MatchExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "({}{} {} {}", self.operand, not(self.negated), self.op, self.pattern)?;
        optional(f, " ESCAPE ", self.escape.as_ref())?;
        f.write_str(")")
    }
}

impl Display for InSet {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            InSet::List(items) => write!(f, "({})", list(items)),
            InSet::Select(select) => write!(f, "({select})"),
            InSet::Table(name) => name.fmt(f),
            InSet::TableFunction { name, arguments } => write!(f, "{name}({})", list(arguments)),
        }
    }
}

impl Display for CaseExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("CASE")?;
        optional(f, " ", self.operand.as_ref())?;
        for (condition, value) in &self.branches {
            write!(f, " WHEN {condition} THEN {value}")?;
        }
        optional(f, " ELSE ", self.otherwise.as_ref())?;
        f.write_str(" END")
    }
}

impl Display for FunctionCall {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}({})", self.name, self.arguments)?;
        if let Some(filter) = &self.filter {
            write!(f, " FILTER (WHERE {filter})")?;
        }
        match &self.over {
            Some(Over::Name(name)) => write!(f, " OVER {name}"),
            Some(Over::Window(window)) => write!(f, " OVER ({window})"),
            None => Ok(()),
        }
    }
}

impl Display for Arguments {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Arguments::Star => f.write_str("*"),
            Arguments::List { distinct, values, order_by } => {
                word(f, *distinct, "DISTINCT ")?;
                list(values).fmt(f)?;
                clause(f, " ORDER BY ", order_by)
            }
        }
    }
}

impl Display for WindowSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let parts = [
            self.base.as_ref().map(Name::to_string),
            Some(&self.partition_by)
                .filter(|by| !by.is_empty())
                .map(|by| format!("PARTITION BY {}", list(by))),
            Some(&self.order_by).filter(|by| !by.is_empty()).map(|by| format!("ORDER BY {}", list(by))),
            self.frame.as_ref().map(Frame::to_string),
        ];
        Joined(&parts.into_iter().flatten().collect::<Vec<_>>(), " ").fmt(f)
    }
}

impl Display for Frame {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let unit = match self.unit {
            FrameUnit::Rows => "ROWS",
            FrameUnit::Range => "RANGE",
            FrameUnit::Groups => "GROUPS",
        };
        write!(f, "{unit} BETWEEN {} AND {}", self.start, self.end)?;
        f.write_str(match self.exclude {
            FrameExclude::NoOthers => "",
            FrameExclude::CurrentRow => " EXCLUDE CURRENT ROW",
            FrameExclude::Group => " EXCLUDE GROUP",
            FrameExclude::Ties => " EXCLUDE TIES",
        })
    }
}

impl Display for FrameBound {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            FrameBound::UnboundedPreceding => f.write_str("UNBOUNDED PRECEDING"),
            FrameBound::Preceding(distance) => write!(f, "{distance} PRECEDING"),
            FrameBound::CurrentRow => f.write_str("CURRENT ROW"),
            FrameBound::Following(distance) => write!(f, "{distance} FOLLOWING"),
            FrameBound::UnboundedFollowing => f.write_str("UNBOUNDED FOLLOWING"),
        }
    }
}

impl Display for OrderTerm {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.expr.fmt(f)?;
        optional(f, " ", self.direction.as_ref())?;
        f.write_str(match self.nulls {
            Some(NullsOrder::First) => " NULLS FIRST",
            Some(NullsOrder::Last) => " NULLS LAST",
            None => "",
        })
    }
}

impl Display for Direction {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Direction::Ascending => "ASC",
            Direction::Descending => "DESC",
        })
    }
}

// Queries.

impl Display for Select {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        with(f, self.with.as_ref())?;
        self.body.fmt(f)?;
        for (op, body) in &self.compound {
            write!(f, " {op} {body}")?;
        }
        clause(f, " ORDER BY ", &self.order_by)?;
        optional(f, " LIMIT ", self.limit.as_ref())
    }
}

impl Display for CompoundOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            CompoundOp::Union => "UNION",
            CompoundOp::UnionAll => "UNION ALL",
            CompoundOp::Intersect => "INTERSECT",
            CompoundOp::Except => "EXCEPT",
        })
    }
}

impl Display for SelectBody {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            SelectBody::Query(query) => query.fmt(f),
            SelectBody::Values(rows) => {
                for (index, row) in rows.iter().enumerate() {
                    write!(f, "{}({})", if index > 0 { ", " } else { "VALUES " }, list(row))?;
                }
                Ok(())
            }
        }
    }
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("SELECT ")?;
        word(f, self.distinct, "DISTINCT ")?;
        list(&self.columns).fmt(f)?;
        optional(f, " FROM ", self.from.as_ref())?;
        optional(f, " WHERE ", self.filter.as_ref())?;
        clause(f, " GROUP BY ", &self.group_by)?;
        optional(f, " HAVING ", self.having.as_ref())?;
        clause(f, " WINDOW ", &self.windows)
    }
}

impl Display for ResultColumn {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            ResultColumn::Star(_) => f.write_str("*"),
            ResultColumn::TableStar(table) => write!(f, "{table}.*"),
            ResultColumn::Expr { expr, label: ColumnLabel::Alias(alias) } => write!(f, "{expr} AS {alias}"),
            ResultColumn::Expr { expr, label: ColumnLabel::Source(_) } => expr.fmt(f),
        }
    }
}

impl Display for NamedWindow {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} AS ({})", self.name, self.window)
    }
}

impl Display for From {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.first.fmt(f)?;
        for join in &self.joins {
            let natural = if join.natural { " NATURAL" } else { "" };
            match join.kind {
                JoinKind::Comma => f.write_str(", ")?,
                JoinKind::Inner => write!(f, "{natural} JOIN ")?,
                JoinKind::Cross => write!(f, "{natural} CROSS JOIN ")?,
                JoinKind::Left => write!(f, "{natural} LEFT JOIN ")?,
                JoinKind::Right => write!(f, "{natural} RIGHT JOIN ")?,
                JoinKind::Full => write!(f, "{natural} FULL JOIN ")?,
            }
            join.table.fmt(f)?;
            match &join.constraint {
                JoinConstraint::None => {}
                JoinConstraint::On(condition) => write!(f, " ON {condition}")?,
                JoinConstraint::Using(columns) => write!(f, " USING ({})", list(columns))?,
            }
        }
        Ok(())
    }
}

impl Display for TableTerm {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.source {
            TableSource::Table { name, .. } => name.fmt(f)?,
            TableSource::Function { name, arguments } => write!(f, "{name}({})", list(arguments))?,
            TableSource::Select(select) => write!(f, "({select})")?,
            TableSource::Nested(from) => write!(f, "({from})")?,
        }
        optional(f, " AS ", self.alias.as_ref())?;
        match &self.source {
            TableSource::Table { index, .. } => index.fmt(f),
            _ => Ok(()),
        }
    }
}

impl Display for IndexHint {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            IndexHint::Any => Ok(()),
            IndexHint::IndexedBy(index) => write!(f, " INDEXED BY {index}"),
            IndexHint::NotIndexed => f.write_str(" NOT INDEXED"),
        }
    }
}

impl Display for Limit {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.count.fmt(f)?;
        optional(f, " OFFSET ", self.offset.as_ref())
    }
}

/// `WITH` and a blank before the statement that it belongs to.
fn with(f: &mut Formatter<'_>, with: Option<&With>) -> Result {
    let Some(with) = with else { return Ok(()) };
    f.write_str(if with.recursive { "WITH RECURSIVE " } else { "WITH " })?;
    write!(f, "{} ", list(&with.tables))
}

impl Display for CommonTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.name.fmt(f)?;
        names(f, &self.columns)?;
        let hint = match self.materialized {
            Materialized::Either => "",
            Materialized::Yes => "MATERIALIZED ",
            Materialized::No => "NOT MATERIALIZED ",
        };
        write!(f, " AS {hint}({})", self.select)
    }
}

// Writes.

impl Display for ConflictAction {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            ConflictAction::Rollback => "ROLLBACK",
            ConflictAction::Abort => "ABORT",
            ConflictAction::Fail => "FAIL",
            ConflictAction::Ignore => "IGNORE",
            ConflictAction::Replace => "REPLACE",
        })
    }
}

impl Display for WriteTarget {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.table.fmt(f)?;
        optional(f, " AS ", self.alias.as_ref())?;
        self.index.fmt(f)
    }
}

impl Display for Insert {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        with(f, self.with.as_ref())?;
        f.write_str("INSERT")?;
        optional(f, " OR ", self.conflict.as_ref())?;
        write!(f, " INTO {}", self.target)?;
        names(f, &self.columns)?;
        match &self.source {
            InsertSource::Select(select) => write!(f, " {select}")?,
            InsertSource::DefaultValues => f.write_str(" DEFAULT VALUES")?,
        }
        self.upserts.iter().try_for_each(|upsert| upsert.fmt(f))?;
        clause(f, " RETURNING ", &self.returning)
    }
}

impl Display for Upsert {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(" ON CONFLICT")?;
        if let Some(target) = &self.target {
            write!(f, " ({})", list(&target.columns))?;
            optional(f, " WHERE ", target.filter.as_ref())?;
        }
        match &self.action {
            UpsertAction::Nothing => f.write_str(" DO NOTHING"),
            UpsertAction::Update { assignments, filter } => {
                write!(f, " DO UPDATE SET {}", list(assignments))?;
                optional(f, " WHERE ", filter.as_ref())
            }
        }
    }
}

impl Display for Assignment {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.columns.as_slice() {
            [column] => write!(f, "{column} = {}", self.value),
            columns => write!(f, "({}) = {}", list(columns), self.value),
        }
    }
}

impl Display for Update {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        with(f, self.with.as_ref())?;
        f.write_str("UPDATE")?;
        optional(f, " OR ", self.conflict.as_ref())?;
        write!(f, " {} SET {}", self.target, list(&self.assignments))?;
        optional(f, " FROM ", self.from.as_ref())?;
        optional(f, " WHERE ", self.filter.as_ref())?;
        clause(f, " RETURNING ", &self.returning)?;
        clause(f, " ORDER BY ", &self.order_by)?;
        optional(f, " LIMIT ", self.limit.as_ref())
    }
}

impl Display for Delete {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        with(f, self.with.as_ref())?;
        write!(f, "DELETE FROM {}", self.target)?;
        optional(f, " WHERE ", self.filter.as_ref())?;
        clause(f, " RETURNING ", &self.returning)?;
        clause(f, " ORDER BY ", &self.order_by)?;
        optional(f, " LIMIT ", self.limit.as_ref())
    }
}

// Definitions.

impl Display for CreateTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        create(f, self.temporary, "TABLE ", self.if_not_exists)?;
        write!(f, "{}", self.name)?;
        match &self.body {
            TableBody::Columns(table) => table.fmt(f),
            TableBody::Select(select) => write!(f, " AS {select}"),
        }
    }
}

fn create(f: &mut Formatter<'_>, temporary: bool, kind: &str, if_not_exists: bool) -> Result {
    f.write_str(if temporary { "CREATE TEMP " } else { "CREATE " })?;
    f.write_str(kind)?;
    word(f, if_not_exists, "IF NOT EXISTS ")
}

impl Display for TableDefinition {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "({}", list(&self.columns))?;
        clause(f, ", ", &self.constraints)?;
        f.write_str(match (self.strict, self.without_rowid) {
            (false, false) => ")",
            (true, false) => ") STRICT",
            (false, true) => ") WITHOUT ROWID",
            (true, true) => ") STRICT, WITHOUT ROWID",
        })
    }
}

impl Display for ColumnDefinition {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.name.fmt(f)?;
        optional(f, " ", self.type_name.as_ref())?;
        self.constraints.iter().try_for_each(|constraint| write!(f, " {constraint}"))
    }
}

impl Display for ColumnConstraint {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(name) = &self.name {
            write!(f, "CONSTRAINT {name} ")?;
        }
        self.kind.fmt(f)
    }
}

impl Display for ColumnConstraintKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            ColumnConstraintKind::PrimaryKey { direction, conflict, autoincrement } => {
                f.write_str("PRIMARY KEY")?;
                optional(f, " ", direction.as_ref())?;
                optional(f, " ON CONFLICT ", conflict.as_ref())?;
                word(f, *autoincrement, " AUTOINCREMENT")
            }
            ColumnConstraintKind::NotNull(conflict) => {
                f.write_str("NOT NULL")?;
                optional(f, " ON CONFLICT ", conflict.as_ref())
            }
            ColumnConstraintKind::Null => f.write_str("NULL"),
            ColumnConstraintKind::Unique(conflict) => {
                f.write_str("UNIQUE")?;
                optional(f, " ON CONFLICT ", conflict.as_ref())
            }
            ColumnConstraintKind::Check(check) => write!(f, "CHECK ({})", check.expr),
            ColumnConstraintKind::Default(default) => write!(f, "DEFAULT ({})", default.expr),
            ColumnConstraintKind::Collate(collation) => write!(f, "COLLATE {collation}"),
            ColumnConstraintKind::References(references) => references.fmt(f),
            ColumnConstraintKind::Deferrable(deferral) => deferral.fmt(f),
            ColumnConstraintKind::Generated { expr, storage } => {
                write!(f, "GENERATED ALWAYS AS ({expr})")?;
                optional(f, " ", storage.as_ref())
            }
        }
    }
}

impl Display for ForeignReference {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "REFERENCES {}", self.table)?;
        names(f, &self.columns)?;
        for (event, action) in [("DELETE", self.on_delete), ("UPDATE", self.on_update)] {
            match action {
                ForeignAction::NoAction => {}
                ForeignAction::Restrict => write!(f, " ON {event} RESTRICT")?,
                ForeignAction::SetNull => write!(f, " ON {event} SET NULL")?,
                ForeignAction::SetDefault => write!(f, " ON {event} SET DEFAULT")?,
                ForeignAction::Cascade => write!(f, " ON {event} CASCADE")?,
            }
        }
        optional(f, " ", self.deferral.as_ref())
    }
}

impl Display for Deferral {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Deferral::Immediate => "NOT DEFERRABLE",
            Deferral::Deferred => "DEFERRABLE INITIALLY DEFERRED",
        })
    }
}

impl Display for TableConstraint {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(name) = &self.name {
            write!(f, "CONSTRAINT {name} ")?;
        }
        match &self.kind {
            TableConstraintKind::PrimaryKey { columns, autoincrement, conflict } => {
                write!(f, "PRIMARY KEY ({}", list(columns))?;
                word(f, *autoincrement, " AUTOINCREMENT")?;
                f.write_str(")")?;
                optional(f, " ON CONFLICT ", conflict.as_ref())
            }
            TableConstraintKind::Unique { columns, conflict } => {
                write!(f, "UNIQUE ({})", list(columns))?;
                optional(f, " ON CONFLICT ", conflict.as_ref())
            }
            TableConstraintKind::Check(check) => write!(f, "CHECK ({})", check.expr),
            TableConstraintKind::ForeignKey { columns, references } => {
                write!(f, "FOREIGN KEY ({}) {references}", list(columns))
            }
        }
    }
}

impl Display for CreateIndex {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        create(f, false, if self.unique { "UNIQUE INDEX " } else { "INDEX " }, self.if_not_exists)?;
        write!(f, "{} ON {} ({})", self.name, self.table, list(&self.columns))?;
        optional(f, " WHERE ", self.filter.as_ref())
    }
}

impl Display for CreateView {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        create(f, self.temporary, "VIEW ", self.if_not_exists)?;
        self.name.fmt(f)?;
        names(f, &self.columns)?;
        write!(f, " AS {}", self.select)
    }
}

impl Display for CreateVirtualTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        create(f, false, "VIRTUAL TABLE ", self.if_not_exists)?;
        write!(f, "{} USING {}({})", self.name, self.module, list(&self.arguments))
    }
}

impl Display for CreateTrigger {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        create(f, self.temporary, "TRIGGER ", self.if_not_exists)?;
        let time = match self.time {
            TriggerTime::Before => "BEFORE",
            TriggerTime::After => "AFTER",
            TriggerTime::InsteadOf => "INSTEAD OF",
        };
        write!(f, "{} {time} {} ON {}", self.name, self.event, self.table)?;
        optional(f, " WHEN ", self.condition.as_ref())?;
        f.write_str(" BEGIN")?;
        self.steps.iter().try_for_each(|step| write!(f, " {step};"))?;
        f.write_str(" END")
    }
}

impl Display for TriggerEvent {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            TriggerEvent::Delete => f.write_str("DELETE"),
            TriggerEvent::Insert => f.write_str("INSERT"),
            TriggerEvent::Update(columns) => {
                f.write_str("UPDATE")?;
                clause(f, " OF ", columns)
            }
        }
    }
}

impl Display for TriggerStep {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            TriggerStep::Select(select) => select.fmt(f),
            TriggerStep::Insert(insert) => insert.fmt(f),
            TriggerStep::Update(update) => update.fmt(f),
            TriggerStep::Delete(delete) => delete.fmt(f),
        }
    }
}

impl Display for AlterTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "ALTER TABLE {} ", self.table)?;
        match &self.action {
            AlterAction::RenameTable(name) => write!(f, "RENAME TO {name}"),
            AlterAction::RenameColumn { from, to } => write!(f, "RENAME COLUMN {from} TO {to}"),
            AlterAction::AddColumn { column, .. } => write!(f, "ADD COLUMN {column}"),
            AlterAction::DropColumn(column) => write!(f, "DROP COLUMN {column}"),
            AlterAction::SetNotNull { column, text } => write!(f, "ALTER COLUMN {column} SET {text}"),
            AlterAction::DropNotNull(column) => write!(f, "ALTER COLUMN {column} DROP NOT NULL"),
            AlterAction::AddCheck { name, check, .. } => {
                f.write_str("ADD ")?;
                if let Some(name) = name {
                    write!(f, "CONSTRAINT {name} ")?;
                }
                write!(f, "CHECK ({})", check.expr)
            }
            AlterAction::DropConstraint(name) => write!(f, "DROP CONSTRAINT {name}"),
        }
    }
}

impl Display for Drop {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let kind = match self.kind {
            ObjectKind::Table => "TABLE",
            ObjectKind::Index => "INDEX",
            ObjectKind::View => "VIEW",
            ObjectKind::Trigger => "TRIGGER",
        };
        write!(f, "DROP {kind} {}{}", if self.if_exists { "IF EXISTS " } else { "" }, self.name)
    }
}

// Everything else.

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Statement::Select(select) => select.fmt(f),
            Statement::Insert(insert) => insert.fmt(f),
            Statement::Update(update) => update.fmt(f),
            Statement::Delete(delete) => delete.fmt(f),
            Statement::CreateTable(table) => table.fmt(f),
            Statement::CreateIndex(index) => index.fmt(f),
            Statement::CreateView(view) => view.fmt(f),
            Statement::CreateTrigger(trigger) => trigger.fmt(f),
            Statement::CreateVirtualTable(table) => table.fmt(f),
            Statement::AlterTable(alter) => alter.fmt(f),
            Statement::Drop(drop) => drop.fmt(f),
            Statement::Begin(TransactionMode::Deferred) => f.write_str("BEGIN"),
            Statement::Begin(TransactionMode::Immediate) => f.write_str("BEGIN IMMEDIATE"),
            Statement::Begin(TransactionMode::Exclusive) => f.write_str("BEGIN EXCLUSIVE"),
            Statement::Commit => f.write_str("COMMIT"),
            Statement::Rollback => f.write_str("ROLLBACK"),
            Statement::Savepoint(name) => write!(f, "SAVEPOINT {name}"),
            Statement::Release(name) => write!(f, "RELEASE {name}"),
            Statement::RollbackTo(name) => write!(f, "ROLLBACK TO {name}"),
            Statement::Pragma(pragma) => pragma.fmt(f),
            Statement::Analyze(name) => {
                f.write_str("ANALYZE")?;
                optional(f, " ", name.as_ref())
            }
            Statement::Reindex(name) => {
                f.write_str("REINDEX")?;
                optional(f, " ", name.as_ref())
            }
            Statement::Vacuum { schema, into } => {
                f.write_str("VACUUM")?;
                optional(f, " ", schema.as_ref())?;
                optional(f, " INTO ", into.as_ref())
            }
            Statement::Attach(attach) => {
                write!(f, "ATTACH {} AS {}", attach.file, attach.schema)?;
                optional(f, " KEY ", attach.key.as_ref())
            }
            Statement::Detach(schema) => write!(f, "DETACH {schema}"),
            Statement::Explain { kind: ExplainKind::Program, statement } => write!(f, "EXPLAIN {statement}"),
            Statement::Explain { kind: ExplainKind::QueryPlan, statement } => {
                write!(f, "EXPLAIN QUERY PLAN {statement}")
            }
        }
    }
}

impl Display for Pragma {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("PRAGMA ")?;
        if let Some(schema) = &self.schema {
            write!(f, "{schema}.")?;
        }
        self.name.fmt(f)?;
        let Some(value) = &self.value else { return Ok(()) };
        match value.starts_with(|ch: char| ch.is_ascii_digit() || matches!(ch, '-' | '.')) {
            true => write!(f, " = {value}"),
            false => write!(f, " = '{}'", value.replace('\'', "''")),
        }
    }
}
