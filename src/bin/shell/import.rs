//! Import: lines of key and JSON, in batches that become durable whole.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use duramen::kv::Kv;
use duramen::{Durability, WriteTxn};
use indicatif::ProgressBar;

use crate::args::ImportArgs;
use crate::failure::{Code, Failure, Outcome, Stop};
use crate::lines;
use crate::opened::Opened;
use crate::records;
use crate::world::{World, say};

/// Where the lines come from.
#[derive(Debug)]
pub(crate) enum Source {
    StandardInput,
    File { file: File, path: PathBuf, bytes: u64 },
}

impl Source {
    /// Opens `path`; `-` is standard input.
    pub(crate) fn open(path: &Path) -> Result<Source, Failure> {
        if path == Path::new("-") {
            return Ok(Source::StandardInput);
        }
        let opened = File::open(path).and_then(|file| {
            let meta = file.metadata()?;
            if meta.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok((file, meta.len())) }
        });
        let (file, bytes) = opened.map_err(|error| Failure::of_file("read it", path, &error))?;
        Ok(Source::File { file, path: path.into(), bytes })
    }

    fn name(&self) -> String {
        match self {
            Source::StandardInput => "standard input".into(),
            Source::File { path, .. } => path.display().to_string(),
        }
    }
}

/// All of an input, as text.
pub(crate) fn read_all(input: &mut dyn BufRead) -> Result<String, Failure> {
    let mut text = String::new();
    input
        .read_to_string(&mut text)
        .map_err(|error| Failure::of_file("read it", Path::new("standard input"), &error))?;
    Ok(text)
}

/// Reads the lines of `source` into the database.
pub(crate) fn run(on: &Opened<'_>, args: &ImportArgs, source: Source, world: &mut World<'_>) -> Outcome {
    let name = source.name();
    let total = match &source {
        Source::StandardInput => None,
        Source::File { bytes, .. } => Some(*bytes),
    };
    let template = match total {
        Some(_) => "{msg} records {bar:40} {bytes} of {total_bytes}, {eta} left",
        None => "{msg} records, {bytes} read in {elapsed}",
    };
    let bar = world.bar(total, template);
    let mut import = Import { on, args, name, bar, line: 0, records: 0, committed: 0 };
    let done = match source {
        Source::StandardInput => import.read(world.input, world.out),
        Source::File { file, .. } => import.read(&mut BufReader::with_capacity(READ_BYTES, file), world.out),
    };
    import.bar.finish_and_clear();
    done.map_err(|stop| import.with_position(stop))
}

/// How much is read at once.
const READ_BYTES: usize = 256 << 10;

/// The longest line, in bytes: the largest value with every byte escaped would be longer, and is nobody's.
const MAX_LINE_BYTES: u64 = 2 << 30;

/// An import under way.
struct Import<'i> {
    on: &'i Opened<'i>,
    args: &'i ImportArgs,
    name: String,
    bar: ProgressBar,
    line: u64,
    /// Records read, those passed over included.
    records: u64,
    /// Records known to be on disk, those passed over included.
    committed: u64,
}

impl Import<'_> {
    /// Reads lines until there are no more.
    fn read(&mut self, input: &mut dyn BufRead, out: &mut dyn Write) -> Outcome {
        let mut buffer = Vec::new();
        loop {
            let mut txn = self.on.db.begin_write().map_err(|error| self.on.failed(&error))?;
            let more = self.fill(&mut records::writing(&mut txn), input, &mut buffer)?;
            if self.records > self.committed.max(self.args.skip) {
                txn.commit(Durability::Immediate).map_err(|error| self.on.failed(&error))?;
                self.committed = self.records;
                self.bar.set_message(self.committed.to_string());
                say(out, format_args!("committed {}", self.committed))?;
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// Reads one batch into an open transaction; whether there may be more.
    fn fill(
        &mut self,
        store: &mut Kv<&mut WriteTxn>,
        input: &mut dyn BufRead,
        buffer: &mut Vec<u8>,
    ) -> Outcome<bool> {
        let end = self.records.max(self.args.skip).saturating_add(self.args.batch);
        while self.records < end {
            if !self.next_line(input, buffer)? {
                return Ok(false);
            }
            let text = std::str::from_utf8(buffer).map_err(|_| self.bad_line("it is not UTF-8"))?;
            let text = text.trim_end_matches(['\n', '\r']);
            if text.is_empty() {
                continue;
            }
            self.records += 1;
            if self.records > self.args.skip {
                let (key, json) = lines::record(text).map_err(|why| self.bad_line(&why))?;
                records::put_in(self.on, store, &key, json).map_err(|stop| self.at_line(stop))?;
            }
        }
        Ok(true)
    }

    /// Reads one line into `buffer`, its end included; whether there was one.
    fn next_line(&mut self, input: &mut dyn BufRead, buffer: &mut Vec<u8>) -> Result<bool, Failure> {
        buffer.clear();
        let read = input.take(MAX_LINE_BYTES).read_until(b'\n', buffer);
        read.map_err(|error| Failure::of_file("read it", Path::new(&self.name), &error))?;
        self.bar.inc(buffer.len().try_into().unwrap_or(u64::MAX));
        self.line += 1;
        Ok(!buffer.is_empty())
    }

    fn bad_line(&self, why: &str) -> Failure {
        Failure::new(Code::Wrong, format!("{}, line {}: {why}", self.name, self.line))
    }

    fn at_line(&self, stop: Stop) -> Stop {
        match stop {
            Stop::Failed(failure) if matches!(failure.code, Code::Wrong | Code::Refused) => Failure {
                message: format!("{}, line {}: {}", self.name, self.line, failure.message),
                ..failure
            }
            .into(),
            other => other,
        }
    }

    /// Adds to a failure how far the import came and how it goes on.
    fn with_position(&self, stop: Stop) -> Stop {
        match stop {
            Stop::Failed(failure) => {
                let position = match self.committed {
                    0 => "no record of this input is known to be on disk; import it again".to_owned(),
                    n => format!("the first {n} records are on disk; go on with --skip {n}"),
                };
                failure.help(position).into()
            }
            Stop::NobodyReads => Failure::new(
                Code::Disk,
                format!(
                    "nobody reads the output any more; the import stopped after {} records",
                    self.committed
                ),
            )
            .into(),
        }
    }
}
