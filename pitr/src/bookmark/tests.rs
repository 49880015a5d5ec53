use proptest::prelude::*;

use super::*;

const DATABASE: DatabaseId = DatabaseId([0xab; 16]);

#[test]
fn golden_text() {
    let bookmark = Bookmark::new(DATABASE, Lsn { epoch: 2, number: 0x1_0000_0003 });
    let text = bookmark.to_string();
    assert!(text.starts_with("00000002-00000001-00000003-abababababababab00000000"), "{text}");
    assert_eq!(text.len(), 59);
    assert_eq!(text.parse::<Bookmark>().unwrap(), bookmark);
}

#[test]
fn what_is_wrong_with_a_text() {
    let text = Bookmark::new(DATABASE, Lsn { epoch: 0, number: 1 }).to_string();
    let why = |text: &str| match text.parse::<Bookmark>() {
        Err(NotABookmark { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    assert!(why("").contains("59"));
    assert!(why(&text.replace('-', "_")).contains("dashes"));
    assert!(why(&text.to_uppercase()).contains("0 to 9 and a to f"));
    assert!(why(&text.replacen('1', "2", 1)).contains("mistyped"));
}

proptest! {
    #[test]
    fn texts_sort_as_commits_do(a: (u32, u64), b: (u32, u64)) {
        let [a, b] = [a, b].map(|(epoch, number)| Bookmark::new(DATABASE, Lsn { epoch, number }));
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        prop_assert_eq!(a.to_string().parse::<Bookmark>().unwrap(), a);
        prop_assert!(a.is_of(DATABASE) && !a.is_of(DatabaseId([1; 16])));
    }

    #[test]
    fn no_single_wrong_digit_goes_unnoticed(epoch: u32, number: u64, at in 0usize..59, digit in 0usize..16) {
        let text = Bookmark::new(DATABASE, Lsn { epoch, number }).to_string();
        let mut other = text.clone().into_bytes();
        other[at] = b"0123456789abcdef"[digit];
        let other = String::from_utf8(other).unwrap();
        prop_assert_eq!(other.parse::<Bookmark>().is_ok(), other == text);
    }
}
