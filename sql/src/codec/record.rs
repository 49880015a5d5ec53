//! A row as bytes: tags and end offsets first, so that any column is found without looking at the others.
//!
//! | bytes | field |
//! |---|---|
//! | 1 | number of columns stored, 0 to 63, plus 64 if the number is not here but in the next two bytes, plus 128 if ends take four bytes |
//! | 0 or 2 | number of columns stored, where it is over 63 |
//! | 1 each | tag of each column |
//! | 2 or 4 each | where the bytes of each column end, from the end of this list |
//! | | the bytes of the columns |
//!
//! | tag | column | bytes |
//! |---|---|---|
//! | 0 | invalid | |
//! | 1 | NULL | 0 |
//! | 2, 3, 4, 5 | integer | 1, 2, 4, 8 |
//! | 6 | real | 8 |
//! | 7 | text | any |
//! | 8 | blob | any |
//! | 9 to 15 | invalid | |
//! | 16 to 255 | integer 0 to 239 | 0 |
//!
//! All numbers are little-endian. Columns at the end that are NULL are left out; a reader takes columns that are not
//! there for NULL, or for the default of a column added later. So that a NULL written into such a column stays
//! NULL, the writer names the number of columns that must be there.
//!
//! Invariants:
//! 1. Nothing read is trusted: tags, counts and ends that do not fit give [`Malformed`], for the column asked for.
//! 2. A record has one form for given columns: the shortest integer form, and short ends wherever they suffice.

use super::malformed::Malformed;
use crate::value::ValueRef;

/// Flag of the first byte: ends of four bytes.
const WIDE: u8 = 0x80;
/// Flag of the first byte: the number of columns follows in two bytes.
const MANY: u8 = 0x40;
/// The greatest number of columns in the first byte itself.
const FEW: usize = 0x3f;

mod tag {
    pub(super) const NULL: u8 = 1;
    pub(super) const INTEGER_1: u8 = 2;
    pub(super) const INTEGER_2: u8 = 3;
    pub(super) const INTEGER_4: u8 = 4;
    pub(super) const INTEGER_8: u8 = 5;
    pub(super) const REAL: u8 = 6;
    pub(super) const TEXT: u8 = 7;
    pub(super) const BLOB: u8 = 8;
    /// The integer 0; the integers up to 239 follow.
    pub(super) const SMALL: u8 = 16;
}

/// The greatest integer that is a tag by itself.
const MAX_SMALL: u8 = u8::MAX - tag::SMALL;

