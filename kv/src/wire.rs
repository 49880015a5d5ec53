//! The stored form of values: the wire format of the structured clone algorithm as V8 writes it, version 15.
//!
//! A value is a tag byte and what the tag asks for. Numbers in it are little-endian; *n* is an unsigned integer in
//! LEB128, at most 32 bits. The bytes start with `FF 0F`, the version; bytes without that are taken for version 13,
//! which runtimes once stored without it.
//!
//! | tag | value | then |
//! |---|---|---|
//! | `_` `0` `T` `F` | undefined, null, true, false | |
//! | `I` | a whole number of 32 bits with sign | *n*, zig-zag: 0, -1, 1, -2 … are 0, 1, 2, 3 … |
//! | `U` | a whole number of 32 bits (read only) | *n* |
//! | `N` | any other number | 8 bytes, IEEE 754 |
//! | `Z` | bigint | *n*: bit 0 the sign, the rest the number of bytes; the magnitude |
//! | `"` | string of characters up to U+00FF | *n* bytes, Latin-1 |
//! | `c` | any other string | *n* bytes, UTF-16; a padding byte 0 before the tag makes the text start even |
//! | `S` | string (read only) | *n* bytes, UTF-8 |
//! | `o` | object | keys and values; `{` *n* properties |
//! | `A` | array without holes | *n* elements; further properties as keys and values; `$` *n* properties, *n* elements |
//! | `a` | other array | *n* length; keys and values; `@` *n* properties, *n* length |
//! | `-` | a hole, only among the elements of `A` (read only) | |
//! | `;` | Map | keys and values; `:` *n* keys and values together |
//! | `'` | Set | members; `,` *n* members |
//! | `D` | Date | 8 bytes, milliseconds as a number |
//! | `R` | RegExp | a string value, the source; *n* flags |
//! | `y` `x` `n` `z` `s` | boxed true, false, number, bigint, string | as for the primitive; `s` a string value |
//! | `B` | ArrayBuffer | *n* bytes |
//! | `~` | resizable ArrayBuffer | *n* length, *n* largest length, the bytes |
//! | `V` | view of the buffer that stands right before it | kind, *n* offset, *n* length, *n* flags (not in version 13) |
//! | `r` | Error | marks: its kind, `m` message, `s` stack (string values), `c` cause (a value); `.` |
//! | `^` | an object again | *n*: which one, counted from 0 in the order in which they begin |
//! | `\` | view as `v8.serialize` of Node writes it (read only) | *n* kind, *n* bytes |
//! | `\` | Error as workerd stores it (read only) | *n* 10; *n* kind, 0 before a value, its name; two values: message, properties |
//! | `?` | nothing; an object count of old versions (read only) | *n* |
//! | `00` | nothing; padding before a tag | |
//!
//! Keys of objects are strings, or numbers if they are array indexes. Everything but undefined, null, booleans,
//! numbers, bigints and strings is an object and gets a number for `^`; a view's buffer comes before the view.
//! Further tags stand for objects that exist only inside a running runtime, and are refused by name.
//!
//! Reading trusts nothing: memory stays within a constant times the length of the input, nesting within
//! [`MAX_DEPTH`](crate::MAX_DEPTH), and no call recurses by the nesting of the input.

mod decode;
mod encode;
mod reader;
mod scan;
pub(crate) mod tag;
mod writer;

pub(crate) use decode::{decode_next, node_view, referred_objects};
pub(crate) use encode::encode_value;
pub(crate) use reader::{Key, Reader, Text};
pub(crate) use scan::{Span, end_count, open, spans, unknown_tag, walk};
pub(crate) use writer::Writer;
