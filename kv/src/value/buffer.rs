//! [`ArrayBuffer`] and the typed [`View`]s into it.

use crate::error::Error;
use crate::label::Label;

/// Bytes: an `ArrayBuffer` of JavaScript.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ArrayBuffer {
    /// The bytes.
    pub bytes: Box<[u8]>,
    /// For a resizable buffer the length it may grow to, at least its present one.
    pub max_len: Option<u32>,
}

impl From<Vec<u8>> for ArrayBuffer {
    fn from(bytes: Vec<u8>) -> ArrayBuffer {
        ArrayBuffer { bytes: bytes.into(), max_len: None }
    }
}

impl From<&[u8]> for ArrayBuffer {
    fn from(bytes: &[u8]) -> ArrayBuffer {
        ArrayBuffer { bytes: bytes.into(), max_len: None }
    }
}

/// A typed array or `DataView`: a window onto the bytes of an [`ArrayBuffer`].
///
/// ```
/// use duramen_kv::{View, ViewKind};
///
/// let view = View::new(ViewKind::Uint16Array, vec![1, 0, 2, 0]);
/// assert_eq!(view.bytes(), Some(&[1, 0, 2, 0][..]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// What the bytes are taken for.
    pub kind: ViewKind,
    /// The buffer looked at.
    pub buffer: ViewBuffer,
    /// Where in the buffer the view starts, in bytes; a multiple of the element size.
    pub byte_offset: u32,
    /// The length in bytes, a multiple of the element size; `None` if the view always reaches to the end of a
    /// resizable buffer.
    pub byte_length: Option<u32>,
}

/// The buffer of a [`View`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ViewBuffer {
    /// A buffer nothing else in the value refers to.
    Own(ArrayBuffer),
    /// A buffer the same value refers to again.
    Anchored(Label, ArrayBuffer),
    /// The buffer anchored earlier in the same value.
    Ref(Label),
}

/// The kinds of views.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are JavaScript's own")]
pub enum ViewKind {
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float16Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
}

impl View {
    /// A view of this kind onto all of its own bytes.
    #[must_use]
    pub fn new(kind: ViewKind, bytes: impl Into<Vec<u8>>) -> View {
        let buffer = ArrayBuffer::from(bytes.into());
        let byte_length = u32::try_from(buffer.bytes.len()).unwrap_or(u32::MAX);
        View { kind, buffer: ViewBuffer::Own(buffer), byte_offset: 0, byte_length: Some(byte_length) }
    }

    /// The bytes of the view, or `None` if its buffer stands elsewhere in the value (see
    /// [`Value::find`](crate::Value::find)) or is shorter than the view says.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.buffer {
            ViewBuffer::Own(buffer) | ViewBuffer::Anchored(_, buffer) => self.bytes_in(buffer),
            ViewBuffer::Ref(_) => None,
        }
    }

    /// The bytes of the view, given the buffer it refers to; `None` if that is shorter than the view says.
    #[must_use]
    pub fn bytes_in<'a>(&self, buffer: &'a ArrayBuffer) -> Option<&'a [u8]> {
        let len = u32::try_from(buffer.bytes.len()).ok()?;
        let (start, end) = self.range(len).ok()?;
        buffer.bytes.get(start..end)
    }

    /// Where the view starts and ends in a buffer of this length. A view that follows its buffer's length ends with
    /// the last whole element.
    pub(crate) fn range(&self, buffer_len: u32) -> Result<(usize, usize), Error> {
        let element = self.kind.element_size();
        let room = buffer_len
            .checked_sub(self.byte_offset)
            .ok_or(Error::InvalidBuffer("a view starts after the end of its buffer"))?;
        let len = self.byte_length.unwrap_or(room - room % element);
        if len > room {
            return Err(Error::InvalidBuffer("a view ends after the end of its buffer"));
        }
        if !self.byte_offset.is_multiple_of(element) || !len.is_multiple_of(element) {
            return Err(Error::InvalidBuffer(
                "offset and length of a view must be multiples of the element size",
            ));
        }
        let start = usize::try_from(self.byte_offset).map_err(|_| Error::TooLong)?;
        let len = usize::try_from(len).map_err(|_| Error::TooLong)?;
        Ok((start, start + len))
    }
}

impl ViewKind {
    /// All kinds.
    pub const ALL: [ViewKind; 13] = [
        ViewKind::Int8Array,
        ViewKind::Uint8Array,
        ViewKind::Uint8ClampedArray,
        ViewKind::Int16Array,
        ViewKind::Uint16Array,
        ViewKind::Int32Array,
        ViewKind::Uint32Array,
        ViewKind::Float16Array,
        ViewKind::Float32Array,
        ViewKind::Float64Array,
        ViewKind::BigInt64Array,
        ViewKind::BigUint64Array,
        ViewKind::DataView,
    ];

    /// The name of the constructor in JavaScript.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ViewKind::Int8Array => "Int8Array",
            ViewKind::Uint8Array => "Uint8Array",
            ViewKind::Uint8ClampedArray => "Uint8ClampedArray",
            ViewKind::Int16Array => "Int16Array",
            ViewKind::Uint16Array => "Uint16Array",
            ViewKind::Int32Array => "Int32Array",
            ViewKind::Uint32Array => "Uint32Array",
            ViewKind::Float16Array => "Float16Array",
            ViewKind::Float32Array => "Float32Array",
            ViewKind::Float64Array => "Float64Array",
            ViewKind::BigInt64Array => "BigInt64Array",
            ViewKind::BigUint64Array => "BigUint64Array",
            ViewKind::DataView => "DataView",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<ViewKind> {
        ViewKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The size of one element in bytes; 1 for a `DataView`.
    #[must_use]
    pub fn element_size(self) -> u32 {
        match self {
            ViewKind::Int8Array | ViewKind::Uint8Array | ViewKind::Uint8ClampedArray | ViewKind::DataView => {
                1
            }
            ViewKind::Int16Array | ViewKind::Uint16Array | ViewKind::Float16Array => 2,
            ViewKind::Int32Array | ViewKind::Uint32Array | ViewKind::Float32Array => 4,
            ViewKind::Float64Array | ViewKind::BigInt64Array | ViewKind::BigUint64Array => 8,
        }
    }
}

#[cfg(test)]
mod tests;
