//! The tutorials of docs/, run as somebody who follows them would: every command of a `console` block, in order, and the
//! output it must have. In the expected output `…` at the end of a line stands for the rest of it, and alone for any lines.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::program;

/// A command and what the page says it prints.
#[derive(Debug, PartialEq, Eq)]
struct Step<'p> {
    line: usize,
    command: &'p str,
    output: Vec<&'p str>,
}

fn steps(page: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    let mut inside = false;
    for (number, line) in (1..).zip(page.lines()) {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let (true, Some(command)) = (inside, line.strip_prefix("$ ")) {
            steps.push(Step { line: number, command, output: Vec::new() });
        } else if let (true, Some(step)) = (inside, steps.last_mut()) {
            step.output.push(line);
        }
    }
    steps
}

/// Whether the output is what was expected, `…` standing for the rest of a line, or alone for any lines.
fn fits(expected: &[&str], found: &[&str]) -> bool {
    match expected {
        [] => found.is_empty(),
        ["…", rest @ ..] => (0..=found.len()).any(|skipped| fits(rest, &found[skipped..])),
        [line, rest @ ..] => {
            let same =
                |found: &&str| line.strip_suffix('…').map_or(found == line, |start| found.starts_with(start));
            found.first().is_some_and(same) && fits(rest, &found[1..])
        }
    }
}

/// Follows a page in a directory that holds these files of examples/.
fn follow(page: &str, samples: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs").join(page)).expect("the page is there");
    let steps = steps(&text);
    assert!(steps.len() >= 5, "{page} has no commands in blocks marked `console`");
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    for sample in samples {
        fs::copy(root.join("examples").join(sample), dir.path().join(sample)).expect("the sample is there");
    }
    let programs = Path::new(program::PATH).parent().expect("a program lies in a directory");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("there are other programs"));
    for step in steps {
        let done = Command::new("sh")
            .args(["-c", &format!("{{ {}\n}} 2>&1", step.command)])
            .current_dir(dir.path())
            .env("PATH", &path)
            .output()
            .expect("there is a shell");
        let output = String::from_utf8(done.stdout).expect("the commands write UTF-8");
        let found: Vec<&str> = output.lines().collect();
        assert!(
            fits(&step.output, &found),
            "docs/{page}:{}: `{}` printed\n{output}but the page says\n{}",
            step.line,
            step.command,
            step.output.join("\n")
        );
    }
}

#[test]
fn the_package_index() {
    follow("tutorial-package-index.md", &["packages.tsv"]);
}

#[test]
fn the_package_index_in_sql() {
    follow("tutorial-sql.md", &["packages.csv", "depends.csv"]);
}

#[test]
fn the_past() {
    follow("tutorial-past.md", &["packages.csv"]);
}

#[test]
fn only_console_blocks_are_steps() {
    let page = "$ no\n```sh\n$ no\n```\n```console\n$ yes one\nout\n$ two\n```\n$ no\n";
    let wanted = [
        Step { line: 6, command: "yes one", output: vec!["out"] },
        Step { line: 8, command: "two", output: vec![] },
    ];
    assert_eq!(steps(page), wanted);
}

#[test]
fn other_output_does_not_fit() {
    assert!(fits(&["a", "…", "c"], &["a", "b", "b", "c"]) && fits(&["…"], &[]) && fits(&["a", "…"], &["a"]));
    assert!(fits(&["ab…"], &["abc"]) && fits(&["ab…"], &["ab"]) && !fits(&["ab…"], &["a"]));
    assert!(!fits(&["a"], &["a", "b"]) && !fits(&["a", "…", "c"], &["a", "c", "d"]) && !fits(&["a"], &[]));
}
