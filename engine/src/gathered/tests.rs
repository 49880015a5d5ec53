use std::collections::BTreeMap;

use super::{Gathered, Misfit};
use crate::catalog::Catalog;
use crate::ids::TreeId;
use crate::page::memory::MemoryPages;
use crate::page::meter::Meter;
use crate::tree::{Existence, Root, TreeParams};

fn params() -> TreeParams {
    TreeParams { inner_fanout: 4, ..TreeParams::for_leaves(256, Meter::new()) }
}

fn catalog() -> Catalog {
    let mut catalog = Catalog::new();
    catalog.insert(TreeId(1), b"one", Root::empty());
    catalog.insert(TreeId(2), b"two", Root::empty());
    catalog
}

/// The `n`-th of a row of numbers without order.
fn scattered(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16
}

#[test]
fn what_is_gathered_is_what_one_after_the_other_gives() {
    let (pages, params) = (MemoryPages::new(), params());
    let (mut gathered, mut found, mut one_by_one) = (Gathered::default(), catalog(), catalog());
    let mut model: BTreeMap<(u32, Vec<u8>), Vec<u8>> = BTreeMap::new();
    for n in 0..4000 {
        let tree = TreeId(1 + u32::try_from(scattered(n) % 2).unwrap());
        // Keys that differ behind their first eight bytes only, and keys that are the beginnings of others.
        let number = scattered(n * 7) % 300;
        let mut key = format!("a common start {number}").into_bytes();
        key.truncate(6 + usize::try_from(number % 13).unwrap());
        let root = one_by_one.root_mut(tree).unwrap();
        let existed = model.contains_key(&(tree.0, key.clone()));
        if !scattered(n * 3).is_multiple_of(3) {
            let value = n.to_be_bytes();
            root.put(&pages, &params, &key, &value[..], Existence::Look).unwrap();
            // Of some it is not known.
            let said = (n % 5 > 0).then_some(existed);
            gathered.add(tree, &key, Some(&value), said);
            model.insert((tree.0, key), value.to_vec());
        } else if existed {
            root.delete(&pages, &params, &key, Existence::Look).unwrap();
            gathered.add(tree, &key, None, Some(true));
            model.remove(&(tree.0, key));
        }
        if n % 900 == 500 {
            assert_eq!(gathered.apply(&mut found, &pages, &params).unwrap(), Ok(()));
        }
    }
    assert_eq!(gathered.apply(&mut found, &pages, &params).unwrap(), Ok(()));
    for tree in [1, 2] {
        let [found, expected] = [&found, &one_by_one].map(|catalog| &catalog.get(TreeId(tree)).unwrap().root);
        assert_eq!(found.count(), expected.count());
        let mut cursor = found.cursor(&pages);
        let mut more = cursor.first().unwrap();
        for ((_, key), value) in model.range((tree, Vec::new())..(tree + 1, Vec::new())) {
            assert!(more, "{key:?} is there");
            assert_eq!((cursor.key(), cursor.value().unwrap()), (&key[..], &value[..]));
            more = cursor.next().unwrap();
        }
        assert!(!more);
    }
}

#[test]
fn changes_that_do_not_fit_each_other_are_damage() {
    let (pages, params) = (MemoryPages::new(), params());
    let mut gathered = Gathered::default();
    gathered.add(TreeId(1), b"k", Some(b"v"), Some(false));
    gathered.add(TreeId(1), b"k", Some(b"w"), Some(false));
    assert_eq!(gathered.apply(&mut catalog(), &pages, &params).unwrap(), Err(Misfit));
    let mut gathered = Gathered::default();
    gathered.add(TreeId(9), b"k", Some(b"v"), Some(false));
    assert_eq!(gathered.apply(&mut catalog(), &pages, &params).unwrap(), Err(Misfit));
}

#[test]
fn the_next_record_says_which_keys_were_there() {
    let (pages, params) = (MemoryPages::new(), params());
    let put = |gathered: &mut Gathered, key: &[u8]| gathered.add(TreeId(1), key, Some(b"v"), None);
    let (mut found, mut gathered) = (catalog(), Gathered::default());
    gathered.begin_record();
    put(&mut gathered, b"a");
    put(&mut gathered, b"b");
    gathered.add(TreeId(1), b"c", Some(b"v"), Some(false));
    gathered.begin_record();
    put(&mut gathered, b"a");
    assert_eq!(gathered.say_existed(&[false, false]), Ok(()));
    gathered.begin_record();
    assert_eq!(gathered.say_existed(&[true]), Ok(()));
    assert_eq!(gathered.apply(&mut found, &pages, &params).unwrap(), Ok(()));
    assert_eq!(found.get(TreeId(1)).unwrap().root.count(), 3);

    put(&mut gathered, b"a");
    gathered.begin_record();
    assert_eq!(gathered.apply(&mut found, &pages, &params).unwrap(), Ok(()));
    assert_eq!(gathered.say_existed(&[true]), Ok(()), "it was looked for");
    assert_eq!(found.get(TreeId(1)).unwrap().root.count(), 3);

    put(&mut gathered, b"a");
    gathered.begin_record();
    assert_eq!(gathered.say_existed(&[true, true]), Err(Misfit));
    gathered.add(TreeId(1), b"k", Some(b"v"), Some(false));
    put(&mut gathered, b"k");
    gathered.begin_record();
    assert_eq!(gathered.say_existed(&[false]), Ok(()));
    assert_eq!(gathered.apply(&mut found, &pages, &params).unwrap(), Err(Misfit), "it was just put");
}