/// Appends a row to `out`. Columns at the end that are NULL are left out, but never of the first `at_least`.
///
/// Fails, leaving `out` as it was, for more than 65,535 columns or 4 GiB; the limits on columns and lengths of
/// values are checked long before.
pub fn encode_record(out: &mut Vec<u8>, columns: &[ValueRef<'_>], at_least: usize) -> Result<(), Malformed> {
    let used = columns.iter().rposition(|column| !column.is_null()).map_or(0, |last| last + 1);
    let columns = &columns[..used.max(at_least.min(columns.len()))];
    let start = out.len();
    let result = encode_narrow(out, columns).or_else(|Malformed| {
        out.truncate(start);
        encode_with::<4>(out, columns, WIDE, |end| u32::try_from(end).map(u32::to_le_bytes))
    });
    result.inspect_err(|Malformed| out.truncate(start))
}

/// Appends the row of a record with other values in some columns, each named once; the others are copied as they are.
/// False, with `out` as it was, if the row has another form then, and must be encoded from all its columns: where a
/// column is not in the record, the last one becomes NULL, or ends take four bytes.
pub fn encode_replaced(
    out: &mut Vec<u8>,
    record: &Record<'_>,
    places: &[usize],
    values: &[ValueRef<'_>],
) -> Result<bool, Malformed> {
    let is_other_form = |(&place, value): (&usize, &ValueRef<'_>)| {
        place >= record.len() || (place + 1 == record.len() && value.is_null())
    };
    if record.wide || places.iter().zip(values).any(is_other_form) {
        return Ok(false);
    }
    let start = out.len();
    let data_at = usize::try_from(record.data_at).map_err(|_| Malformed)?;
    let (tags, data) = (start + usize::from(record.tags_at), start + data_at);
    let ends = tags + record.len();
    // What is before the first column that differs stays where it is, with its tags and ends.
    let first = places.iter().copied().min().unwrap_or(record.len());
    let mut from = data_at + record.start_of(first)?;
    out.extend_from_slice(record.bytes.get(..data_at).ok_or(Malformed)?);
    out.extend_from_slice(record.bytes.get(data_at..from).ok_or(Malformed)?);
    for column in first..record.len() {
        let until = data_at + record.start_of(column + 1)?;
        match places.iter().position(|place| *place == column) {
            Some(at) => out[tags + column] = push_data(out, values[at]),
            None => out.extend_from_slice(record.bytes.get(from..until).ok_or(Malformed)?),
        }
        let Ok(end) = u16::try_from(out.len() - data) else {
            out.truncate(start);
            return Ok(false);
        };
        out[ends + 2 * column..ends + 2 * (column + 1)].copy_from_slice(&end.to_le_bytes());
        from = until;
    }
    Ok(true)
}

fn encode_narrow(out: &mut Vec<u8>, columns: &[ValueRef<'_>]) -> Result<(), Malformed> {
    encode_with::<2>(out, columns, 0, |end| u16::try_from(end).map(u16::to_le_bytes))
}

/// Encodes with ends of `N` bytes; fails if they do not fit.
#[inline]
fn encode_with<const N: usize>(
    out: &mut Vec<u8>,
    columns: &[ValueRef<'_>],
    flags: u8,
    end_bytes: impl Fn(usize) -> Result<[u8; N], std::num::TryFromIntError>,
) -> Result<(), Malformed> {
    match u8::try_from(columns.len()) {
        Ok(count) if columns.len() <= FEW => out.push(count | flags),
        _ => {
            let count = u16::try_from(columns.len()).map_err(|_| Malformed)?;
            out.push(MANY | flags);
            out.extend_from_slice(&count.to_le_bytes());
        }
    }
    let tags = out.len();
    let ends = tags + columns.len();
    let data = ends + columns.len() * N;
    out.resize(data, 0);
    for (index, &column) in columns.iter().enumerate() {
        out[tags + index] = push_data(out, column);
        let end = end_bytes(out.len() - data).map_err(|_| Malformed)?;
        out[ends + index * N..ends + (index + 1) * N].copy_from_slice(&end);
    }
    Ok(())
}

/// Appends the bytes of a column and gives its tag.
#[inline]
fn push_data(out: &mut Vec<u8>, column: ValueRef<'_>) -> u8 {
    match column {
        ValueRef::Null => tag::NULL,
        ValueRef::Integer(integer) => push_integer(out, integer),
        ValueRef::Real(real) => {
            out.extend_from_slice(&real.to_bits().to_le_bytes());
            tag::REAL
        }
        ValueRef::Text(text) => {
            out.extend_from_slice(text);
            tag::TEXT
        }
        ValueRef::Blob(blob) => {
            out.extend_from_slice(blob);
            tag::BLOB
        }
    }
}

fn push_integer(out: &mut Vec<u8>, integer: i64) -> u8 {
    if let Ok(small @ ..=MAX_SMALL) = u8::try_from(integer) {
        tag::SMALL + small
    } else if let Ok(integer) = i8::try_from(integer) {
        out.extend_from_slice(&integer.to_le_bytes());
        tag::INTEGER_1
    } else if let Ok(integer) = i16::try_from(integer) {
        out.extend_from_slice(&integer.to_le_bytes());
        tag::INTEGER_2
    } else if let Ok(integer) = i32::try_from(integer) {
        out.extend_from_slice(&integer.to_le_bytes());
        tag::INTEGER_4
    } else {
        out.extend_from_slice(&integer.to_le_bytes());
        tag::INTEGER_8
    }
}

/// A row that is still bytes; columns are decoded when asked for and borrow from them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Record<'a> {
    /// All of it. [`Record::new`] saw that the tags and ends are there.
    bytes: &'a [u8],
    /// Where the data starts.
    data_at: u32,
    count: u16,
    tags_at: u8,
    wide: bool,
}

impl<'a> Record<'a> {
    /// Looks at the front of the bytes only; columns are checked one by one when they are read.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Result<Record<'a>, Malformed> {
        let (&first, rest) = bytes.split_first().ok_or(Malformed)?;
        let wide = first & WIDE != 0;
        let (count, tags_at) = if first & MANY == 0 {
            (u16::from(first & !WIDE), 1)
        } else {
            (u16::from_le_bytes(*rest.first_chunk().ok_or(Malformed)?), 3)
        };
        let data_at = u32::from(tags_at) + u32::from(count) * if wide { 5 } else { 3 };
        if usize::try_from(data_at).is_ok_and(|data_at| data_at <= bytes.len()) {
            Ok(Record { bytes, data_at, count, tags_at, wide })
        } else {
            Err(Malformed)
        }
    }

    /// The bytes it is.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many columns are there.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.count)
    }

    /// Whether no column is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The column at `index`, counted from 0; NULL if it is not there.
    #[inline(always)]
    pub fn column(&self, index: usize) -> Result<ValueRef<'a>, Malformed> {
        if index >= self.len() {
            return Ok(ValueRef::Null);
        }
        let tag = *self.bytes.get(usize::from(self.tags_at) + index).ok_or(Malformed)?;
        match tag {
            tag::SMALL.. => Ok(ValueRef::Integer(i64::from(tag - tag::SMALL))),
            tag::NULL => Ok(ValueRef::Null),
            _ => self.stored(index, tag),
        }
    }

    #[inline(always)]
    fn stored(&self, index: usize, tag: u8) -> Result<ValueRef<'a>, Malformed> {
        let bytes = self.data(index)?;
        match tag {
            tag::TEXT => Ok(ValueRef::Text(bytes)),
            tag::INTEGER_4 => Ok(ValueRef::Integer(i64::from(i32::from_le_bytes(array(bytes)?)))),
            tag::REAL => {
                let real = f64::from_le_bytes(array(bytes)?);
                if real.is_nan() { Err(Malformed) } else { Ok(ValueRef::Real(real)) }
            }
            tag::INTEGER_1 => Ok(ValueRef::Integer(i64::from(i8::from_le_bytes(array(bytes)?)))),
            tag::INTEGER_2 => Ok(ValueRef::Integer(i64::from(i16::from_le_bytes(array(bytes)?)))),
            tag::INTEGER_8 => Ok(ValueRef::Integer(i64::from_le_bytes(array(bytes)?))),
            tag::BLOB => Ok(ValueRef::Blob(bytes)),
            _ => Err(Malformed),
        }
    }

    /// The bytes of a column that is there.
    #[inline(always)]
    fn data(&self, index: usize) -> Result<&'a [u8], Malformed> {
        let data_at = usize::try_from(self.data_at).map_err(|_| Malformed)?;
        let ends_at = usize::from(self.tags_at) + self.len();
        if self.wide {
            return self.wide_data(index, ends_at, data_at);
        }
        let at = ends_at + 2 * index;
        let (start, end) = if index == 0 {
            (0, u16::from_le_bytes(*self.bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(Malformed)?))
        } else {
            // The end of the column before and its own in one read.
            let both: [u8; 4] = *self.bytes.get(at - 2..).and_then(<[u8]>::first_chunk).ok_or(Malformed)?;
            (u16::from_le_bytes([both[0], both[1]]), u16::from_le_bytes([both[2], both[3]]))
        };
        self.bytes.get(data_at + usize::from(start)..data_at + usize::from(end)).ok_or(Malformed)
    }

    #[cold]
    fn wide_data(&self, index: usize, ends_at: usize, data_at: usize) -> Result<&'a [u8], Malformed> {
        let end = |index: usize| {
            let bytes = self.bytes.get(ends_at + 4 * index..).and_then(<[u8]>::first_chunk);
            usize::try_from(u32::from_le_bytes(*bytes.ok_or(Malformed)?)).map_err(|_| Malformed)
        };
        let start = index.checked_sub(1).map_or(Ok(0), end)?;
        let (start, end) = (data_at.checked_add(start), data_at.checked_add(end(index)?));
        self.bytes.get(start.ok_or(Malformed)?..end.ok_or(Malformed)?).ok_or(Malformed)
    }

    /// Where in the data of a record with short ends a column starts; behind the last one, where the data ends.
    fn start_of(&self, index: usize) -> Result<usize, Malformed> {
        let Some(before) = index.checked_sub(1) else { return Ok(0) };
        let at = usize::from(self.tags_at) + self.len() + 2 * before;
        let end = self.bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(Malformed)?;
        Ok(usize::from(u16::from_le_bytes(*end)))
    }

    /// Whether all columns that are there can be read.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        (0..self.len()).all(|index| self.column(index).is_ok())
    }

    /// All columns that are there, in order.
    pub fn columns(&self) -> impl Iterator<Item = Result<ValueRef<'a>, Malformed>> + use<'a> {
        let record = *self;
        (0..record.len()).map(move |index| record.column(index))
    }
}

#[inline]
fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Malformed> {
    bytes.try_into().map_err(|_| Malformed)
}

#[cfg(test)]
mod tests;
