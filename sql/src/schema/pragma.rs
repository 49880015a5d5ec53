//! The pragmas that tell something: the columns of their rows, and the settings with their first values.

/// The settings that are kept, with their first values.
pub const SETTINGS: &[(&str, i64)] = &[
    ("foreign_keys", 0),
    ("recursive_triggers", 0),
    ("defer_foreign_keys", 0),
    ("ignore_check_constraints", 0),
    ("reverse_unordered_selects", 0),
    ("legacy_alter_table", 0),
    ("count_changes", 0),
    ("full_column_names", 0),
    ("short_column_names", 1),
    ("empty_result_callbacks", 0),
    ("automatic_index", 1),
    ("user_version", 0),
    ("application_id", 0),
    ("writable_schema", 0),
    ("cell_size_check", 0),
    ("secure_delete", 0),
    ("threads", 0),
    ("synchronous", 2),
    ("cache_size", -2000),
    ("auto_vacuum", 0),
    ("temp_store", 0),
    ("query_only", 0),
    ("page_size", 4096),
    ("read_uncommitted", 0),
    ("trusted_schema", 1),
];

/// What is told besides the settings as one value under its own name.
const TOLD: &[&str] = &["data_version", "encoding", "journal_mode"];

/// The pragmas that tell as many rows as there are, with their columns.
const LISTS: &[(&str, &[&str])] = &[
    ("table_info", &["cid", "name", "type", "notnull", "dflt_value", "pk"]),
    ("table_xinfo", &["cid", "name", "type", "notnull", "dflt_value", "pk", "hidden"]),
    ("table_list", &["schema", "name", "type", "ncol", "wr", "strict"]),
    ("index_list", &["seq", "name", "unique", "origin", "partial"]),
    ("index_info", &["seqno", "cid", "name"]),
    ("index_xinfo", &["seqno", "cid", "name", "desc", "coll", "key"]),
    ("foreign_key_list", &["id", "seq", "table", "from", "to", "on_update", "on_delete", "match"]),
    ("foreign_key_check", &["table", "rowid", "parent", "fkid"]),
    ("database_list", &["seq", "name", "file"]),
    ("collation_list", &["seq", "name"]),
    ("function_list", &["name", "builtin", "type", "enc", "narg", "flags"]),
    ("pragma_list", &["name"]),
    ("module_list", &["name"]),
    ("integrity_check", &["integrity_check"]),
    ("quick_check", &["quick_check"]),
    ("optimize", &["optimize"]),
];

/// The columns of a pragma that tells as many rows as there are; `None` for others.
#[must_use]
pub fn pragma_columns(name: &str) -> Option<&'static [&'static str]> {
    LISTS.iter().find(|(known, _)| *known == name).map(|(_, columns)| *columns)
}

/// The one column of a pragma that tells one value; `None` for others.
#[must_use]
pub fn pragma_value(name: &str) -> Option<&'static str> {
    let settings = SETTINGS.iter().map(|(known, _)| *known);
    settings.chain(TOLD.iter().copied()).find(|known| *known == name)
}

/// The names of all pragmas that tell something.
pub fn pragma_names() -> impl Iterator<Item = &'static str> {
    let settings = SETTINGS.iter().map(|(known, _)| *known);
    LISTS.iter().map(|(known, _)| *known).chain(TOLD.iter().copied()).chain(settings)
}

/// Whether `pragma_NAME` is a table.
#[must_use]
pub fn is_pragma_table(name: &str) -> bool {
    pragma_columns(name).is_some() || pragma_value(name).is_some()
}
