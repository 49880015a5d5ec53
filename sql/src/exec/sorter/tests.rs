use std::cell::Cell;

use super::{SORTED_AT_ONCE, Sorter, sort_by};
use crate::error::{Error, Result};

#[test]
fn rows_with_equal_keys_stay_as_they_came() -> Result<()> {
    let mut sorter = Sorter::default();
    for number in 0..100_u8 {
        sorter.push(&[number % 3], |out| -> Result<()> {
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
fn parts_are_merged() -> Result<()> {
    for len in [0, 1, SORTED_AT_ONCE, SORTED_AT_ONCE + 1, 5 * SORTED_AT_ONCE + 7] {
        let mut numbers: Vec<usize> = (0..len).map(|n| n.wrapping_mul(7919) % 10_007).collect();
        let mut wanted = numbers.clone();
        wanted.sort_unstable();
        sort_by(&mut numbers, &|| Ok(()), Ord::cmp)?;
        assert_eq!(numbers, wanted);
    }
    Ok(())
}

#[test]
fn sorting_stops_soon_when_it_is_to() {
    let asked = Cell::new(0);
    let mut numbers: Vec<usize> = (0..10 * SORTED_AT_ONCE).rev().collect();
    let stop = || {
        asked.set(asked.get() + 1);
        if asked.get() == 3 { Err(Error::Interrupted) } else { Ok(()) }
    };
    assert!(matches!(sort_by(&mut numbers, &stop, Ord::cmp), Err(Error::Interrupted)));
    assert_eq!(asked.get(), 3);
}
