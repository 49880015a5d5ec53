//! `LIKE` and `GLOB`: patterns, compiled once and matched often.
//!
//! `LIKE` knows `%` for any characters and `_` for one, and takes the 26 letters of ASCII in both cases for the same;
//! an escape character makes the next one stand for itself. `GLOB` knows `*`, `?` and sets as `[a-z]`, `[^a-z]`.
//! A pattern and a text both end at their first NUL byte.
//!
//! Most patterns are one run of ASCII letters with `%` before, behind or on both sides; these are matched as bytes.
//! ASCII bytes never are a part of another character, so that is exact for any text, valid UTF-8 or not.

use crate::value::utf8;

/// After so many places where a literal might have begun it is asked whether to stop; a literal has up to 50,000 bytes.
const LOOK_EVERY_TRIES: usize = 64;
/// After so many bytes that are only searched for one byte it is asked whether to stop: some tens of microseconds.
const LOOK_EVERY_BYTES: usize = 1 << 18;
/// After so many characters it is asked whether to stop.
const LOOK_EVERY_STEPS: usize = 1 << 16;

/// Which kind of pattern it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// `LIKE`, letters of ASCII in any case.
    Like,
    /// `LIKE` under `PRAGMA case_sensitive_like`.
    LikeCaseSensitive,
    /// `GLOB`
    Glob,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    shape: Shape,
    case: Case,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// Letters of ASCII match in both cases; the pattern holds small ones.
    Folded,
    Exact,
}

#[derive(Clone, Debug)]
enum Shape {
    /// No text matches.
    Never,
    /// ASCII that must be all of the text, its start, its end, or anywhere in it.
    Whole(Box<[u8]>),
    Start(Box<[u8]>),
    End(Box<[u8]>),
    Within(Box<[u8]>),
    /// Anything else, and what it begins with.
    Tokens(Box<[Token]>, Box<[u8]>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// Any number of characters; never two of them in a row.
    Any,
    /// One character.
    One,
    /// This character.
    Char(u32),
    /// A character of a set.
    Set(Set),
}

#[derive(Clone, Debug, PartialEq)]
struct Set {
    is_inverted: bool,
    ranges: Box<[(u32, u32)]>,
}

impl Pattern {
    /// Compiles a pattern. `escape` is for `LIKE` only; if it is `%` or `_`, that is no wildcard any more.
    #[must_use]
    pub fn compile(pattern: &[u8], style: Style, escape: Option<u32>) -> Pattern {
        let case = if style == Style::Like { Case::Folded } else { Case::Exact };
        let pattern = utf8::until_nul(pattern);
        if let Some(shape) = Shape::of_literal(pattern, style, escape, case) {
            return Pattern { shape, case };
        }
        let tokens = match style {
            Style::Glob => glob_tokens(pattern),
            _ => like_tokens(pattern, escape, case),
        };
        Pattern { shape: tokens.map_or(Shape::Never, Shape::of_tokens), case }
    }

    /// Whether the text matches.
    #[must_use]
    pub fn matches(&self, text: &[u8]) -> bool {
        self.matches_unless(text, &|| false).unwrap_or(false)
    }

    /// Whether the text matches; `None` if `stop`, which is asked now and then, ended the search.
    #[must_use]
    pub fn matches_unless(&self, text: &[u8], stop: &dyn Fn() -> bool) -> Option<bool> {
        Some(match &self.shape {
            Shape::Never => false,
            Shape::Start(literal) => self.starts_with(text, literal),
            Shape::Whole(literal) => {
                self.starts_with(text, literal) && matches!(text.get(literal.len()), None | Some(0))
            }
            Shape::End(literal) => {
                let text = until_nul_unless(text, stop)?;
                text.len() >= literal.len() && self.starts_with(&text[text.len() - literal.len()..], literal)
            }
            Shape::Within(literal) => return self.is_within(text, literal, stop),
            Shape::Tokens(tokens, _) => {
                return self.match_tokens(tokens, until_nul_unless(text, stop)?, stop);
            }
        })
    }

    /// What every text that matches begins with, letters of ASCII in small if their case does not matter.
    #[must_use]
    pub fn prefix(&self) -> &[u8] {
        match &self.shape {
            Shape::Whole(prefix) | Shape::Start(prefix) | Shape::Tokens(_, prefix) => prefix,
            Shape::Never | Shape::End(_) | Shape::Within(_) => b"",
        }
    }

    /// Whether every text that begins with the prefix matches.
    #[must_use]
    pub fn is_prefix_only(&self) -> bool {
        match &self.shape {
            Shape::Start(_) => true,
            Shape::Tokens(tokens, _) => {
                let mut rest = tokens.iter().skip_while(|token| matches!(token, Token::Char(_)));
                rest.next() == Some(&Token::Any) && rest.next().is_none()
            }
            _ => false,
        }
    }

    fn starts_with(&self, text: &[u8], literal: &[u8]) -> bool {
        let Some(front) = text.get(..literal.len()) else {
            return false;
        };
        match self.case {
            Case::Exact => front == literal,
            Case::Folded => {
                front.iter().zip(literal).all(|(byte, small)| byte.to_ascii_lowercase() == *small)
            }
        }
    }

