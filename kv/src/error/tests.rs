use super::Error;

#[test]
fn limit_texts_are_the_documented_ones() {
    let cases = [
        (
            Error::KeyTooLarge { len: 2049, max: 2048 },
            "Keys cannot be larger than 2048 bytes. A key of size 2049 was provided.",
        ),
        (
            Error::ValueTooLarge { len: 131_107, max: 131_072 },
            "Values cannot be larger than 131072 bytes. A value of size 131107 was provided.",
        ),
        (
            Error::TooManyKeys { count: 129, max: 128 },
            "Maximum number of key value pairs is 128. 129 pairs were provided.",
        ),
        (Error::EntryTooLarge { len: 9, max: 8 }, "string or blob too big: SQLITE_TOOBIG"),
        (Error::StartAndStartAfter, "list() cannot be called with both start and startAfter values."),
        (Error::ListLimitNotPositive, "List limit must be positive."),
        (
            Error::ListLimitOutOfRange,
            "Value out of range. Must be between -2147483648 and 2147483647 (inclusive).",
        ),
    ];
    for (error, text) in cases {
        assert_eq!(error.to_string(), text);
    }
}
