//! Queries: `WITH`, `SELECT`, `VALUES`, compounds, `FROM`.

use sqlparser::keywords::Keyword;

use super::cursor::{Parser, is_join_word};
use super::token::Kind;
use crate::ast::{
    ColumnLabel, CommonTable, CompoundOp, Direction, Expr, From, IndexHint, Join, JoinConstraint, JoinKind,
    Limit, Materialized, Name, NullsOrder, OrderTerm, Query, ResultColumn, Select, SelectBody, TableSource,
    TableTerm, With,
};
use crate::error::{Error, Result};

impl Parser<'_> {
    /// A whole query.
    pub(super) fn select(&mut self) -> Result<Box<Select>> {
        let start = self.token().span.start;
        let with = self.with()?;
        self.select_after_with(with, start)
    }

    /// A query whose `WITH` was taken; it started at `start`.
    pub(super) fn select_after_with(&mut self, with: Option<With>, start: u32) -> Result<Box<Select>> {
        let body = self.select_body()?;
        let mut compound = Vec::new();
        let (mut order_by, mut limit) = self.order_and_limit(&body)?;
        while let Some((op, name)) = self.compound_op() {
            let early = if order_by.is_empty() { "LIMIT" } else { "ORDER BY" };
            let is_early = !order_by.is_empty() || limit.is_some();
            let member = self.select_body()?;
            (order_by, limit) = self.order_and_limit(&member)?;
            if is_early {
                self.complain(Error::statement(format!(
                    "{early} clause should come after {name} not before"
                )));
            }
            compound.push((op, member));
        }
        if compound.len() >= self.limits.compound_selects {
            self.complain(Error::statement("too many terms in compound SELECT"));
        }
        let span = self.span_from(start);
        Ok(Box::new(Select { with, body, compound, order_by, limit, span }))
    }

    /// `UNION` and its kin, if one follows, and what it is called in errors.
    fn compound_op(&mut self) -> Option<(CompoundOp, &'static str)> {
        let op = match self.kind() {
            Kind::Word(Keyword::UNION) if self.word_ahead(1, Keyword::ALL) => {
                self.take();
                (CompoundOp::UnionAll, "UNION ALL")
            }
            Kind::Word(Keyword::UNION) => (CompoundOp::Union, "UNION"),
            Kind::Word(Keyword::INTERSECT) => (CompoundOp::Intersect, "INTERSECT"),
            Kind::Word(Keyword::EXCEPT) => (CompoundOp::Except, "EXCEPT"),
            _ => return None,
        };
        self.take();
        Some(op)
    }

    /// `SELECT ..` up to `WINDOW`, or `VALUES ..`
    fn select_body(&mut self) -> Result<SelectBody> {
        if self.eat_word(Keyword::VALUES) {
            return self.values().map(SelectBody::Values);
        }
        self.expect_word(Keyword::SELECT)?;
        let distinct = self.distinct();
        let columns = self.result_columns()?;
        let from = self.tables_after_from()?;
        let filter = self.where_clause()?;
        let mut group_by = Vec::new();
        if self.eat_word(Keyword::GROUP) {
            self.expect_word(Keyword::BY)?;
            group_by = self.comma_list(Self::expr)?;
        }
        let having = match self.eat_word(Keyword::HAVING) {
            true => Some(self.expr()?),
            false => None,
        };
        let windows = self.named_windows()?;
        let query = Query { distinct, columns, from, filter, group_by, having, windows };
        Ok(SelectBody::Query(Box::new(query)))
    }

    /// The rows after `VALUES`.
    fn values(&mut self) -> Result<Vec<Vec<Expr>>> {
        self.comma_list(|parser| parser.paren_list(Self::expr))
    }

    /// `ORDER BY` and `LIMIT`, which `VALUES` does not take.
    fn order_and_limit(&mut self, body: &SelectBody) -> Result<(Vec<OrderTerm>, Option<Limit>)> {
        match body {
            SelectBody::Query(_) => Ok((self.order_by()?, self.limit_clause()?)),
            SelectBody::Values(_) => Ok((Vec::new(), None)),
        }
    }

    /// `ORDER BY ..`; empty if it does not follow.
    pub(super) fn order_by(&mut self) -> Result<Vec<OrderTerm>> {
        if !self.eat_word(Keyword::ORDER) {
            return Ok(Vec::new());
        }
        self.expect_word(Keyword::BY)?;
        self.comma_list(Self::order_term)
    }

    /// An expression, perhaps with `ASC` or `DESC` and `NULLS ..`
    pub(super) fn order_term(&mut self) -> Result<OrderTerm> {
        let expr = self.expr()?;
        let direction = self.direction();
        let nulls = match self.eat_word(Keyword::NULLS) {
            true if self.eat_word(Keyword::FIRST) => Some(NullsOrder::First),
            true => {
                self.expect_word(Keyword::LAST)?;
                Some(NullsOrder::Last)
            }
            false => None,
        };
        Ok(OrderTerm { expr, direction, nulls })
    }

    /// `ASC` or `DESC`, if one follows.
    pub(super) fn direction(&mut self) -> Option<Direction> {
        if self.eat_word(Keyword::ASC) {
            return Some(Direction::Ascending);
        }
        self.eat_word(Keyword::DESC).then_some(Direction::Descending)
    }

    /// `LIMIT ..`, if it follows.
    pub(super) fn limit_clause(&mut self) -> Result<Option<Limit>> {
        if !self.eat_word(Keyword::LIMIT) {
            return Ok(None);
        }
        let first = self.expr()?;
        Ok(Some(if self.eat_word(Keyword::OFFSET) {
            Limit { count: first, offset: Some(self.expr()?) }
        } else if self.eat(Kind::Comma) {
            Limit { count: self.expr()?, offset: Some(first) }
        } else {
            Limit { count: first, offset: None }
        }))
    }

    /// `WHERE ..`, if it follows.
    pub(super) fn where_clause(&mut self) -> Result<Option<Expr>> {
        match self.eat_word(Keyword::WHERE) {
            true => self.expr().map(Some),
            false => Ok(None),
        }
    }

    // Result columns.

    pub(super) fn result_columns(&mut self) -> Result<Vec<ResultColumn>> {
        self.comma_list(Self::result_column)
    }

    fn result_column(&mut self) -> Result<ResultColumn> {
        let start = self.token().span;
        if self.eat(Kind::Star) {
            return Ok(ResultColumn::Star(start));
        }
        let is_table = self.at_name(0) && !self.at_operand_word();
        if is_table && self.kind_ahead(1) == Kind::Dot && self.kind_ahead(2) == Kind::Star {
            let table = self.take_name();
            self.take();
            self.take();
            return Ok(ResultColumn::TableStar(table));
        }
        let expr = self.expr()?;
        let end = self.token().span.start;
        let label = match self.alias()? {
            Some(alias) => ColumnLabel::Alias(alias),
            None => ColumnLabel::Source(self.trimmed(start.start, end).into()),
        };
        Ok(ResultColumn::Expr { expr, label })
    }

    /// `AS name`, or a name without `AS`, if one follows.
    fn alias(&mut self) -> Result<Option<Name>> {
        if self.eat_word(Keyword::AS) {
            return self.name().map(Some);
        }
        match self.at_plain_name() {
            true => Ok(Some(self.take_name())),
            false => Ok(None),
        }
    }

    // Tables.

    /// `FROM ..`, if it follows.
    pub(super) fn tables_after_from(&mut self) -> Result<Option<From>> {
        match self.eat_word(Keyword::FROM) {
            true => self.joined_tables().map(Some),
            false => Ok(None),
        }
    }

    /// Tables, and how they are joined.
    fn joined_tables(&mut self) -> Result<From> {
        let first = self.table_term()?;
        let word = match self.join_constraint()? {
            JoinConstraint::None => None,
            JoinConstraint::On(_) => Some("ON"),
            JoinConstraint::Using(_) => Some("USING"),
        };
        if let Some(word) = word {
            self.complain(Error::statement(format!("a JOIN clause is required before {word}")));
        }
        let mut from = match first {
            // A join in parentheses that comes first and has no name goes on as if it had no parentheses.
            TableTerm { source: TableSource::Nested(from), alias: None, .. } => *from,
            first => From { first, joins: Vec::new() },
        };
        while let Some((kind, natural)) = self.join_op()? {
            let table = self.table_term()?;
            let constraint = self.join_constraint()?;
            from.joins.push(Join { kind, natural, table, constraint });
        }
        Ok(from)
    }

    /// A comma or `JOIN` with the words before it, if one follows.
    fn join_op(&mut self) -> Result<Option<(JoinKind, bool)>> {
        let first = self.token();
        match first.kind {
            Kind::Comma => {
                self.take();
                return Ok(Some((JoinKind::Comma, false)));
            }
            Kind::Word(Keyword::JOIN) => {
                self.take();
                return Ok(Some((JoinKind::Inner, false)));
            }
            Kind::Word(keyword) if is_join_word(keyword) => {}
            _ => return Ok(None),
        }
        let mut words = JoinWords::default();
        let mut spelled = String::new();
        for _ in 0..3 {
            let token = self.token();
            if token.kind == Kind::Word(Keyword::JOIN) {
                break;
            }
            let name = self.name()?;
            spelled.push_str(if spelled.is_empty() { "" } else { " " });
            spelled.push_str(self.text(name.span));
            words.add(token.kind);
        }
        self.expect_word(Keyword::JOIN)?;
        let kind = words.kind().unwrap_or_else(|| {
            self.complain(Error::statement_at(format!("unknown join type: {spelled}"), first.span.offset()));
            JoinKind::Inner
        });
        Ok(Some((kind, words.natural)))
    }

    fn join_constraint(&mut self) -> Result<JoinConstraint> {
        if self.eat_word(Keyword::ON) {
            return self.expr().map(JoinConstraint::On);
        }
        if self.eat_word(Keyword::USING) {
            return self.paren_list(Self::name).map(JoinConstraint::Using);
        }
        Ok(JoinConstraint::None)
    }

    /// A table in `FROM`, with its alias and index hint.
    fn table_term(&mut self) -> Result<TableTerm> {
        let start = self.token().span.start;
        if self.eat(Kind::LeftParen) {
            return self.nested(|parser| parser.table_in_parens(start));
        }
        let name = self.qualified_name()?;
        if self.eat(Kind::LeftParen) {
            let arguments = self.exprs_until_paren()?;
            let alias = self.alias()?;
            let source = TableSource::Function { name, arguments };
            return Ok(TableTerm { source, alias, span: self.span_from(start) });
        }
        let alias = self.alias()?;
        let index = self.index_hint()?;
        let source = TableSource::Table { name, index };
        Ok(TableTerm { source, alias, span: self.span_from(start) })
    }

    /// A query or a join whose opening parenthesis was taken.
    fn table_in_parens(&mut self, start: u32) -> Result<TableTerm> {
        if self.at_select() {
            let select = self.select()?;
            self.expect(Kind::RightParen)?;
            let alias = self.alias()?;
            return Ok(TableTerm { source: TableSource::Select(select), alias, span: self.span_from(start) });
        }
        let from = self.joined_tables()?;
        self.expect(Kind::RightParen)?;
        let alias = self.alias()?;
        let (source, alias) = match from.joins.is_empty() {
            true => (from.first.source, alias.or(from.first.alias)),
            false => (TableSource::Nested(Box::new(from)), alias),
        };
        Ok(TableTerm { source, alias, span: self.span_from(start) })
    }

    /// `INDEXED BY ..` or `NOT INDEXED`, if it follows.
    pub(super) fn index_hint(&mut self) -> Result<IndexHint> {
        if self.eat(Kind::Indexed) {
            self.expect_word(Keyword::BY)?;
            return self.name().map(IndexHint::IndexedBy);
        }
        if self.eat_word(Keyword::NOT) {
            self.expect(Kind::Indexed)?;
            return Ok(IndexHint::NotIndexed);
        }
        Ok(IndexHint::Any)
    }

    // WITH.

    /// `WITH ..`, if it follows.
    pub(super) fn with(&mut self) -> Result<Option<With>> {
        if !self.eat_word(Keyword::WITH) {
            return Ok(None);
        }
        let recursive = self.eat_word(Keyword::RECURSIVE);
        let tables = self.comma_list(Self::common_table)?;
        for (index, table) in tables.iter().enumerate() {
            if tables[..index].iter().any(|earlier| earlier.name.is(&table.name.text)) {
                let message = format!("duplicate WITH table name: {}", table.name.text);
                self.complain(Error::statement(message));
            }
        }
        Ok(Some(With { recursive, tables }))
    }

    fn common_table(&mut self) -> Result<CommonTable> {
        let name = self.name()?;
        let columns = self.column_names()?;
        self.expect_word(Keyword::AS)?;
        let materialized = if self.eat_word(Keyword::MATERIALIZED) {
            Materialized::Yes
        } else if self.eat_word(Keyword::NOT) {
            self.expect_word(Keyword::MATERIALIZED)?;
            Materialized::No
        } else {
            Materialized::Either
        };
        self.expect(Kind::LeftParen)?;
        let select = self.nested(Self::select)?;
        self.expect(Kind::RightParen)?;
        Ok(CommonTable { name, columns, materialized, select })
    }

    /// Names of columns in parentheses; empty if no parenthesis follows.
    pub(super) fn column_names(&mut self) -> Result<Vec<Name>> {
        match self.kind() {
            Kind::LeftParen => self.paren_list(Self::column_name_only),
            _ => Ok(Vec::new()),
        }
    }

    /// The name of a column where old versions of SQLite let a collation and a direction follow.
    pub(super) fn column_name_only(&mut self) -> Result<Name> {
        let name = self.name()?;
        let mut is_bare = true;
        if self.eat_word(Keyword::COLLATE) {
            self.plain_name()?;
            is_bare = false;
        }
        if self.direction().is_some() || !is_bare {
            let name = self.text(name.span);
            self.complain(Error::statement(format!("syntax error after column name \"{name}\"")));
        }
        Ok(name)
    }
}

