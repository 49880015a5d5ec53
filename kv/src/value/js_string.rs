//! [`JsString`]: a string as JavaScript has it, any sequence of UTF-16 units.
//!
//! Nearly every string is well-formed Unicode and is held as UTF-8. Only a string with a lone surrogate, which UTF-8
//! cannot say, is held as its units.
//!
//! Invariant 1: the units form is never well-formed UTF-16. So each string has one form, and equality and hash of
//! the forms are equality and hash of the strings.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// A JavaScript string: Unicode text, or, rarely, UTF-16 units with a lone surrogate among them.
///
/// ```
/// use duramen_kv::JsString;
///
/// let text = JsString::from("grüße");
/// assert_eq!(text.as_str(), Some("grüße"));
///
/// let half_an_emoji = JsString::from_utf16(&[0xd83d]);
/// assert_eq!(half_an_emoji.as_str(), None);
/// assert_eq!(half_an_emoji.to_str_lossy(), "\u{fffd}");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct JsString(Form);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Form {
    Text(String),
    Units(Box<[u16]>),
}

/// The two forms of a borrowed string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsStr<'a> {
    Text(&'a str),
    Units(&'a [u16]),
}

impl JsString {
    /// The string of these UTF-16 units, which may hold lone surrogates.
    #[must_use]
    pub fn from_utf16(units: &[u16]) -> JsString {
        match String::from_utf16(units) {
            Ok(text) => JsString(Form::Text(text)),
            Err(_) => JsString(Form::Units(units.into())),
        }
    }

    /// The text, or `None` if the string holds a lone surrogate.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Form::Text(text) => Some(text),
            Form::Units(_) => None,
        }
    }

    /// The text, with U+FFFD for each lone surrogate.
    #[must_use]
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        match &self.0 {
            Form::Text(text) => Cow::Borrowed(text),
            Form::Units(units) => Cow::Owned(String::from_utf16_lossy(units)),
        }
    }

    /// The text as a `String`, or the string back if it holds a lone surrogate.
    pub fn into_string(self) -> Result<String, JsString> {
        match self.0 {
            Form::Text(text) => Ok(text),
            Form::Units(_) => Err(self),
        }
    }

    /// The UTF-16 units.
    #[must_use]
    pub fn to_utf16(&self) -> Vec<u16> {
        match &self.0 {
            Form::Text(text) => text.encode_utf16().collect(),
            Form::Units(units) => units.to_vec(),
        }
    }

    /// The length in UTF-16 units, which is what `length` is in JavaScript.
    #[must_use]
    pub fn utf16_len(&self) -> usize {
        match &self.0 {
            Form::Text(text) => text.encode_utf16().count(),
            Form::Units(units) => units.len(),
        }
    }

    pub(crate) fn borrow(&self) -> JsStr<'_> {
        match &self.0 {
            Form::Text(text) => JsStr::Text(text),
            Form::Units(units) => JsStr::Units(units),
        }
    }
}

impl From<&str> for JsString {
    fn from(text: &str) -> JsString {
        JsString(Form::Text(text.to_owned()))
    }
}

impl From<String> for JsString {
    fn from(text: String) -> JsString {
        JsString(Form::Text(text))
    }
}

impl PartialEq<str> for JsString {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for JsString {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(other)
    }
}

/// Shows lone surrogates as `\u{d800}` escapes.
impl fmt::Debug for JsString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Text(text) => fmt::Debug::fmt(text, f),
            Form::Units(units) => {
                f.write_char('"')?;
                for unit in char::decode_utf16(units.iter().copied()) {
                    match unit {
                        Ok(char) => write!(f, "{}", char.escape_debug())?,
                        Err(lone) => write!(f, "\\u{{{:x}}}", lone.unpaired_surrogate())?,
                    }
                }
                f.write_char('"')
            }
        }
    }
}

#[cfg(test)]
mod tests;
