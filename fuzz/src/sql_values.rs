//! Literals at the edges: the values with which generated SQL is filled.

use crate::random::Random;

/// Choices that generators of SQL make.
pub trait Choose {
    /// Whether something happens that does so in `percent` of all cases.
    fn chance(&mut self, percent: u64) -> bool;
    /// A number from `least` up to `most`.
    fn between(&mut self, least: usize, most: usize) -> usize;
    /// One of several texts.
    fn one<'t>(&mut self, texts: &[&'t str]) -> &'t str;
}

impl Choose for Random {
    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn between(&mut self, least: usize, most: usize) -> usize {
        let span = u64::try_from(most - least + 1).unwrap_or(1);
        least + usize::try_from(self.below(span)).unwrap_or(0)
    }

    fn one<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        self.choose(texts).copied().unwrap_or_default()
    }
}

/// Small integers, which meet each other in joins and conflicts.
const SMALL: &[&str] = &["0", "1", "2", "3", "4", "5", "-1", "7", "10"];

/// Integers at the edges.
const INTEGERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "100",
    "127",
    "128",
    "-128",
    "32767",
    "32768",
    "65536",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "4294967296",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "9223372036854775806",
    "9223372036854775807",
    "-9223372036854775807",
    "-9223372036854775808",
];

/// Reals that equal no integer of the other pools, so that a group of equal values has one representation.
const REALS: &[&str] = &[
    "0.1",
    "-0.1",
    "0.5",
    "1.5",
    "-1.5",
    "2.5",
    "0.3",
    "1e308",
    "-1e308",
    "1e-308",
    "5e-324",
    "123.456",
    "1e15",
    "1.0000000000000002",
    "0.30000000000000004",
    "3.14159265358979",
    "1e22",
    "1e-7",
    "99999.5",
];

/// Reals that equal an integer or each other.
const WILD_REALS: &[&str] = &[
    "0.0",
    "-0.0",
    "1.0",
    "2.0",
    "-1.0",
    "1e999",
    "-1e999",
    "9007199254740993.0",
    "9223372036854775807.0",
    "1e18",
];

/// Text without letters in two cases and without spaces at the ends.
const TEXTS: &[&str] = &[
    "''",
    "'a'",
    "'b'",
    "'ab'",
    "'abc'",
    "'c'",
    "'it''s'",
    "'a_b'",
    "'a%b'",
    "'%'",
    "'_'",
    "'*'",
    "'[a]'",
    "'äö'",
    "'日本'",
    "'\u{1F600}'",
    "'a b'",
    "'zzzzzzzzzzzzzzzzzzzz'",
    "'null'",
    "'x''y'",
];

/// Text that looks like a number.
const NUMERIC_TEXTS: &[&str] = &[
    "'0'",
    "'1'",
    "'-1'",
    "'2'",
    "'1.0'",
    "'1.5'",
    "'0.10'",
    "'1e2'",
    "'1e'",
    "'1x'",
    "' 1'",
    "'1 '",
    "'+1'",
    "'--1'",
    "'0x10'",
    "'.5'",
    "'5.'",
    "'1e308'",
    "'1e400'",
    "'9223372036854775807'",
    "'9223372036854775808'",
    "'-0'",
    "'00012'",
    "'12abc'",
    "'inf'",
    "'nan'",
    "'1_000'",
];

/// Text in both cases and with spaces at the ends.
const CASED_TEXTS: &[&str] =
    &["'A'", "'B'", "'Ab'", "'aB'", "'ABC'", "'a '", "'a  '", "'A '", "' a'", "'Ä'", "'C'", "'ab '"];

/// Blobs.
const BLOBS: &[&str] = &["x''", "x'00'", "x'61'", "x'6162'", "x'ff'", "x'00ff00'", "x'31'", "x'e4'", "x'41'"];

/// A literal of any class, including those that equal others in another form.
pub fn any_literal(random: &mut Random) -> &'static str {
    match random.below(12) {
        0 => "NULL",
        1..=3 => random.one(SMALL),
        4 => random.one(INTEGERS),
        5 => random.one(REALS),
        6 => random.one(WILD_REALS),
        7 => random.one(TEXTS),
        8 => random.one(NUMERIC_TEXTS),
        9 => random.one(CASED_TEXTS),
        10 => random.one(BLOBS),
        _ => random.one(&["TRUE", "FALSE", "NULL", "1", "'a'", "0x1F", "0xffffffffffffffff"]),
    }
}

/// A literal for a column of any affinity whose equal values must all look the same.
pub fn tame_literal(random: &mut Random) -> &'static str {
    match random.below(11) {
        0 => "NULL",
        1..=4 => random.one(SMALL),
        5 => random.one(INTEGERS),
        6 => random.one(REALS),
        7 | 8 => random.one(TEXTS),
        9 => random.one(NUMERIC_TEXTS),
        _ => random.one(BLOBS),
    }
}

/// A small integer.
pub fn small_integer(random: &mut Random) -> &'static str {
    random.one(SMALL)
}

/// An integer.
pub fn integer(random: &mut Random) -> &'static str {
    if random.chance(60) { random.one(SMALL) } else { random.one(INTEGERS) }
}

/// A rowid, not so great that the next one is chosen by chance.
pub fn rowid(random: &mut Random) -> &'static str {
    random.one(&["-9223372036854775808", "-1", "0", "100", "4294967296", "9007199254740993"])
}

/// A real or an integer.
pub fn number(random: &mut Random) -> &'static str {
    match random.below(4) {
        0 => random.one(INTEGERS),
        1 => random.one(SMALL),
        _ => random.one(REALS),
    }
}

/// Text.
pub fn any_text(random: &mut Random) -> &'static str {
    match random.below(4) {
        0 => random.one(CASED_TEXTS),
        1 => random.one(NUMERIC_TEXTS),
        _ => random.one(TEXTS),
    }
}

/// A blob.
pub fn blob(random: &mut Random) -> &'static str {
    random.one(BLOBS)
}

/// Numbers at the edges in any form.
pub fn any_number(random: &mut Random) -> String {
    match random.below(8) {
        0..=2 => random.one(INTEGERS).into(),
        3 => random.one(REALS).into(),
        4 => random.one(WILD_REALS).into(),
        5 => {
            let integer = random.next().cast_signed() >> random.below(64);
            if integer == i64::MIN { "-9223372036854775808".into() } else { integer.to_string() }
        }
        6 => {
            let real = f64::from_bits(random.next());
            if real.is_finite() { format!("{real:e}") } else { "1.25".into() }
        }
        _ => {
            let digits = random.below(10_000_000);
            format!("{}.{:07}", random.below(1000), digits)
        }
    }
}
