use super::Writer;
use crate::wire::reader::Reader;

#[test]
fn text_of_16_bit_units_starts_even_wherever_the_value_does() {
    for before in 0..3 {
        for (lead, len) in [("", 1), ("a", 1), ("", 63), ("a", 64), ("a", 8192), ("ab", 8191)] {
            let mut bytes = vec![7; before];
            let mut writer = Writer::new(&mut bytes);
            writer.text(lead).unwrap();
            let text = "日".repeat(len);
            writer.text(&text).unwrap();
            assert_eq!((bytes.len() - before) % 2, 0);
            let (mut reader, _) = Reader::open(&bytes[before..]).unwrap();
            assert!(reader.string().unwrap() == lead);
            assert!(reader.string().unwrap() == *text);
        }
    }
}

#[test]
fn keys_that_are_array_indexes_are_numbers() {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    for key in ["5", "05", "2147483648"] {
        writer.key(crate::value::JsStr::Text(key)).unwrap();
    }
    assert_eq!(bytes[2..], *b"I\x0a\"\x0205N\0\0\0\0\0\0\xe0\x41");
}
