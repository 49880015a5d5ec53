//! [`Reader`]: the parts that values are made of, from bytes nobody vouches for.
//!
//! Every length is checked against the bytes that are there before anything of that length is made.

use std::borrow::Cow;

use super::tag;
use crate::error::{Error, Result};
use crate::value::{BigInt, JsString};

/// A position in the bytes of a value.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    /// Whether flags follow the length of a view; they came with version 14.
    view_flags: bool,
    /// Whether host objects are those of workerd; else they are Node's.
    workerd: bool,
}

/// A string as it stands in the bytes.
#[derive(Debug, PartialEq)]
pub(crate) enum Text<'a> {
    /// Well-formed; borrowed if the bytes hold it as UTF-8.
    Utf8(Cow<'a, str>),
    /// Not well-formed UTF-16.
    Units(Vec<u16>),
}

impl<'a> Reader<'a> {
    /// Stands after the header of `bytes`; answers the version too.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<(Reader<'a>, u32)> {
        let mut reader = Reader { bytes, position: 0, view_flags: true, workerd: false };
        let mut version = u32::from(tag::OLDEST_VERSION);
        if bytes.first() == Some(&tag::HEADER) {
            reader.position = 1;
            version = reader.varint()?;
        }
        if !(tag::OLDEST_VERSION.into()..=tag::VERSION.into()).contains(&version) {
            return Err(Error::UnsupportedVersion { found: version });
        }
        reader.view_flags = version >= 14;
        Ok((reader, version))
    }

    /// Whether flags are expected after the length of a view.
    pub(crate) fn view_flags(&self) -> bool {
        self.view_flags
    }

    /// The reader that expects flags after the length of a view, as some builds of V8 wrote in version 13.
    pub(crate) fn with_view_flags(self) -> Reader<'a> {
        Reader { view_flags: true, ..self }
    }

    /// Whether host objects are those of workerd, which stores errors so.
    pub(crate) fn is_workerd(&self) -> bool {
        self.workerd
    }

    /// The reader that takes host objects for those of workerd.
    pub(crate) fn with_workerd(self) -> Reader<'a> {
        Reader { workerd: true, ..self }
    }

    /// Whether the bytes left may hold an error of workerd. What looks like one may be something else.
    pub(crate) fn may_hold_workerd_error(&self) -> bool {
        self.bytes[self.position..]
            .array_windows()
            .any(|pair| *pair == [tag::HOST_OBJECT, tag::WORKERD_ERROR])
    }

    /// Whether the bytes left may hold a reference. If they hold its tag it may be one, or part of something else.
    pub(crate) fn may_refer(&self) -> bool {
        self.bytes[self.position..].contains(&tag::REFERENCE)
    }

    /// Makes sure that nothing but padding is left.
    pub(crate) fn expect_end(&mut self) -> Result<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.malformed("bytes follow the end of the value")),
        }
    }

    /// Bytes from the start of the value.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// How many bytes are left.
    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// A reader of the part from `start` to `end`, positions of this reader.
    pub(crate) fn part(&self, start: usize, end: usize) -> Reader<'a> {
        Reader { bytes: &self.bytes[..end], position: start, ..*self }
    }

    /// The bytes from here to `end` as the stored form of a value on its own.
    pub(crate) fn to_stored(&self, end: usize) -> Vec<u8> {
        let version = if self.view_flags { tag::VERSION } else { tag::OLDEST_VERSION };
        [&[tag::HEADER, version], &self.bytes[self.position..end]].concat()
    }

    /// The error that something here is not in the format.
    pub(crate) fn malformed(&self, reason: &'static str) -> Error {
        Error::malformed(self.position, reason)
    }

    /// The tag that comes next, which is not consumed; padding before it is. `None` at the end.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.bytes.get(self.position) {
            if byte != tag::PADDING {
                return Some(byte);
            }
            self.position += 1;
        }
        None
    }

    /// Consumes the next tag if it is this one.
    pub(crate) fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.position += usize::from(found);
        found
    }

    /// Consumes the tag of a value.
    pub(crate) fn value_tag(&mut self) -> Result<u8> {
        while self.take(tag::OBJECT_COUNT) {
            self.varint()?;
        }
        let tag = self.peek().ok_or_else(|| self.malformed("the bytes end before the value does"))?;
        self.position += 1;
        Ok(tag)
    }

    /// The tag of the next value, which is not consumed.
    pub(crate) fn peek_value_tag(&mut self) -> Result<u8> {
        let tag = self.value_tag()?;
        self.position -= 1;
        Ok(tag)
    }

    pub(crate) fn byte(&mut self) -> Result<u8> {
        Ok(self.raw(1)?[0])
    }

    pub(crate) fn raw(&mut self, len: usize) -> Result<&'a [u8]> {
        if len > self.remaining() {
            return Err(self.malformed("a length goes beyond the end of the bytes"));
        }
        let start = self.position;
        self.position += len;
        Ok(&self.bytes[start..self.position])
    }

    pub(crate) fn varint(&mut self) -> Result<u32> {
        let start = self.position;
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value)
                    .map_err(|_| Error::malformed(start, "a number is longer than 32 bits"));
            }
        }
        Err(Error::malformed(start, "a number is longer than 32 bits"))
    }

    /// A number of things of which each takes at least a byte, checked against the bytes left.
    pub(crate) fn count(&mut self) -> Result<u32> {
        let start = self.position;
        let count = self.varint()?;
        if usize::try_from(count).is_ok_and(|count| count <= self.remaining()) {
            Ok(count)
        } else {
            Err(Error::malformed(start, "a length goes beyond the end of the bytes"))
        }
    }

    /// A number of bytes, checked against the bytes left.
    pub(crate) fn length(&mut self) -> Result<usize> {
        Ok(usize::try_from(self.count()?).expect("at most as many as there are bytes in memory"))
    }

    /// A length and that many bytes.
    pub(crate) fn sized(&mut self) -> Result<&'a [u8]> {
        let len = self.length()?;
        self.raw(len)
    }

    pub(crate) fn zigzag(&mut self) -> Result<i32> {
        let value = self.varint()?;
        let half = i32::try_from(value >> 1).expect("31 bits fit");
        Ok(if value & 1 == 0 { half } else { !half })
    }

    pub(crate) fn double(&mut self) -> Result<f64> {
        let bytes = self.raw(8)?.try_into().expect("eight bytes were asked for");
        Ok(f64::from_le_bytes(bytes))
    }

    /// The body of a number of this tag.
    pub(crate) fn number(&mut self, tag: u8) -> Result<Option<f64>> {
        Ok(Some(match tag {
            tag::INT32 => f64::from(self.zigzag()?),
            tag::UINT32 => f64::from(self.varint()?),
            tag::DOUBLE => self.double()?,
            _ => return Ok(None),
        }))
    }

    pub(crate) fn bigint(&mut self) -> Result<BigInt> {
        let start = self.position;
        let bits = self.varint()?;
        let len = usize::try_from(bits >> 1).map_err(|_| Error::malformed(start, "a bigint is too long"))?;
        let limbs: Vec<u64> = self.raw(len)?.chunks(8).map(little_endian).collect();
        Ok(BigInt::from_limbs(bits & 1 == 1, &limbs))
    }

    /// The body of a string of this tag, or `None` if it is not the tag of a string.
    pub(crate) fn text(&mut self, tag: u8) -> Result<Option<Text<'a>>> {
        let start = self.position;
        Ok(Some(match tag {
            tag::ONE_BYTE_STRING => Text::from_latin1(self.sized()?),
            tag::TWO_BYTE_STRING => {
                let (units, odd) = self.sized()?.as_chunks::<2>();
                if !odd.is_empty() {
                    return Err(Error::malformed(start, "a string of 16-bit units has an odd length"));
                }
                Text::from_units(units)
            }
            tag::UTF8_STRING => Text::Utf8(String::from_utf8_lossy(self.sized()?)),
            _ => return Ok(None),
        }))
    }

    /// A string value.
    pub(crate) fn string(&mut self) -> Result<JsString> {
        let tag = self.value_tag()?;
        let text = self.text(tag)?.ok_or_else(|| self.malformed("a string is expected here"))?;
        Ok(text.into())
    }

    /// The key of a property: a string, or a number that is an array index.
    pub(crate) fn key(&mut self) -> Result<Key<'a>> {
        let tag = self.value_tag()?;
        if let Some(text) = self.text(tag)? {
            return Ok(Key::Text(text));
        }
        match self.number(tag)? {
            Some(number) => {
                key_of_number(number).map(Key::Integer).ok_or_else(|| self.malformed("a key is a fraction"))
            }
            None => Err(self.malformed("a key is neither string nor number")),
        }
    }
}

