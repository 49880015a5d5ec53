//! The words of the grammar: which [`Keyword`] a word is.
//!
//! The list is sqlparser's. Every word of every statement is looked up in it, so the compiler lays it out as a table in which
//! one or two looks are enough.

use sqlparser::keywords::{ALL_KEYWORDS, ALL_KEYWORDS_INDEX, Keyword};

use super::token::Kind;

/// How many places the table has: a power of two, several times the number of keywords.
const PLACES: usize = 1 << 13;

/// What is in a place without a keyword.
const NONE: u16 = u16::MAX;

const _: () = assert!(ALL_KEYWORDS.len() * 4 < PLACES && ALL_KEYWORDS.len() < NONE as usize);

/// The numbers of the keywords, each at the place of its hash or, where others were before it, soon after.
static TABLE: [u16; PLACES] = {
    let mut table = [NONE; PLACES];
    let mut number: u16 = 0;
    while (number as usize) < ALL_KEYWORDS.len() {
        let mut place = place_of(ALL_KEYWORDS[number as usize].as_bytes());
        while table[place] != NONE {
            place = (place + 1) % PLACES;
        }
        table[place] = number;
        number += 1;
    }
    table
};

/// Where the search for a word begins. Case does not count.
const fn place_of(word: &[u8]) -> usize {
    let mut hash: u32 = 0;
    let mut at = 0;
    while at < word.len() {
        hash = hash.wrapping_mul(31).wrapping_add((word[at] & 0x1f) as u32);
        at += 1;
    }
    (hash.wrapping_mul(0x9e37_79b1) >> 19) as usize % PLACES
}

/// The kind of a word, with the words of SQLite's grammar that sqlparser does not know.
pub(super) fn kind_of_word(word: &str) -> Kind {
    match keyword(word) {
        Keyword::NoKeyword if word.eq_ignore_ascii_case("indexed") => Kind::Indexed,
        Keyword::NoKeyword if word.eq_ignore_ascii_case("isnull") => Kind::IsNull,
        keyword => Kind::Word(keyword),
    }
}

/// The keyword that a word is; [`Keyword::NoKeyword`] if it is none.
fn keyword(word: &str) -> Keyword {
    let mut place = place_of(word.as_bytes());
    loop {
        let number = usize::from(TABLE[place]);
        match ALL_KEYWORDS.get(number) {
            None => return Keyword::NoKeyword,
            Some(found) if found.eq_ignore_ascii_case(word) => return ALL_KEYWORDS_INDEX[number],
            Some(_) => place = (place + 1) % PLACES,
        }
    }
}

#[cfg(test)]
mod tests;
