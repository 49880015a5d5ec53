//! Rust source as a flat list of tokens with lines, and the paths it names.
//!
//! 1. Comments and the contents of strings are not tokens, so words in them are never taken for code.
//! 2. Items under `#[cfg(test)]` are left out: the rules are about what ships.

use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

/// A word, a sign, a literal, or one end of a bracket.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
    /// How many inline modules (`mod name { … }`) are around it.
    pub(crate) depth: usize,
}

/// A path of two or more names, or a whole import, such as `crate::io::Fs`.
#[derive(Clone, Debug)]
pub(crate) struct NamedPath {
    pub(crate) names: Vec<String>,
    pub(crate) line: usize,
    pub(crate) depth: usize,
    /// The name an import gives it in its file; `None` for a path in running code and for `_` and `*`.
    pub(crate) import_as: Option<String>,
}

impl NamedPath {
    /// Whether the path is `prefix` or below it, with names joined by `::`.
    pub(crate) fn is_under(&self, prefix: &str) -> bool {
        let mut names = self.names.iter();
        prefix.split("::").all(|name| names.next().is_some_and(|n| n == name))
    }
}

/// The tokens of a source file.
pub(crate) fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let stream = TokenStream::from_str(source).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    flatten(stream, 0, &mut out);
    Ok(out)
}

fn flatten(stream: TokenStream, depth: usize, out: &mut Vec<Token>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut i = 0;
    while i < trees.len() {
        if is_test_attribute(&trees[i..]) {
            i = after_item(&trees, i + 2);
            continue;
        }
        let line = trees[i].span().start().line;
        match &trees[i] {
            TokenTree::Group(group) => {
                let inside = depth + usize::from(is_module_body(&trees[..i], group));
                let (open, close) = brackets(group);
                out.push(Token { text: open.into(), line, depth });
                flatten(group.stream(), inside, out);
                out.push(Token { text: close.into(), line: group.span_close().start().line, depth });
            }
            TokenTree::Punct(punct) if is_path_separator(&trees[i..]) => {
                debug_assert_eq!(punct.as_char(), ':');
                out.push(Token { text: "::".into(), line, depth });
                i += 1;
            }
            other => out.push(Token { text: other.to_string(), line, depth }),
        }
        i += 1;
    }
}

fn brackets(group: &Group) -> (&'static str, &'static str) {
    match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

fn is_path_separator(trees: &[TokenTree]) -> bool {
    match trees {
        [TokenTree::Punct(a), TokenTree::Punct(b), ..] => {
            a.as_char() == ':' && a.spacing() == Spacing::Joint && b.as_char() == ':'
        }
        _ => false,
    }
}

/// Whether `group` is the body of the `mod name` before it.
fn is_module_body(before: &[TokenTree], group: &Group) -> bool {
    group.delimiter() == Delimiter::Brace
        && matches!(before, [.., TokenTree::Ident(word), TokenTree::Ident(_)] if word == "mod")
}

/// Whether the trees start with `#[cfg(test)]`, or with another `cfg` that asks for `test` among other things.
fn is_test_attribute(trees: &[TokenTree]) -> bool {
    let [TokenTree::Punct(hash), TokenTree::Group(attribute), ..] = trees else { return false };
    if hash.as_char() != '#' {
        return false;
    }
    let inside: Vec<TokenTree> = attribute.stream().into_iter().collect();
    let [TokenTree::Ident(word), TokenTree::Group(condition)] = inside.as_slice() else { return false };
    let condition = condition.stream().to_string().replace(' ', "");
    word == "cfg" && (condition == "test" || condition.starts_with("all(test,"))
}

/// The index after the item that starts at `i`: past its body or its semicolon.
fn after_item(trees: &[TokenTree], mut i: usize) -> usize {
    while i < trees.len() {
        match &trees[i] {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return i + 1,
            TokenTree::Punct(punct) if punct.as_char() == ';' => return i + 1,
            _ => i += 1,
        }
    }
    i
}

/// All paths that the tokens name: imports, one by one, and paths in running code.
pub(crate) fn paths(tokens: &[Token]) -> Vec<NamedPath> {
    let mut out = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let after_use = tokens[i].text == "use" && tokens.get(i + 1).is_some_and(|t| t.text != "<");
        if after_use {
            i = import(tokens, i + 1, &[], &mut out);
        } else if tokens[i].text == "in" && i > 1 && tokens[i - 2].text == "pub" {
            // `pub(in crate::a)` says who may import, and imports nothing.
            i = inline_path(tokens, i + 1, &mut Vec::new());
        } else if is_name(&tokens[i].text) && !follows_a_path(tokens, i) {
            i = inline_path(tokens, i, &mut out);
        } else {
            i += 1;
        }
    }
    out
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn follows_a_path(tokens: &[Token], i: usize) -> bool {
    i > 0 && tokens[i - 1].text == "::" && i > 1 && is_name(&tokens[i - 2].text)
}

/// Reads `a::b::c` at `i`; the index after it.
fn inline_path(tokens: &[Token], i: usize, out: &mut Vec<NamedPath>) -> usize {
    let mut names = vec![tokens[i].text.clone()];
    let mut at = i + 1;
    while at + 1 < tokens.len() && tokens[at].text == "::" && is_name(&tokens[at + 1].text) {
        names.push(tokens[at + 1].text.clone());
        at += 2;
    }
    if names.len() > 1 {
        out.push(NamedPath { names, line: tokens[i].line, depth: tokens[i].depth, import_as: None });
    }
    at
}

/// Reads one branch of an import tree at `i`; the index of what follows it.
fn import(tokens: &[Token], mut i: usize, above: &[String], out: &mut Vec<NamedPath>) -> usize {
    let mut names = above.to_vec();
    let mut rename = None;
    let (line, depth) = tokens.get(i).map_or((0, 0), |t| (t.line, t.depth));
    while i < tokens.len() {
        match tokens[i].text.as_str() {
            "::" => i += 1,
            "{" => {
                i += 1;
                while i < tokens.len() && tokens[i].text != "}" {
                    i = import(tokens, i, &names, out);
                    if tokens.get(i).is_some_and(|t| t.text == ",") {
                        i += 1;
                    }
                }
                return i + 1;
            }
            "as" => {
                rename = tokens.get(i + 1).map(|t| t.text.clone());
                i += 2;
            }
            "*" => {
                names.push("*".into());
                i += 1;
            }
            text if is_name(text) => {
                names.push(text.into());
                i += 1;
            }
            _ => break,
        }
    }
    if names.len() > above.len() {
        if names.len() > 1 && names.last().is_some_and(|name| name == "self") {
            names.pop();
        }
        let import_as = rename.or_else(|| names.last().cloned()).filter(|name| name != "_" && name != "*");
        out.push(NamedPath { names, line, depth, import_as });
    }
    i
}
