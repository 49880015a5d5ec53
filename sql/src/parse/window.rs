//! Windows: `FILTER`, `OVER` and the `WINDOW` clause.

use sqlparser::keywords::Keyword;

use super::cursor::Parser;
use super::token::Kind;
use crate::ast::{Expr, Frame, FrameBound, FrameExclude, FrameUnit, NamedWindow, Over, WindowSpec};
use crate::error::{Error, Result};

impl Parser<'_> {
    /// `FILTER (WHERE ..)`
    pub(super) fn filter_clause(&mut self) -> Result<Expr> {
        self.expect_word(Keyword::FILTER)?;
        self.expect(Kind::LeftParen)?;
        self.expect_word(Keyword::WHERE)?;
        let filter = self.expr()?;
        self.expect(Kind::RightParen)?;
        Ok(filter)
    }

    /// `OVER ..`
    pub(super) fn over_clause(&mut self) -> Result<Over> {
        self.expect_word(Keyword::OVER)?;
        match self.kind() {
            Kind::LeftParen => self.window_in_parens().map(Over::Window),
            _ => self.name().map(Over::Name),
        }
    }

    /// `WINDOW ..`; empty if it does not follow.
    pub(super) fn named_windows(&mut self) -> Result<Vec<NamedWindow>> {
        if !self.at_window_word(Keyword::WINDOW) {
            return Ok(Vec::new());
        }
        self.take();
        self.comma_list(|parser| {
            let name = parser.name()?;
            parser.expect_word(Keyword::AS)?;
            Ok(NamedWindow { name, window: parser.window_in_parens()? })
        })
    }

    /// `(base PARTITION BY .. ORDER BY .. frame)`
    fn window_in_parens(&mut self) -> Result<WindowSpec> {
        self.expect(Kind::LeftParen)?;
        let start = self.token().span.start;
        let clause = |kind| {
            use Keyword as K;
            matches!(kind, Kind::Word(K::PARTITION | K::ORDER | K::ROWS | K::RANGE | K::GROUPS))
        };
        let base = match clause(self.kind()) || self.kind() == Kind::RightParen {
            true => None,
            false => Some(self.name()?),
        };
        let mut partition_by = Vec::new();
        if self.eat_word(Keyword::PARTITION) {
            self.expect_word(Keyword::BY)?;
            partition_by = self.comma_list(Self::expr)?;
        }
        let order_by = match self.at_word(Keyword::ORDER) {
            true => self.order_by()?,
            false => Vec::new(),
        };
        let frame = self.frame()?;
        let span = self.span_from(start);
        self.expect(Kind::RightParen)?;
        Ok(WindowSpec { base, partition_by, order_by, frame, span })
    }

    fn frame(&mut self) -> Result<Option<Frame>> {
        let unit = match self.kind() {
            Kind::Word(Keyword::ROWS) => FrameUnit::Rows,
            Kind::Word(Keyword::RANGE) => FrameUnit::Range,
            Kind::Word(Keyword::GROUPS) => FrameUnit::Groups,
            _ => return Ok(None),
        };
        self.take();
        let between = self.eat_word(Keyword::BETWEEN);
        let start = match self.eat_word(Keyword::UNBOUNDED) {
            true => {
                self.expect_word(Keyword::PRECEDING)?;
                FrameBound::UnboundedPreceding
            }
            false => self.frame_bound()?,
        };
        let end = if between {
            self.expect_word(Keyword::AND)?;
            match self.eat_word(Keyword::UNBOUNDED) {
                true => {
                    self.expect_word(Keyword::FOLLOWING)?;
                    FrameBound::UnboundedFollowing
                }
                false => self.frame_bound()?,
            }
        } else {
            FrameBound::CurrentRow
        };
        let exclude = self.frame_exclude()?;
        use FrameBound as B;
        match (&start, &end) {
            (B::CurrentRow, B::Preceding(_)) | (B::Following(_), B::Preceding(_) | B::CurrentRow) => {
                self.complain(Error::statement("unsupported frame specification"));
            }
            _ => {}
        }
        Ok(Some(Frame { unit, start, end, exclude }))
    }

    /// `CURRENT ROW`, `n PRECEDING` or `n FOLLOWING`
    fn frame_bound(&mut self) -> Result<FrameBound> {
        if self.eat_word(Keyword::CURRENT) {
            self.expect_word(Keyword::ROW)?;
            return Ok(FrameBound::CurrentRow);
        }
        let distance = Box::new(self.expr()?);
        if self.eat_word(Keyword::PRECEDING) {
            return Ok(FrameBound::Preceding(distance));
        }
        self.expect_word(Keyword::FOLLOWING)?;
        Ok(FrameBound::Following(distance))
    }

    fn frame_exclude(&mut self) -> Result<FrameExclude> {
        if !self.eat_word(Keyword::EXCLUDE) {
            return Ok(FrameExclude::NoOthers);
        }
        if self.eat_word(Keyword::GROUP) {
            return Ok(FrameExclude::Group);
        }
        if self.eat_word(Keyword::TIES) {
            return Ok(FrameExclude::Ties);
        }
        if self.eat_word(Keyword::CURRENT) {
            self.expect_word(Keyword::ROW)?;
            return Ok(FrameExclude::CurrentRow);
        }
        self.expect_word(Keyword::NO)?;
        // sqlparser has no keyword `OTHERS`.
        let word = self.token();
        if !self.text(word.span).eq_ignore_ascii_case("others") {
            return Err(self.syntax_error());
        }
        self.take();
        Ok(FrameExclude::NoOthers)
    }
}
