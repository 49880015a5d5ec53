//! Text to tokens, a piece at a time.
//!
//! sqlparser's tokenizer makes the tokens, and this pass puts right what SQLite reads in another way: `0x1F` and
//! `x'1F'` are different things, `1a` is nothing, `~~` is `~` twice, `N'a'` a name and a text, `]]` closes a bracket.
//!
//! 1. Tokens follow each other in the text; between them are only blanks and comments. The last one is
//!    [`Kind::End`] or [`Kind::Illegal`], and it stays the last one however often more are asked for.
//! 2. The text is read in pieces, each cut where no token is cut: up to a semicolon, or of some size. So what
//!    follows a statement is not looked at before it is asked for, and a text of any length is held in tokens only as far
//!    as the parser has come.
//! 3. Where sqlparser's idea of a token's end is not SQLite's, the rest is read again from SQLite's end on, in a small
//!    piece; pieces grow only when they were read whole, so the work stays linear in the length of the text.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token as RawToken, TokenWithSpan, Tokenizer};

use super::dialect::SqliteWords;
use super::lexeme;
use super::token::{Kind, Token};
use crate::ast::Span;

/// The pieces in which a text is read, in bytes.
const SMALLEST_PIECE: usize = 64;
const FIRST_PIECE: usize = 1 << 10;
const LARGEST_PIECE: usize = 1 << 16;

/// The tokens of a text, read as they are asked for.
pub(super) struct Tokens<'a> {
    text: &'a str,
    /// How much of the text may be read.
    limit: usize,
    /// How much of the text was read.
    read: usize,
    piece: usize,
    tokens: Vec<Token>,
    /// What the tokenizer gave for the piece that is being read.
    raw: Vec<TokenWithSpan>,
}

