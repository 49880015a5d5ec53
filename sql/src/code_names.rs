//! What SQLite calls its result codes.

/// The primary codes, by number.
const PRIMARY: [&str; 27] = [
    "SQLITE_OK",
    "SQLITE_ERROR",
    "SQLITE_INTERNAL",
    "SQLITE_PERM",
    "SQLITE_ABORT",
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_NOMEM",
    "SQLITE_READONLY",
    "SQLITE_INTERRUPT",
    "SQLITE_IOERR",
    "SQLITE_CORRUPT",
    "SQLITE_NOTFOUND",
    "SQLITE_FULL",
    "SQLITE_CANTOPEN",
    "SQLITE_PROTOCOL",
    "SQLITE_EMPTY",
    "SQLITE_SCHEMA",
    "SQLITE_TOOBIG",
    "SQLITE_CONSTRAINT",
    "SQLITE_MISMATCH",
    "SQLITE_MISUSE",
    "SQLITE_NOLFS",
    "SQLITE_AUTH",
    "SQLITE_FORMAT",
    "SQLITE_RANGE",
    "SQLITE_NOTADB",
];

/// The extended codes that errors have here: the primary code in the low byte, and what it is of those above.
const EXTENDED: [(i32, &str); 12] = [
    (4 | 2 << 8, "SQLITE_ABORT_ROLLBACK"),
    (5 | 2 << 8, "SQLITE_BUSY_SNAPSHOT"),
    (19 | 1 << 8, "SQLITE_CONSTRAINT_CHECK"),
    (19 | 2 << 8, "SQLITE_CONSTRAINT_COMMITHOOK"),
    (19 | 3 << 8, "SQLITE_CONSTRAINT_FOREIGNKEY"),
    (19 | 5 << 8, "SQLITE_CONSTRAINT_NOTNULL"),
    (19 | 6 << 8, "SQLITE_CONSTRAINT_PRIMARYKEY"),
    (19 | 7 << 8, "SQLITE_CONSTRAINT_TRIGGER"),
    (19 | 8 << 8, "SQLITE_CONSTRAINT_UNIQUE"),
    (19 | 9 << 8, "SQLITE_CONSTRAINT_VTAB"),
    (19 | 10 << 8, "SQLITE_CONSTRAINT_ROWID"),
    (19 | 12 << 8, "SQLITE_CONSTRAINT_DATATYPE"),
];

/// What SQLite calls a result code; a code that no error has is called by its primary one.
pub(crate) fn code_name(code: i32) -> &'static str {
    if let Some((_, name)) = EXTENDED.iter().find(|(known, _)| *known == code) {
        return name;
    }
    let primary = usize::try_from(code & 0xff).ok();
    primary.and_then(|place| PRIMARY.get(place).copied()).unwrap_or("SQLITE_ERROR")
}
