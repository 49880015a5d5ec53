use std::collections::BTreeMap;
use std::path::Path;

use super::{Latest, Runs};
use crate::changes::Changes;
use crate::io::MemFs;
use crate::scratch::Scratch;
use crate::tree::Existence;

/// The `n`-th of a row of numbers without order.
fn scattered(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16
}

#[test]
fn a_merge_gives_each_key_once_as_the_latest_run_has_it() {
    let fs = MemFs::new();
    let mut runs = Runs::new(Scratch::new(&fs, Path::new("")).unwrap());
    let mut model: BTreeMap<Vec<u8>, Option<Vec<u8>>> = BTreeMap::new();
    for run in 0..7 {
        let mut changes = Changes::default();
        for n in 0..run * 100 {
            let key = (scattered(n + run * 1000) % 400).to_string().into_bytes();
            let len = usize::try_from(scattered(n * 3) % 3000).unwrap();
            let value = (!n.is_multiple_of(4)).then(|| vec![u8::try_from(run).unwrap(); len]);
            changes.push(&key, value.as_deref(), Existence::Look);
            model.insert(key, value);
        }
        changes.sort();
        runs.write(&changes).unwrap();
    }
    let mut merged = runs.merged(0).unwrap();
    for (key, value) in &model {
        assert_eq!(merged.next().unwrap(), Some(Latest { key, value: value.as_deref() }));
    }
    assert_eq!(merged.next().unwrap(), None);
    assert_eq!(merged.next().unwrap(), None);
}

#[test]
fn damage_is_told() {
    let fs = MemFs::new();
    let mut scratch = Scratch::new(&fs, Path::new("")).unwrap();
    scratch.append(&[0xff; 20]).unwrap();
    let mut runs = Runs::new(scratch);
    runs.places.push(0..20);
    assert!(matches!(runs.merged(0), Err(crate::Error::Corrupt(_))));
}
