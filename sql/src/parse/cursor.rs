//! The parser's state: the next token, and what every part of the grammar does with it.

use std::collections::HashMap;

use sqlparser::keywords::Keyword;

use super::literal;
use super::token::{Kind, Token};
use super::tokens::Tokens;
use crate::ast::{Name, Parameters, QualifiedName, Quote, Span};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// A parser of one statement. The parts of the grammar are methods of it, each part in a file of its own.
pub(super) struct Parser<'a> {
    tokens: Tokens<'a>,
    /// The number of the next token.
    at: usize,
    pub(super) limits: &'a Limits,
    parameters: ParameterNames<'a>,
    /// How deep the parser has recursed.
    nesting: u32,
    /// The first thing that is wrong although it fits the grammar, and the number of the token after it.
    complaint: Option<(usize, Error)>,
    /// The height of the highest expression since [`Parser::measured`] was last entered.
    pub(super) height: u32,
}

/// How many items there is room for at first in a list of several.
const USUAL_ITEMS: usize = 4;

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, limits: &'a Limits) -> Parser<'a> {
        Parser {
            tokens: Tokens::new(text, limits.sql_length_bytes),
            at: 0,
            limits,
            parameters: ParameterNames::default(),
            nesting: 0,
            complaint: None,
            height: 0,
        }
    }

    pub(super) fn into_parameters(self) -> Parameters {
        self.parameters.finish()
    }

    // Looking at tokens.

    /// The next token.
    pub(super) fn token(&mut self) -> Token {
        self.tokens.get(self.at)
    }

    /// The kind of the next token.
    pub(super) fn kind(&mut self) -> Kind {
        self.token().kind
    }

    /// The kind of the token that comes `ahead` tokens after the next one.
    pub(super) fn kind_ahead(&mut self, ahead: usize) -> Kind {
        self.tokens.get(self.at + ahead).kind
    }

    /// Whether the next token is this keyword.
    pub(super) fn at_word(&mut self, keyword: Keyword) -> bool {
        self.kind() == Kind::Word(keyword)
    }

    /// Whether the token `ahead` tokens after the next one is this keyword.
    pub(super) fn word_ahead(&mut self, ahead: usize, keyword: Keyword) -> bool {
        self.kind_ahead(ahead) == Kind::Word(keyword)
    }

    /// Where the last token that was taken stands.
    pub(super) fn last_span(&mut self) -> Span {
        match self.at.checked_sub(1) {
            Some(last) => self.tokens.get(last).span,
            None => Span::default(),
        }
    }

    /// From `start` to the last token that was taken.
    pub(super) fn span_from(&mut self, start: u32) -> Span {
        Span { start, end: self.last_span().end.max(start) }
    }

    /// The text between two places.
    pub(super) fn text(&self, span: Span) -> &'a str {
        &self.tokens.text()[span.range()]
    }

    /// The text between two places, without blanks around it.
    pub(super) fn trimmed(&self, start: u32, end: u32) -> &'a str {
        self.text(Span { start, end }).trim_matches(is_blank)
    }

    // Taking tokens.

    /// Takes the next token, whatever it is.
    pub(super) fn take(&mut self) -> Token {
        let token = self.token();
        self.at += 1;
        token
    }

    /// Takes the next token if it is of this kind.
    pub(super) fn eat(&mut self, kind: Kind) -> bool {
        let found = self.kind() == kind;
        self.at += usize::from(found);
        found
    }

    /// Takes the next token if it is this keyword.
    pub(super) fn eat_word(&mut self, keyword: Keyword) -> bool {
        self.eat(Kind::Word(keyword))
    }

    /// Takes the next token, which has to be of this kind.
    pub(super) fn expect(&mut self, kind: Kind) -> Result<Token> {
        match self.kind() == kind {
            true => Ok(self.take()),
            false => Err(self.syntax_error()),
        }
    }

    /// Takes the next token, which has to be this keyword.
    pub(super) fn expect_word(&mut self, keyword: Keyword) -> Result<Token> {
        self.expect(Kind::Word(keyword))
    }

    /// Takes these keywords, all of which have to follow.
    pub(super) fn expect_words(&mut self, keywords: &[Keyword]) -> Result<()> {
        keywords.iter().try_for_each(|&keyword| self.expect_word(keyword).map(drop))
    }

    /// One or more of something, with commas between them.
    pub(super) fn comma_list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let first = item(self)?;
        let mut items = Vec::with_capacity(if self.kind() == Kind::Comma { USUAL_ITEMS } else { 1 });
        items.push(first);
        while self.eat(Kind::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// One or more of something in parentheses, with commas between them.
    pub(super) fn paren_list<T>(&mut self, item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect(Kind::LeftParen)?;
        let items = self.comma_list(item)?;
        self.expect(Kind::RightParen)?;
        Ok(items)
    }

    // Errors.

    /// The next token cannot stand where it stands.
    pub(super) fn syntax_error(&mut self) -> Error {
        let token = self.token();
        let text = self.text(token.span);
        let message = match token.kind {
            Kind::Illegal => format!("unrecognized token: \"{text}\""),
            Kind::End => {
                return Error::Syntax { message: "incomplete input".into(), offset: None };
            }
            _ => format!("near \"{text}\": syntax error"),
        };
        Error::Syntax { message, offset: Some(token.span.offset()) }
    }

    /// Something is wrong although it fits the grammar. As in SQLite, that is the error unless the very next token does
    /// not fit the grammar.
    pub(super) fn complain(&mut self, error: Error) {
        self.complaint.get_or_insert((self.at, error));
    }

    /// The same of the next token, which fits the grammar.
    pub(super) fn complain_of_next(&mut self, error: Error) {
        self.complaint.get_or_insert((self.at + 1, error));
    }

    /// Something is wrong that SQLite sees only when it has read the whole statement.
    pub(super) fn complain_at_end(&mut self, error: Error) {
        self.complaint.get_or_insert((usize::MAX, error));
    }

    /// The result of parsing, with what was complained of.
    pub(super) fn settle<T>(&mut self, result: Result<T>) -> Result<T> {
        if self.tokens.is_too_long() {
            return Err(Error::TooBig("statement too long"));
        }
        match (self.complaint.take(), result) {
            (Some((after, _)), Err(error)) if self.at <= after => Err(error),
            (Some((_, complaint)), _) => Err(complaint),
            (None, result) => result,
        }
    }

    // Names.

    /// Whether the token `ahead` tokens after the next one can be a name without quotes that needs no `AS` before it.
    pub(super) fn at_identifier(&mut self, ahead: usize) -> bool {
        match self.kind_ahead(ahead) {
            Kind::QuotedName => true,
            Kind::Word(keyword) => {
                !is_reserved(keyword) && !is_join_word(keyword) && !self.is_window_word(ahead, keyword)
            }
            _ => false,
        }
    }

    /// Whether the token `ahead` tokens after the next one can be a name.
    pub(super) fn at_name(&mut self, ahead: usize) -> bool {
        match self.kind_ahead(ahead) {
            Kind::Text | Kind::Indexed => true,
            Kind::Word(keyword) if is_join_word(keyword) => true,
            _ => self.at_identifier(ahead),
        }
    }

    /// Whether `WINDOW`, `OVER` or `FILTER` is a keyword where it stands, which depends on the tokens around it.
    fn is_window_word(&mut self, ahead: usize, keyword: Keyword) -> bool {
        let after_paren = |parser: &mut Self| {
            let before = (parser.at + ahead).checked_sub(1);
            before.is_some_and(|before| parser.tokens.get(before).kind == Kind::RightParen)
        };
        match keyword {
            Keyword::WINDOW => self.may_name_window(ahead + 1) && self.word_ahead(ahead + 2, Keyword::AS),
            Keyword::OVER => {
                after_paren(self)
                    && (self.kind_ahead(ahead + 1) == Kind::LeftParen || self.may_name_window(ahead + 1))
            }
            Keyword::FILTER => after_paren(self) && self.kind_ahead(ahead + 1) == Kind::LeftParen,
            _ => false,
        }
    }

    /// Whether a token makes the `WINDOW` or `OVER` before it a keyword.
    fn may_name_window(&mut self, ahead: usize) -> bool {
        match self.kind_ahead(ahead) {
            Kind::QuotedName | Kind::Text => true,
            Kind::Word(Keyword::FILTER) => false,
            Kind::Word(keyword) => !is_reserved(keyword),
            _ => false,
        }
    }

    /// Whether the next token is `WINDOW`, `OVER` or `FILTER` as a keyword.
    pub(super) fn at_window_word(&mut self, keyword: Keyword) -> bool {
        self.at_word(keyword) && self.is_window_word(0, keyword)
    }

    /// A name, which has to follow.
    pub(super) fn name(&mut self) -> Result<Name> {
        match self.at_name(0) {
            true => Ok(self.take_name()),
            false => Err(self.syntax_error()),
        }
    }

    /// The name of a collation, or an alias without `AS`: a name, but no word that joins.
    pub(super) fn plain_name(&mut self) -> Result<Name> {
        match self.at_plain_name() {
            true => Ok(self.take_name()),
            false => Err(self.syntax_error()),
        }
    }

    /// Whether [`Parser::plain_name`] can follow.
    pub(super) fn at_plain_name(&mut self) -> bool {
        self.kind() == Kind::Text || self.at_identifier(0)
    }

    /// Takes the next token as a name.
    pub(super) fn take_name(&mut self) -> Name {
        let token = self.take();
        let text = self.text(token.span);
        let quote = match text.as_bytes().first() {
            Some(b'"') => Quote::Double,
            Some(b'`') => Quote::Backtick,
            Some(b'[') => Quote::Bracket,
            Some(b'\'') => Quote::Single,
            _ => Quote::None,
        };
        let text = match quote {
            Quote::None => text.into(),
            _ => literal::unquote(text),
        };
        Name { text, quote, span: token.span }
    }

    /// A name, perhaps with a schema before it.
    pub(super) fn qualified_name(&mut self) -> Result<QualifiedName> {
        let first = self.name()?;
        if !self.eat(Kind::Dot) {
            return Ok(QualifiedName { schema: None, name: first });
        }
        Ok(QualifiedName { schema: Some(first), name: self.name()? })
    }

    // Parameters and depth.

    /// Takes the next token, a parameter, and gives its number; some number if there is none for it.
    pub(super) fn parameter(&mut self) -> u32 {
        let token = self.token();
        let text = self.text(token.span);
        if let [b'#', b'0'..=b'9', ..] = text.as_bytes() {
            let error = self.syntax_error();
            self.at += 1;
            self.complain(error);
            return 0;
        }
        self.at += 1;
        self.parameters.number(text, self.limits.parameters).unwrap_or_else(|message| {
            self.complain(Error::statement_at(message, token.span.offset()));
            0
        })
    }

    /// Makes sure that not too many operators and brackets wait to be finished.
    pub(super) fn check_open(&self, open: usize) -> Result<()> {
        match open <= self.limits.parser_depth {
            true => Ok(()),
            false => Err(Error::statement("Recursion limit")),
        }
    }

    /// Calls a part of the grammar that may call itself again.
    pub(super) fn nested<T>(&mut self, part: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.nesting >= self.limits.select_depth {
            return Err(Error::statement("Recursion limit"));
        }
        self.nesting += 1;
        let result = part(self);
        self.nesting -= 1;
        result
    }

    /// Calls a part of the grammar, and gives the height of the highest expression in it too.
    pub(super) fn measured<T>(&mut self, part: impl FnOnce(&mut Self) -> Result<T>) -> Result<(T, u32)> {
        let outside = std::mem::take(&mut self.height);
        let result = part(self)?;
        let inside = std::mem::replace(&mut self.height, outside);
        Ok((result, inside))
    }
}

