//! The house rules a machine can check: which way imports point, where `unsafe`, files, clocks and threads may be,
//! that every file says what it is, and that documents name only what exists.
//!
//! Each rule is a function from a [`Tree`] to the places that break it. Each is run twice: on the project, where it
//! must find nothing, and on a small sample made to break it, where it must find exactly what was planted.

mod graph;
mod tokens;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use self::graph::{Module, circles, edges, module_of};
use self::tokens::{NamedPath, Token, paths, tokens};

/// The crates that form the library, and the ones of the project each may use.
const CRATES: [(&str, &[&str]); 5] = [
    ("engine", &[]),
    ("kv", &["duramen_engine"]),
    ("sql", &["duramen_engine"]),
    ("pitr", &["duramen_engine"]),
    ("", &["duramen_engine", "duramen_kv", "duramen_sql", "duramen_pitr"]),
];

/// All crate roots, for rules that hold everywhere.
const SOURCE_DIRS: [&str; 8] =
    ["engine/src", "kv/src", "sql/src", "pitr/src", "src", "src/bin/shell", "fuzz/src", "benches/src"];

/// The heading of the list of files that may hold `unsafe`.
const UNSAFE_HEADING: &str = "## Files with unsafe code";

/// The text files of the project, by path relative to its root.
struct Tree {
    texts: BTreeMap<String, String>,
    /// Every file and directory, the latter without a slash at the end.
    names: Vec<String>,
    /// The Rust files among the texts.
    sources: Vec<Source>,
}

/// A Rust file, taken apart.
struct Source {
    file: String,
    tokens: Vec<Token>,
    paths: Vec<NamedPath>,
}

impl Tree {
    /// The project this test belongs to.
    fn of_project() -> &'static Tree {
        static PROJECT: OnceLock<Tree> = OnceLock::new();
        PROJECT.get_or_init(|| {
            let mut tree = Tree { texts: BTreeMap::new(), names: Vec::new(), sources: Vec::new() };
            tree.add(Path::new(env!("CARGO_MANIFEST_DIR")), "");
            tree.take_apart();
            tree
        })
    }

    /// A made-up project.
    fn of_sample(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree {
            texts: files.iter().map(|&(name, text)| (name.into(), text.into())).collect(),
            names: files.iter().map(|&(name, _)| name.into()).collect(),
            sources: Vec::new(),
        };
        tree.take_apart();
        tree
    }

    fn take_apart(&mut self) {
        let rust = self.texts.iter().filter(|(name, _)| name.ends_with(".rs"));
        self.sources = rust
            .map(|(file, text)| {
                let tokens = tokens(text).unwrap_or_else(|error| panic!("{file}: not Rust: {error}"));
                Source { file: file.clone(), paths: paths(&tokens), tokens }
            })
            .collect();
    }

    fn add(&mut self, dir: &Path, below: &str) {
        for entry in std::fs::read_dir(dir).expect("the project's directories can be listed") {
            let entry = entry.expect("the project's directories can be listed");
            let name = entry.file_name().into_string().expect("names in the project are UTF-8");
            if name == "target" || name == ".git" {
                continue;
            }
            let path = if below.is_empty() { name } else { format!("{below}/{name}") };
            if entry.path().is_dir() {
                self.add(&entry.path(), &path);
            } else if [".rs", ".md", ".toml"].iter().any(|end| path.ends_with(end)) {
                let text = std::fs::read_to_string(entry.path()).expect("the project's texts are UTF-8");
                self.texts.insert(path.clone(), text);
            }
            self.names.push(path);
        }
    }

    fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.names
            .iter()
            .any(|name| name == path || name.strip_prefix(path).is_some_and(|r| r.starts_with('/')))
    }

    fn with_end(&self, end: &str) -> impl Iterator<Item = (&str, &str)> {
        self.texts
            .iter()
            .filter(move |(name, _)| name.ends_with(end))
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// The Rust files that users link: no tests, no programs.
    fn library(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| crate_of(&source.file).is_some())
    }
}

fn is_test(file: &str) -> bool {
    file.ends_with("/tests.rs") || file.contains("/tests/") || file.starts_with("tests/")
}

/// Which of [`CRATES`] ships this file.
fn crate_of(file: &str) -> Option<&'static str> {
    let ships = |dir: &str| {
        let src = if dir.is_empty() { "src/".into() } else { format!("{dir}/src/") };
        file.starts_with(&src) && !file.starts_with("src/bin/") && !is_test(file)
    };
    CRATES.iter().map(|&(dir, _)| dir).find(|dir| ships(dir))
}

