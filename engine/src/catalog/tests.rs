use super::*;

#[test]
fn numbers_are_never_given_again() {
    let mut catalog = Catalog::new();
    let a = catalog.create(b"a").unwrap();
    let b = catalog.create(b"b").unwrap();
    assert_eq!((a, b), (TreeId(1), TreeId(2)));
    assert!(matches!(catalog.create(b"a"), Err(Error::TreeExists(_))));
    assert!(catalog.remove(b).is_some());
    assert!(catalog.remove(b).is_none());
    assert_eq!(catalog.find(b"b"), None);
    assert_eq!(catalog.create(b"b").unwrap(), TreeId(3));
}

#[test]
fn a_clone_is_independent() {
    let mut catalog = Catalog::new();
    for i in 0..100u32 {
        catalog.create(&i.to_be_bytes()).unwrap();
    }
    let old = catalog.clone();
    for i in (1..=100).step_by(2) {
        catalog.remove(TreeId(i)).unwrap();
    }
    assert_eq!(old.iter().count(), 100);
    assert_eq!(catalog.iter().count(), 50);
    assert!(catalog.iter().map(|(id, _)| id.0).eq((2..=100).step_by(2)));
    assert_eq!(old.names().count(), 100);
    assert!(catalog.get(TreeId(1)).is_none());
    assert_eq!(&old.get(TreeId(1)).unwrap().name[..], &0u32.to_be_bytes()[..]);
}

#[test]
fn entries_round_trip() {
    let value = encode_entry(b"name", &ChildRef::EMPTY);
    assert_eq!(decode_entry(&value), Some((&b"name"[..], &[1, 0, 0][..])));
    assert_eq!(decode_entry(&[200]), None);
    assert_eq!(id_of_key(&key(TreeId(77))), Some(TreeId(77)));
    assert_eq!(id_of_key(b"abc"), None);
}
