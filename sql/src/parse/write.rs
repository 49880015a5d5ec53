//! `INSERT`, `UPDATE` and `DELETE`, by themselves and as steps of triggers.

use sqlparser::keywords::Keyword;

use super::cursor::Parser;
use super::token::Kind;
use crate::ast::{
    Assignment, ConflictAction, Delete, IndexHint, Insert, InsertSource, ResultColumn, Update, Upsert,
    UpsertAction, UpsertTarget, With, WriteTarget,
};
use crate::error::{Error, Result};

/// Where a statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// By itself.
    Top,
    /// In a trigger, where less is allowed.
    Trigger {
        /// Whether it is a temporary trigger, which may name tables of other schemas.
        temporary: bool,
    },
}

impl Parser<'_> {
    /// `INSERT ..` or `REPLACE ..`, which is the next token.
    pub(super) fn insert(&mut self, with: Option<With>, place: Place) -> Result<Insert> {
        let conflict = match self.eat_word(Keyword::REPLACE) {
            true => Some(ConflictAction::Replace),
            false => {
                self.expect_word(Keyword::INSERT)?;
                self.or_conflict()?
            }
        };
        self.expect_word(Keyword::INTO)?;
        let target = self.write_target(place)?;
        let columns = match self.kind() {
            Kind::LeftParen => self.paren_list(Self::name)?,
            _ => Vec::new(),
        };
        if place == Place::Top && self.eat_word(Keyword::DEFAULT) {
            self.expect_word(Keyword::VALUES)?;
            let source = InsertSource::DefaultValues;
            let returning = self.returning()?;
            return Ok(Insert { with, conflict, target, columns, source, upserts: Vec::new(), returning });
        }
        let source = InsertSource::Select(self.select()?);
        let upserts = self.upserts()?;
        let returning = self.returning()?;
        Ok(Insert { with, conflict, target, columns, source, upserts, returning })
    }

    /// `ON CONFLICT ..`, as often as it follows. One without a target is the last one.
    fn upserts(&mut self) -> Result<Vec<Upsert>> {
        let mut upserts = Vec::new();
        while self.eat_word(Keyword::ON) {
            self.expect_word(Keyword::CONFLICT)?;
            let target = match self.kind() {
                Kind::LeftParen => {
                    let columns = self.paren_list(Self::order_term)?;
                    Some(UpsertTarget { columns, filter: self.where_clause()? })
                }
                _ => None,
            };
            let is_last = target.is_none();
            self.expect_word(Keyword::DO)?;
            let action = match self.eat_word(Keyword::NOTHING) {
                true => UpsertAction::Nothing,
                false => {
                    self.expect_words(&[Keyword::UPDATE, Keyword::SET])?;
                    let assignments = self.comma_list(Self::assignment)?;
                    UpsertAction::Update { assignments, filter: self.where_clause()? }
                }
            };
            upserts.push(Upsert { target, action });
            if is_last {
                break;
            }
        }
        Ok(upserts)
    }

    /// `UPDATE ..`, which is the next token.
    pub(super) fn update(&mut self, with: Option<With>, place: Place) -> Result<Update> {
        self.expect_word(Keyword::UPDATE)?;
        let conflict = self.or_conflict()?;
        let mut target = self.write_target(place)?;
        target.index = self.write_index_hint(place)?;
        self.expect_word(Keyword::SET)?;
        let assignments = self.comma_list(Self::assignment)?;
        let from = self.tables_after_from()?;
        let filter = self.where_clause()?;
        let mut update = Update {
            with,
            conflict,
            target,
            assignments,
            from,
            filter,
            returning: Vec::new(),
            order_by: Vec::new(),
            limit: None,
        };
        if place == Place::Top {
            update.returning = self.returning()?;
            update.order_by = self.order_by()?;
            update.limit = self.limit_clause()?;
        }
        Ok(update)
    }

    /// `DELETE ..`, which is the next token.
    pub(super) fn delete(&mut self, with: Option<With>, place: Place) -> Result<Delete> {
        self.expect_words(&[Keyword::DELETE, Keyword::FROM])?;
        let mut target = self.write_target(place)?;
        target.index = self.write_index_hint(place)?;
        let filter = self.where_clause()?;
        let mut delete =
            Delete { with, target, filter, returning: Vec::new(), order_by: Vec::new(), limit: None };
        if place == Place::Top {
            delete.returning = self.returning()?;
            delete.order_by = self.order_by()?;
            delete.limit = self.limit_clause()?;
        }
        Ok(delete)
    }

    /// `OR action`, if it follows.
    fn or_conflict(&mut self) -> Result<Option<ConflictAction>> {
        match self.eat_word(Keyword::OR) {
            true => self.conflict_action().map(Some),
            false => Ok(None),
        }
    }

    /// `ON CONFLICT action`, if it follows.
    pub(super) fn on_conflict(&mut self) -> Result<Option<ConflictAction>> {
        if !self.eat_word(Keyword::ON) {
            return Ok(None);
        }
        self.expect_word(Keyword::CONFLICT)?;
        self.conflict_action().map(Some)
    }

    fn conflict_action(&mut self) -> Result<ConflictAction> {
        let action = match self.kind() {
            Kind::Word(Keyword::ROLLBACK) => ConflictAction::Rollback,
            Kind::Word(Keyword::ABORT) => ConflictAction::Abort,
            Kind::Word(Keyword::FAIL) => ConflictAction::Fail,
            Kind::Word(Keyword::IGNORE) => ConflictAction::Ignore,
            Kind::Word(Keyword::REPLACE) => ConflictAction::Replace,
            _ => return Err(self.syntax_error()),
        };
        self.take();
        Ok(action)
    }

    fn write_target(&mut self, place: Place) -> Result<WriteTarget> {
        let table = self.qualified_name()?;
        if table.schema.is_some() && place == (Place::Trigger { temporary: false }) {
            self.complain(Error::statement(
                "qualified table names are not allowed on INSERT, UPDATE, and DELETE statements within triggers",
            ));
        }
        let alias = match self.eat_word(Keyword::AS) {
            true => Some(self.name()?),
            false => None,
        };
        Ok(WriteTarget { table, alias, index: IndexHint::Any })
    }

    /// `INDEXED BY ..` or `NOT INDEXED`, if it follows.
    fn write_index_hint(&mut self, place: Place) -> Result<IndexHint> {
        let hint = self.index_hint()?;
        let clause = match hint {
            IndexHint::IndexedBy(_) => "INDEXED BY",
            IndexHint::NotIndexed => "NOT INDEXED",
            IndexHint::Any => return Ok(hint),
        };
        if place != Place::Top {
            self.complain(Error::statement(format!(
                "the {clause} clause is not allowed on UPDATE or DELETE statements within triggers"
            )));
        }
        Ok(hint)
    }

    /// `a = value` or `(a, b, ..) = value`
    fn assignment(&mut self) -> Result<Assignment> {
        let columns = match self.kind() {
            Kind::LeftParen => self.paren_list(Self::name)?,
            _ => vec![self.name()?],
        };
        self.expect(Kind::Eq)?;
        Ok(Assignment { columns, value: self.expr()? })
    }

    /// `RETURNING ..`; empty if it does not follow.
    fn returning(&mut self) -> Result<Vec<ResultColumn>> {
        match self.eat_word(Keyword::RETURNING) {
            true => self.result_columns(),
            false => Ok(Vec::new()),
        }
    }
}
