//! [`Runner`]: does operations to an engine and to the model, and compares after each.

use std::collections::BTreeMap;

use duramen_engine::Durability;

use crate::compare::{Checked, Divergence, as_range, compare, same};
use crate::engine::{Engine, FailureKind, KeyChange, Outcome, Read, Stop, Version};
use crate::model::{Model, State};
use crate::ops::{Op, Restart, tree_name};

/// At most so many views are kept.
const VIEWS: usize = 4;

/// What the engine promises beyond the trait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promises {
    /// Whether all history stays readable.
    pub all_history: bool,
}

/// An engine, its model, and the views held.
pub struct Runner<E: Engine> {
    engine: E,
    model: Model,
    views: Vec<(Box<dyn Read>, State)>,
    promises: Promises,
    /// The state after a commit of which it is unknown whether it will be there after the next open.
    uncertain: Option<State>,
    steps: u64,
}

impl<E: Engine> Runner<E> {
    /// Starts with an engine that is empty.
    pub fn new(engine: E, promises: Promises) -> Runner<E> {
        let model = Model::new(engine.version());
        Runner { engine, model, views: Vec::new(), promises, uncertain: None, steps: 0 }
    }

    /// Goes on with an engine that holds one of the model's versions, not older than `durable`.
    ///
    /// # Errors
    /// Where it does not.
    pub fn resume(engine: E, model: Model, promises: Promises, durable: Version) -> Checked<Runner<E>> {
        let mut runner = Runner { engine, model, views: Vec::new(), promises, uncertain: None, steps: 0 };
        runner.accept_recovered(durable)?;
        Ok(runner)
    }

    /// The engine.
    pub fn engine(&self) -> &E {
        &self.engine
    }