/// The key of a property.
#[derive(Debug, PartialEq)]
pub(crate) enum Key<'a> {
    Text(Text<'a>),
    /// At most [`MAX_SAFE_INTEGER`](crate::value::MAX_SAFE_INTEGER) away from 0.
    Integer(i64),
}

impl Key<'_> {
    /// The index of an element this key stands for.
    pub(crate) fn array_index(&self) -> Option<u32> {
        match self {
            Key::Text(Text::Utf8(text)) => array_index(text),
            Key::Text(Text::Units(_)) => None,
            Key::Integer(number) => u32::try_from(*number).ok().filter(|&index| index != u32::MAX),
        }
    }
}

impl From<Key<'_>> for JsString {
    fn from(key: Key<'_>) -> JsString {
        match key {
            Key::Text(text) => text.into(),
            Key::Integer(number) => JsString::from(number.to_string()),
        }
    }
}

fn key_of_number(number: f64) -> Option<i64> {
    crate::value::exact_i64(number)
}

/// The index of an array element that this key is, if it is one: decimal digits without leading zeros, below 2^32 - 1.
pub(crate) fn array_index(key: &str) -> Option<u32> {
    let canonical = match key.as_bytes() {
        [b'0'] => true,
        [b'1'..=b'9', rest @ ..] => rest.len() < 10 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if canonical { key.parse().ok().filter(|&index| index != u32::MAX) } else { None }
}

impl<'a> Text<'a> {
    fn from_latin1(bytes: &'a [u8]) -> Text<'a> {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.is_ascii() => Text::Utf8(Cow::Borrowed(text)),
            _ => Text::Utf8(Cow::Owned(bytes.iter().copied().map(char::from).collect())),
        }
    }

    fn from_units(units: &[[u8; 2]]) -> Text<'a> {
        let units = || units.iter().copied().map(u16::from_le_bytes);
        match char::decode_utf16(units()).collect::<Result<String, _>>() {
            Ok(text) => Text::Utf8(Cow::Owned(text)),
            Err(_) => Text::Units(units().collect()),
        }
    }
}

impl From<Text<'_>> for JsString {
    fn from(text: Text<'_>) -> JsString {
        match text {
            Text::Utf8(text) => JsString::from(text.into_owned()),
            Text::Units(units) => JsString::from_utf16(&units),
        }
    }
}

/// The number of up to eight little-endian bytes.
fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests;
