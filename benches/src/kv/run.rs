//! Runs the parts, each engine's in a process of its own where its memory counts, and collects the figures.
//!
//! The process started for a task is this program with the same arguments and `--task`; it prints its figures as JSON.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::engine::{Done, Failure, Kind};
use super::engines;
use super::figures::Figures;
use super::options::{Options, Part, Task};
use super::table;
use super::tight::{Group, limit_bytes};
use super::{churn, crash, life, many, order, tight, turns, values, ycsb};

/// Runs what the options ask for. `say` gets the report a line at a time.
///
/// # Errors
/// What cannot be measured at all; an engine that fails in one part is reported and the others go on.
pub fn report(options: &Options, say: &mut dyn FnMut(&str)) -> Done {
    let kinds = chosen(options)?;
    if let Some(task) = options.task {
        let dir = options.dir.as_ref().ok_or("a task needs its directory")?;
        // Whoever started this has put it where it belongs when its input ends.
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
        let mut figures = Figures::default();
        perform(task, options, &kinds, dir, &mut figures)?;
        say(&figures.to_json().to_string());
        return Ok(());
    }
    let dir = options.dir.as_ref().map_or_else(tempfile::tempdir, tempfile::tempdir_in)?;
    let mut run = Run { options, dir: dir.path(), figures: Figures::default(), remarks: Vec::new() };
    if options.churn.is_some() {
        run.each(&kinds, "churn", &[Task::Churn])?;
    } else {
        for part in Part::ALL {
            if options.parts.is_empty() || options.parts.contains(&part) {
                run.part(part, &kinds)?;
            }
        }
    }
    let Run { figures, remarks, .. } = run;
    table::print(options, &kinds, &figures, say);
    remarks.iter().for_each(|remark| say(&format!("- {remark}")));
    if let Some(file) = &options.json {
        std::fs::write(file, format!("{:#}\n", figures.to_json()))?;
    }
    if let Some(dir) = &options.plots {
        super::plots::draw(&kinds, &figures, dir)?;
    }
    table::disagreements(&figures).map_or(Ok(()), |what| Err(what.into()))
}

fn chosen(options: &Options) -> Result<Vec<Kind>, Failure> {
    let all = engines::all();
    if let Some(unknown) = options.engines.iter().find(|name| !all.iter().any(|kind| kind.name == **name)) {
        let names: Vec<_> = all.iter().map(|kind| kind.name).collect();
        let names = names.join(", ");
        return Err(
            format!("no engine {unknown} in this build; there are {names}; peers need --features").into()
        );
    }
    let wanted =
        |kind: &Kind| options.engines.is_empty() || options.engines.iter().any(|name| name == kind.name);
    Ok(all.into_iter().filter(wanted).collect())
}

fn perform(task: Task, options: &Options, kinds: &[Kind], dir: &Path, figures: &mut Figures) -> Done {
    let one = kinds.first().ok_or("no engine")?;
    match task {
        Task::Turns => turns::measure(options, kinds, dir, figures),
        Task::Life => life::measure(options, one, dir, figures),
        Task::Order => order::measure(options, one, dir, figures),
        Task::Die => crash::die(options, one, dir),
        Task::DieRested => crash::die_rested(options, one, dir),
        Task::Reopen => crash::reopen(options, one, dir, crash::Stop::Busy, figures),
        Task::ReopenRested => crash::reopen(options, one, dir, crash::Stop::Rested, figures),
        Task::Many => many::measure(options, one, dir, figures),
        Task::Ycsb => ycsb::measure(options, one, dir, figures),
        Task::Values => values::measure(options, one, dir, figures),
        Task::TightLoad => tight::load(options, one, dir),
        Task::Tight => tight::measure(options, one, dir, figures),
        Task::Churn => churn::measure(options, one, dir, figures),
    }
}

struct Run<'r> {
    options: &'r Options,
    dir: &'r Path,
    figures: Figures,
    /// What the reader of the report must know.
    remarks: Vec<String>,
}

impl Run<'_> {
    fn part(&mut self, part: Part, kinds: &[Kind]) -> Done {
        match part {
            Part::Turns => self.together(kinds),
            Part::Life => self.each(kinds, "life", &[Task::Life]),
            Part::Order => self.each(kinds, "order", &[Task::Order]),
            Part::Crash => {
                self.each(kinds, "crash", &[Task::Die, Task::Reopen, Task::DieRested, Task::ReopenRested])
            }
            Part::Many => self.each(kinds, "many", &[Task::Many]),
            Part::Ycsb => self.each(kinds, "ycsb", &[Task::Ycsb]),
            Part::Values => self.each(kinds, "values", &[Task::Values]),
            Part::Tight => match Group::with_bytes(limit_bytes(self.options)) {
                Ok(group) => {
                    drop(group);
                    self.each(kinds, "tight", &[Task::TightLoad, Task::Tight])
                }
                Err(error) => {
                    let remark =
                        format!("SKIPPED three times as much data as memory: no control group ({error})");
                    self.remarks.push(remark);
                    Ok(())
                }
            },
        }
    }

    /// All engines in one process.
    fn together(&mut self, kinds: &[Kind]) -> Done {
        let dir = self.dir.join("turns");
        std::fs::create_dir_all(&dir)?;
        let names: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
        let found = self.child(Task::Turns, &names.join(","), &dir);
        self.take("the engines in turns", Task::Turns, found);
        Ok(std::fs::remove_dir_all(dir)?)
    }

    /// Tasks one after the other on a directory, for each engine.
    fn each(&mut self, kinds: &[Kind], name: &str, tasks: &[Task]) -> Done {
        for kind in kinds {
            let dir = self.dir.join(format!("{name}-{}", kind.name));
            std::fs::create_dir_all(&dir)?;
            for task in tasks {
                let found = self.child(*task, kind.name, &dir);
                if !self.take(kind.name, *task, found) {
                    break;
                }
            }
            std::fs::remove_dir_all(dir)?;
        }
        Ok(())
    }

    /// Whether it went well.
    fn take(&mut self, who: &str, task: Task, found: Result<Figures, Failure>) -> bool {
        match found {
            Ok(figures) => {
                self.figures.extend(figures);
                true
            }
            Err(error) => {
                self.remarks.push(format!("{who}, {task:?}: {error}"));
                false
            }
        }
    }

    fn child(&self, task: Task, engines: &str, dir: &Path) -> Result<Figures, Failure> {
        let name = clap::ValueEnum::to_possible_value(&task).ok_or("a task without a name")?;
        eprintln!("{engines}: {}", name.get_name());
        let mut command = Command::new(std::env::current_exe()?);
        command.args(self.options.to_arguments()).arg("--engines").arg(engines);
        command.arg("--task").arg(name.get_name()).arg("--dir").arg(dir);
        let group =
            if task == Task::Tight { Some(Group::with_bytes(limit_bytes(self.options))?) } else { None };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        if let Some(group) = &group {
            group.add(child.id())?;
        }
        // The task begins when its input ends.
        drop(child.stdin.take());
        let (began, longest) = (Instant::now(), self.options.longest_part());
        while child.try_wait()?.is_none() {
            if began.elapsed() > longest {
                child.kill()?;
                child.wait()?;
                return Err(format!("given up after {} s", longest.as_secs()).into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let output = child.wait_with_output()?;
        if matches!(task, Task::Die | Task::DieRested) && !output.status.success() && output.stdout.is_empty()
        {
            return Ok(Figures::default());
        }
        if !output.status.success() {
            return Err(format!("ended with {}", output.status).into());
        }
        Figures::from_json(&serde_json::from_slice(&output.stdout)?)
    }
}
