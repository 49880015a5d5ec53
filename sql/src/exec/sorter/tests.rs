use super::Sorter;
use crate::error::{Error, Result};

#[test]
fn rows_with_equal_keys_stay_as_they_came() -> Result<()> {
    let mut sorter = Sorter::default();
    for number in 0..100_u8 {
        sorter.push(&[number % 3], |out| {
            out.push(number);
            Ok(())
        })?;
    }
    sorter.sort_and_keep(40, &|| Ok(()))?;
    let rows: Vec<u8> = (0..40).filter_map(|place| sorter.row(place)).map(|row| row[0]).collect();
    let wanted: Vec<u8> =
        (0..100).filter(|n| n % 3 == 0).chain((0..100).filter(|n| n % 3 == 1)).take(40).collect();
    assert_eq!((rows, sorter.row(40)), (wanted, None));
    Ok(())
}

#[test]
fn a_row_that_cannot_be_written_is_none() -> Result<()> {
    let mut sorter = Sorter::default();
    let failed = sorter.push(b"key", |out| {
        out.extend_from_slice(b"half a row");
        Err(Error::Interrupted)
    });
    assert!(failed.is_err());
    sorter.push(b"", |_| Ok(()))?;
    sorter.push(b"key", |out| {
        out.extend_from_slice(b"row");
        Ok(())
    })?;
    let entries: Vec<_> = (0..3).map(|place| sorter.entry(place)).collect();
    assert_eq!(entries, [Some((&b""[..], &b""[..])), Some((b"key", b"row")), None]);
    Ok(())
}
