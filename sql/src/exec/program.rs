//! Running a statement that writes, with the triggers and actions of foreign keys that follow from it.

use super::agenda::{Agenda, Interrupted, Job, RemoveRow, RowPair};
use super::insert::RowIs;
use super::query::{Finder, run_select_within};
use super::subquery::Memory;
use super::write::Writing;
use crate::ast::ConflictAction;
use crate::bound::ProgramNumber;
use crate::error::{ConstraintKind, Error, Raised, Result};
use crate::plan::{DeletePlan, InsertPlan, ProgramPlan, StepPlan, UpdatePlan};

impl Writing<'_, '_> {
    /// Runs an `INSERT`.
    ///
    /// # Errors
    /// Where a row is refused, and those of the engine and of expressions.
    pub fn insert(&mut self, plan: &InsertPlan, finder: &mut Finder) -> Result<()> {
        let mut agenda = Agenda::new(&plan.programs);
        self.start_insert(plan, finder, &mut agenda)?;
        self.work_off(&mut agenda)
    }

    /// Runs an `UPDATE`.
    ///
    /// # Errors
    /// Where a row is refused, and those of the engine and of expressions.
    pub fn update(&mut self, plan: &UpdatePlan, finder: &mut Finder) -> Result<()> {
        let mut agenda = Agenda::new(&plan.programs);
        self.start_update(plan, finder, &mut agenda)?;
        self.work_off(&mut agenda)
    }

    /// Runs a `DELETE`.
    ///
    /// # Errors
    /// Where a row is refused, and those of the engine and of expressions.
    pub fn delete(&mut self, plan: &DeletePlan, finder: &mut Finder) -> Result<()> {
        let mut agenda = Agenda::new(&plan.programs);
        self.start_delete(plan, finder, &mut agenda)?;
        self.work_off(&mut agenda)
    }

    fn work_off(&mut self, agenda: &mut Agenda<'_>) -> Result<()> {
        let done = self.do_all(agenda);
        if done.is_ok() {
            let written = self.sequences.end(&mut self.writers)?;
            self.given.pace.wrote(written);
        }
        if done.is_ok() || self.on_failure == ConflictAction::Fail {
            // Rows that are kept must have their parents.
            self.orphans.end_statement().inspect_err(|_| self.on_failure = ConflictAction::Abort)?;
        }
        done
    }

