//! Buffers and views: bytes to one type, elements to another.

use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};

use super::scalar::{Wanted, unread};
use crate::error::{Error, Result};
use crate::value::ViewKind;
use crate::wire::{Reader, tag};

/// Reads a buffer, tag included.
pub(super) fn read_buffer<'de>(reader: &mut Reader<'de>) -> Result<&'de [u8]> {
    let tag = reader.value_tag()?;
    read_buffer_body(reader, tag)
}

pub(super) fn read_buffer_body<'de>(reader: &mut Reader<'de>, tag: u8) -> Result<&'de [u8]> {
    match tag {
        tag::ARRAY_BUFFER => reader.sized(),
        tag::RESIZABLE_ARRAY_BUFFER => {
            let len = reader.length()?;
            reader.varint()?;
            reader.raw(len)
        }
        _ => Err(reader.malformed("a view of something that is no buffer")),
    }
}

/// Reads the rest of a view of these bytes.
pub(super) fn read_view<'de>(reader: &mut Reader<'de>, buffer: &'de [u8]) -> Result<Elements<'de>> {
    let kind = tag::view_kind(reader.varint()?).ok_or_else(|| reader.malformed("unknown kind of view"))?;
    let offset = usize::try_from(reader.varint()?).map_err(|_| Error::TooLong)?;
    let len = usize::try_from(reader.varint()?).map_err(|_| Error::TooLong)?;
    if reader.view_flags() {
        reader.varint()?;
    }
    let bytes = buffer.get(offset..).and_then(|rest| rest.get(..len));
    let bytes = bytes.ok_or_else(|| reader.malformed("a view does not fit its buffer"))?;
    Ok(Elements { kind, bytes })
}

/// The bytes of a buffer or view, and the elements they are.
pub(super) struct Elements<'de> {
    pub(super) kind: ViewKind,
    pub(super) bytes: &'de [u8],
}

impl<'de> Elements<'de> {
    pub(super) fn show<V: Visitor<'de>>(self, visitor: V, wanted: Wanted) -> Result<V::Value> {
        if wanted != Wanted::Sequence {
            return visitor.visit_borrowed_bytes(self.bytes);
        }
        let mut elements = self;
        let value = visitor.visit_seq(&mut elements)?;
        if elements.bytes.is_empty() { Ok(value) } else { Err(unread()) }
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (element, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*element)
    }
}

impl<'de> de::SeqAccess<'de> for &mut Elements<'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        /// Gives the next element to the seed.
        macro_rules! next {
            ($number:ty) => {
                match self.take() {
                    Some(bytes) => {
                        seed.deserialize(<$number>::from_le_bytes(bytes).into_deserializer()).map(Some)
                    }
                    None => Ok(None),
                }
            };
        }
        match self.kind {
            ViewKind::Int8Array => next!(i8),
            ViewKind::Uint8Array | ViewKind::Uint8ClampedArray | ViewKind::DataView => next!(u8),
            ViewKind::Int16Array => next!(i16),
            ViewKind::Uint16Array => next!(u16),
            ViewKind::Int32Array => next!(i32),
            ViewKind::Uint32Array => next!(u32),
            ViewKind::Float32Array => next!(f32),
            ViewKind::Float64Array => next!(f64),
            ViewKind::BigInt64Array => next!(i64),
            ViewKind::BigUint64Array => next!(u64),
            ViewKind::Float16Array => match self.take() {
                Some(bytes) => {
                    seed.deserialize(half(u16::from_le_bytes(bytes)).into_deserializer()).map(Some)
                }
                None => Ok(None),
            },
        }
    }
}

/// The number that 16 bits of IEEE 754 stand for.
fn half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let exponent = u32::from(bits >> 10 & 0x1f);
    let fraction = u32::from(bits & 0x3ff);
    match exponent {
        0 => {
            let magnitude = f32::from(bits & 0x3ff) / 16_777_216.0;
            f32::from_bits(magnitude.to_bits() | sign)
        }
        0x1f => f32::from_bits(sign | 0xff << 23 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

#[cfg(test)]
mod tests;
