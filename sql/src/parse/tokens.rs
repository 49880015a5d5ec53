//! Text to tokens, as they are asked for.
//!
//! 1. Tokens follow each other in the text; between them are only blanks and comments. The last one is
//!    [`Kind::End`] or [`Kind::Illegal`], and it stays the last one however often more are asked for.
//! 2. What follows a token is not looked at before it is asked for, so neither is what follows a statement.

use super::keyword::kind_of_word;
use super::lexeme::{self, Lexeme};
use super::token::{Kind, Token};
use crate::ast::Span;

/// The tokens of a text, read as they are asked for.
pub(super) struct Tokens<'a> {
    text: &'a str,
    /// How much of the text may be read.
    limit: usize,
    /// How much of the text was read.
    read: usize,
    tokens: Vec<Token>,
}

/// How many tokens there is room for at first: few statements have more.
const USUAL_TOKENS: usize = 64;

impl<'a> Tokens<'a> {
    /// The tokens of `text`. Only the first `limit` bytes are read, and never more than a span can count.
    pub(super) fn new(text: &'a str, limit: usize) -> Tokens<'a> {
        Tokens { text, limit: limit.min(1 << 30), read: 0, tokens: Vec::with_capacity(USUAL_TOKENS) }
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
    #[inline]
    pub(super) fn get(&mut self, index: usize) -> Token {
        match self.tokens.get(index) {
            Some(&token) => token,
            None => self.read_to(index),
        }
    }

    /// Reads up to the token of this number, or to the last one.
    fn read_to(&mut self, index: usize) -> Token {
        loop {
            let token = match self.tokens.last() {
                Some(&last) if matches!(last.kind, Kind::End | Kind::Illegal) => return last,
                _ => self.read_token(),
            };
            self.tokens.push(token);
            if self.tokens.len() > index {
                return token;
            }
        }
    }

    /// Reads the next token.
    fn read_token(&mut self) -> Token {
        loop {
            let start = self.read;
            if start == self.text.len() || self.is_too_long() {
                return token(Kind::End, self.text.len(), self.text.len());
            }
            let (lexeme, end) = lexeme::read(self.text.as_bytes(), start);
            self.read = end;
            match lexeme {
                Lexeme::Blank => {}
                Lexeme::Word => return token(kind_of_word(&self.text[start..end]), start, end),
                Lexeme::Token(kind) => return token(kind, start, end),
            }
        }
    }
}

fn token(kind: Kind, start: usize, end: usize) -> Token {
    let count = |at| u32::try_from(at).unwrap_or(u32::MAX);
    Token { kind, span: Span { start: count(start), end: count(end) } }
}

#[cfg(test)]
mod tests;
