//! Numbers as text and text as numbers, the way JavaScript converts them.

/// What `String(number)` gives.
#[must_use]
pub fn to_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number == 0.0 {
        return "0".into();
    }
    let sign = if number < 0.0 { "-" } else { "" };
    if number.is_infinite() {
        return format!("{sign}Infinity");
    }
    // The shortest digits that read back as the number, as `d.ddde±x`.
    let scientific = format!("{:e}", number.abs());
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!("{sign}{}", place_point(&digits, exponent))
}

/// Digits with a point after the first one, times ten to the power of `exponent`.
fn place_point(digits: &str, exponent: i32) -> String {
    match usize::try_from(exponent) {
        Ok(zeros) if exponent <= 20 => match digits.split_at_checked(zeros + 1) {
            Some((whole, "")) => whole.into(),
            Some((whole, fraction)) => format!("{whole}.{fraction}"),
            None => format!("{digits:0<width$}", width = zeros + 1),
        },
        Err(_) if exponent >= -6 => {
            let zeros = usize::try_from(-1 - exponent).unwrap_or(0);
            format!("0.{}{digits}", "0".repeat(zeros))
        }
        _ => match digits.split_at(1) {
            (first, "") => format!("{first}e{exponent:+}"),
            (first, rest) => format!("{first}.{rest}e{exponent:+}"),
        },
    }
}

/// What `Number(text)` gives.
#[must_use]
pub fn from_text(text: &str) -> f64 {
    let text = text.trim();
    let radix = |digits: &str, radix| u64::from_str_radix(digits, radix).map_or(f64::NAN, whole);
    match text.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => return radix(&text[2..], 16),
        Some("0o") => return radix(&text[2..], 8),
        Some("0b") => return radix(&text[2..], 2),
        _ => {}
    }
    match text {
        "" => 0.0,
        "Infinity" | "+Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        // Rust also reads the names of infinities and NaN in any case.
        _ if text.bytes().any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E')) => f64::NAN,
        _ => text.parse().unwrap_or(f64::NAN),
    }
}

/// The number nearest to an integer.
#[must_use]
pub fn whole(integer: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "JavaScript rounds as well")]
    let number = integer as f64;
    number
}

#[cfg(test)]
mod tests;
