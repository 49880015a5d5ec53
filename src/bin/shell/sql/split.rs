//! [`Splitter`]: a text that comes in lines, taken apart into statements.
//!
//! A statement ends at a semicolon that stands in no string, quoted name or comment; that of `CREATE TRIGGER` at the
//! semicolon after an `END` that itself follows a semicolon.
//!
//! 1. What was looked at once is not looked at again, however many lines a statement has.
//! 2. Lines are pushed whole, so no comment mark is cut in two.

/// A statement and where it came from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// From its first word to its semicolon.
    pub(crate) text: String,
    /// The line of its first word, from 1.
    pub(crate) line: u64,
}

/// Takes lines in and gives statements out.
#[derive(Debug)]
pub(crate) struct Splitter {
    /// What was pushed and not given out.
    text: String,
    /// How much of it was looked at.
    seen: usize,
    inside: Inside,
    stage: Stage,
    /// Where the first word of the statement is, once there is one.
    start: Option<usize>,
    /// The line that `text[line_from]` is on.
    line: u64,
    line_from: usize,
}

/// What the next byte is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Open,
    /// Something in quotes, up to this byte.
    Quotes(u8),
    LineComment,
    BlockComment,
}

/// How far a statement has come, as far as its end depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Start,
    Explain,
    Create,
    Plain,
    /// In the body of a trigger.
    Body,
    /// There, behind a semicolon.
    BodySemicolon,
    /// There, behind a semicolon and `END`.
    BodyEnd,
}

impl Stage {
    fn after_word(self, word: &str) -> Stage {
        let is = |known: &str| word.eq_ignore_ascii_case(known);
        match self {
            Stage::Start | Stage::Explain if is("CREATE") => Stage::Create,
            Stage::Start if is("EXPLAIN") => Stage::Explain,
            Stage::Explain if is("QUERY") || is("PLAN") => Stage::Explain,
            Stage::Create if is("TEMP") || is("TEMPORARY") => Stage::Create,
            Stage::Create if is("TRIGGER") => Stage::Body,
            Stage::BodySemicolon if is("END") => Stage::BodyEnd,
            other => other.after_other(),
        }
    }

    /// After anything that is neither a word nor a semicolon.
    fn after_other(self) -> Stage {
        match self {
            Stage::Body | Stage::BodySemicolon | Stage::BodyEnd => Stage::Body,
            _ => Stage::Plain,
        }
    }
}

impl Splitter {
    /// A splitter whose first line has this number.
    pub(crate) fn new(line: u64) -> Splitter {
        Splitter {
            text: String::new(),
            seen: 0,
            inside: Inside::Open,
            stage: Stage::Start,
            start: None,
            line,
            line_from: 0,
        }
    }

    /// Adds a line with its end, or a text of several.
    pub(crate) fn push(&mut self, lines: &str) {
        self.text.push_str(lines);
    }

    /// The next statement that is whole.
    pub(crate) fn next(&mut self) -> Option<Piece> {
        while let Some(&byte) = self.text.as_bytes().get(self.seen) {
            if let Inside::Open = self.inside {
                if self.step(byte) {
                    return self.take();
                }
            } else {
                self.step_inside(byte);
            }
        }
        None
    }

    /// Whether nothing has begun: a dot-command may stand here.
    pub(crate) fn is_blank(&self) -> bool {
        self.start.is_none() && self.inside == Inside::Open
    }

    /// What is left at the end of the text: a statement without a semicolon, if there is one.
    pub(crate) fn rest(&mut self) -> Option<Piece> {
        self.seen = self.text.len();
        self.take()
    }

    /// Gives out what was looked at.
    fn take(&mut self) -> Option<Piece> {
        let start = self.start.unwrap_or(self.seen);
        let line = self.line + newlines(&self.text[self.line_from..start]);
        let piece = self.start.map(|start| Piece { text: self.text[start..self.seen].to_owned(), line });
        self.line = line + newlines(&self.text[start..self.seen]);
        self.text.drain(..self.seen);
        self.seen = 0;
        self.line_from = 0;
        self.start = None;
        self.stage = Stage::Start;
        self.inside = Inside::Open;
        piece
    }

    /// Passes over the token at a byte that is in nothing; whether it ends a statement.
    fn step(&mut self, byte: u8) -> bool {
        let bytes = self.text.as_bytes();
        let next = bytes.get(self.seen + 1);
        let from = self.seen;
        self.seen += 1;
        match byte {
            _ if byte.is_ascii_whitespace() => return false,
            b'-' if next == Some(&b'-') => {
                self.inside = Inside::LineComment;
                return false;
            }
            b'/' if next == Some(&b'*') => {
                self.seen += 1;
                self.inside = Inside::BlockComment;
                return false;
            }
            b';' => match self.stage {
                Stage::Body | Stage::BodySemicolon => self.stage = Stage::BodySemicolon,
                // A semicolon alone is no statement.
                Stage::Start => return false,
                _ => return true,
            },
            b'\'' | b'"' | b'`' | b'[' => {
                self.stage = self.stage.after_other();
                self.inside = Inside::Quotes(if byte == b'[' { b']' } else { byte });
            }
            _ if is_word(byte) => {
                let length = bytes[from..].iter().take_while(|&&byte| is_word(byte)).count();
                self.seen = from + length;
                self.stage = self.stage.after_word(&self.text[from..self.seen]);
            }
            _ => self.stage = self.stage.after_other(),
        }
        self.start.get_or_insert(from);
        false
    }

    /// Passes over a byte in quotes or a comment. A quote that stands for itself is written twice, which is leaving
    /// the quotes and entering them again.
    fn step_inside(&mut self, byte: u8) {
        let ends = match self.inside {
            Inside::Open => true,
            Inside::Quotes(end) => byte == end,
            Inside::LineComment => byte == b'\n',
            Inside::BlockComment => byte == b'*' && self.text.as_bytes().get(self.seen + 1) == Some(&b'/'),
        };
        if ends {
            self.seen += usize::from(self.inside == Inside::BlockComment);
            self.inside = Inside::Open;
        }
        self.seen += 1;
    }
}

/// Whether a text can be run as it is: nothing has begun, or all that began has ended.
pub(crate) fn is_whole(text: &str) -> bool {
    let mut splitter = Splitter::new(1);
    splitter.push(text);
    while splitter.next().is_some() {}
    splitter.start.is_none() && splitter.inside != Inside::BlockComment
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || !byte.is_ascii()
}

fn newlines(text: &str) -> u64 {
    text.bytes().filter(|&byte| byte == b'\n').map(|_| 1).sum()
}

#[cfg(test)]
mod tests;