/// Places in `source` whose path is under one of `prefixes`.
fn uses<'a>(source: &'a Source, prefixes: &'a [&str]) -> impl Iterator<Item = (usize, String)> + 'a {
    let hits = source.paths.iter().filter(|path| prefixes.iter().any(|prefix| path.is_under(prefix)));
    hits.map(|path| (path.line, path.names.join("::")))
}

fn imports_go_one_way(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for dir in SOURCE_DIRS {
        let prefix = format!("{dir}/");
        let modules: Vec<Module> = tree
            .sources
            .iter()
            .filter(|s| s.file.starts_with(&prefix) && !is_test(&s.file))
            .filter(|s| dir != "src" || !s.file.starts_with("src/bin/"))
            .map(|s| Module {
                file: s.file.clone(),
                module: module_of(&s.file[prefix.len()..]),
                paths: s.paths.clone(),
            })
            .collect();
        for circle in circles(&edges(&modules)) {
            let lines: Vec<String> =
                circle.iter().map(|e| format!("    {}:{} imports from {}", e.from, e.line, e.to)).collect();
            problems.push(format!(
                "files import each other in a circle; move what both need into a file below them, or let the lower \
                 one own a trait:\n{}",
                lines.join("\n")
            ));
        }
    }
    problems
}

fn crates_go_one_way(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for source in tree.library() {
        let dir = crate_of(&source.file).expect("library files belong to a crate");
        let (_, allowed) = CRATES.iter().find(|(d, _)| *d == dir).expect("crate_of answers from this list");
        for token in &source.tokens {
            let name = token.text.as_str();
            let foreign = name.starts_with("duramen_") || (name == "duramen" && !dir.is_empty());
            if foreign && is_crate_name(name) && !allowed.contains(&name) {
                problems.push(format!(
                    "{}:{}: `{name}` is not below this crate; crates point engine <- kv, sql, pitr <- duramen",
                    source.file, token.line
                ));
            }
        }
    }
    problems
}

fn is_crate_name(name: &str) -> bool {
    [
        "duramen",
        "duramen_engine",
        "duramen_kv",
        "duramen_sql",
        "duramen_pitr",
        "duramen_fuzz",
        "duramen_benches",
    ]
    .contains(&name)
}

fn unsafe_is_listed(tree: &Tree) -> Vec<String> {
    let page = "docs/architecture.md";
    let Some(text) = tree.texts.get(page) else { return vec![format!("{page} is missing; write it")] };
    let Some((_, section)) = text.split_once(UNSAFE_HEADING) else {
        return vec![format!("{page}: no section \"{UNSAFE_HEADING}\"; add it, with one `path` an item")];
    };
    let section = section.split("\n## ").next().unwrap_or_default();
    let listed: Vec<String> = section
        .lines()
        .filter(|l| l.starts_with("- "))
        .filter_map(|l| code_spans(l).into_iter().next())
        .collect();
    let mut problems = Vec::new();
    let mut with_unsafe = Vec::new();
    for source in &tree.sources {
        let Some(first) = source.tokens.iter().find(|token| token.text == "unsafe") else { continue };
        with_unsafe.push(source.file.as_str());
        if !listed.contains(&source.file) {
            problems.push(format!(
                "{}:{}: `unsafe` outside the files listed in {page}; write it without, or list the file with the \
                 reason, the benchmark that needs it and a run under Miri",
                source.file, first.line
            ));
        }
    }
    for file in listed.iter().filter(|file| !with_unsafe.contains(&file.as_str())) {
        problems.push(format!("{page}: lists {file}, which has no `unsafe`; take it off the list"));
    }
    problems
}

fn unsafe_is_refused_by_the_compiler(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for dir in SOURCE_DIRS {
        let has_listed_files = ["engine/src", "benches/src"].contains(&dir);
        let wanted = if has_listed_files { "#![deny(unsafe_code)]" } else { "#![forbid(unsafe_code)]" };
        for root in ["lib.rs", "main.rs"].map(|name| format!("{dir}/{name}")) {
            if tree.texts.get(&root).is_some_and(|text| !text.contains(wanted)) {
                problems.push(format!("{root}:1: add `{wanted}` below the head"));
            }
        }
    }
    problems
}

