//! All rows of a frame as bytes: what an operator puts aside of its input when it has no room for it.

use super::frame::Frame;
use crate::error::{Error, Result};
use crate::expr::{Cells, Row};

const NOTHING: u8 = 0;
const RECORD: u8 = 1;

/// Appends the rows of a frame.
pub(super) fn push_frame(out: &mut Vec<u8>, frame: &Frame<'_>) {
    for row in &frame.rows {
        let record = match &row.cells {
            Cells::Nothing => {
                out.push(NOTHING);
                continue;
            }
            Cells::Page(record) => record.as_bytes(),
            Cells::Kept(bytes, range) => &bytes[range.clone()],
            Cells::Own(bytes) => bytes,
        };
        out.push(RECORD);
        out.extend_from_slice(&row.rowid.to_le_bytes());
        out.extend_from_slice(&u64::try_from(record.len()).unwrap_or(u64::MAX).to_le_bytes());
        out.extend_from_slice(record);
    }
}

/// Makes the rows of a frame what they were.
pub(super) fn load_frame(mut bytes: &[u8], frame: &mut Frame<'_>) -> Result<()> {
    for row in &mut frame.rows {
        let (&tag, rest) = bytes.split_first().ok_or(Error::Malformed)?;
        bytes = rest;
        if tag == NOTHING {
            *row = Row::default();
            continue;
        }
        let (rowid, rest) = bytes.split_first_chunk().ok_or(Error::Malformed)?;
        let (len, rest) = rest.split_first_chunk().ok_or(Error::Malformed)?;
        let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|_| Error::Malformed)?;
        let (record, rest) = rest.split_at_checked(len).ok_or(Error::Malformed)?;
        row.copy_from(record);
        row.rowid = i64::from_le_bytes(*rowid);
        bytes = rest;
    }
    Ok(())
}
