use std::cell::Cell;

use super::{Entry, FEW, sort};
use crate::error::{Error, Result};

/// Sorts keys, and compares with what comparing them all gives.
fn check_sorted(keys: &[Vec<u8>]) -> Result<()> {
    let mut entries: Vec<Entry> = (0..keys.len()).map(Entry::new).collect();
    sort(&mut entries, &mut Vec::new(), |place| &keys[place], &|| Ok(()))?;
    let mut wanted: Vec<usize> = (0..keys.len()).collect();
    wanted.sort_by_key(|&place| &keys[place]);
    assert!(entries.iter().map(|entry| entry.place).eq(wanted));
    Ok(())
}

/// Numbers that are no more than mixed up.
fn mixed(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(0).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[test]
fn few_and_many_keys_of_all_lengths_are_sorted() -> Result<()> {
    for len in [0, 1, 2, FEW, FEW + 1, 5000] {
        let words: Vec<Vec<u8>> = (0..len).map(|n| mixed(n).to_be_bytes().to_vec()).collect();
        check_sorted(&words)?;
        let narrow: Vec<Vec<u8>> = (0..len).map(|n| vec![7, mixed(n).to_be_bytes()[0] % 5]).collect();
        check_sorted(&narrow)?;
        let alike: Vec<Vec<u8>> = (0..len)
            .map(|n| {
                let different = mixed(n).to_be_bytes().map(|byte| byte | 1);
                [&[b'x'; 30][..], &different[..n % 9], &[0]].concat()
            })
            .collect();
        check_sorted(&alike)?;
        check_sorted(&vec![vec![1; 20]; len])?;
    }
    Ok(())
}

#[test]
fn sorting_stops_soon_when_it_is_to() {
    let keys: Vec<[u8; 8]> = (0..50_000).map(|n| mixed(n).to_be_bytes()).collect();
    let mut entries: Vec<Entry> = (0..keys.len()).map(Entry::new).collect();
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        if asked.get() == 3 { Err(Error::Interrupted) } else { Ok(()) }
    };
    let stopped = sort(&mut entries, &mut Vec::new(), |place| &keys[place], &stop);
    assert!(matches!(stopped, Err(Error::Interrupted)));
    assert_eq!(asked.get(), 3);
}