impl<'a> Tokens<'a> {
    /// The tokens of `text`. Only the first `limit` bytes are read, and never more than a span can count.
    pub(super) fn new(text: &'a str, limit: usize) -> Tokens<'a> {
        let limit = limit.min(1 << 30);
        Tokens { text, limit, read: 0, piece: FIRST_PIECE, tokens: Vec::new(), raw: Vec::new() }
    }

    /// The whole text.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Whether reading was stopped by the limit.
    pub(super) fn is_too_long(&self) -> bool {
        self.read > self.limit
    }

    /// The token of this number, from 0. After the last one, the last one again.
    pub(super) fn get(&mut self, index: usize) -> Token {
        loop {
            if let Some(&token) = self.tokens.get(index) {
                return token;
            }
            match self.tokens.last() {
                Some(&last) if self.has_ended() => return last,
                _ => self.read_piece(),
            }
        }
    }

    /// Whether the last token was read.
    fn has_ended(&self) -> bool {
        self.tokens.last().is_some_and(|last| matches!(last.kind, Kind::End | Kind::Illegal))
    }

    /// Reads the next piece of the text. Adds at least one token, or reads at least one blank or comment.
    fn read_piece(&mut self) {
        if self.read == self.text.len() || self.is_too_long() {
            return self.push(Kind::End, self.text.len(), self.text.len());
        }
        let start = self.read;
        let end = lexeme::piece_end(self.text.as_bytes(), start, self.piece);
        let piece = &self.text[start..end];

        let mut raw = std::mem::take(&mut self.raw);
        // Words and the blanks between them: about a token in three bytes.
        raw.reserve(piece.len() / 3 + 4);
        self.tokens.reserve(piece.len() / 4 + 4);
        let whole = Tokenizer::new(&SqliteWords, piece)
            .with_unescape(false)
            .tokenize_with_location_into_buf(&mut raw)
            .is_ok();
        let agreed = self.take_raw(&raw, start);
        raw.clear();
        self.raw = raw;

        if agreed && !whole {
            // The tokenizer gave up here.
            self.read_lexeme();
        }
        self.piece = match agreed && whole {
            true => LARGEST_PIECE.min(self.piece * 2),
            false => SMALLEST_PIECE,
        };
    }

    /// Takes over what the tokenizer made of the piece at `start`. False if its tokens do not end where SQLite's do: it
    /// has to read again from `self.read` on.
    fn take_raw(&mut self, raw: &[TokenWithSpan], start: usize) -> bool {
        let mut place = Place { byte: start, location: Location { line: 1, column: 1 } };
        for token in raw {
            let from = place.byte;
            place.advance(self.text, token.span.end);
            if from != self.read {
                match place.byte <= self.read {
                    true => continue,
                    false => return false,
                }
            }
            if self.has_ended() {
                return false;
            }
            match same_in_sqlite(&token.token) {
                Reading::Blank => self.read = place.byte,
                Reading::Token(kind) => {
                    self.push(kind, from, place.byte);
                    self.read = place.byte;
                }
                Reading::Word(keyword) => {
                    let kind = word(keyword, &self.text[from..place.byte]);
                    self.push(kind, from, place.byte);
                    self.read = place.byte;
                }
                Reading::Doubtful => {
                    while self.read < place.byte && !self.has_ended() {
                        self.read_lexeme();
                    }
                }
            }
        }
        self.read == place.byte && !self.has_ended()
    }

    /// Reads one lexeme at `self.read` without the tokenizer.
    fn read_lexeme(&mut self) {
        let from = self.read;
        // A national text: the letter before it is a word.
        let (kind, end) = match self.text.as_bytes()[from] {
            b'n' | b'N' => (Some(Kind::Word(Keyword::NoKeyword)), from + 1),
            _ => lexeme::read(self.text.as_bytes(), from),
        };
        let end = match kind {
            // The whole character, for the error to name.
            Some(Kind::Illegal) => self.text.ceil_char_boundary(end),
            _ => end,
        };
        if let Some(kind) = kind {
            self.push(kind, from, end);
        }
        self.read = end;
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let count = |at| u32::try_from(at).unwrap_or(u32::MAX);
        self.tokens.push(Token { kind, span: Span { start: count(start), end: count(end) } });
    }
}

/// How SQLite reads a token that sqlparser's tokenizer made.
enum Reading {
    /// As a blank or comment.
    Blank,
    /// As a token of this kind and of the same length.
    Token(Kind),
    /// As a word.
    Word(Keyword),
    /// Perhaps differently: it has to be read from the text.
    Doubtful,
}

fn same_in_sqlite(token: &RawToken) -> Reading {
    Reading::Token(match token {
        RawToken::Whitespace(_) => return Reading::Blank,
        RawToken::Word(word) => match word.quote_style {
            None => return Reading::Word(word.keyword),
            Some('[') => return Reading::Doubtful,
            Some(_) => Kind::QuotedName,
        },
        RawToken::SingleQuotedString(_) => Kind::Text,
        RawToken::LParen => Kind::LeftParen,
        RawToken::RParen => Kind::RightParen,
        RawToken::Comma => Kind::Comma,
        RawToken::Period => Kind::Dot,
        RawToken::SemiColon => Kind::Semicolon,
        RawToken::Plus => Kind::Plus,
        RawToken::Minus => Kind::Minus,
        RawToken::Mul => Kind::Star,
        RawToken::Div => Kind::Slash,
        RawToken::Mod => Kind::Percent,
        RawToken::StringConcat => Kind::Concat,
        RawToken::Arrow => Kind::Arrow,
        RawToken::LongArrow => Kind::LongArrow,
        RawToken::Ampersand => Kind::Ampersand,
        RawToken::Pipe => Kind::Pipe,
        RawToken::Tilde => Kind::Tilde,
        RawToken::ShiftLeft => Kind::ShiftLeft,
        RawToken::ShiftRight => Kind::ShiftRight,
        RawToken::Eq | RawToken::DoubleEq => Kind::Eq,
        RawToken::Neq => Kind::NotEq,
        RawToken::Lt => Kind::Less,
        RawToken::LtEq => Kind::LessEq,
        RawToken::Gt => Kind::Greater,
        RawToken::GtEq => Kind::GreaterEq,
        _ => return Reading::Doubtful,
    })
}

/// The kind of a word, with the words that sqlparser does not know.
fn word(keyword: Keyword, text: &str) -> Kind {
    match keyword {
        Keyword::NoKeyword if text.eq_ignore_ascii_case("indexed") => Kind::Indexed,
        Keyword::NoKeyword if text.eq_ignore_ascii_case("isnull") => Kind::IsNull,
        _ => Kind::Word(keyword),
    }
}

/// A place in the text, as we and as sqlparser count it.
struct Place {
    byte: usize,
    location: Location,
}

impl Place {
    /// Goes on to a place that sqlparser counted: lines end with a line feed, columns are characters.
    fn advance(&mut self, text: &str, to: Location) {
        if to.line == self.location.line {
            let length = usize::try_from(to.column - self.location.column).unwrap_or(usize::MAX);
            let passed = text.as_bytes().get(self.byte..self.byte.saturating_add(length));
            if passed.is_some_and(<[u8]>::is_ascii) {
                self.byte += length;
                self.location = to;
                return;
            }
        }
        for ch in text[self.byte..].chars() {
            if self.location == to {
                return;
            }
            self.byte += ch.len_utf8();
            match ch {
                '\n' => self.location = Location { line: self.location.line + 1, column: 1 },
                _ => self.location.column += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests;
