//! The lines that are measured.

use super::object::{Failure, Object, Wait, key, value};
use crate::keys::Random;

/// What is told of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// CPU time of the thread, a call.
    Cpu,
    /// CPU time of all threads, a call.
    AllCpu,
    /// How long half of the calls took at most, and all but one in a hundred.
    Percentiles,
}

/// One line of the report.
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) told: Told,
    /// Calls of a round, on a scale on which a read is one.
    pub(super) share: u64,
    /// A call; false where the object cannot do it.
    pub(super) call: fn(&mut dyn Object, &mut Random, u64) -> Result<bool, Failure>,
}

/// How many entries a list reads, and a turn with many puts writes.
pub(super) const MANY: usize = 100;

pub(super) const LINES: [Line; 9] = [
    Line { name: "get", told: Told::Cpu, share: 1, call: get },
    Line { name: "list of 100", told: Told::Cpu, share: 50, call: list },
    Line {
        name: "100 puts, commit",
        told: Told::AllCpu,
        share: 200,
        call: |object, random, entries| put(object, random, entries, MANY, Wait::No),
    },
    Line {
        name: "put, commit",
        told: Told::AllCpu,
        share: 10,
        call: |object, random, entries| put(object, random, entries, 1, Wait::No),
    },
    Line {
        name: "counter as a value, commit",
        told: Told::AllCpu,
        share: 10,
        call: |object, _, _| object.count_value(Wait::No).map(|_| true),
    },
    Line {
        name: "counter as a row, commit",
        told: Told::AllCpu,
        share: 10,
        call: |object, _, _| Ok(object.count_row(Wait::No)?.is_some()),
    },
    Line {
        name: "put, on disk",
        told: Told::Percentiles,
        share: 400,
        call: |object, random, entries| put(object, random, entries, 1, Wait::Durable),
    },
    Line {
        name: "counter as a value, on disk",
        told: Told::Percentiles,
        share: 400,
        call: |object, _, _| object.count_value(Wait::Durable).map(|_| true),
    },
    Line {
        name: "counter as a row, on disk",
        told: Told::Percentiles,
        share: 400,
        call: |object, _, _| Ok(object.count_row(Wait::Durable)?.is_some()),
    },
];

fn get(object: &mut dyn Object, random: &mut Random, entries: u64) -> Result<bool, Failure> {
    object.get(&key(random.below(entries)))?.ok_or("an entry is missing")?;
    Ok(true)
}

fn list(object: &mut dyn Object, random: &mut Random, entries: u64) -> Result<bool, Failure> {
    let start = random.below(entries - u64::try_from(MANY)?);
    match object.list(&key(start), MANY)? {
        MANY => Ok(true),
        _ => Err("entries are missing".into()),
    }
}

fn put(
    object: &mut dyn Object,
    random: &mut Random,
    entries: u64,
    count: usize,
    wait: Wait,
) -> Result<bool, Failure> {
    let keys: Vec<String> = (0..count).map(|_| key(random.below(entries))).collect();
    object.put(&keys, &value(random.next_u64()), wait)?;
    Ok(true)
}

/// Sets the values of all entries.
pub(super) fn fill(object: &mut dyn Object, entries: u64) -> Result<(), Failure> {
    for first in (0..entries).step_by(1000) {
        let keys: Vec<String> = (first..entries.min(first + 1000)).map(key).collect();
        object.put(&keys, &value(first), Wait::No)?;
    }
    Ok(())
}
