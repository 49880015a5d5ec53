//! Running the program `duramen` as a shell would.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

/// The program under test.
pub(crate) const PATH: &str = env!("CARGO_BIN_EXE_duramen");

/// What one run of the program left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The output of a run that went well.
    #[track_caller]
    pub(crate) fn output(self) -> String {
        assert!(self.code == 0 && self.err.is_empty(), "{self:?}");
        self.out
    }

    /// The message of a run that failed with `code`.
    #[track_caller]
    pub(crate) fn failure(self, code: i32) -> String {
        assert!(self.code == code && self.err.starts_with("error: "), "wanted code {code}: {self:?}");
        self.err
    }
}

/// The program with its arguments, away from the terminal and the home of whoever runs the tests.
pub(crate) fn command(args: &[&dyn AsRef<OsStr>]) -> Command {
    let mut command = Command::new(PATH);
    command.args(args.iter().map(AsRef::as_ref)).env_remove("HOME").env_remove("XDG_STATE_HOME");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program to its end, with `input` on its standard input.
pub(crate) fn run_with(input: &str, args: &[&dyn AsRef<OsStr>]) -> Ran {
    finish(command(args).spawn().expect("the program was built"), input)
}

/// Runs the program to its end.
pub(crate) fn run(args: &[&dyn AsRef<OsStr>]) -> Ran {
    run_with("", args)
}

/// Gives a program the rest of its input and waits for its end.
pub(crate) fn finish(mut child: Child, input: &str) -> Ran {
    let mut pipe = child.stdin.take().expect("it is piped");
    let input = input.to_owned();
    // A program that ends early reads no more; that is for the test to judge by its exit code.
    let writer = thread::spawn(move || drop(pipe.write_all(input.as_bytes())));
    let done = child.wait_with_output().expect("the program can be waited for");
    writer.join().expect("writing does not panic");
    let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
    Ran { code: done.status.code().unwrap_or(-1), out: text(done.stdout), err: text(done.stderr) }
}

/// Runs `duramen kv DB` with words that hold no spaces of their own.
pub(crate) fn kv(db: &Path, words: &str) -> Ran {
    kv_with("", db, words)
}

/// As [`kv`], with `input` on standard input.
pub(crate) fn kv_with(input: &str, db: &Path, words: &str) -> Ran {
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut args: Vec<&dyn AsRef<OsStr>> = vec![&"kv", &db];
    args.extend(words.iter().map(|word| word as &dyn AsRef<OsStr>));
    run_with(input, &args)
}

/// Reads one line that a running program writes.
pub(crate) fn read_line(from: &mut impl Read) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while from.read(&mut byte).expect("the pipe can be read") == 1 && byte != *b"\n" {
        line.push(byte[0]);
    }
    String::from_utf8(line).expect("the program writes UTF-8")
}