fn system_stays_behind_the_seam(tree: &Tree) -> Vec<String> {
    let files_and_time = &[
        "std::fs",
        "std::time::SystemTime",
        "std::time::Instant",
        "SystemTime::now",
        "Instant::now",
        "std::env",
        "std::net",
        "std::process",
    ];
    let threads = &["std::thread", "thread::spawn", "thread::scope", "crossbeam::scope", "crossbeam::thread"];
    let mut problems = Vec::new();
    for source in tree.library().filter(|source| !source.file.starts_with("engine/src/io/")) {
        for (line, name) in uses(source, files_and_time) {
            problems.push(format!(
                "{}:{line}: `{name}` outside engine/src/io; go through the traits of engine/src/io/traits.rs",
                source.file
            ));
        }
        if source.file != "engine/src/worker.rs" {
            for (line, name) in uses(source, threads) {
                problems.push(format!(
                    "{}:{line}: `{name}` outside engine/src/worker.rs; make it one step that the worker calls",
                    source.file
                ));
            }
        }
    }
    problems
}

fn files_say_what_they_are(tree: &Tree) -> Vec<String> {
    tree.with_end(".rs")
        .filter(|(file, text)| !file.ends_with("/tests.rs") && !text.starts_with("//! "))
        .map(|(file, _)| {
            format!("{file}:1: no `//!` head; say what the file is, what it owns and its invariants")
        })
        .collect()
}

fn libraries_are_silent(tree: &Tree) -> Vec<String> {
    let unwanted = ["todo", "unimplemented", "dbg", "print", "println", "eprint", "eprintln"];
    let mut problems = Vec::new();
    for source in tree.library() {
        for pair in source.tokens.windows(2) {
            let name = pair[0].text.as_str();
            if pair[1].text == "!" && unwanted.contains(&name) {
                problems.push(format!(
                    "{}:{}: `{name}!` in a library; return it, or make it an error",
                    source.file, pair[0].line
                ));
            }
        }
    }
    problems
}

fn sqlparser_stays_in_parse(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for source in &tree.sources {
        if source.file.starts_with("sql/src/parse/") || source.file == "sql/src/parse.rs" {
            continue;
        }
        for (line, name) in uses(source, &["sqlparser"]) {
            problems.push(format!(
                "{}:{line}: `{name}` outside sql/src/parse; turn it into a type of ours there",
                source.file
            ));
        }
    }
    problems
}

fn documents_name_what_exists(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for (page, text) in tree.with_end(".md") {
        for (line, name) in named_files(text) {
            let beside = page.rsplit_once('/').map_or(name.clone(), |(dir, _)| joined(dir, &name));
            let cut_off = format!("/{name}");
            let below = tree.names.iter().any(|path| path.ends_with(&cut_off));
            if !tree.has(&name) && !tree.has(&beside) && !below {
                problems.push(format!("{page}:{line}: `{name}` does not exist; name the file that is meant"));
            }
        }
    }
    problems
}

/// `name` seen from `dir`, with leading `../` resolved.
fn joined(mut dir: &str, mut name: &str) -> String {
    while let Some(rest) = name.strip_prefix("../") {
        name = rest;
        dir = dir.rsplit_once('/').map_or("", |(above, _)| above);
    }
    if dir.is_empty() { name.into() } else { format!("{dir}/{name}") }
}

/// What a page names as files of the project: targets of relative links, and code spans that look like a path.
fn named_files(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let links = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            let links = links.map(|link| link.split('#').next().unwrap_or_default());
            let links = links.filter(|link| !link.is_empty() && !link.contains("://")).map(String::from);
            let spans = code_spans(line).into_iter().filter(|span| looks_like_a_path(span));
            found.extend(links.chain(spans).map(|name| (number, name)));
        }
    }
    found
}

fn code_spans(line: &str) -> Vec<String> {
    line.split('`').skip(1).step_by(2).map(String::from).collect()
}

fn looks_like_a_path(span: &str) -> bool {
    let tops = [
        "engine/",
        "kv/",
        "sql/",
        "pitr/",
        "src/",
        "fuzz/",
        "benches/",
        "docs/",
        "tests/",
        "examples/",
        ".ci/",
    ];
    let plain = span.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    let source = [".rs", ".md", ".toml"].iter().any(|end| span.len() > end.len() && span.ends_with(end));
    // Other words with a slash in them, such as the name of a tree, are no paths.
    let place = span.ends_with('/') || span.starts_with(".ci/");
    plain && !span.starts_with('/') && (source || (place && tops.iter().any(|top| span.starts_with(top))))
}

