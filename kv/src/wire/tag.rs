//! The bytes that tell values apart; [`wire`](super) says what follows each.

use crate::value::{ErrorKind, ViewKind};

/// The version written, and the newest one read.
pub(crate) const VERSION: u8 = 15;
/// The oldest version read, and the one of bytes without a version.
pub(crate) const OLDEST_VERSION: u8 = 13;

pub(crate) const HEADER: u8 = 0xff;
pub(crate) const PADDING: u8 = 0;
pub(crate) const OBJECT_COUNT: u8 = b'?';
pub(crate) const HOLE: u8 = b'-';
pub(crate) const UNDEFINED: u8 = b'_';
pub(crate) const NULL: u8 = b'0';
pub(crate) const TRUE: u8 = b'T';
pub(crate) const FALSE: u8 = b'F';
pub(crate) const INT32: u8 = b'I';
pub(crate) const UINT32: u8 = b'U';
pub(crate) const DOUBLE: u8 = b'N';
pub(crate) const BIGINT: u8 = b'Z';
pub(crate) const UTF8_STRING: u8 = b'S';
pub(crate) const ONE_BYTE_STRING: u8 = b'"';
pub(crate) const TWO_BYTE_STRING: u8 = b'c';
pub(crate) const REFERENCE: u8 = b'^';
pub(crate) const OBJECT: u8 = b'o';
pub(crate) const OBJECT_END: u8 = b'{';
pub(crate) const SPARSE_ARRAY: u8 = b'a';
pub(crate) const SPARSE_ARRAY_END: u8 = b'@';
pub(crate) const DENSE_ARRAY: u8 = b'A';
pub(crate) const DENSE_ARRAY_END: u8 = b'$';
pub(crate) const MAP: u8 = b';';
pub(crate) const MAP_END: u8 = b':';
pub(crate) const SET: u8 = b'\'';
pub(crate) const SET_END: u8 = b',';
pub(crate) const DATE: u8 = b'D';
pub(crate) const BOXED_TRUE: u8 = b'y';
pub(crate) const BOXED_FALSE: u8 = b'x';
pub(crate) const BOXED_NUMBER: u8 = b'n';
pub(crate) const BOXED_BIGINT: u8 = b'z';
pub(crate) const BOXED_STRING: u8 = b's';
pub(crate) const REG_EXP: u8 = b'R';
pub(crate) const ARRAY_BUFFER: u8 = b'B';
pub(crate) const RESIZABLE_ARRAY_BUFFER: u8 = b'~';
pub(crate) const VIEW: u8 = b'V';
pub(crate) const ERROR: u8 = b'r';
pub(crate) const HOST_OBJECT: u8 = b'\\';

/// Marks inside an error.
pub(crate) const ERROR_MESSAGE: u8 = b'm';
pub(crate) const ERROR_STACK: u8 = b's';
pub(crate) const ERROR_CAUSE: u8 = b'c';
pub(crate) const ERROR_END: u8 = b'.';

/// Flags of a view.
pub(crate) const VIEW_FOLLOWS_LENGTH: u32 = 1;
pub(crate) const VIEW_OF_RESIZABLE: u32 = 2;

/// The kind of host object, after [`HOST_OBJECT`], that is an error in workerd. In Node it is a `Buffer`.
pub(crate) const WORKERD_ERROR: u8 = 10;

/// The kind of error of a number after [`WORKERD_ERROR`]; `None` in the result for 0, after which the name follows.
pub(crate) fn workerd_error_kind(number: u32) -> Option<Option<ErrorKind>> {
    Some(match number {
        0 => None,
        2 => Some(ErrorKind::TypeError),
        3 => Some(ErrorKind::RangeError),
        4 => Some(ErrorKind::ReferenceError),
        5 => Some(ErrorKind::SyntaxError),
        10 => Some(ErrorKind::EvalError),
        11 => Some(ErrorKind::UriError),
        // Error itself, four of WebAssembly, AggregateError and SuppressedError.
        1 | 6..=9 | 12 | 13 => Some(ErrorKind::Error),
        _ => return None,
    })
}

/// What a tag stands for that cannot be stored, because it points out of the bytes.
pub(crate) fn unsupported(tag: u8) -> Option<&'static str> {
    match tag {
        b't' => Some("a transferred ArrayBuffer"),
        b'u' => Some("a SharedArrayBuffer"),
        b'p' => Some("a shared object"),
        b'w' => Some("a WebAssembly module"),
        b'm' => Some("a WebAssembly memory"),
        _ => None,
    }
}

/// The mark of a kind of error; plain `Error` has none.
pub(crate) fn error_mark(kind: ErrorKind) -> Option<u8> {
    match kind {
        ErrorKind::Error => None,
        ErrorKind::EvalError => Some(b'E'),
        ErrorKind::RangeError => Some(b'R'),
        ErrorKind::ReferenceError => Some(b'F'),
        ErrorKind::SyntaxError => Some(b'S'),
        ErrorKind::TypeError => Some(b'T'),
        ErrorKind::UriError => Some(b'U'),
    }
}

/// The kind of error of a mark.
pub(crate) fn error_kind(mark: u8) -> Option<ErrorKind> {
    ErrorKind::ALL.into_iter().find(|&kind| error_mark(kind) == Some(mark))
}

/// The byte of a kind of view after [`VIEW`].
pub(crate) fn view_byte(kind: ViewKind) -> u8 {
    match kind {
        ViewKind::Int8Array => b'b',
        ViewKind::Uint8Array => b'B',
        ViewKind::Uint8ClampedArray => b'C',
        ViewKind::Int16Array => b'w',
        ViewKind::Uint16Array => b'W',
        ViewKind::Int32Array => b'd',
        ViewKind::Uint32Array => b'D',
        ViewKind::Float16Array => b'h',
        ViewKind::Float32Array => b'f',
        ViewKind::Float64Array => b'F',
        ViewKind::BigInt64Array => b'q',
        ViewKind::BigUint64Array => b'Q',
        ViewKind::DataView => b'?',
    }
}

/// The kind of view of a byte after [`VIEW`].
pub(crate) fn view_kind(byte: u32) -> Option<ViewKind> {
    ViewKind::ALL.into_iter().find(|&kind| u32::from(view_byte(kind)) == byte)
}

/// The kind of view of a number after [`HOST_OBJECT`], as Node numbers them. Its `Buffer` (10) is a `Uint8Array`.
pub(crate) fn node_view_kind(number: u32) -> Option<ViewKind> {
    const KINDS: [ViewKind; 14] = [
        ViewKind::Int8Array,
        ViewKind::Uint8Array,
        ViewKind::Uint8ClampedArray,
        ViewKind::Int16Array,
        ViewKind::Uint16Array,
        ViewKind::Int32Array,
        ViewKind::Uint32Array,
        ViewKind::Float32Array,
        ViewKind::Float64Array,
        ViewKind::DataView,
        ViewKind::Uint8Array,
        ViewKind::BigInt64Array,
        ViewKind::BigUint64Array,
        ViewKind::Float16Array,
    ];
    KINDS.get(usize::try_from(number).ok()?).copied()
}
