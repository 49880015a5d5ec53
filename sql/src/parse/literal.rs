//! Constants: from the text of a token to a value.

use super::lexeme;
use crate::ast::Literal;
use crate::value::ValueRef;

/// The text between quotes, with doubled quotes made single. The first byte says which quotes they are.
pub(super) fn unquote(text: &str) -> Box<str> {
    let (open, inner) = (&text[..1], &text[1..text.len() - 1]);
    match open != "[" && inner.contains(open) {
        true => inner.replace(&open.repeat(2), open).into(),
        false => inner.into(),
    }
}

/// `x'53'`
pub(super) fn blob(text: &str) -> Literal {
    let digits = &text.as_bytes()[2..text.len() - 1];
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let bytes = digits.chunks_exact(2).filter_map(|pair| Some(value(pair[0])? << 4 | value(pair[1])?));
    Literal::Blob(bytes.collect())
}

/// A number without point and exponent; `None` if it is hexadecimal and does not fit 64 bits.
pub(super) fn whole_number(text: &str) -> Option<Literal> {
    let digits = without_separators(text);
    if lexeme::is_hexadecimal(digits.as_bytes()) {
        // The 64 bits as they are: from 0x8000000000000000 on the number is negative.
        return u64::from_str_radix(&digits[2..], 16).ok().map(|bits| Literal::Integer(bits.cast_signed()));
    }
    Some(digits.parse().map_or_else(|_| real_number(&digits), Literal::Integer))
}

/// A number as a real: the one that SQLite reads, which for more than nineteen digits is not always the nearest.
pub(super) fn real_number(text: &str) -> Literal {
    let digits = without_separators(text);
    Literal::Real(ValueRef::text(&digits).to_real())
}

/// Whether the number is 9223372036854775808, which is an integer after a minus sign.
pub(super) fn is_smallest_integer_without_sign(text: &str) -> bool {
    without_separators(text).trim_start_matches('0') == "9223372036854775808"
}

/// Whether the `_` in a number stand where they may.
pub(super) fn has_good_separators(number: &str) -> bool {
    !number.contains('_') || lexeme::separators_are_between_digits(number.as_bytes())
}

fn without_separators(number: &str) -> std::borrow::Cow<'_, str> {
    match number.contains('_') {
        true => number.replace('_', "").into(),
        false => number.into(),
    }
}
