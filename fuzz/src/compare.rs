//! Comparing what an engine reads with what the model holds.

use std::fmt;
use std::ops::Bound;

use crate::engine::{Direction, Failure, FailureKind, KeyRange, Move, Read};
use crate::model::{Entries, State, contains, walk};
use crate::random::Random;

/// In what an engine differs from the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The difference.
    pub text: String,
    /// Where the engine failed, the kind of failure; none where it answered something wrong.
    pub failure: Option<FailureKind>,
}

impl Divergence {
    /// A wrong answer.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Divergence {
        Divergence { text: text.into(), failure: None }
    }

    /// The same with what was going on put in front.
    #[must_use]
    pub fn during(self, what: impl fmt::Display) -> Divergence {
        Divergence { text: format!("{what}: {}", self.text), ..self }
    }
}

impl From<Failure> for Divergence {
    fn from(failure: Failure) -> Divergence {
        Divergence { text: format!("unexpected failure: {failure}"), failure: Some(failure.kind) }
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The result of a check.
pub type Checked<T = ()> = Result<T, Divergence>;

/// A difference, unless `found` equals `expected`.
pub fn same<T: PartialEq + fmt::Debug>(what: impl fmt::Display, found: &T, expected: &T) -> Checked {
    if found == expected {
        return Ok(());
    }
    let (found, expected) = (short(found), short(expected));
    Err(Divergence::new(format!("{what}: found {found}, expected {expected}")))
}

/// A value for people to read, cut where it is long.
fn short(value: &impl fmt::Debug) -> String {
    const CHARS: usize = 300;
    let text = format!("{value:?}");
    match text.char_indices().nth(CHARS) {
        Some((cut, _)) => format!("{}… ({} characters)", &text[..cut], text.len()),
        None => text,
    }
}

/// Compares all names and all entries, read forwards.
///
/// # Errors
/// The first difference.
pub fn compare_entries(found: &dyn Read, expected: &State) -> Checked {
    let names: Vec<Vec<u8>> = expected.trees().map(|(name, _)| name.to_vec()).collect();
    same("names of trees", &found.trees()?, &names)?;
    for (name, entries) in expected.trees() {
        compare_scan(found, name, entries, Direction::Forward)?;
        same("len", &found.len(name)?, &(entries.len() as u64))?;
    }
    Ok(())
}

fn compare_scan(found: &dyn Read, name: &[u8], entries: &Entries, direction: Direction) -> Checked {
    let mut forward = entries.iter();
    let mut next = || match direction {
        Direction::Forward => forward.next(),
        Direction::Backward => forward.next_back(),
    };
    let mut difference = None;
    found.scan(name, direction, &mut |key, value| {
        let expected = next().map(|(key, value)| (&key[..], &value[..]));
        if expected != Some((key, value)) {
            difference = Some((short(&(key, value)), short(&expected)));
        }
        difference.is_none()
    })?;
    let (found, expected) = match (difference, next()) {
        (Some(difference), _) => difference,
        (None, Some(missing)) => ("the end".into(), short(&missing)),
        (None, None) => return Ok(()),
    };
    Err(Divergence::new(format!("tree {name:?} read {direction:?}: found {found}, expected {expected}")))
}

/// Compares everything that can be read, with keys and movements of cursors chosen by the seed.
///
/// # Errors
/// The first difference.
pub fn compare(found: &dyn Read, expected: &State, seed: u64) -> Checked {
    compare_entries(found, expected)?;
    let mut random = Random::new(seed);
    for (name, entries) in expected.trees() {
        compare_scan(found, name, entries, Direction::Backward)?;
        let keys: Vec<&Vec<u8>> = entries.keys().collect();
        for _ in 0..3 {
            let key = near(&keys, &mut random);
            let value = entries.get(&key).map(|value| value.to_vec());
            same(format_args!("get {key:?}"), &found.get(name, &key)?, &value)?;
            let rank = entries.range::<[u8], _>((Bound::Unbounded, Bound::Excluded(&key[..]))).count();
            same(format_args!("rank of {key:?}"), &found.rank(name, &key)?, &(rank as u64))?;
            let other = near(&keys, &mut random);
            let range = (bound(&key, &mut random), bound(&other, &mut random));
            let count = entries.keys().filter(|key| contains(range, key)).count();
            same(format_args!("count of {range:?}"), &found.count(name, range)?, &(count as u64))?;
        }
        let all: Vec<&[u8]> = keys.iter().map(|key| key.as_slice()).collect();
        let values: Vec<_> = entries.values().map(|value| Some(value.to_vec())).collect();
        same("get of all keys", &found.get_many(name, &all)?, &values)?;
        let wanted: Vec<Vec<u8>> = (0..random.below(20)).map(|_| near(&keys, &mut random)).collect();
        let wanted: Vec<&[u8]> = wanted.iter().map(Vec::as_slice).collect();
        let values: Vec<_> = wanted.iter().map(|key| entries.get(*key).map(|value| value.to_vec())).collect();
        same(format_args!("get of many {wanted:?}"), &found.get_many(name, &wanted)?, &values)?;
        let moves: Vec<Move> = (0..12).map(|_| random_move(&keys, &mut random)).collect();
        let (places, expected) = (found.walk(name, &moves)?, walk(entries, &moves));
        for at in 0..moves.len() {
            same(format_args!("cursor after {:?}", &moves[..=at]), &places[at], &expected[at])?;
        }
    }
    same("a tree that is not there", &found.get(b"no such tree", b"").is_err(), &true)
}

fn bound<'k>(key: &'k [u8], random: &mut Random) -> Bound<&'k [u8]> {
    match random.below(5) {
        0 => Bound::Unbounded,
        1 | 2 => Bound::Included(key),
        _ => Bound::Excluded(key),
    }
}

/// A key that exists, or one close to it.
fn near(keys: &[&Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut key = match random.choose(keys) {
        Some(key) => (*key).clone(),
        None => Vec::new(),
    };
    match random.below(6) {
        0 => key.push(0),
        1 => drop(key.pop()),
        2 => {
            if let Some(last) = key.last_mut() {
                *last = last.wrapping_add(1);
            }
        }
        _ => {}
    }
    key
}

fn random_move(keys: &[&Vec<u8>], random: &mut Random) -> Move {
    match random.below(12) {
        0 => Move::First,
        1 => Move::Last,
        2..=5 => Move::Next,
        6..=8 => Move::Prev,
        9 => Move::Seek(near(keys, random)),
        10 => Move::SeekForPrev(near(keys, random)),
        _ => Move::Nth(random.below(keys.len() as u64 + 2)),
    }
}

/// A range as the seam wants it.
#[must_use]
pub fn as_range<'k>(start: &'k Bound<Vec<u8>>, end: &'k Bound<Vec<u8>>) -> KeyRange<'k> {
    (start.as_ref().map(Vec::as_slice), end.as_ref().map(Vec::as_slice))
}
