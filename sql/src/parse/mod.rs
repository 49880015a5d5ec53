//! Text to syntax trees.
//!
//! Tokens (`tokens.rs`) and the grammar over them are written by hand, because they have to be SQLite's in every tree, every
//! error and every depth; the list of keywords is sqlparser's.
//!
//! 1. The tree is the one that SQLite's own grammar gives. Words that SQLite lets stand for names are names wherever
//!    they cannot be keywords.
//! 2. An error is found at the token at which SQLite finds it, and worded alike.
//! 3. Expressions are parsed without recursion, so no input overflows the stack; queries and windows inside of
//!    expressions recurse, to a depth that [`Limits`] bounds.
//!
//! sqlparser's own parser is not used: it takes 5 to 42 KB of stack for every level of nesting (33 to 183 KB in debug
//! builds), so that a depth of 1,000 overflows any usual stack. It would need a C compiler to grow the stack. Nor is its
//! tokenizer: it asks for memory for every word, which took longer than all the rest of parsing.

mod build;
mod cursor;
mod ddl;
mod expr;
mod frame;
mod keyword;
mod lexeme;
mod literal;
mod select;
mod statement;
mod token;
mod tokens;
mod window;
mod write;

use std::ops::Range;

use crate::ast::{Expr, Parameters, Statement};
use crate::error::Result;
use crate::limits::Limits;
use cursor::Parser;

/// A statement that was parsed.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The statement. Its spans count from where parsing began.
    pub statement: Statement,
    /// Its parameters.
    pub parameters: Parameters,
    /// Where it stands in the whole text, from its first to its last token, without the semicolon.
    pub range: Range<usize>,
    /// Where the text after it begins in the whole text: behind the semicolon, or at the end.
    pub next: usize,
}

/// Parses the next statement of a text, from the byte `start` on; `None` if only blanks, comments and semicolons follow.
///
/// What comes after the statement is not looked at, so the statements of a text can be run one after the other, and
/// an error in a later one does not hinder the earlier ones.
///
/// # Errors
/// If the text is no SQL, or the statement passes a limit. Places count from `start`.
///
/// # Panics
/// If `start` is not on the boundary of a character.
pub fn parse_next(sql: &str, start: usize, limits: &Limits) -> Result<Option<Parsed>> {
    let mut parser = Parser::new(&sql[start..], limits);
    let result = parser.statement_in_text();
    let Some((statement, range, next)) = parser.settle(result)? else { return Ok(None) };
    Ok(Some(Parsed {
        statement,
        parameters: parser.into_parameters(),
        range: start + range.start..start + range.end,
        next: start + next,
    }))
}

/// Parses a text that is an expression and nothing more.
///
/// # Errors
/// If the text is no expression, or the expression passes a limit.
pub fn parse_expr(text: &str, limits: &Limits) -> Result<Expr> {
    let mut parser = Parser::new(text, limits);
    let result = parser.whole_expr();
    parser.settle(result)
}

#[cfg(test)]
mod tests;
