//! Errors of SQL as they are told: the message as it is, the line, and the place in it.

use std::path::{Path, PathBuf};

use duramen_sql::Error;

use crate::failure::{Code, Failure};

use super::split::Piece;

/// Where statements come from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// Whoever wrote it sees it: an argument, or the prompt.
    Seen,
    /// Standard input.
    Input,
    /// A file.
    File(PathBuf),
}

impl Origin {
    /// A failure, told with its place.
    pub(crate) fn at(&self, line: u64, failure: Failure) -> Failure {
        let message = match self {
            Origin::Seen => return failure,
            Origin::Input => format!("line {line}: {}", failure.message),
            Origin::File(path) => format!("{}, line {line}: {}", path.display(), failure.message),
        };
        Failure { message, ..failure }
    }
}

/// The failure of a statement.
pub(crate) fn failure(db: &Path, origin: &Origin, piece: &Piece, error: &Error) -> Failure {
    let offset = error.offset().filter(|&offset| piece.text.is_char_boundary(offset));
    let before = offset.map_or("", |offset| &piece.text[..offset]);
    let lines_before: u64 = before.bytes().filter(|&byte| byte == b'\n').map(|_| 1).sum();
    let failure = plain(db, error);
    let failure = match offset {
        Some(offset) => Failure { excerpt: Some(excerpt(&piece.text, offset)), ..failure },
        None => failure,
    };
    origin.at(piece.line + lines_before, failure)
}

/// What the SQL layer reports, without a place.
pub(crate) fn plain(db: &Path, error: &Error) -> Failure {
    match error {
        Error::Engine(error) => Failure::of_engine(db, error),
        other => Failure::new(Code::Refused, other.to_string()),
    }
}

/// How much of a line is shown on either side of the place.
const BEFORE: usize = 50;
const AFTER: usize = 26;

/// The line that an offset is on, and a mark below what stands there.
fn excerpt(text: &str, offset: usize) -> String {
    let start = text[..offset].rfind('\n').map_or(0, |end| end + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let before: Vec<char> = text[start..offset].chars().collect();
    let at: Vec<char> = line.chars().skip(before.len()).collect();
    let word = at.iter().take_while(|c| c.is_alphanumeric() || **c == '_').count().max(1);

    let cut = before.len().saturating_sub(BEFORE);
    let mut shown = String::from(if cut > 0 { "…" } else { "" });
    shown.extend(&before[cut..]);
    // Tabs have no width of their own.
    let shown = shown.replace('\t', " ");
    let indent = shown.chars().count();
    let mut after: String = at.iter().take(AFTER.max(word)).collect();
    if at.len() > AFTER.max(word) {
        after.push('…');
    }
    format!("{shown}{}\n{:indent$}{}", after.replace('\t', " ").trim_end(), "", "^".repeat(word.min(AFTER)))
}

#[cfg(test)]
mod tests;
