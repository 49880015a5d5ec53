//! The storage of an object as a model: what steps do to tables, values and the alarm, and which states are committed.

use std::collections::{BTreeMap, BTreeSet};

use crate::random::Random;

/// A time in a future that is far away, in milliseconds since 1970.
const FUTURE_MS: i64 = 4_102_444_800_000;

/// What an object holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The rows of each table, by their key.
    pub tables: BTreeMap<u8, BTreeMap<i64, i64>>,
    /// The values under keys.
    pub values: BTreeMap<String, i32>,
    /// When the alarm is due.
    pub alarm: Option<i64>,
    /// The tables of the storage's own that SQL shows.
    pub listed: BTreeSet<&'static str>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `CREATE TABLE`
    CreateTable(u8),
    /// `DROP TABLE`
    DropTable(u8),
    /// `INSERT`
    Insert(u8, i64, i64),
    /// `UPDATE` of all rows.
    AddToAll(u8, i64),
    /// `DELETE`
    DeleteRow(u8, i64),
    /// A value by the synchronous call.
    Put(String, i32),
    /// Values by the asynchronous call.
    PutMany(Vec<(String, i32)>),
    /// A key is removed.
    Remove(String),
    /// The alarm is set.
    SetAlarm(i64),
    /// The alarm is removed.
    DeleteAlarm,
}

/// How a part of a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Well.
    Keep,
    /// With an error.
    Fail,
    /// By `rollback`; what comes after is no part of it. Only of an asynchronous one.
    Rollback,
}

/// One step of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// One change.
    Change(Change),
    /// A part of the transaction.
    Sync(Vec<Step>, End),
    /// A transaction of its own.
    Async(Vec<Step>, End, Vec<Step>),
    /// Everything is deleted.
    DeleteAll,
    /// A statement that undoes the whole transaction, if the table exists and has a row.
    RollBackAll(u8),
    /// The host ends the turn.
    EndTurn,
    /// Waits until all is durable.
    WaitDurable,
    /// The session is ended, and the object opened again.
    Abort,
    /// The object is dropped and opened again.
    Reopen,
}

impl State {
    /// Does a change; whether it can be done.
    pub fn apply(&mut self, change: &Change) -> bool {
        match change {
            Change::CreateTable(table) => {
                !self.tables.contains_key(table) && self.tables.insert(*table, BTreeMap::new()).is_none()
            }
            Change::DropTable(table) => self.tables.remove(table).is_some(),
            Change::Insert(table, key, value) => match self.tables.get_mut(table) {
                Some(rows) if !rows.contains_key(key) => rows.insert(*key, *value).is_none(),
                _ => false,
            },
            Change::AddToAll(table, more) => self.tables.get_mut(table).is_some_and(|rows| {
                rows.values_mut().for_each(|value| *value += more);
                true
            }),
            Change::DeleteRow(table, key) => self.tables.get_mut(table).is_some_and(|rows| {
                rows.remove(key);
                true
            }),
            Change::Put(key, value) => self.put(&[(key.clone(), *value)]),
            Change::PutMany(entries) => self.put(entries),
            Change::Remove(key) => {
                self.values.remove(key);
                self.put(&[])
            }
            Change::SetAlarm(time) => {
                self.listed.insert("_cf_METADATA");
                self.alarm = Some(*time);
                true
            }
            Change::DeleteAlarm => {
                self.alarm = None;
                true
            }
        }
    }

    fn put(&mut self, entries: &[(String, i32)]) -> bool {
        self.listed.insert("_cf_KV");
        self.values.extend(entries.iter().cloned());
        true
    }
}

/// Makes the steps of a history.
#[must_use]
pub fn steps(seed: u64, count: usize) -> Vec<Step> {
    let mut random = Random::new(seed);
    (0..count).map(|_| top_step(&mut random)).collect()
}

/// How many steps there are, those inside of others counted.
#[must_use]
pub fn count(steps: &[Step]) -> usize {
    let mut number = 0;
    keep_from(steps, &mut number, &|_| true);
    number
}

/// The steps with these numbers: each is counted before those inside of it, which go with it.
#[must_use]
pub fn keep(steps: &[Step], numbers: &BTreeSet<usize>) -> Vec<Step> {
    keep_from(steps, &mut 0, &|number| numbers.contains(&number))
}

fn keep_from(steps: &[Step], number: &mut usize, is_kept: &dyn Fn(usize) -> bool) -> Vec<Step> {
    let mut kept = Vec::new();
    for step in steps {
        let own = *number;
        *number += 1;
        let step = match step {
            Step::Sync(inner, end) => Step::Sync(keep_from(inner, number, is_kept), *end),
            Step::Async(inner, end, after) => {
                let inner = keep_from(inner, number, is_kept);
                Step::Async(inner, *end, keep_from(after, number, is_kept))
            }
            step => step.clone(),
        };
        if is_kept(own) {
            kept.push(step);
        }
    }
    kept
}

fn top_step(random: &mut Random) -> Step {
    match random.below(24) {
        0 => Step::DeleteAll,
        1 => Step::RollBackAll(table(random)),
        2..=5 => Step::EndTurn,
        6 | 7 => Step::WaitDurable,
        8 => Step::Abort,
        9 => Step::Reopen,
        10 | 11 => {
            let end = [End::Keep, End::Fail, End::Rollback][index(random, 3)];
            let after = if end == End::Rollback { inner_steps(random, 1) } else { Vec::new() };
            Step::Async(inner_steps(random, 2), end, after)
        }
        _ => inner_step(random, 2),
    }
}

fn inner_steps(random: &mut Random, depth: u64) -> Vec<Step> {
    (0..random.below(4)).map(|_| inner_step(random, depth)).collect()
}

fn inner_step(random: &mut Random, depth: u64) -> Step {
    if depth > 0 && random.below(6) == 0 {
        let end = [End::Keep, End::Fail][index(random, 2)];
        return Step::Sync(inner_steps(random, depth - 1), end);
    }
    Step::Change(change(random))
}

fn change(random: &mut Random) -> Change {
    let key = |random: &mut Random| format!("key {}", random.below(12));
    match random.below(14) {
        0 => Change::CreateTable(table(random)),
        1 => Change::DropTable(table(random)),
        2..=5 => Change::Insert(table(random), number(random, 20), number(random, 1000)),
        6 => Change::AddToAll(table(random), 1),
        7 => Change::DeleteRow(table(random), number(random, 20)),
        8 | 9 => Change::Put(key(random), small(random)),
        10 => Change::PutMany((0..3).map(|_| (key(random), small(random))).collect()),
        11 => Change::Remove(key(random)),
        12 => Change::SetAlarm(FUTURE_MS + number(random, 4)),
        _ => Change::DeleteAlarm,
    }
}

fn table(random: &mut Random) -> u8 {
    u8::try_from(random.below(3)).expect("a small number")
}

fn number(random: &mut Random, below: u64) -> i64 {
    i64::try_from(random.below(below)).expect("a small number")
}

fn small(random: &mut Random) -> i32 {
    i32::try_from(random.below(1000)).expect("a small number")
}

fn index(random: &mut Random, below: u64) -> usize {
    usize::try_from(random.below(below)).expect("a small number")
}
