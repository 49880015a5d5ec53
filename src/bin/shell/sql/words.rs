//! The words of a dot-command: split at blanks, with quotes around words that hold some.
//!
//! Between `'` everything stands for itself; between `"` a backslash writes `\n`, `\t`, `\r`, `\"` and `\\`.

/// The words of a line.
pub(crate) fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut chars = line.trim().chars().peekable();
    while let Some(&first) = chars.peek() {
        let mut word = String::new();
        match first {
            c if c.is_whitespace() => {
                chars.next();
                continue;
            }
            '\'' | '"' => {
                chars.next();
                loop {
                    match chars.next() {
                        None => return Err(format!("a {first} is never closed")),
                        Some(c) if c == first => break,
                        Some('\\') if first == '"' => word.extend(chars.next().map(escaped)),
                        Some(c) => word.push(c),
                    }
                }
            }
            _ => {
                while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
                    word.push(c);
                }
            }
        }
        words.push(word);
    }
    Ok(words)
}

fn escaped(c: char) -> char {
    match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        other => other,
    }
}