/// Notes to oneself and places on somebody's machine: they mean nothing to a reader.
fn no_private_notes(tree: &Tree) -> Vec<String> {
    let places = ["/work/", "/home/", "/Users/", "/root/", "worktree"];
    let notes = ["TODO", "FIXME", "XXX", "HACK"];
    let mut problems = Vec::new();
    for (file, text) in tree.texts.iter().filter(|(file, _)| !file.starts_with("tests/it/tidy")) {
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(place) = places.iter().find(|place| line.contains(*place)) {
                problems.push(format!(
                    "{file}:{number}: names a place on one machine (`{place}`); say it in general"
                ));
            }
            let words = || line.split(|c: char| !c.is_ascii_alphanumeric());
            if let Some(note) = notes.iter().find(|note| words().any(|word| word == **note)) {
                problems
                    .push(format!("{file}:{number}: `{note}`; do it now, or say the limit in the documents"));
            }
        }
    }
    problems
}

/// The longest files and functions, for somebody to look at. Nothing fails on them.
fn longest(tree: &Tree) -> Vec<String> {
    let mut files: Vec<(usize, &str)> = tree
        .with_end(".rs")
        .filter(|(file, _)| !is_test(file))
        .map(|(file, text)| (text.lines().count(), file))
        .collect();
    files.sort_unstable();
    let mut functions = Vec::new();
    for source in tree.library() {
        for (i, pair) in source.tokens.windows(2).enumerate() {
            if pair[0].text == "fn" && pair[1].text != "(" {
                functions.push((body_lines(&source.tokens[i..]), pair[1].text.clone(), &source.file));
            }
        }
    }
    functions.sort();
    let files = files.iter().rev().take(10).map(|(lines, file)| format!("{lines:5} lines  {file}"));
    let functions = functions
        .iter()
        .rev()
        .take(10)
        .map(|(lines, name, file)| format!("{lines:5} lines  fn {name}, {file}"));
    files.chain(functions).collect()
}

/// The lines from a function's `fn` to the end of its body; 0 for one without a body and for the type of a pointer.
fn body_lines(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for token in tokens {
        match token.text.as_str() {
            ";" if depth == 0 => return 0,
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                let Some(outside) = depth.checked_sub(1) else { return 0 };
                depth = outside;
                if depth == 0 && token.text == "}" {
                    return token.line - tokens[0].line + 1;
                }
            }
            _ => {}
        }
    }
    0
}

fn holds(rule: fn(&Tree) -> Vec<String>) {
    let problems = rule(Tree::of_project());
    assert!(problems.is_empty(), "{} to put right:\n{}", problems.len(), problems.join("\n"));
}

/// Asserts that `rule` finds one problem in the sample for each of `starts`, in order, beginning with it.
fn finds(rule: fn(&Tree) -> Vec<String>, files: &[(&str, &str)], starts: &[&str]) {
    let problems = rule(&Tree::of_sample(files));
    let as_planted = problems.iter().zip(starts).all(|(problem, start)| problem.starts_with(start));
    assert!(as_planted && problems.len() == starts.len(), "wanted {starts:#?}, found {problems:#?}");
}

#[test]
fn project_imports_go_one_way() {
    holds(imports_go_one_way);
}

#[test]
fn project_crates_go_one_way() {
    holds(crates_go_one_way);
}

#[test]
fn project_lists_its_unsafe() {
    holds(unsafe_is_listed);
    holds(unsafe_is_refused_by_the_compiler);
}

#[test]
fn project_keeps_the_system_behind_the_seam() {
    holds(system_stays_behind_the_seam);
}

#[test]
fn project_files_say_what_they_are() {
    holds(files_say_what_they_are);
}

#[test]
fn project_libraries_are_silent() {
    holds(libraries_are_silent);
}

#[test]
fn project_keeps_sqlparser_in_parse() {
    holds(sqlparser_stays_in_parse);
}

#[test]
fn project_documents_name_what_exists() {
    holds(documents_name_what_exists);
}

#[test]
fn project_has_no_private_notes() {
    holds(no_private_notes);
}

#[test]
fn project_longest_are_listed() {
    let list = longest(Tree::of_project());
    assert!(!list.is_empty());
    println!("{}", list.join("\n"));
}