/// The parameters met so far.
#[derive(Default)]
struct ParameterNames<'a> {
    /// The name of each by its number less one. Of several names for one number the first stays.
    names: Vec<Option<&'a str>>,
    /// The numbers of those that have a name and no number of their own.
    numbers: HashMap<&'a str, usize>,
}

impl<'a> ParameterNames<'a> {
    /// The number of a parameter: its own if it has one, that of its name if it was met before, else the next one.
    fn number(&mut self, text: &'a str, limit: u32) -> Result<u32, String> {
        let next = self.names.len() + 1;
        let (number, name) = match text.strip_prefix('?') {
            Some("") => (next, None),
            Some(digits) => {
                let number = digits.parse().ok().filter(|number| (1..=limit).contains(number));
                let number = number.and_then(|number| usize::try_from(number).ok());
                let out_of_range = || format!("variable number must be between ?1 and ?{limit}");
                (number.ok_or_else(out_of_range)?, Some(text))
            }
            None => (*self.numbers.entry(text).or_insert(next), Some(text)),
        };
        if number > self.names.len() {
            self.names.resize(number, None);
        }
        self.names[number - 1] = self.names[number - 1].or(name);
        u32::try_from(number)
            .ok()
            .filter(|&number| number <= limit)
            .ok_or_else(|| "too many SQL variables".into())
    }

