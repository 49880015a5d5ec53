use super::RegExpFlags;

#[test]
fn letters_and_bits() {
    let all: RegExpFlags = "yusmigd".parse().unwrap();
    assert_eq!(all.to_string(), "dgimsuy");
    assert_eq!(all.bits(), 0b1011_1111);
    assert_eq!("v".parse::<RegExpFlags>().unwrap().bits(), 0x100);
    assert_eq!("".parse::<RegExpFlags>().unwrap(), RegExpFlags::default());
}

#[test]
fn invalid_sets_are_refused() {
    for letters in ["uv", "gg", "x", "l", "G"] {
        assert!(letters.parse::<RegExpFlags>().is_err(), "{letters}");
    }
    for bits in [1 << 6, 1 << 9, 0x110, u32::MAX] {
        assert_eq!(RegExpFlags::from_bits(bits), None, "{bits:#x}");
    }
}
