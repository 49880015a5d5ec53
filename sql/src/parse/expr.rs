//! Expressions, without recursion.
//!
//! The parser changes between two states. *Before an operand* it takes prefix operators and opening brackets until an
//! operand stands there; *after an operand* it takes an operator, or what closes or goes on with the innermost
//! bracket. What is not finished waits on a stack of [`Frame`]s. Operators on the stack rise in precedence between
//! two brackets: an operator first finishes those above it that bind as tight as itself or tighter.
//!
//! Parts that are rare and lists of their own recurse instead, to a bounded depth: subqueries, windows, `FILTER` and
//! `ORDER BY` of an aggregate.

use sqlparser::keywords::Keyword;

use super::cursor::Parser;
use super::frame::{CasePart, Chain, Frame, Level, List, OpenCase, Operand, binary_level};
use super::literal;
use super::token::{Kind, Token};
use crate::ast::{
    Arguments, BinaryOp, CaseExpr, ColumnRef, Expr, ExprKind, FunctionCall, InSet, Literal, MatchOp, Name,
    QualifiedName, Raise, Span, TypeName, UnaryOp,
};
use crate::error::{Error, Result};

/// What comes after an operand.
enum Next {
    /// Another operand, which the parser is now before.
    Operand,
    /// The operand with something added to it.
    Value(Operand),
    /// Nothing that belongs to it: what is open above the innermost bracket is finished with it.
    Close(Operand),
}

/// What stands where an operand is expected.
enum Start {
    Operand(Operand),
    /// Something was opened, and an operand is expected again.
    Open,
}

