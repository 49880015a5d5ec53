//! [`TreeValue`]: Rust types as values of a tree.

use crate::bytes::Bytes;
use crate::scratch::Scratch;

/// A type of values.
///
/// Implemented for bytes, strings, numbers, `bool`, arrays of bytes and `()`. For anything with structure, either
/// implement it over an encoding of your choice, or use [`duramen::kv`](crate::kv), which takes what `serde` knows.
pub trait TreeValue {
    /// The form in which a value is given to a call and read from a view, such as `&str`.
    type Given<'a>;
    /// The form in which a value is kept longer than its view, such as `String`.
    type Owned;

    /// The bytes of a value: its own where it is bytes, or what it appends to `scratch`.
    fn bytes<'b>(value: &'b Self::Given<'_>, scratch: &'b mut Scratch) -> &'b [u8];

    /// The value of which these are the bytes.
    fn decode(bytes: &[u8]) -> Option<Self::Given<'_>>;

    /// The value, kept.
    fn keep(value: Self::Given<'_>) -> Self::Owned;
}

impl TreeValue for &[u8] {
    type Given<'a> = &'a [u8];
    type Owned = Bytes;

    fn bytes<'b>(value: &'b &[u8], _: &'b mut Scratch) -> &'b [u8] {
        value
    }

    fn decode(bytes: &[u8]) -> Option<&[u8]> {
        Some(bytes)
    }

    fn keep(value: &[u8]) -> Bytes {
        value.into()
    }
}

impl TreeValue for &str {
    type Given<'a> = &'a str;
    type Owned = String;

    fn bytes<'b>(value: &'b &str, _: &'b mut Scratch) -> &'b [u8] {
        value.as_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<&str> {
        std::str::from_utf8(bytes).ok()
    }

    fn keep(value: &str) -> String {
        value.into()
    }
}

impl<const N: usize> TreeValue for &[u8; N] {
    type Given<'a> = &'a [u8; N];
    type Owned = [u8; N];

    fn bytes<'b>(value: &'b &[u8; N], _: &'b mut Scratch) -> &'b [u8] {
        value.as_slice()
    }

    fn decode(bytes: &[u8]) -> Option<&[u8; N]> {
        bytes.try_into().ok()
    }

    fn keep(value: &[u8; N]) -> [u8; N] {
        *value
    }
}

/// Values that are copied in and out, in little-endian bytes.
macro_rules! copied_values {
    ($($type:ty)*) => {
        $(impl TreeValue for $type {
            type Given<'a> = $type;
            type Owned = $type;

            fn bytes<'b>(value: &'b $type, scratch: &'b mut Scratch) -> &'b [u8] {
                scratch.extend(&value.to_le_bytes());
                scratch.as_slice()
            }

            fn decode(bytes: &[u8]) -> Option<$type> {
                Some(<$type>::from_le_bytes(bytes.try_into().ok()?))
            }

            fn keep(value: $type) -> $type {
                value
            }
        })*
    };
}

copied_values!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64);

impl TreeValue for bool {
    type Given<'a> = bool;
    type Owned = bool;

    fn bytes<'b>(value: &'b bool, _: &'b mut Scratch) -> &'b [u8] {
        if *value { &[1] } else { &[0] }
    }

    fn decode(bytes: &[u8]) -> Option<bool> {
        match bytes {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }

    fn keep(value: bool) -> bool {
        value
    }
}

/// A tree with `()` for values is a set of keys.
impl TreeValue for () {
    type Given<'a> = ();
    type Owned = ();

    fn bytes<'b>((): &'b (), _: &'b mut Scratch) -> &'b [u8] {
        &[]
    }

    fn decode(bytes: &[u8]) -> Option<()> {
        bytes.is_empty().then_some(())
    }

    fn keep((): ()) {}
}