    fn is_within(&self, text: &[u8], literal: &[u8], stop: &dyn Fn() -> bool) -> Option<bool> {
        let Some(&first) = literal.first() else {
            return Some(true);
        };
        let mut rest = text;
        let mut tried = 0_usize;
        while let Some(at) = self.find_byte(rest, first, stop)? {
            rest = &rest[at..];
            if self.starts_with(rest, literal) {
                // It is the first one: if the text ends before it, then before all of them.
                let before = &text[..text.len() - rest.len()];
                return Some(until_nul_unless(before, stop)?.len() == before.len());
            }
            rest = &rest[1..];
            tried += 1;
            if tried.is_multiple_of(LOOK_EVERY_TRIES) && stop() {
                return None;
            }
        }
        Some(false)
    }

    /// Where a letter (in small, if folded) occurs first; `None` if `stop` ended the search.
    fn find_byte(&self, text: &[u8], byte: u8, stop: &dyn Fn() -> bool) -> Option<Option<usize>> {
        let bits = if self.case == Case::Folded && byte.is_ascii_lowercase() { 0x20 } else { 0 };
        let (mut passed, mut rest) = (0, text);
        while let Some((part, tail)) = rest.split_at_checked(LOOK_EVERY_BYTES) {
            if let Some(at) = find_after_or(part, bits, byte) {
                return Some(Some(passed + at));
            }
            if stop() {
                return None;
            }
            passed += part.len();
            rest = tail;
        }
        Some(find_after_or(rest, bits, byte).map(|at| passed + at))
    }

    /// Goes along, and when stuck back to the last [`Token::Any`], which then takes one character more.
    fn match_tokens(&self, tokens: &[Token], text: &[u8], stop: &dyn Fn() -> bool) -> Option<bool> {
        let (mut at, mut rest) = (0, text);
        let mut retry: Option<(usize, &[u8])> = None;
        let mut steps = 0_usize;
        loop {
            steps += 1;
            if steps.is_multiple_of(LOOK_EVERY_STEPS) && stop() {
                return None;
            }
            match tokens.get(at) {
                None if rest.is_empty() => return Some(true),
                None => {}
                Some(Token::Any) if at + 1 == tokens.len() => return Some(true),
                Some(Token::Any) => {
                    at += 1;
                    retry = Some((at, rest));
                    continue;
                }
                Some(token) => {
                    if let Some(tail) = self.take(token, rest) {
                        at += 1;
                        rest = tail;
                        continue;
                    }
                }
            }
            let Some((after_any, from)) = retry.filter(|(_, from)| !from.is_empty()) else {
                return Some(false);
            };
            let mut from = &from[utf8::first_len(from)..];
            if let Token::Char(code @ ..0x80) = tokens[after_any] {
                let byte = u8::try_from(code).expect("a pattern below 0x80");
                let Some(next) = self.find_byte(from, byte, stop)? else {
                    return Some(false);
                };
                from = &from[next..];
            }
            retry = Some((after_any, from));
            (at, rest) = (after_any, from);
        }
    }

    /// What is left of the text after the character that the token stands for, if it starts with one.
    fn take<'t>(&self, token: &Token, text: &'t [u8]) -> Option<&'t [u8]> {
        let (code, tail) = utf8::split_first(text)?;
        let is_match = match token {
            Token::Any | Token::One => true,
            Token::Char(wanted) => *wanted == fold(code, self.case),
            Token::Set(set) => {
                set.ranges.iter().any(|range| (range.0..=range.1).contains(&code)) != set.is_inverted
            }
        };
        is_match.then_some(tail)
    }
}

/// As [`utf8::until_nul`]; `None` if `stop` ended the search.
fn until_nul_unless<'t>(text: &'t [u8], stop: &dyn Fn() -> bool) -> Option<&'t [u8]> {
    if text.len() <= LOOK_EVERY_BYTES {
        return Some(utf8::until_nul(text));
    }
    let mut end = 0;
    for part in text.chunks(LOOK_EVERY_BYTES) {
        let until = utf8::until_nul(part).len();
        end += until;
        if until < part.len() {
            break;
        }
        if stop() {
            return None;
        }
    }
    Some(&text[..end])
}

/// Where the first byte is that is `byte` once these bits are set, eight bytes at a time.
fn find_after_or(text: &[u8], bits: u8, byte: u8) -> Option<usize> {
    const WORD_BYTES: usize = 8;
    const EACH: u64 = u64::MAX / 255;
    let (set, wanted) = (u64::from(bits) * EACH, u64::from(byte) * EACH);
    let find = |word: &[u8; WORD_BYTES]| {
        // A byte that is 0 now borrows from its own highest bit; of the bytes marked the lowest is one of these.
        let differing = (u64::from_le_bytes(*word) | set) ^ wanted;
        let equal = differing.wrapping_sub(EACH) & !differing & EACH << 7;
        if equal == 0 { None } else { usize::try_from(equal.trailing_zeros() / 8).ok() }
    };
    let (words, rest) = text.as_chunks();
    for (number, word) in words.iter().enumerate() {
        if let Some(at) = find(word) {
            return Some(number * WORD_BYTES + at);
        }
    }
    match text.last_chunk() {
        _ if rest.is_empty() => None,
        // The last word overlaps with the one before, where nothing was found.
        Some(word) => find(word).map(|at| text.len() - WORD_BYTES + at),
        None => rest.iter().position(|other| other | bits == byte),
    }
}