    fn finish(self) -> Parameters {
        Parameters::new(self.names.into_iter().map(|name| name.map(Box::from)).collect())
    }
}

/// What SQLite takes as a blank around a text.
fn is_blank(ch: char) -> bool {
    matches!(ch, '\t'..='\r' | ' ')
}

/// Whether the word is never a name without quotes.
fn is_reserved(keyword: Keyword) -> bool {
    use Keyword as K;
    matches!(
        keyword,
        K::ADD
            | K::ALL
            | K::ALTER
            | K::AND
            | K::AS
            | K::AUTOINCREMENT
            | K::BETWEEN
            | K::CASE
            | K::CHECK
            | K::COLLATE
            | K::COMMIT
            | K::CONSTRAINT
            | K::CREATE
            | K::DEFAULT
            | K::DEFERRABLE
            | K::DELETE
            | K::DISTINCT
            | K::DROP
            | K::ELSE
            | K::ESCAPE
            | K::EXCEPT
            | K::EXISTS
            | K::FOREIGN
            | K::FROM
            | K::GROUP
            | K::HAVING
            | K::IN
            | K::INDEX
            | K::INSERT
            | K::INTERSECT
            | K::INTO
            | K::IS
            | K::JOIN
            | K::LIMIT
            | K::NOT
            | K::NOTHING
            | K::NOTNULL
            | K::NULL
            | K::ON
            | K::OR
            | K::ORDER
            | K::PRIMARY
            | K::REFERENCES
            | K::RETURNING
            | K::SELECT
            | K::SET
            | K::TABLE
            | K::THEN
            | K::TO
            | K::TRANSACTION
            | K::UNION
            | K::UNIQUE
            | K::UPDATE
            | K::USING
            | K::VALUES
            | K::WHEN
            | K::WHERE
    )
}

/// Whether the word is a name only where no join can be.
pub(super) fn is_join_word(keyword: Keyword) -> bool {
    use Keyword as K;
    matches!(keyword, K::CROSS | K::FULL | K::INNER | K::LEFT | K::NATURAL | K::OUTER | K::RIGHT)
}