/// The words before `JOIN`. They come in any order.
#[derive(Default)]
struct JoinWords {
    natural: bool,
    inner: bool,
    cross: bool,
    left: bool,
    right: bool,
    outer: bool,
    unknown: bool,
}

impl JoinWords {
    fn add(&mut self, word: Kind) {
        match word {
            Kind::Word(Keyword::NATURAL) => self.natural = true,
            Kind::Word(Keyword::INNER) => self.inner = true,
            Kind::Word(Keyword::CROSS) => self.cross = true,
            Kind::Word(Keyword::LEFT) => self.left = true,
            Kind::Word(Keyword::RIGHT) => self.right = true,
            Kind::Word(Keyword::FULL) => (self.left, self.right) = (true, true),
            Kind::Word(Keyword::OUTER) => self.outer = true,
            _ => self.unknown = true,
        }
    }

    /// What the words say together: `LEFT RIGHT` is `FULL`. `None` if they do not go together.
    fn kind(&self) -> Option<JoinKind> {
        let inner = self.inner || self.cross;
        match (self.left, self.right) {
            _ if self.unknown => None,
            (true, _) | (_, true) if inner => None,
            (true, true) => Some(JoinKind::Full),
            (true, false) => Some(JoinKind::Left),
            (false, true) => Some(JoinKind::Right),
            (false, false) if self.outer => None,
            (false, false) if self.cross => Some(JoinKind::Cross),
            (false, false) => Some(JoinKind::Inner),
        }
    }
}
