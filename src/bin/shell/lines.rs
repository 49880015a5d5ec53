//! Lines: records of an import (`KEY`, a tab, `JSON`), and the words of a line at the prompt.
//!
//! A key stands as it is, except that one which could be mistaken is written as a JSON string: one that holds a control
//! character such as a tab or a line break, or that starts with a double quote.

use std::borrow::Cow;

/// A key as it stands in a line.
pub(crate) fn key_field(key: &str) -> Cow<'_, str> {
    if key.starts_with('"') || key.contains(|c: char| c.is_control()) {
        serde_json::Value::from(key).to_string().into()
    } else {
        key.into()
    }
}

/// Splits a record line into its key and its JSON.
pub(crate) fn record(line: &str) -> Result<(Cow<'_, str>, &str), String> {
    let Some((field, json)) = line.split_once('\t') else {
        return Err("there is no tab between a key and its JSON".into());
    };
    Ok((key_of(field)?, json))
}

/// The key that a field stands for.
fn key_of(field: &str) -> Result<Cow<'_, str>, String> {
    if !field.starts_with('"') {
        return Ok(field.into());
    }
    match serde_json::from_str::<String>(field) {
        Ok(key) => Ok(key.into()),
        Err(error) => {
            Err(format!("a key that starts with a double quote is a JSON string, and this is none: {error}"))
        }
    }
}

/// The words of a line at the prompt: split at spaces, strings in double quotes read as JSON strings. After `put` and
/// a key, all the rest is one word.
pub(crate) fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        if words.len() == 2 && words[0] == "put" {
            words.push(rest.into());
            break;
        }
        let (word, after) = first_word(rest)?;
        words.push(word);
        rest = after.trim_start();
    }
    Ok(words)
}

fn first_word(rest: &str) -> Result<(String, &str), String> {
    let end = if rest.starts_with('"') {
        end_of_string(rest).ok_or("a double quote is never closed")?
    } else {
        rest.find(char::is_whitespace).unwrap_or(rest.len())
    };
    Ok((key_of(&rest[..end])?.into_owned(), &rest[end..]))
}

/// Where the JSON string that starts `text` ends.
fn end_of_string(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
