//! [`TreeKey`]: Rust types as keys of a tree, in bytes that sort as the type does.
//!
//! 1. For two keys of one type, the order of their bytes is their own order. Trees compare nothing but bytes.
//! 2. In a tuple, every part but the last is self-delimiting: of fixed length, or escaped and ended by a mark that sorts
//!    below whatever could follow. So `("a", "z")` comes before `("aa", "a")`.
//! 3. Bytes that do not decode are answered with `None`, never with a panic: a tree may hold anything.

use crate::bytes::Bytes;
use crate::scratch::Scratch;

/// A type of keys.
///
/// Implemented for bytes, strings, integers, `bool`, arrays of bytes and tuples of these. An implementation for a type of
/// your own needs three functions; its values must sort as their bytes do.
///
/// ```
/// use duramen::{Scratch, TreeKey};
///
/// /// A day, counted from 1970-01-01.
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// struct Day(u32);
///
/// impl TreeKey for Day {
///     type Given<'a> = Day;
///     type Owned = Day;
///
///     fn encode(key: &Day, out: &mut Scratch) {
///         out.extend(&key.0.to_be_bytes());
///     }
///
///     fn decode(bytes: &[u8]) -> Option<Day> {
///         Some(Day(u32::from_be_bytes(bytes.try_into().ok()?)))
///     }
/// }
///
/// let mut bytes = Scratch::new();
/// Day::encode(&Day(20_000), &mut bytes);
/// assert_eq!(Day::decode(bytes.as_slice()), Some(Day(20_000)));
/// ```
pub trait TreeKey {
    /// The form in which a key is given to a call, such as `&str`.
    type Given<'a>;
    /// The form in which a key is handed out, such as `String`.
    type Owned;

    /// Appends the bytes of a key that stands alone or last.
    fn encode(key: &Self::Given<'_>, out: &mut Scratch);

    /// The key of which these are the bytes.
    fn decode(bytes: &[u8]) -> Option<Self::Owned>;

    /// The bytes of a key that stands alone. Types that are bytes already answer without a copy.
    fn bytes<'b>(key: &'b Self::Given<'_>, scratch: &'b mut Scratch) -> &'b [u8] {
        Self::encode(key, scratch);
        scratch.as_slice()
    }

    /// Appends the bytes of a key that others follow, so that its end can be told.
    fn encode_part(key: &Self::Given<'_>, out: &mut Scratch) {
        let mut alone = Scratch::new();
        escape(Self::bytes(key, &mut alone), out);
    }

    /// Takes a key off the front of `bytes` that [`encode_part`](TreeKey::encode_part) put there.
    fn decode_part(bytes: &mut &[u8]) -> Option<Self::Owned> {
        Self::decode(&unescape(bytes)?)
    }
}

/// After a zero: the zero is the content's own.
const OWN_ZERO: u8 = 0xFF;
/// After a zero: the content ends here.
const END: u8 = 0x01;

/// Appends `content` with its zeros marked, and its end.
fn escape(content: &[u8], out: &mut Scratch) {
    let mut parts = content.split(|&byte| byte == 0);
    out.extend(parts.next().unwrap_or_default());
    for part in parts {
        out.extend(&[0, OWN_ZERO]);
        out.extend(part);
    }
    out.extend(&[0, END]);
}

/// Takes content off the front of `bytes` that [`escape`] put there.
fn unescape(bytes: &mut &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let zero = bytes.iter().position(|&byte| byte == 0)?;
        content.extend_from_slice(&bytes[..zero]);
        let mark = *bytes.get(zero + 1)?;
        *bytes = &bytes[zero + 2..];
        match mark {
            OWN_ZERO => content.push(0),
            END => return Some(content),
            _ => return None,
        }
    }
}

impl TreeKey for &[u8] {
    type Given<'a> = &'a [u8];
    type Owned = Bytes;

    fn encode(key: &&[u8], out: &mut Scratch) {
        out.extend(key);
    }

    fn decode(bytes: &[u8]) -> Option<Bytes> {
        Some(bytes.into())
    }