impl Parser<'_> {
    /// An expression.
    pub(super) fn expr(&mut self) -> Result<Expr> {
        let mut stack = Vec::new();
        loop {
            self.check_open(stack.len())?;
            let mut operand = match self.before_operand(&mut stack)? {
                Start::Operand(operand) => operand,
                Start::Open => continue,
            };
            loop {
                operand = match self.after_operand(operand, &mut stack)? {
                    Next::Operand => break,
                    Next::Value(operand) => operand,
                    Next::Close(operand) => {
                        let operand = self.finish_operators(operand, &mut stack, None)?;
                        let Some(bracket) = stack.pop() else {
                            self.height = self.height.max(operand.height);
                            return Ok(operand.expr);
                        };
                        match self.in_bracket(bracket, operand, &mut stack)? {
                            Some(operand) => operand,
                            None => break,
                        }
                    }
                };
            }
        }
    }

    /// A text that is an expression and nothing more.
    pub(super) fn whole_expr(&mut self) -> Result<Expr> {
        let expr = self.expr()?;
        self.expect(Kind::End)?;
        Ok(expr)
    }

    /// Expressions with commas between them, if the next token does not close the list already.
    pub(super) fn exprs_until_paren(&mut self) -> Result<Vec<Expr>> {
        let items = match self.kind() {
            Kind::RightParen => Vec::new(),
            _ => self.comma_list(Self::expr)?,
        };
        self.expect(Kind::RightParen)?;
        Ok(items)
    }

    /// Whether the next token starts a query.
    pub(super) fn at_select(&mut self) -> bool {
        matches!(self.kind(), Kind::Word(Keyword::SELECT | Keyword::VALUES | Keyword::WITH))
    }

    /// Whether the next token is a word that elsewhere may be a name, but not where an operand is expected.
    pub(super) fn at_operand_word(&mut self) -> bool {
        use Keyword as K;
        let kind = self.kind();
        matches!(
            kind,
            Kind::Word(K::CAST | K::RAISE | K::CURRENT_TIME | K::CURRENT_DATE | K::CURRENT_TIMESTAMP)
        )
    }

    // Before an operand.

    fn before_operand(&mut self, stack: &mut Vec<Frame>) -> Result<Start> {
        let token = self.token();
        let start = token.span.start;
        let prefix = match token.kind {
            Kind::Minus => Some(UnaryOp::Minus),
            Kind::Plus => Some(UnaryOp::Plus),
            Kind::Tilde => Some(UnaryOp::BitNot),
            Kind::Word(Keyword::NOT) => Some(UnaryOp::Not),
            _ => None,
        };
        if let Some(op) = prefix {
            self.take();
            stack.push(Frame::Prefix { op, start });
            return Ok(Start::Open);
        }
        if token.kind == Kind::LeftParen {
            self.take();
            if self.at_select() {
                return self.subquery(start, ExprKind::Subquery).map(Start::Operand);
            }
            stack.push(Frame::Paren { start, list: List::default() });
            return Ok(Start::Open);
        }
        if let Some(literal) = self.literal(token) {
            self.take();
            return Ok(leaf(ExprKind::Literal(literal), token.span));
        }
        match token.kind {
            Kind::Parameter => {
                let number = self.parameter();
                Ok(leaf(ExprKind::Parameter(number), token.span))
            }
            Kind::Word(Keyword::CASE) => {
                self.take();
                let case =
                    OpenCase { start, operand: None, branches: Vec::new(), condition: None, height: 0 };
                let part = match self.eat_word(Keyword::WHEN) {
                    true => CasePart::When,
                    false => CasePart::Operand,
                };
                stack.push(Frame::Case { case: Box::new(case), part });
                Ok(Start::Open)
            }
            Kind::Word(Keyword::CAST) => {
                self.take();
                self.expect(Kind::LeftParen)?;
                stack.push(Frame::Cast { start });
                Ok(Start::Open)
            }
            Kind::Word(Keyword::EXISTS) => {
                self.take();
                self.expect(Kind::LeftParen)?;
                self.subquery(start, ExprKind::Exists).map(Start::Operand)
            }
            Kind::Word(Keyword::RAISE) => self.raise(stack),
            _ => self.name_or_call(stack),
        }
    }

    /// The constant that a token is, if it is one. Does not take the token.
    fn literal(&mut self, token: Token) -> Option<Literal> {
        let text = self.text(token.span);
        if matches!(token.kind, Kind::Integer | Kind::Real) && !literal::has_good_separators(text) {
            let message = format!("unrecognized token: \"{text}\"");
            self.complain_of_next(Error::Syntax { message, offset: None });
        }
        Some(match token.kind {
            Kind::Integer => literal::whole_number(text).unwrap_or_else(|| {
                let message = format!("hex literal too big: {text}");
                self.complain_at_end(Error::statement_at(message, token.span.offset()));
                Literal::Null
            }),
            Kind::Real => literal::real_number(text),
            Kind::Text if self.kind_ahead(1) != Kind::Dot => Literal::Text(literal::unquote(text)),
            Kind::Blob => literal::blob(text),
            Kind::Word(Keyword::NULL) => Literal::Null,
            Kind::Word(Keyword::CURRENT_TIME) => Literal::CurrentTime,
            Kind::Word(Keyword::CURRENT_DATE) => Literal::CurrentDate,
            Kind::Word(Keyword::CURRENT_TIMESTAMP) => Literal::CurrentTimestamp,
            _ => return None,
        })
    }

    /// A constant without sign, as `DEFAULT` takes it.
    pub(super) fn literal_expr(&mut self) -> Option<Expr> {
        let token = self.token();
        let literal = self.literal(token)?;
        self.take();
        Some(Expr { kind: ExprKind::Literal(literal), span: token.span })
    }

    /// A constant after a sign.
    pub(super) fn signed_literal(&mut self, sign: UnaryOp, literal: Expr, span: Span) -> Result<Expr> {
        let right = Operand { outer: literal.span, expr: literal, height: 1 };
        self.finish(Frame::Prefix { op: sign, start: span.start }, right).map(|operand| operand.expr)
    }

    /// A column, or the start of a function call.
    fn name_or_call(&mut self, stack: &mut Vec<Frame>) -> Result<Start> {
        let can_call = self.kind() != Kind::Text;
        let name = self.name()?;
        let start = name.span.start;
        match self.kind() {
            Kind::Dot => {}
            Kind::LeftParen if can_call => {
                self.take();
                return self.arguments(name, stack);
            }
            _ => {
                let span = name.span;
                return Ok(leaf(ExprKind::Column(ColumnRef { table: None, column: name }), span));
            }
        }
        self.take();
        let second = self.name()?;
        let (table, column) = match self.eat(Kind::Dot) {
            true => (QualifiedName { schema: Some(name), name: second }, self.name()?),
            false => (QualifiedName { schema: None, name }, second),
        };
        let kind = ExprKind::Column(ColumnRef { table: Some(Box::new(table)), column });
        Ok(leaf(kind, self.span_from(start)))
    }

    /// What follows the opening parenthesis of a function's arguments.
    fn arguments(&mut self, name: Name, stack: &mut Vec<Frame>) -> Result<Start> {
        if self.eat(Kind::Star) {
            self.expect(Kind::RightParen)?;
            return self.after_arguments(name, Arguments::Star, 0).map(Start::Operand);
        }
        let distinct = self.distinct();
        if matches!(self.kind(), Kind::RightParen | Kind::Word(Keyword::ORDER)) {
            return self.close_call(name, distinct, List::default()).map(Start::Operand);
        }
        stack.push(Frame::Call { name, distinct, list: List::default() });
        Ok(Start::Open)
    }

    /// `DISTINCT` or `ALL`, if it follows; whether it was `DISTINCT`.
    pub(super) fn distinct(&mut self) -> bool {
        let distinct = self.eat_word(Keyword::DISTINCT);
        if !distinct {
            self.eat_word(Keyword::ALL);
        }
        distinct
    }

    /// The rest of a function call after its last argument: `ORDER BY`, the closing parenthesis, `FILTER` and `OVER`.
    fn close_call(&mut self, name: Name, distinct: bool, list: List) -> Result<Operand> {
        let (order_by, height) = self.measured(|parser| match parser.at_word(Keyword::ORDER) {
            true => parser.nested(Self::order_by),
            false => Ok(Vec::new()),
        })?;
        self.expect(Kind::RightParen)?;
        if list.items.len() > self.limits.function_arguments {
            let message = format!("too many arguments on function {}", self.text(name.span));
            self.complain(Error::statement_at(message, name.span.offset()));
        }
        let arguments = Arguments::List { distinct, values: list.items, order_by };
        self.after_arguments(name, arguments, list.height.max(height))
    }

    fn after_arguments(&mut self, name: Name, arguments: Arguments, height: u32) -> Result<Operand> {
        let start = name.span.start;
        let ((filter, over), inside) = self.measured(|parser| {
            let filter = match parser.at_window_word(Keyword::FILTER) {
                true => Some(parser.nested(Self::filter_clause)?),
                false => None,
            };
            let over = match parser.at_window_word(Keyword::OVER) {
                true => Some(parser.nested(Self::over_clause)?),
                false => None,
            };
            Ok((filter, over))
        })?;
        let call = FunctionCall { name, arguments, filter, over };
        self.build(ExprKind::Function(Box::new(call)), start, height.max(inside))
    }

    /// `RAISE(..)`
    fn raise(&mut self, stack: &mut Vec<Frame>) -> Result<Start> {
        let start = self.take().span.start;
        self.expect(Kind::LeftParen)?;
        let action: fn(Expr) -> Raise = match self.kind() {
            Kind::Word(Keyword::IGNORE) => {
                self.take();
                self.expect(Kind::RightParen)?;
                let kind = ExprKind::Raise(Box::new(Raise::Ignore));
                return Ok(leaf(kind, self.span_from(start)));
            }
            Kind::Word(Keyword::ROLLBACK) => Raise::Rollback,
            Kind::Word(Keyword::ABORT) => Raise::Abort,
            Kind::Word(Keyword::FAIL) => Raise::Fail,
            _ => return Err(self.syntax_error()),
        };
        self.take();
        self.expect(Kind::Comma)?;
        stack.push(Frame::Raise { start, action });
        Ok(Start::Open)
    }

    /// A query whose opening parenthesis was taken, and its closing one.
    fn subquery(&mut self, start: u32, kind: fn(Box<crate::ast::Select>) -> ExprKind) -> Result<Operand> {
        let (select, height) = self.measured(|parser| parser.nested(Self::select))?;
        self.expect(Kind::RightParen)?;
        self.build(kind(select), start, height)
    }

    // After an operand.

    fn after_operand(&mut self, operand: Operand, stack: &mut Vec<Frame>) -> Result<Next> {
        let token = self.token();
        if let Some(op) = binary_operator(token.kind) {
            let left = self.finish_operators(operand, stack, Some(binary_level(op)))?;
            self.take();
            stack.push(Frame::Binary { op, left });
            return Ok(Next::Operand);
        }
        match token.kind {
            Kind::Word(Keyword::AND) => self.and(operand, stack),
            Kind::Word(Keyword::OR) => self.or(operand, stack),
            Kind::Word(Keyword::COLLATE) => {
                let operand = self.finish_operators(operand, stack, Some(Level::Collate))?;
                self.take();
                let collation = self.plain_name()?;
                let start = operand.outer.start;
                let kind = ExprKind::Collate { operand: Box::new(operand.expr), collation };
                self.build(kind, start, operand.height).map(Next::Value)
            }
            Kind::Word(Keyword::ESCAPE) => self.escape(operand, stack),
            Kind::IsNull
            | Kind::Word(
                Keyword::IS
                | Keyword::NOT
                | Keyword::NOTNULL
                | Keyword::BETWEEN
                | Keyword::IN
                | Keyword::LIKE
                | Keyword::GLOB
                | Keyword::REGEXP
                | Keyword::MATCH,
            ) => {
                let operand = self.finish_operators(operand, stack, Some(Level::Equality))?;
                self.test(operand, stack)
            }
            _ => Ok(Next::Close(operand)),
        }
    }

    /// `AND`: the operator, or the middle of a `BETWEEN`.
    fn and(&mut self, operand: Operand, stack: &mut Vec<Frame>) -> Result<Next> {
        let operand = self.finish_operators(operand, stack, Some(Level::And))?;
        self.take();
        match stack.pop() {
            Some(Frame::BetweenLow { negated, operand: tested }) => {
                stack.push(Frame::BetweenHigh { negated, operand: tested, low: operand });
            }
            Some(Frame::And(chain)) => stack.push(Frame::And(self.longer_chain(chain, operand)?)),
            other => {
                stack.extend(other);
                stack.push(Frame::And(Chain::new(operand)));
            }
        }
        Ok(Next::Operand)
    }

    fn or(&mut self, operand: Operand, stack: &mut Vec<Frame>) -> Result<Next> {
        let operand = self.finish_operators(operand, stack, Some(Level::Or))?;
        self.take();
        match stack.pop() {
            Some(Frame::Or(chain)) => stack.push(Frame::Or(self.longer_chain(chain, operand)?)),
            other => {
                stack.extend(other);
                stack.push(Frame::Or(Chain::new(operand)));
            }
        }
        Ok(Next::Operand)
    }

    /// `ESCAPE`, which belongs to the innermost `LIKE` that has none.
    fn escape(&mut self, operand: Operand, stack: &mut Vec<Frame>) -> Result<Next> {
        let mut operand = operand;
        loop {
            match stack.pop() {
                Some(Frame::Match { op, at, negated, operand: tested }) => {
                    self.take();
                    stack.push(Frame::MatchEscape { op, at, negated, operand: tested, pattern: operand });
                    return Ok(Next::Operand);
                }
                Some(frame) if frame.level().is_some() => operand = self.finish(frame, operand)?,
                _ => return Err(self.syntax_error()),
            }
        }
    }

    /// The operators on the level of equality that are words.
    fn test(&mut self, operand: Operand, stack: &mut Vec<Frame>) -> Result<Next> {
        if self.eat_word(Keyword::IS) {
            let negated = self.eat_word(Keyword::NOT);
            let distinct = self.eat_word(Keyword::DISTINCT);
            if distinct {
                self.expect_word(Keyword::FROM)?;
            }
            // `IS DISTINCT FROM` is `IS NOT`, and the other way round.
            let op = if negated == distinct { BinaryOp::Is } else { BinaryOp::IsNot };
            stack.push(Frame::Binary { op, left: operand });
            return Ok(Next::Operand);
        }
        let negated = self.eat_word(Keyword::NOT);
        let token = self.token();
        let null_test: fn(Box<Expr>) -> ExprKind = match token.kind {
            Kind::IsNull if !negated => ExprKind::IsNull,
            Kind::Word(Keyword::NOTNULL) if !negated => ExprKind::NotNull,
            Kind::Word(Keyword::NULL) if negated => ExprKind::NotNull,
            Kind::Word(Keyword::BETWEEN) => {
                self.take();
                stack.push(Frame::BetweenLow { negated, operand });
                return Ok(Next::Operand);
            }
            Kind::Word(Keyword::IN) => {
                self.take();
                return self.in_set(negated, operand, stack);
            }
            Kind::Word(keyword) => {
                let op = match keyword {
                    Keyword::LIKE => MatchOp::Like,
                    Keyword::GLOB => MatchOp::Glob,
                    Keyword::REGEXP => MatchOp::Regexp,
                    Keyword::MATCH => MatchOp::Match,
                    _ => return Err(self.syntax_error()),
                };
                let at = self.take().span;
                stack.push(Frame::Match { op, at, negated, operand });
                return Ok(Next::Operand);
            }
            _ => return Err(self.syntax_error()),
        };
        self.take();
        let start = operand.outer.start;
        self.build(null_test(Box::new(operand.expr)), start, operand.height).map(Next::Value)
    }

    /// What follows `IN`.
    fn in_set(&mut self, negated: bool, operand: Operand, stack: &mut Vec<Frame>) -> Result<Next> {
        if !self.eat(Kind::LeftParen) {
            let name = self.qualified_name()?;
            if !self.eat(Kind::LeftParen) {
                return self.close_in(negated, operand, InSet::Table(name), 0).map(Next::Value);
            }
            if self.eat(Kind::RightParen) {
                let set = InSet::TableFunction { name, arguments: Vec::new() };
                return self.close_in(negated, operand, set, 0).map(Next::Value);
            }
            stack.push(Frame::InFunction { negated, operand, name, list: List::default() });
            return Ok(Next::Operand);
        }
        if self.at_select() {
            let (select, height) = self.measured(|parser| parser.nested(Self::select))?;
            self.expect(Kind::RightParen)?;
            let set = InSet::Select(select);
            return self.close_in(negated, operand, set, height).map(Next::Value);
        }
        if self.eat(Kind::RightParen) {
            return self.close_in(negated, operand, InSet::List(Vec::new()), 0).map(Next::Value);
        }
        stack.push(Frame::In { negated, operand, list: List::default() });
        Ok(Next::Operand)
    }

    fn close_in(&mut self, negated: bool, operand: Operand, set: InSet, height: u32) -> Result<Operand> {
        let start = operand.outer.start;
        let kind = ExprKind::In { negated, operand: Box::new(operand.expr), set: Box::new(set) };
        self.build(kind, start, operand.height.max(height))
    }

    // In brackets.

    /// Goes on in a bracket after an operand in it: gives the whole if the bracket is closed, and `None` if another
    /// operand follows.
    fn in_bracket(
        &mut self,
        bracket: Frame,
        operand: Operand,
        stack: &mut Vec<Frame>,
    ) -> Result<Option<Operand>> {
        match (bracket, self.kind()) {
            (Frame::Paren { start, mut list }, kind @ (Kind::Comma | Kind::RightParen)) => {
                self.take();
                if kind == Kind::RightParen && list.items.is_empty() {
                    let outer = self.span_from(start);
                    return Ok(Some(Operand { outer, ..operand }));
                }
                list.push(operand);
                if kind == Kind::RightParen {
                    return self.build(ExprKind::Row(list.items), start, list.height).map(Some);
                }
                stack.push(Frame::Paren { start, list });
            }
            (Frame::In { negated, operand: tested, mut list }, kind @ (Kind::Comma | Kind::RightParen)) => {
                self.take();
                list.push(operand);
                if kind == Kind::RightParen {
                    return self.close_in(negated, tested, InSet::List(list.items), list.height).map(Some);
                }
                stack.push(Frame::In { negated, operand: tested, list });
            }
            (
                Frame::InFunction { negated, operand: tested, name, mut list },
                kind @ (Kind::Comma | Kind::RightParen),
            ) => {
                self.take();
                list.push(operand);
                if kind == Kind::RightParen {
                    let set = InSet::TableFunction { name, arguments: list.items };
                    return self.close_in(negated, tested, set, list.height).map(Some);
                }
                stack.push(Frame::InFunction { negated, operand: tested, name, list });
            }
            (Frame::Call { name, distinct, mut list }, kind) => {
                list.push(operand);
                if kind != Kind::Comma {
                    return self.close_call(name, distinct, list).map(Some);
                }
                self.take();
                stack.push(Frame::Call { name, distinct, list });
            }
            (Frame::Cast { start }, Kind::Word(Keyword::AS)) => {
                self.take();
                let type_name = self.type_name()?.unwrap_or(TypeName { text: "".into() });
                self.expect(Kind::RightParen)?;
                let kind = ExprKind::Cast { operand: Box::new(operand.expr), type_name };
                return self.build(kind, start, operand.height).map(Some);
            }
            (Frame::Raise { start, action }, Kind::RightParen) => {
                self.take();
                let kind = ExprKind::Raise(Box::new(action(operand.expr)));
                return self.build(kind, start, operand.height).map(Some);
            }
            (Frame::Case { case, part }, kind) => return self.in_case(case, part, kind, operand, stack),
            _ => return Err(self.syntax_error()),
        }
        Ok(None)
    }

    /// Goes on in a `CASE` after the operand of one of its parts.
    fn in_case(
        &mut self,
        mut case: Box<OpenCase>,
        part: CasePart,
        kind: Kind,
        operand: Operand,
        stack: &mut Vec<Frame>,
    ) -> Result<Option<Operand>> {
        case.height = case.height.max(operand.height);
        let mut otherwise = None;
        let part = match (part, kind) {
            (CasePart::Operand, Kind::Word(Keyword::WHEN)) => {
                case.operand = Some(operand.expr);
                Some(CasePart::When)
            }
            (CasePart::When, Kind::Word(Keyword::THEN)) => {
                case.condition = Some(operand.expr);
                Some(CasePart::Then)
            }
            (CasePart::Then, Kind::Word(Keyword::WHEN | Keyword::ELSE | Keyword::END)) => {
                let condition = case.condition.take().expect("THEN comes after a condition");
                case.branches.push((condition, operand.expr));
                match kind {
                    Kind::Word(Keyword::WHEN) => Some(CasePart::When),
                    Kind::Word(Keyword::ELSE) => Some(CasePart::Else),
                    _ => None,
                }
            }
            (CasePart::Else, Kind::Word(Keyword::END)) => {
                otherwise = Some(operand.expr);
                None
            }
            _ => return Err(self.syntax_error()),
        };
        self.take();
        if let Some(part) = part {
            stack.push(Frame::Case { case, part });
            return Ok(None);
        }
        let OpenCase { start, operand, branches, height, .. } = *case;
        let kind = ExprKind::Case(Box::new(CaseExpr { operand, branches, otherwise }));
        self.build(kind, start, height).map(Some)
    }
}

