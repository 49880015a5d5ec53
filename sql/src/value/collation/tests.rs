use std::cmp::Ordering;

use super::{Collate, Collation};

#[test]
fn built_in_orders() {
    let binary = Collation::Binary;
    assert_eq!(binary.compare(b"a", b"B"), Ordering::Greater);
    assert_eq!(binary.compare(b"a", b"a "), Ordering::Less);
    let nocase = Collation::built_in("nocase").unwrap();
    assert_eq!(nocase.compare(b"ABC", b"abc"), Ordering::Equal);
    assert_eq!(nocase.compare(b"a", b"B"), Ordering::Less);
    assert_eq!(nocase.compare("Ä".as_bytes(), "ä".as_bytes()), Ordering::Less, "only ASCII");
    assert_eq!(nocase.compare(b"_", b"A"), Ordering::Less, "letters compare as small ones");
    assert_eq!(nocase.compare(b"a\0b", b"A\0c"), Ordering::Equal, "behind NUL only the length counts");
    assert_eq!(nocase.compare(b"a\0b", b"A\0"), Ordering::Greater);
    let rtrim = Collation::built_in("RTRIM").unwrap();
    assert_eq!(rtrim.compare(b"a  ", b"a"), Ordering::Equal);
    assert_eq!(rtrim.compare(b"a", b"a\t"), Ordering::Less);
    assert_eq!(Collation::built_in("x"), None);
}

/// Longer texts first.
struct Longest;

impl Collate for Longest {
    fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        b.len().cmp(&a.len())
    }

    fn sort_key(&self, text: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&(u64::MAX - u64::try_from(text.len()).unwrap()).to_be_bytes());
    }
}

#[test]
fn own_orders() {
    let longest = Collation::own("longest", Longest);
    assert_eq!(longest.name(), "longest");
    assert_eq!(longest.compare(b"abc", b"z"), Ordering::Less);
    assert_eq!(longest, longest.clone());
    assert_ne!(longest, Collation::own("longest", Longest), "another definition");
    assert_ne!(longest, Collation::Binary);
}

proptest::proptest! {
    #[test]
    fn sort_keys_compare_as_the_texts(a in "[aAbB \\x00]{0,5}", b in "[aAbB \\x00]{0,5}") {
        let own = Collation::own("longest", Longest);
        for collation in [Collation::Binary, Collation::NoCase, Collation::RTrim, own] {
            let (key_a, key_b) = (collation.sort_key(a.as_bytes()), collation.sort_key(b.as_bytes()));
            assert_eq!(key_a.cmp(&key_b), collation.compare(a.as_bytes(), b.as_bytes()), "{collation:?}");
        }
    }
}