    fn bytes<'b>(key: &'b &[u8], _: &'b mut Scratch) -> &'b [u8] {
        key
    }
}

impl TreeKey for &str {
    type Given<'a> = &'a str;
    type Owned = String;

    fn encode(key: &&str, out: &mut Scratch) {
        out.extend(key.as_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<String> {
        std::str::from_utf8(bytes).ok().map(String::from)
    }

    fn bytes<'b>(key: &'b &str, _: &'b mut Scratch) -> &'b [u8] {
        key.as_bytes()
    }
}

/// Takes `N` bytes off the front.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = bytes.split_first_chunk::<N>()?;
    *bytes = tail;
    Some(*head)
}

/// Keys of a fixed length need no escape in a tuple.
macro_rules! fixed_key {
    (($($generic:tt)*) $type:ty, $array:ty, $encode:expr, $decode:expr) => {
        impl<$($generic)*> TreeKey for $type {
            type Given<'a> = $type;
            type Owned = $type;

            fn encode(key: &$type, out: &mut Scratch) {
                let encode: fn($type) -> $array = $encode;
                out.extend(&encode(*key));
            }

            fn decode(mut bytes: &[u8]) -> Option<$type> {
                let key = Self::decode_part(&mut bytes)?;
                bytes.is_empty().then_some(key)
            }

            fn encode_part(key: &$type, out: &mut Scratch) {
                Self::encode(key, out);
            }

            fn decode_part(bytes: &mut &[u8]) -> Option<$type> {
                let decode: fn($array) -> Option<$type> = $decode;
                decode(take(bytes)?)
            }
        }
    };
}

/// Big-endian bytes sort as unsigned integers do.
macro_rules! unsigned_keys {
    ($($type:ty)*) => {
        $(fixed_key!(() $type, [u8; size_of::<$type>()], <$type>::to_be_bytes, |b| Some(<$type>::from_be_bytes(b)));)*
    };
}

/// With the sign bit turned, big-endian bytes sort as signed integers do.
macro_rules! signed_keys {
    ($($type:ty)*) => {
        $(fixed_key!(
            () $type,
            [u8; size_of::<$type>()],
            |key| (key ^ <$type>::MIN).to_be_bytes(),
            |b| Some(<$type>::from_be_bytes(b) ^ <$type>::MIN)
        );)*
    };
}

unsigned_keys!(u8 u16 u32 u64 u128);
signed_keys!(i8 i16 i32 i64 i128);
fixed_key!(() bool, [u8; 1], |key| [u8::from(key)], |[b]| match b {
    0 => Some(false),
    1 => Some(true),
    _ => None,
});
fixed_key!((const N: usize) [u8; N], [u8; N], |key| key, Some);

/// A tuple is its parts in order, all but the last self-delimiting.
macro_rules! tuple_key {
    ($($part:ident $key:ident),+; $last:ident $last_key:ident) => {
        impl<$($part: TreeKey,)+ $last: TreeKey> TreeKey for ($($part,)+ $last) {
            type Given<'a> = ($($part::Given<'a>,)+ $last::Given<'a>);
            type Owned = ($($part::Owned,)+ $last::Owned);

            fn encode(($($key,)+ $last_key): &Self::Given<'_>, out: &mut Scratch) {
                $($part::encode_part($key, out);)+
                $last::encode($last_key, out);
            }

            fn decode(mut bytes: &[u8]) -> Option<Self::Owned> {
                $(let $key = $part::decode_part(&mut bytes)?;)+
                Some(($($key,)+ $last::decode(bytes)?))
            }

            fn encode_part(($($key,)+ $last_key): &Self::Given<'_>, out: &mut Scratch) {
                $($part::encode_part($key, out);)+
                $last::encode_part($last_key, out);
            }

            fn decode_part(bytes: &mut &[u8]) -> Option<Self::Owned> {
                $(let $key = $part::decode_part(bytes)?;)+
                Some(($($key,)+ $last::decode_part(bytes)?))
            }
        }
    };
}

tuple_key!(A a; Z z);
tuple_key!(A a, B b; Z z);
tuple_key!(A a, B b, C c; Z z);

#[cfg(test)]
mod tests;
