//! [`Writer`]: appends the parts that values are made of.

use std::ops::Range;

use duramen_engine::Write as _;

use super::reader::array_index;
use super::tag;
use crate::error::{Error, Result};
use crate::value::{BigInt, JsStr, exact_i64};

/// Appends a value to bytes. An error leaves a part of the value behind; the caller drops or truncates the bytes.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// Where the value starts in `out`; 16-bit text is aligned relative to it.
    start: usize,
    objects: u32,
}

impl<'a> Writer<'a> {
    /// What every value starts with.
    pub(crate) const HEADER: [u8; 2] = [tag::HEADER, tag::VERSION];

    /// Writes the header of a new value at the end of `out`.
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Writer<'a> {
        let start = out.len();
        out.extend_from_slice(&Writer::HEADER);
        Writer { out, start, objects: 0 }
    }

    /// The number of the object that begins here.
    pub(crate) fn begin_object(&mut self) -> Result<u32> {
        let number = self.objects;
        self.objects = number.checked_add(1).ok_or(Error::TooLong)?;
        Ok(number)
    }

    /// Where the next byte goes, for [`Writer::replace`].
    pub(crate) fn position(&self) -> usize {
        self.out.len()
    }

    /// Overwrites bytes written before.
    pub(crate) fn replace(&mut self, position: usize, bytes: &[u8]) {
        self.out[position..position + bytes.len()].copy_from_slice(bytes);
    }

    /// The bytes written from one position to another.
    pub(crate) fn written(&self, range: Range<usize>) -> &[u8] {
        &self.out[range]
    }

    /// Leaves room for a number that is not known yet, and answers where.
    pub(crate) fn reserve_varint(&mut self) -> usize {
        self.raw(&[0x80, 0x80, 0x80, 0x80, 0]);
        self.position() - 5
    }

    /// Writes a number where room was left for it.
    pub(crate) fn fill_varint(&mut self, position: usize, len: usize) -> Result<()> {
        let mut value = u32::try_from(len).map_err(|_| Error::TooLong)?;
        for byte in &mut self.out[position..position + 5] {
            *byte |= u8::try_from(value & 0x7f).expect("seven bits fit");
            value >>= 7;
        }
        Ok(())
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    pub(crate) fn varint(&mut self, value: u32) {
        self.out.put_varint(u64::from(value));
    }

    /// A count or length of something in memory.
    pub(crate) fn length(&mut self, len: usize) -> Result<()> {
        self.varint(u32::try_from(len).map_err(|_| Error::TooLong)?);
        Ok(())
    }

    pub(crate) fn sized(&mut self, bytes: &[u8]) -> Result<()> {
        self.length(bytes.len())?;
        self.raw(bytes);
        Ok(())
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    pub(crate) fn double(&mut self, number: f64) {
        self.raw(&number.to_le_bytes());
    }

    /// A number, tag included, in the shorter form if it has one.
    pub(crate) fn number(&mut self, number: f64) {
        let minus_zero = number == 0.0 && number.is_sign_negative();
        match exact_i64(number).and_then(|whole| i32::try_from(whole).ok()) {
            Some(whole) if !minus_zero => self.int32(whole),
            _ => {
                self.byte(tag::DOUBLE);
                self.double(number);
            }
        }
    }

    /// A whole number, tag included.
    pub(crate) fn int32(&mut self, number: i32) {
        self.byte(tag::INT32);
        self.varint((number.cast_unsigned() << 1) ^ (number >> 31).cast_unsigned());
    }

    /// The body of a bigint.
    pub(crate) fn bigint(&mut self, big: &BigInt) -> Result<()> {
        let len = big.limbs().len().checked_mul(8).and_then(|len| u32::try_from(len).ok());
        let len = len.filter(|&len| len <= u32::MAX >> 1).ok_or(Error::TooLong)?;
        self.varint(len << 1 | u32::from(big.is_negative()));
        for limb in big.limbs() {
            self.out.put_u64(*limb);
        }
        Ok(())
    }

    /// A string, tag included.
    pub(crate) fn string(&mut self, string: JsStr<'_>) -> Result<()> {
        match string {
            JsStr::Text(text) => self.text(text),
            JsStr::Units(units) => self.units(units.iter().copied(), units.len()),
        }
    }

    /// Text, tag included.
    pub(crate) fn text(&mut self, text: &str) -> Result<()> {
        if text.is_ascii() {
            self.byte(tag::ONE_BYTE_STRING);
            return self.sized(text.as_bytes());
        }
        // Characters up to U+00FF take two bytes in UTF-8 from U+0080 on.
        let mut len = 0;
        if text.chars().all(|char| {
            len += 1;
            u8::try_from(char).is_ok()
        }) {
            self.byte(tag::ONE_BYTE_STRING);
            self.length(len)?;
            self.out.extend(text.chars().filter_map(|char| u8::try_from(char).ok()));
            return Ok(());
        }
        self.units(text.encode_utf16(), text.encode_utf16().count())
    }

    fn units(&mut self, units: impl Iterator<Item = u16>, len: usize) -> Result<()> {
        let byte_len = len.checked_mul(2).and_then(|len| u32::try_from(len).ok()).ok_or(Error::TooLong)?;
        let varint_len = usize::try_from(byte_len.max(1).ilog2() / 7 + 1).expect("at most 5");
        let text_start = self.out.len() - self.start + 1 + varint_len;
        if !text_start.is_multiple_of(2) {
            self.byte(tag::PADDING);
        }
        self.byte(tag::TWO_BYTE_STRING);
        self.varint(byte_len);
        self.out.reserve(2 * len);
        for unit in units {
            self.out.put_u16(unit);
        }
        Ok(())
    }

    /// The key of a property: a number if it is an array index, as a JavaScript runtime writes it.
    pub(crate) fn key(&mut self, key: JsStr<'_>) -> Result<()> {
        match key {
            JsStr::Text(text) => match array_index(text) {
                Some(index) => self.number(f64::from(index)),
                None => self.text(text)?,
            },
            JsStr::Units(_) => self.string(key)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
