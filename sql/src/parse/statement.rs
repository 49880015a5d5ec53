//! Statements: which one it is, and the short ones.

use std::ops::Range;

use sqlparser::keywords::Keyword;

use super::cursor::Parser;
use super::token::Kind;
use super::write::Place;
use crate::ast::{
    Attach, ColumnRef, ExplainKind, Expr, ExprKind, Literal, Pragma, QualifiedName, Statement,
    TransactionMode,
};
use crate::error::Result;

impl Parser<'_> {
    /// The next statement, where it stands, and where what follows it begins. `None` if there is none.
    pub(super) fn statement_in_text(&mut self) -> Result<Option<(Statement, Range<usize>, usize)>> {
        while self.eat(Kind::Semicolon) {}
        if self.kind() == Kind::End {
            return Ok(None);
        }
        let start = self.token().span.start;
        let statement = self.statement_or_explain()?;
        let range = self.span_from(start).range();
        let end = self.token();
        if !matches!(end.kind, Kind::Semicolon | Kind::End) {
            return Err(self.syntax_error());
        }
        Ok(Some((statement, range, end.span.range().end)))
    }

    fn statement_or_explain(&mut self) -> Result<Statement> {
        if !self.eat_word(Keyword::EXPLAIN) {
            return self.statement();
        }
        let mut kind = ExplainKind::Program;
        if self.eat_word(Keyword::QUERY) {
            self.expect_word(Keyword::PLAN)?;
            kind = ExplainKind::QueryPlan;
        }
        Ok(Statement::Explain { kind, statement: Box::new(self.statement()?) })
    }

    fn statement(&mut self) -> Result<Statement> {
        let Kind::Word(keyword) = self.kind() else { return Err(self.syntax_error()) };
        match keyword {
            Keyword::SELECT | Keyword::VALUES => Ok(Statement::Select(self.select()?)),
            Keyword::WITH => self.statement_with_tables(),
            Keyword::INSERT | Keyword::REPLACE => {
                Ok(Statement::Insert(Box::new(self.insert(None, Place::Top)?)))
            }
            Keyword::UPDATE => Ok(Statement::Update(Box::new(self.update(None, Place::Top)?))),
            Keyword::DELETE => Ok(Statement::Delete(Box::new(self.delete(None, Place::Top)?))),
            Keyword::CREATE => self.create(),
            Keyword::ALTER => self.alter(),
            Keyword::DROP => self.drop_object(),
            Keyword::BEGIN => self.begin(),
            Keyword::COMMIT | Keyword::END => {
                self.take();
                self.transaction_word()?;
                Ok(Statement::Commit)
            }
            Keyword::ROLLBACK => self.rollback(),
            Keyword::SAVEPOINT => {
                self.take();
                self.name().map(Statement::Savepoint)
            }
            Keyword::RELEASE => {
                self.take();
                self.eat_word(Keyword::SAVEPOINT);
                self.name().map(Statement::Release)
            }
            Keyword::PRAGMA => self.pragma(),
            Keyword::ANALYZE => {
                self.take();
                self.optional_name().map(Statement::Analyze)
            }
            Keyword::REINDEX => {
                self.take();
                self.optional_name().map(Statement::Reindex)
            }
            Keyword::VACUUM => self.vacuum(),
            Keyword::ATTACH => self.attach(),
            Keyword::DETACH => {
                self.take();
                self.eat_word(Keyword::DATABASE);
                Ok(Statement::Detach(Box::new(self.word_or_expr()?)))
            }
            _ => Err(self.syntax_error()),
        }
    }

    /// A statement that starts with `WITH`.
    fn statement_with_tables(&mut self) -> Result<Statement> {
        let start = self.token().span.start;
        let with = self.with()?;
        Ok(match self.kind() {
            Kind::Word(Keyword::INSERT | Keyword::REPLACE) => {
                Statement::Insert(Box::new(self.insert(with, Place::Top)?))
            }
            Kind::Word(Keyword::UPDATE) => Statement::Update(Box::new(self.update(with, Place::Top)?)),
            Kind::Word(Keyword::DELETE) => Statement::Delete(Box::new(self.delete(with, Place::Top)?)),
            _ => Statement::Select(self.select_after_with(with, start)?),
        })
    }

    // Transactions.

    fn begin(&mut self) -> Result<Statement> {
        self.take();
        let mode = match self.kind() {
            Kind::Word(Keyword::DEFERRED) => Some(TransactionMode::Deferred),
            Kind::Word(Keyword::IMMEDIATE) => Some(TransactionMode::Immediate),
            Kind::Word(Keyword::EXCLUSIVE) => Some(TransactionMode::Exclusive),
            _ => None,
        };
        if mode.is_some() {
            self.take();
        }
        self.transaction_word()?;
        Ok(Statement::Begin(mode.unwrap_or_default()))
    }

    fn rollback(&mut self) -> Result<Statement> {
        self.take();
        self.transaction_word()?;
        if !self.eat_word(Keyword::TO) {
            return Ok(Statement::Rollback);
        }
        self.eat_word(Keyword::SAVEPOINT);
        self.name().map(Statement::RollbackTo)
    }

    /// `TRANSACTION [name]`, if it follows. The name means nothing.
    fn transaction_word(&mut self) -> Result<()> {
        if self.eat_word(Keyword::TRANSACTION) && self.at_name(0) {
            self.name()?;
        }
        Ok(())
    }

    // The rest.

    /// A name, if one follows.
    fn optional_name(&mut self) -> Result<Option<QualifiedName>> {
        match self.at_name(0) {
            true => self.qualified_name().map(Some),
            false => Ok(None),
        }
    }

    fn pragma(&mut self) -> Result<Statement> {
        self.take();
        let QualifiedName { schema, name } = self.qualified_name()?;
        let value = if self.eat(Kind::Eq) {
            Some(self.pragma_value()?)
        } else if self.eat(Kind::LeftParen) {
            let value = self.pragma_value()?;
            self.expect(Kind::RightParen)?;
            Some(value)
        } else {
            None
        };
        Ok(Statement::Pragma(Box::new(Pragma { schema, name, value })))
    }

    fn pragma_value(&mut self) -> Result<Box<str>> {
        match self.kind() {
            Kind::Plus | Kind::Minus | Kind::Integer | Kind::Real => {
                let number = self.signed_number()?;
                let text = self.text(number);
                // A minus sign is kept, without blanks after it; a plus sign is not.
                let digits = text.trim_start_matches(|ch: char| !ch.is_ascii_digit() && ch != '.');
                Ok(if text.starts_with('-') { format!("-{digits}").into() } else { digits.into() })
            }
            Kind::Word(Keyword::ON | Keyword::DELETE | Keyword::DEFAULT) => Ok(self.take_name().text),
            _ => Ok(self.name()?.text),
        }
    }

    fn vacuum(&mut self) -> Result<Statement> {
        self.take();
        let schema = match self.at_name(0) {
            true => Some(self.name()?),
            false => None,
        };
        let into = match self.eat_word(Keyword::INTO) {
            true => Some(Box::new(self.expr()?)),
            false => None,
        };
        Ok(Statement::Vacuum { schema, into })
    }

    fn attach(&mut self) -> Result<Statement> {
        self.take();
        self.eat_word(Keyword::DATABASE);
        let file = self.word_or_expr()?;
        self.expect_word(Keyword::AS)?;
        let schema = self.word_or_expr()?;
        let key = match self.eat_word(Keyword::KEY) {
            true => Some(self.word_or_expr()?),
            false => None,
        };
        Ok(Statement::Attach(Box::new(Attach { file, schema, key })))
    }

    /// An expression in which a bare word is a text.
    fn word_or_expr(&mut self) -> Result<Expr> {
        let Expr { kind, span } = self.expr()?;
        Ok(match kind {
            ExprKind::Column(ColumnRef { table: None, column }) => {
                Expr { kind: ExprKind::Literal(Literal::Text(column.text)), span }
            }
            kind => Expr { kind, span },
        })
    }
}
