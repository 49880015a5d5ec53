//! Which file of a crate imports from which, and the circles among them.
//!
//! A name that a `mod.rs` or `lib.rs` only passes on counts as imported from the file that defines it, so that a
//! module's front page does not tie all its files into one knot.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::NamedPath;

/// A file of a crate and what it names.
pub(crate) struct Module {
    /// Relative to the project's root.
    pub(crate) file: String,
    /// `["page", "store"]` for `src/page/store.rs`; empty for `lib.rs`.
    pub(crate) module: Vec<String>,
    pub(crate) paths: Vec<NamedPath>,
}

/// An import of one file from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) from: String,
    pub(crate) line: usize,
    pub(crate) to: String,
}

/// The module path of a file given relative to its crate's `src`.
pub(crate) fn module_of(file: &str) -> Vec<String> {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let mut names: Vec<String> = stem.split('/').map(String::from).collect();
    if matches!(names.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        names.pop();
    }
    names
}

/// All imports between the files of one crate, once per pair of files.
pub(crate) fn edges(modules: &[Module]) -> Vec<Edge> {
    let index: BTreeMap<&[String], &Module> = modules.iter().map(|m| (m.module.as_slice(), m)).collect();
    let mut found = BTreeMap::new();
    for module in modules {
        for path in &module.paths {
            let Some(target) = resolve(&index, module, path, 0) else { continue };
            if target.file != module.file {
                found.entry((module.file.clone(), target.file.clone())).or_insert(path.line);
            }
        }
    }
    found.into_iter().map(|((from, to), line)| Edge { from, line, to }).collect()
}

/// The file that defines what a path names, or `None` for what lies outside the crate.
fn resolve<'a>(
    index: &BTreeMap<&[String], &'a Module>,
    from: &Module,
    path: &NamedPath,
    hops: usize,
) -> Option<&'a Module> {
    const MOST_HOPS: usize = 16;
    let (mut base, rest) = starting_point(index, from, path, hops)?;
    let mut rest = rest.as_slice();
    while let [name, more @ ..] = rest {
        base.push(name.clone());
        if !index.contains_key(base.as_slice()) {
            base.pop();
            break;
        }
        rest = more;
    }
    let module: &'a Module = index.get(base.as_slice())?;
    let passed_on = rest
        .first()
        .filter(|_| hops < MOST_HOPS && module.file != from.file)
        .and_then(|name| module.paths.iter().find(|p| p.depth == 0 && p.import_as.as_ref() == Some(name)));
    match passed_on {
        Some(path) => resolve(index, module, path, hops + 1).or(Some(module)),
        None => Some(module),
    }
}

/// The module a path starts from, and the names after it.
fn starting_point(
    index: &BTreeMap<&[String], &Module>,
    from: &Module,
    path: &NamedPath,
    hops: usize,
) -> Option<(Vec<String>, Vec<String>)> {
    let names = path.names.as_slice();
    match names.first()?.as_str() {
        "crate" => Some((Vec::new(), names[1..].to_vec())),
        "self" => Some((from.module.clone(), names[1..].to_vec())),
        "super" => {
            let supers = names.iter().take_while(|name| *name == "super").count();
            let up = supers.saturating_sub(path.depth);
            let kept = from.module.len().checked_sub(up)?;
            Some((from.module[..kept].to_vec(), names[supers..].to_vec()))
        }
        first => {
            let mut child = from.module.clone();
            child.push(first.into());
            if index.contains_key(child.as_slice()) {
                return Some((from.module.clone(), names.to_vec()));
            }
            // `use crate::page;` and then `page::Store` in the code.
            let import = from.paths.iter().find(|p| {
                path.import_as.is_none() && p.import_as.as_deref() == Some(first) && p.names[0] != first
            })?;
            if hops > 0 {
                return None;
            }
            let (base, mut rest) = starting_point(index, from, import, hops + 1)?;
            rest.extend_from_slice(&names[1..]);
            Some((base, rest))
        }
    }
}

/// The groups of files that import each other in a circle, each with the imports inside it.
pub(crate) fn circles(edges: &[Edge]) -> Vec<Vec<Edge>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for edge in edges {
        next.entry(&edge.from).or_default().insert(&edge.to);
    }
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        next.keys().map(|&file| (file, reachable(&next, file))).collect();
    let in_circle = |a: &str, b: &str| {
        reach.get(a).is_some_and(|r| r.contains(b)) && reach.get(b).is_some_and(|r| r.contains(a))
    };
    let mut groups: BTreeMap<&str, Vec<Edge>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| in_circle(&edge.from, &edge.to)) {
        let first = reach[edge.from.as_str()].iter().find(|file| in_circle(file, &edge.from));
        groups.entry(first.expect("a file in a circle reaches itself")).or_default().push(edge.clone());
    }
    groups.into_values().collect()
}

fn reachable<'a>(next: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &'a str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut todo = vec![from];
    while let Some(file) = todo.pop() {
        for &to in next.get(file).into_iter().flatten() {
            if seen.insert(to) {
                todo.push(to);
            }
        }
    }
    seen
}