    fn do_all(&mut self, agenda: &mut Agenda<'_>) -> Result<()> {
        while let Some(job) = agenda.jobs.pop() {
            match self.work(job, agenda) {
                Ok(()) => {}
                Err(Error::Raise(Raised::Ignore, _)) => self.give_up_row(agenda),
                Err(Error::Raise(raised, message)) => {
                    self.on_failure = match raised {
                        Raised::Rollback => ConflictAction::Rollback,
                        Raised::Fail | Raised::Ignore => ConflictAction::Fail,
                    };
                    return Err(Error::Constraint { kind: ConstraintKind::Trigger, message });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn work<'p>(&mut self, job: Job<'p>, agenda: &mut Agenda<'p>) -> Result<()> {
        match job {
            Job::Inserts(plan, rows) => self.insert_next(plan, rows, agenda),
            Job::Updates(plan, rows, done) => self.update_next(plan, rows, done, agenda),
            Job::Deletes(plan, rows) => self.delete_next(plan, rows, agenda),
            Job::Insert(plan, values, rowid) => self.insert_values(plan, &values, rowid, agenda),
            Job::Write(plan, image) => {
                let how = RemoveRow {
                    row: &plan.row,
                    target: &plan.target,
                    follows: &plan.replaced,
                    returning: None,
                };
                let entries = self.place_is_free(&how, &image, None)?;
                self.insert_image(plan, &image, (RowIs::Outstanding, &entries), agenda)
            }
            Job::Update(how, old, values) => self.update_again(&how, &old, &values, agenda),
            Job::Rewrite(how, old, current, image) => {
                let Some(current) = self.reload(how.target, &current)? else { return Ok(()) };
                let remove =
                    RemoveRow { row: how.row, target: how.target, follows: how.replaced, returning: None };
                let entries = self.place_is_free(&remove, &image, Some(&current))?;
                self.rewrite_image(&how, (&old, &current), (&image, &entries), agenda)
            }
            Job::Replace(how, other) => self.replace_row(how, &other, agenda),
            Job::Remove(how, old) => self.remove_again(how, &old, agenda),
            Job::Fire(programs, at, rows) => self.fire(programs, at, rows, agenda),
            Job::Begin(program) => self.begin_program(program, agenda),
            Job::Steps(program, at) => self.step(program, at, agenda),
            Job::EndStep(memory) => {
                self.memory = memory;
                self.counters.note(std::mem::take(&mut self.changes));
                Ok(())
            }
            Job::EndProgram(interrupted) => {
                agenda.running.pop();
                self.go_on(interrupted);
                Ok(())
            }
        }
    }

    /// Runs one of the programs of a row, and leaves the others for later.
    fn fire<'p>(
        &mut self,
        programs: &'p [ProgramNumber],
        at: usize,
        rows: RowPair,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let Some(number) = programs.get(at) else { return Ok(()) };
        agenda.push(Job::Fire(programs, at + 1, rows.clone()));
        let program: &'p ProgramPlan = &agenda.programs[number.0];
        let runs =
            |trigger| agenda.running.iter().flatten().any(|running| std::sync::Arc::ptr_eq(running, trigger));
        if !program.recursive && program.trigger.as_ref().is_some_and(runs) {
            return Ok(());
        }
        if program.restricts && self.put_off_foreign_keys {
            return Ok(());
        }
        let limits = self.given().context.limits();
        if agenda.running.len() >= usize::try_from(limits.trigger_depth).unwrap_or(usize::MAX) {
            return Err(Error::statement("too many levels of trigger recursion"));
        }
        let around = std::mem::replace(&mut self.around, vec![rows.old, rows.new]);
        agenda.running.push(program.trigger.as_ref());
        agenda.push(Job::EndProgram(Interrupted {
            memory: std::mem::take(&mut self.memory),
            around,
            changes: std::mem::take(&mut self.changes),
            shown_changes: self.counters.changes.get(),
            last_rowid: self.counters.last_rowid.get(),
        }));
        agenda.push(Job::Begin(program));
        Ok(())
    }

    fn begin_program<'p>(&mut self, program: &'p ProgramPlan, agenda: &mut Agenda<'p>) -> Result<()> {
        if let Some((plan, test)) = &program.condition {
            self.memory = Memory::new(plan.parts.subqueries.len());
            if !self.with_rows(plan, [], |env| Ok(test(env)))? {
                return Ok(());
            }
        }
        agenda.push(Job::Steps(program, 0));
        Ok(())
    }

    fn step<'p>(&mut self, program: &'p ProgramPlan, at: usize, agenda: &mut Agenda<'p>) -> Result<()> {
        let Some(step) = program.steps.get(at) else { return Ok(()) };
        agenda.push(Job::Steps(program, at + 1));
        if let StepPlan::Select(plan) = step {
            return run_select_within(plan, self.writers.stores(), self.given(), &self.around, |_| Ok(true));
        }
        agenda.push(Job::EndStep(std::mem::take(&mut self.memory)));
        match step {
            StepPlan::Select(_) => Ok(()),
            StepPlan::Insert(plan) => self.start_insert(plan, &mut Finder::default(), agenda),
            StepPlan::Update(plan) => self.start_update(plan, &mut Finder::default(), agenda),
            StepPlan::Delete(plan) => self.start_delete(plan, &mut Finder::default(), agenda),
        }
    }

    /// Goes on with what a program interrupted.
    fn go_on(&mut self, interrupted: Interrupted) {
        self.memory = interrupted.memory;
        self.around = interrupted.around;
        self.changes = interrupted.changes;
        self.counters.changes.set(interrupted.shown_changes);
        self.counters.last_rowid.set(interrupted.last_rowid);
    }

    /// `RAISE(IGNORE)`: ends the program, and all that was to happen to the row that made it run.
    fn give_up_row(&mut self, agenda: &mut Agenda<'_>) {
        while let Some(job) = agenda.jobs.pop() {
            if let Job::EndProgram(interrupted) = job {
                agenda.running.pop();
                self.go_on(interrupted);
                break;
            }
        }
        while agenda.jobs.last().is_some_and(|job| !job.is_behind_a_row()) {
            agenda.jobs.pop();
        }
    }
}