#[test]
fn a_circle_of_imports_is_found() {
    let circle = "files import each other in a circle";
    let two = [("kv/src/a.rs", "use crate::b::B;"), ("kv/src/b.rs", "fn f() { crate::a::g() }")];
    finds(imports_go_one_way, &two, &[circle]);

    let by_super =
        [("kv/src/x/a.rs", "use super::b;"), ("kv/src/x/b.rs", "mod m { use super::super::a::A; }")];
    finds(imports_go_one_way, &by_super, &[circle]);

    let through_three = [
        ("sql/src/a.rs", "use crate::{b::{self, B}, d};"),
        ("sql/src/b.rs", "use crate::c; fn f() -> c::C { todo() }"),
        ("sql/src/c.rs", "use crate::a as first;"),
        ("sql/src/d.rs", "fn alone() {}"),
    ];
    finds(imports_go_one_way, &through_three, &[circle]);
    let tree = Tree::of_sample(&through_three);
    assert!(!imports_go_one_way(&tree)[0].contains("d.rs"), "only the circle is reported");
}

#[test]
fn a_front_page_passes_names_on() {
    let straight = [
        ("kv/src/lib.rs", "pub use x::A; pub use b::B;"),
        ("kv/src/x/mod.rs", "mod a; mod c; pub use a::A; pub use self::c::C as D;"),
        ("kv/src/x/a.rs", "pub struct A;"),
        ("kv/src/x/c.rs", "use crate::b::B; pub struct C;"),
        ("kv/src/b.rs", "use crate::x::A;"),
    ];
    finds(imports_go_one_way, &straight, &[]);

    let mut bent = straight;
    bent[4] = ("kv/src/b.rs", "use crate::x::D;");
    finds(imports_go_one_way, &bent, &["files import each other in a circle"]);

    let defined_on_it =
        [("kv/src/lib.rs", "pub use b::B; pub const A: u8 = 1;"), ("kv/src/b.rs", "use crate::A;")];
    finds(imports_go_one_way, &defined_on_it, &["files import each other in a circle"]);
}

#[test]
fn tests_comments_and_strings_are_no_imports() {
    let sample = [
        ("kv/src/a.rs", "use crate::b::B; #[cfg(test)] mod tests;"),
        ("kv/src/a/tests.rs", "use super::*; use crate::b;"),
        (
            "kv/src/b.rs",
            "//! [`crate::a::A`]\n/* crate::a::A */ const S: &str = \"crate::a::A\"; // crate::a::A",
        ),
        ("kv/src/c.rs", "use crate::d::D;"),
        ("kv/src/e/mod.rs", "mod f; pub use f::F;"),
        ("kv/src/e/f.rs", "pub(in crate::e) struct F;"),
        ("kv/src/d.rs", "#[cfg(test)] use crate::c::C; #[cfg(all(test, unix))] fn f() { crate::c::g() }"),
    ];
    finds(imports_go_one_way, &sample, &[]);
}

#[test]
fn a_wrong_crate_is_found() {
    let sample = [
        ("engine/src/a.rs", "use duramen_kv::Kv;"),
        ("kv/src/a.rs", "use duramen_engine::A;\nfn f() { duramen_sql::g() }"),
        ("src/a.rs", "use duramen_kv::Kv; use duramen_fuzz::F;"),
        ("tests/it/a.rs", "use duramen_fuzz::F;"),
    ];
    finds(
        crates_go_one_way,
        &sample,
        &["engine/src/a.rs:1: `duramen_kv`", "kv/src/a.rs:2: `duramen_sql`", "src/a.rs:1: `duramen_fuzz`"],
    );
}

#[test]
fn unlisted_unsafe_is_found() {
    let page = "# A\n## Files with unsafe code\n- `engine/src/a.rs`: why\n- `engine/src/gone.rs`: why\n## B\n- `x`\n";
    let sample = [
        ("docs/architecture.md", page),
        ("engine/src/a.rs", "unsafe fn f() {}"),
        ("engine/src/b.rs", "#![deny(unsafe_code)]\n// unsafe\n"),
        ("kv/src/c.rs", "\nfn f() { unsafe { g() } }"),
    ];
    finds(
        unsafe_is_listed,
        &sample,
        &["kv/src/c.rs:2: `unsafe`", "docs/architecture.md: lists engine/src/gone.rs"],
    );
    finds(unsafe_is_listed, &sample[1..], &["docs/architecture.md is missing"]);
    finds(unsafe_is_listed, &[("docs/architecture.md", "# A\n")], &["docs/architecture.md: no section"]);
}