    /// The engine, to do something with that the model does not know.
    pub fn engine_mut(&mut self) -> &mut E {
        &mut self.engine
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Does one operation and compares everything.
    ///
    /// # Errors
    /// The first difference.
    pub fn step(&mut self, op: &Op) -> Checked {
        self.apply(op)?;
        self.steps += 1;
        let seed = self.steps;
        compare(&*self.engine.working()?, self.model.working(), seed)
            .map_err(|found| found.during("working state"))?;
        if self.model.in_transaction() && self.steps.is_multiple_of(4) {
            let newest = &self.model.newest().1;
            compare(&*self.engine.view()?, newest, seed).map_err(|found| found.during("newest version"))?;
        }
        self.check_memory()
    }

    /// Does one operation on a disk that fails now and then. Where the operation fails, why; the transaction is given up
    /// then, and nothing else may have changed.
    ///
    /// # Errors
    /// A wrong answer.
    pub fn attempt(&mut self, op: &Op) -> Checked<Option<FailureKind>> {
        let Err(found) = self.apply(op) else { return Ok(None) };
        let Some(kind) = found.failure else { return Err(found) };
        if !matches!(kind, FailureKind::Full | FailureKind::Disk | FailureKind::MustReopen) {
            return Err(found);
        }
        if kind == FailureKind::MustReopen {
            match op {
                Op::Commit { .. } | Op::WriteBatch { .. } if self.model.changes() > 0 => {
                    self.uncertain = Some(self.model.working().clone());
                }
                Op::Reset { back } => self.uncertain = Some(self.version_back(usize::from(*back)).1),
                _ => {}
            }
        }
        self.engine.abort();
        self.model.abort();
        Ok(Some(kind))
    }

    /// Compares what is there at the end: the views, the history, the whole on disk.
    ///
    /// # Errors
    /// The first difference.
    pub fn finish(&mut self) -> Checked {
        for (view, state) in &self.views {
            compare(&**view, state, self.steps).map_err(|found| found.during("held view"))?;
        }
        self.views.clear();
        for op in [
            Op::Verify,
            Op::Commit { durable: crate::ops::Durable::None },
            Op::Reopen { restart: Restart::Close },
        ] {
            self.step(&op).map_err(|found| found.during(format_args!("at the end, {op:?}")))?;
        }
        for back in 0..self.model.versions().len().min(40) {
            self.read_at(back)?;
        }
        self.read_log(self.model.versions().len() - 1)?;
        self.step(&Op::Verify)
    }

    /// Does one operation, comparing only what it answers.
    ///
    /// # Errors
    /// A wrong answer.
    pub fn apply(&mut self, op: &Op) -> Checked {
        match op {
            Op::Put { tree, key, value } => self.put(*tree, &key.bytes(), &value.bytes()),
            Op::PutMany { tree, first, count, step, value } => {
                let value = value.bytes();
                (0..u16::from(*count)).try_for_each(|i| {
                    let key = u16::from(*first) + i * u16::from(*step);
                    self.put(*tree, &key.to_be_bytes(), &value)
                })
            }
            Op::Batch { tree, first, count, step, value, removed } => {
                let value = value.bytes();
                let change = |i: u8| {
                    let key = u16::from(first.wrapping_add(i.wrapping_mul(*step))).to_be_bytes().to_vec();
                    let is_removed = i.checked_rem(*removed) == Some(0);
                    (key, (!is_removed).then(|| value.clone()))
                };
                self.batch(*tree, &(0..*count).map(change).collect::<Vec<KeyChange>>())
            }
            Op::WriteBatch { tree, first, count, step, value, durable } => {
                let value = value.bytes();
                let put = |i: u8| {
                    let key = u16::from(first.wrapping_add(i.wrapping_mul(*step))).to_be_bytes().to_vec();
                    (key, Some(value.clone()))
                };
                self.commit_puts(*tree, &(0..*count).map(put).collect::<Vec<KeyChange>>(), (*durable).into())
            }
            Op::Delete { tree, key } => self.delete(*tree, &key.bytes()),
            Op::DeleteNth { tree, n } => match self.nth_key(*tree, *n) {
                Some(key) => self.delete(*tree, &key),
                None => Ok(()),
            },
            Op::OverwriteNth { tree, n, value } => match self.nth_key(*tree, *n) {
                Some(key) => self.put(*tree, &key, &value.bytes()),
                None => Ok(()),
            },
            Op::DeleteRange { tree, start, end } => self.delete_range(*tree, &start.bound(), &end.bound()),
            Op::DeleteSpan { tree, from, count } => {
                let (Some(first), Some(last)) =
                    (self.nth_key(*tree, *from), self.nth_key(*tree, from.saturating_add(*count)))
                else {
                    return Ok(());
                };
                self.delete_range(*tree, &std::ops::Bound::Included(first), &std::ops::Bound::Included(last))
            }
            Op::Clear { tree } => {
                self.delete_range(*tree, &std::ops::Bound::Unbounded, &std::ops::Bound::Unbounded)
            }
            Op::CreateTree { tree } => {
                let name = tree_name(*tree);
                let made = self.engine.create_tree(&name);
                let expected = self.model.change(|state| {
                    let made = state.create_tree(&name);
                    (made, made)
                });
                expect_made(made, expected, "create tree")
            }
            Op::DropTree { tree } => {
                let name = tree_name(*tree);
                let dropped = self.engine.drop_tree(&name);
                let expected = self.model.change(|state| {
                    let dropped = state.drop_tree(&name);
                    (dropped, dropped)
                });
                expect_made(dropped, expected, "drop tree")
            }
            Op::Savepoint => {
                if supported(self.engine.savepoint())?.is_some() {
                    self.model.savepoint();
                }
                Ok(())
            }
            Op::RollbackTo { savepoint } => {
                if let Some(at) = modulo(*savepoint, self.model.savepoints()) {
                    self.engine.rollback_to(at)?;
                    self.model.rollback_to(at);
                }
                Ok(())
            }
            Op::Release { savepoint } => {
                if let Some(at) = modulo(*savepoint, self.model.savepoints()) {
                    self.engine.release(at)?;
                    self.model.release(at);
                }
                Ok(())
            }
            Op::Commit { durable } => self.commit((*durable).into()),
            Op::Abort => {
                self.engine.abort();
                self.model.abort();
                Ok(())
            }
            Op::OpenView => {
                if self.views.len() < VIEWS {
                    self.views.push((self.engine.view()?, self.model.newest().1.clone()));
                }
                Ok(())
            }
            Op::CheckView { view } => match modulo(*view, self.views.len()) {
                Some(at) => {
                    let (view, state) = &self.views[at];
                    compare(&**view, state, self.steps).map_err(|found| found.during("held view"))
                }
                None => Ok(()),
            },
            Op::DropView { view } => {
                if let Some(at) = modulo(*view, self.views.len()) {
                    self.views.swap_remove(at);
                }
                Ok(())
            }
            Op::Sync => {
                if supported(self.engine.sync())?.is_some() {
                    same("durable after sync", &self.engine.durable_version(), &self.model.newest().0)?;
                }
                Ok(())
            }
            Op::Checkpoint => supported(self.engine.checkpoint()).map(drop),
            Op::Compact => self.unless_writing(|engine| engine.compact()).map(drop),
            Op::Verify => {
                let problems = supported(self.engine.verify())?.unwrap_or_default();
                same("problems that verify found", &problems, &Vec::new())
            }
            Op::Reopen { restart } => self.reopen((*restart).into()),
            Op::Reset { back } => self.reset(usize::from(*back)),
            Op::ReadAt { back } => self.read_at(usize::from(*back)),
            Op::ReadLog { back } => self.read_log(usize::from(*back)),
        }
    }

    fn nth_key(&self, tree: u8, n: u16) -> Option<Vec<u8>> {
        let entries = self.model.working().tree(&tree_name(tree))?;
        let at = modulo(n, entries.len())?;
        entries.keys().nth(at).cloned()
    }

    /// Makes a tree that is to be changed where it is not there.
    fn ensure_tree(&mut self, tree: u8) -> Checked {
        if self.model.working().tree(&tree_name(tree)).is_some() {
            return Ok(());
        }
        self.apply(&Op::CreateTree { tree })
    }

    fn put(&mut self, tree: u8, key: &[u8], value: &[u8]) -> Checked {
        self.ensure_tree(tree)?;
        let name = tree_name(tree);
        let existed = self.engine.put(&name, key, value)?;
        let expected = self.model.change(|state| (state.put(&name, key, value), true));
        same(format_args!("whether {key:?} existed at put"), &Some(existed), &expected)
    }

    fn delete(&mut self, tree: u8, key: &[u8]) -> Checked {
        self.ensure_tree(tree)?;
        let name = tree_name(tree);
        let existed = self.engine.delete(&name, key)?;
        let expected = self.model.change(|state| {
            let existed = state.delete(&name, key);
            (existed, existed == Some(true))
        });
        same(format_args!("whether {key:?} existed at delete"), &Some(existed), &expected)
    }

    fn batch(&mut self, tree: u8, changes: &[KeyChange]) -> Checked {
        self.ensure_tree(tree)?;
        let name = tree_name(tree);
        self.engine.batch(&name, changes)?;
        self.model_batch(&name, changes);
        Ok(())
    }

    /// Makes the changes of a batch in the model.
    fn model_batch(&mut self, name: &[u8], changes: &[KeyChange]) {
        // Even one without changes begins a transaction.
        self.model.change(|_| ((), false));
        let latest: BTreeMap<_, _> = changes.iter().cloned().collect();
        for (key, value) in latest {
            self.model.change(|state| match &value {
                Some(value) => ((), state.put(name, &key, value).is_some()),
                None => ((), state.delete(name, &key) == Some(true)),
            });
        }
    }

    fn commit_puts(&mut self, tree: u8, puts: &[KeyChange], durability: Durability) -> Checked {
        self.ensure_tree(tree)?;
        let name = tree_name(tree);
        // First, for it may be there after an error.
        self.model_batch(&name, puts);
        let changes = self.model.changes();
        let version = self.engine.commit_puts(&name, puts, durability)?;
        self.check_committed(version, changes, durability)
    }

    fn delete_range(
        &mut self,
        tree: u8,
        start: &std::ops::Bound<Vec<u8>>,
        end: &std::ops::Bound<Vec<u8>>,
    ) -> Checked {
        self.ensure_tree(tree)?;
        let name = tree_name(tree);
        let range = as_range(start, end);
        let removed = self.engine.delete_range(&name, range)?;
        let expected = self.model.change(|state| {
            let removed = state.delete_range(&name, range);
            (removed, removed.is_some_and(|removed| removed > 0))
        });
        match removed {
            Some(_) => same(format_args!("removed by delete of {range:?}"), &removed, &expected),
            None => Ok(()),
        }
    }

    fn commit(&mut self, durability: Durability) -> Checked {
        let changes = self.model.changes();
        let version = self.engine.commit(durability)?;
        self.check_committed(version, changes, durability)
    }

    /// Compares what a commit of so many changes led to.
    fn check_committed(&mut self, version: Version, changes: usize, durability: Durability) -> Checked {
        let newest = self.model.newest();
        if version > newest.0 {
            self.model.commit(version);
        } else {
            // Nothing was changed, or what was changed was rolled back.
            same("version of a commit", &version, &newest.0)?;
            same("changes of a commit without a version of its own", &changes, &0)?;
            same("state of a commit without changes", self.model.working(), &newest.1)?;
            self.model.abort();
        }
        same("newest version", &self.engine.version(), &self.model.newest().0)?;
        if durability == Durability::Immediate {
            same("durable version", &self.engine.durable_version(), &self.model.newest().0)?;
        }
        Ok(())
    }

    /// Does what only works while nobody writes; `None` where somebody does.
    fn unless_writing<T>(&mut self, work: impl FnOnce(&mut E) -> Outcome<T>) -> Checked<Option<T>> {
        match work(&mut self.engine) {
            Err(failure) if failure.kind == FailureKind::Busy && self.model.in_transaction() => Ok(None),
            outcome => supported(outcome),
        }
    }

    fn reopen(&mut self, stop: Stop) -> Checked {
        self.engine.abort();
        self.model.abort();
        let durable = match stop {
            Stop::Close => self.model.newest().0,
            Stop::Kill | Stop::PowerLoss { .. } => {
                self.views.clear();
                self.engine.durable_version()
            }
        };
        self.engine.reopen(stop)?;
        self.accept_recovered(durable)
    }

    /// Takes over what the engine holds after it was opened again: a version not older than `durable`, or one whose commit
    /// had an uncertain end.
    ///
    /// # Errors
    /// Any other version, or another state than that version's.
    pub fn accept_recovered(&mut self, durable: Version) -> Checked {
        let version = self.engine.version();
        let uncertain = self.uncertain.take().filter(|_| version > self.model.newest().0);
        if let Some(state) = uncertain {
            self.model.push(version, state);
        }
        let Some(at) = self.model.index_of(version) else {
            return Err(Divergence::new(format!(
                "opened at version {version:x?}, which was never committed"
            )));
        };
        if version < durable {
            return Err(Divergence::new(format!(
                "opened at version {version:x?}, though {durable:x?} was durable"
            )));
        }
        self.model.lose_after(at);
        Ok(())
    }

    /// The version so many before the newest.
    fn version_back(&self, back: usize) -> (Version, State) {
        let versions = self.model.versions();
        versions[versions.len() - 1 - back % versions.len()].clone()
    }

    /// Whether history may be missing.
    fn history<T>(&self, outcome: Outcome<T>) -> Checked<Option<T>> {
        match outcome {
            Err(failure) if failure.kind == FailureKind::Unavailable && !self.promises.all_history => {
                Ok(None)
            }
            outcome => supported(outcome),
        }
    }

    fn reset(&mut self, back: usize) -> Checked {
        let (target, state) = self.version_back(back);
        let reset = self.unless_writing(|engine| match engine.reset_to(target) {
            Err(failure) if failure.kind == FailureKind::Unavailable => Ok(Err(failure)),
            outcome => outcome.map(Ok),
        })?;
        let version = match reset {
            None => return Ok(()),
            Some(outcome) => match self.history(outcome)? {
                None => return Ok(()),
                Some(version) => version,
            },
        };
        same("durable version after a reset", &self.engine.durable_version(), &version)?;
        self.model.abort();
        self.model.push(version, state);
        same("newest version after a reset", &self.engine.version(), &version)
    }

    fn read_at(&mut self, back: usize) -> Checked {
        let (version, state) = self.version_back(back);
        let view = self.history(self.engine.read_at(version));
        let Some(view) = view.map_err(|found| found.during(format_args!("read at {version:x?}")))? else {
            return Ok(());
        };
        compare(&*view, &state, self.steps).map_err(|found| found.during(format_args!("as of {version:x?}")))
    }

    fn read_log(&mut self, back: usize) -> Checked {
        let (version, _) = self.version_back(back);
        let log = self.history(self.engine.log_after(version));
        let Some(log) = log.map_err(|found| found.during(format_args!("log after {version:x?}")))? else {
            return Ok(());
        };
        self.model.check_log(version, &log).map_err(Divergence::new)
    }

    /// Changes take no more memory than the budget says, beside what views keep.
    fn check_memory(&self) -> Checked {
        /// For the one operation after which the budget is looked at.
        const SLACK_BYTES: u64 = 32 << 10;
        let Some((dirty, budget)) = supported(self.engine.dirty_bytes())? else { return Ok(()) };
        if self.views.is_empty() && dirty > budget + SLACK_BYTES {
            return Err(Divergence::new(format!(
                "{dirty} bytes of memory are dirty; the budget is {budget}"
            )));
        }
        Ok(())
    }
}

/// What an engine answers that may not be able to.
fn supported<T>(outcome: Outcome<T>) -> Checked<Option<T>> {
    match outcome {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.kind == FailureKind::Unsupported => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

fn expect_made(outcome: Outcome<()>, expected: bool, what: &str) -> Checked {
    match outcome {
        Ok(()) => same(what, &true, &expected),
        Err(failure) if failure.kind == FailureKind::Refused => same(what, &false, &expected),
        Err(failure) => Err(Divergence::from(failure).during(what)),
    }
}

fn modulo(n: impl Into<usize>, len: usize) -> Option<usize> {
    (len > 0).then(|| n.into() % len)
}
