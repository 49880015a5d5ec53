//! What waits for an operand, made into the tree when that has come; and the height of what is made, which a limit bounds.

use super::cursor::Parser;
use super::frame::{Chain, Frame, Level, Operand};
use super::literal;
use crate::ast::{BinaryOp, Expr, ExprKind, Literal, MatchExpr, Span, UnaryOp};
use crate::error::{Error, Result};

impl Parser<'_> {
    /// Gives the operand to the operators on the stack that bind at least as tight as `level`, or to all of them down
    /// to the innermost bracket. A chain of `AND` or `OR` that goes on is left open.
    pub(super) fn finish_operators(
        &mut self,
        operand: Operand,
        stack: &mut Vec<Frame>,
        level: Option<Level>,
    ) -> Result<Operand> {
        let mut operand = operand;
        loop {
            let Some(top) = stack.last().and_then(Frame::level) else { return Ok(operand) };
            if level.is_some_and(|level| top < level || (top == level && level <= Level::And)) {
                return Ok(operand);
            }
            let frame = stack.pop().expect("it was looked at");
            operand = self.finish(frame, operand)?;
        }
    }

    /// Gives an operator its last operand.
    pub(super) fn finish(&mut self, frame: Frame, right: Operand) -> Result<Operand> {
        let end = right.outer.end;
        let boxed = |operand: Operand| Box::new(operand.expr);
        match frame {
            Frame::Prefix { op, start } => {
                let Operand { mut expr, outer, mut height } = right;
                if op == UnaryOp::Minus || op == UnaryOp::Plus {
                    // As in SQLite, a sign takes the place of a plus after it.
                    while let ExprKind::Unary(UnaryOp::Plus, inner) = expr.kind {
                        expr = *inner;
                        height -= 1;
                    }
                }
                let span = Span { start, end: outer.end };
                match op {
                    UnaryOp::Minus if let Some(smallest) = self.smallest_integer(&expr) => {
                        self.build_until(smallest, span, 0)
                    }
                    op => self.build_until(ExprKind::Unary(op, Box::new(expr)), span, height),
                }
            }
            Frame::Binary { op, left } => {
                let (start, height) = (left.outer.start, left.height.max(right.height));
                let is_null = matches!(right.expr.kind, ExprKind::Literal(Literal::Null));
                let kind = match op {
                    BinaryOp::Is if is_null => ExprKind::IsNull(boxed(left)),
                    BinaryOp::IsNot if is_null => ExprKind::NotNull(boxed(left)),
                    _ => ExprKind::Binary(op, boxed(left), boxed(right)),
                };
                self.build_until(kind, Span { start, end }, height)
            }
            Frame::And(chain) => self.finish_chain(ExprKind::And, chain, right),
            Frame::Or(chain) => self.finish_chain(ExprKind::Or, chain, right),
            Frame::Match { op, at, negated, operand } => {
                let (start, height) = (operand.outer.start, operand.height.max(right.height));
                let (operand, pattern) = (operand.expr, right.expr);
                let test = MatchExpr { op, at, negated, operand, pattern, escape: None };
                self.build_until(ExprKind::Match(Box::new(test)), Span { start, end }, height)
            }
            Frame::MatchEscape { op, at, negated, operand, pattern } => {
                let start = operand.outer.start;
                let height = operand.height.max(pattern.height).max(right.height);
                let (operand, pattern, escape) = (operand.expr, pattern.expr, Some(right.expr));
                let test = MatchExpr { op, at, negated, operand, pattern, escape };
                self.build_until(ExprKind::Match(Box::new(test)), Span { start, end }, height)
            }
            Frame::BetweenHigh { negated, operand, low } => {
                let start = operand.outer.start;
                let height = operand.height.max(low.height).max(right.height);
                let (operand, low, high) = (boxed(operand), boxed(low), boxed(right));
                self.build_until(
                    ExprKind::Between { negated, operand, low, high },
                    Span { start, end },
                    height,
                )
            }
            bracket => unreachable!("only operators are finished by their last operand: {bracket:?}"),
        }
    }

    pub(super) fn finish_chain(
        &self,
        kind: fn(Vec<Expr>) -> ExprKind,
        chain: Chain,
        last: Operand,
    ) -> Result<Operand> {
        let span = Span { start: chain.start, end: last.outer.end };
        let Chain { items, height, .. } = self.longer_chain(chain, last)?;
        Ok(Operand { expr: Expr { kind: kind(items), span }, outer: span, height })
    }

    /// A chain with one more member, as high as if its operators were nested.
    pub(super) fn longer_chain(&self, mut chain: Chain, member: Operand) -> Result<Chain> {
        chain.height = self.height_above(chain.height.max(member.height))?;
        chain.items.push(member.expr);
        Ok(chain)
    }

    /// The integer that `-9223372036854775808` is, although its digits alone are a real.
    pub(super) fn smallest_integer(&mut self, digits: &Expr) -> Option<ExprKind> {
        let text = self.text(digits.span);
        match digits.kind {
            ExprKind::Literal(Literal::Real(_)) if literal::is_smallest_integer_without_sign(text) => {
                Some(ExprKind::Literal(Literal::Integer(i64::MIN)))
            }
            ExprKind::Literal(Literal::Integer(i64::MIN)) if !text.starts_with('-') => {
                let message = format!("hex literal too big: -{text}");
                self.complain_at_end(Error::statement_at(message, digits.span.offset()));
                None
            }
            _ => None,
        }
    }

    /// A node from `start` to the last token, above operands of a height.
    pub(super) fn build(&mut self, kind: ExprKind, start: u32, height: u32) -> Result<Operand> {
        let span = self.span_from(start);
        self.build_until(kind, span, height)
    }

    pub(super) fn build_until(&self, kind: ExprKind, span: Span, height: u32) -> Result<Operand> {
        Ok(Operand { expr: Expr { kind, span }, outer: span, height: self.height_above(height)? })
    }

    pub(super) fn height_above(&self, height: u32) -> Result<u32> {
        let limit = self.limits.expression_depth;
        match height < limit {
            true => Ok(height + 1),
            false => Err(Error::statement(format!("Expression tree is too large (maximum depth {limit})"))),
        }
    }
}