#[test]
fn a_crate_that_allows_unsafe_is_found() {
    let sample = [
        ("engine/src/lib.rs", "#![deny(unsafe_code)]"),
        ("kv/src/lib.rs", "#![deny(unsafe_code)]"),
        ("src/bin/shell/main.rs", "fn main() {}"),
    ];
    finds(unsafe_is_refused_by_the_compiler, &sample, &["kv/src/lib.rs:1", "src/bin/shell/main.rs:1"]);
}

#[test]
fn the_system_outside_the_seam_is_found() {
    let sample = [
        (
            "engine/src/a.rs",
            "use std::{fs, io};\nuse std::time::{Duration, Instant};\nfn f() { std::thread::yield_now() }",
        ),
        ("engine/src/io/os.rs", "use std::fs; use std::time::SystemTime; use std::thread;"),
        ("engine/src/worker.rs", "use std::thread; fn f() { std::fs::read(x) }"),
        ("engine/src/a/tests.rs", "use std::fs;"),
        ("fuzz/src/a.rs", "use std::fs;"),
        ("src/bin/shell/main.rs", "use std::fs;"),
    ];
    let wanted = [
        "engine/src/a.rs:1: `std::fs`",
        "engine/src/a.rs:2: `std::time::Instant`",
        "engine/src/a.rs:3: `std::thread::yield_now`",
        "engine/src/worker.rs:1: `std::fs::read`",
    ];
    finds(system_stays_behind_the_seam, &sample, &wanted);
}

#[test]
fn a_file_without_head_is_found() {
    let sample =
        [("a.rs", "//! What it is.\n"), ("b.rs", "use a;\n//! Late.\n"), ("b/tests.rs", "use super::*;\n")];
    finds(files_say_what_they_are, &sample, &["b.rs:1"]);
}

#[test]
fn a_noisy_library_is_found() {
    let sample = [
        (
            "kv/src/a.rs",
            "//! println!(\"in a comment\")\nfn f() { dbg!(1); }\nfn g() { todo!() }\n#[cfg(test)] fn t() { println!() }",
        ),
        ("src/bin/shell/main.rs", "fn main() { println!() }"),
    ];
    finds(libraries_are_silent, &sample, &["kv/src/a.rs:2: `dbg!`", "kv/src/a.rs:3: `todo!`"]);
}

#[test]
fn sqlparser_outside_parse_is_found() {
    let sample = [
        ("sql/src/parse/dialect.rs", "use sqlparser::ast;"),
        ("sql/src/bind/expr.rs", "use crate::a;\nfn f(x: sqlparser::ast::Expr) {}"),
    ];
    finds(sqlparser_stays_in_parse, &sample, &["sql/src/bind/expr.rs:2: `sqlparser::ast::Expr`"]);
}

#[test]
fn a_document_that_names_nothing_is_found() {
    let page = "See `src/here.rs` or `here.rs` and `engine/`, `deep/er.rs`, \
                [that](../README.md), [this](b.md#part) and [the net](https://x.y/z).\n\
                But `src/gone.rs`, [gone](gone.md), `notes.toml`; and `docs/gone/`; not `a::b`, `NNNN.wal`, `/etc/hosts.rs`, `sql/tree`.\n\
                ```\n`src/fenced.rs`\n```\n";
    let sample = [
        ("docs/a.md", page),
        ("docs/b.md", ""),
        ("README.md", ""),
        ("src/here.rs", ""),
        ("src/deep/er.rs", ""),
        ("engine/Cargo.toml", ""),
    ];
    let wanted = [
        "docs/a.md:2: `gone.md`",
        "docs/a.md:2: `src/gone.rs`",
        "docs/a.md:2: `notes.toml`",
        "docs/a.md:2: `docs/gone/`",
    ];
    finds(documents_name_what_exists, &sample, &wanted);
}

#[test]
fn a_private_note_is_found() {
    let sample = [
        ("a.rs", "// TODO later\nlet todo = 1; // see /home/me/x\n"),
        ("b.md", "TODOs and XXXL are words.\n"),
    ];
    finds(no_private_notes, &sample, &["a.rs:1: `TODO`", "a.rs:2: names a place"]);
}