impl Shape {
    /// The shape of a pattern that is ASCII without wildcards but for `%` (or `*`) at its ends, if it is one.
    fn of_literal(pattern: &[u8], style: Style, escape: Option<u32>, case: Case) -> Option<Shape> {
        let (any, wildcards): (u8, &[u8]) = if style == Style::Glob { (b'*', b"*?[") } else { (b'%', b"%_") };
        let escape = escape.map(|code| u8::try_from(code).unwrap_or(0xff));
        if escape.is_some_and(|escape| pattern.contains(&escape)) {
            return None;
        }
        let is_any = |byte: &&u8| **byte == any;
        let before = pattern.iter().take_while(is_any).count();
        let behind = pattern[before..].iter().rev().take_while(is_any).count();
        let literal = &pattern[before..pattern.len() - behind];
        if literal.iter().any(|byte| !byte.is_ascii() || wildcards.contains(byte)) {
            return None;
        }
        let literal: Box<[u8]> = match case {
            Case::Folded => literal.to_ascii_lowercase().into(),
            Case::Exact => literal.into(),
        };
        Some(match (before > 0, behind > 0) {
            (false, false) => Shape::Whole(literal),
            (false, true) => Shape::Start(literal),
            (true, false) if !literal.is_empty() => Shape::End(literal),
            (true, _) => Shape::Within(literal),
        })
    }

    fn of_tokens(mut tokens: Vec<Token>) -> Shape {
        tokens.dedup_by(|next, before| (&*next, &*before) == (&Token::Any, &Token::Any));
        let mut prefix = Vec::new();
        for token in &tokens {
            let Token::Char(code) = token else { break };
            utf8::push(&mut prefix, *code);
        }
        Shape::Tokens(tokens.into(), prefix.into())
    }
}

fn fold(code: u32, case: Case) -> u32 {
    match u8::try_from(code) {
        Ok(byte) if case == Case::Folded => u32::from(byte.to_ascii_lowercase()),
        _ => code,
    }
}

/// The tokens of a `LIKE` pattern; none if it ends in its escape character and so matches nothing.
fn like_tokens(pattern: &[u8], escape: Option<u32>, case: Case) -> Option<Vec<Token>> {
    let [any, one] = [b'%', b'_'].map(u32::from);
    let mut tokens = Vec::new();
    let mut rest = pattern;
    while let Some((code, tail)) = utf8::split_first(rest) {
        rest = tail;
        tokens.push(if Some(code) == escape {
            let (code, tail) = utf8::split_first(rest)?;
            rest = tail;
            Token::Char(fold(code, case))
        } else if code == any {
            Token::Any
        } else if code == one {
            Token::One
        } else {
            Token::Char(fold(code, case))
        });
    }
    Some(tokens)
}

/// The tokens of a `GLOB` pattern; none if a set has no end and so nothing matches.
fn glob_tokens(pattern: &[u8]) -> Option<Vec<Token>> {
    let [any, one, open] = [b'*', b'?', b'['].map(u32::from);
    let mut tokens = Vec::new();
    let mut rest = pattern;
    while let Some((code, tail)) = utf8::split_first(rest) {
        rest = tail;
        tokens.push(if code == any {
            Token::Any
        } else if code == one {
            Token::One
        } else if code == open {
            let (set, tail) = glob_set(rest)?;
            rest = tail;
            Token::Set(set)
        } else {
            Token::Char(code)
        });
    }
    Some(tokens)
}

/// A set, from behind its `[`, and what follows its `]`.
fn glob_set(pattern: &[u8]) -> Option<(Set, &[u8])> {
    let [caret, close, dash] = [b'^', b']', b'-'].map(u32::from);
    let mut ranges = Vec::new();
    let (mut code, mut rest) = utf8::split_first(pattern)?;
    let is_inverted = code == caret;
    if is_inverted {
        (code, rest) = utf8::split_first(rest)?;
    }
    // At the very front a `]` is a member.
    if code == close {
        ranges.push((code, code));
        (code, rest) = utf8::split_first(rest)?;
    }
    let mut before = None;
    while code != close {
        match before {
            Some(first) if code == dash && !matches!(rest, [] | [b']', ..]) => {
                (code, rest) = utf8::split_first(rest)?;
                ranges.push((first, code));
                before = None;
            }
            _ => {
                ranges.push((code, code));
                before = Some(code);
            }
        }
        (code, rest) = utf8::split_first(rest)?;
    }
    Some((Set { is_inverted, ranges: ranges.into() }, rest))
}

#[cfg(test)]
mod tests;