/// A node without operands.
fn leaf(kind: ExprKind, span: Span) -> Start {
    Start::Operand(Operand { expr: Expr { kind, span }, outer: span, height: 1 })
}

/// The operators that are one token that is no word.
fn binary_operator(kind: Kind) -> Option<BinaryOp> {
    Some(match kind {
        Kind::Plus => BinaryOp::Add,
        Kind::Minus => BinaryOp::Subtract,
        Kind::Star => BinaryOp::Multiply,
        Kind::Slash => BinaryOp::Divide,
        Kind::Percent => BinaryOp::Remainder,
        Kind::Concat => BinaryOp::Concat,
        Kind::Arrow => BinaryOp::JsonArrow,
        Kind::LongArrow => BinaryOp::JsonArrowText,
        Kind::Ampersand => BinaryOp::BitAnd,
        Kind::Pipe => BinaryOp::BitOr,
        Kind::ShiftLeft => BinaryOp::ShiftLeft,
        Kind::ShiftRight => BinaryOp::ShiftRight,
        Kind::Eq => BinaryOp::Eq,
        Kind::NotEq => BinaryOp::Ne,
        Kind::Less => BinaryOp::Lt,
        Kind::LessEq => BinaryOp::Le,
        Kind::Greater => BinaryOp::Gt,
        Kind::GreaterEq => BinaryOp::Ge,
        _ => return None,
    })
}
