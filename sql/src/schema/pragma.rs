//! The columns of the pragmas that give rows.

/// The columns of the rows of a pragma; `None` if there is no such pragma or it gives none.
#[must_use]
pub fn pragma_columns(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "table_info" => &["cid", "name", "type", "notnull", "dflt_value", "pk"],
        "table_xinfo" => &["cid", "name", "type", "notnull", "dflt_value", "pk", "hidden"],
        "table_list" => &["schema", "name", "type", "ncol", "wr", "strict"],
        "index_list" => &["seq", "name", "unique", "origin", "partial"],
        "index_info" => &["seqno", "cid", "name"],
        "index_xinfo" => &["seqno", "cid", "name", "desc", "coll", "key"],
        "foreign_key_list" => &["id", "seq", "table", "from", "to", "on_update", "on_delete", "match"],
        "foreign_key_check" => &["table", "rowid", "parent", "fkid"],
        "database_list" => &["seq", "name", "file"],
        "collation_list" => &["seq", "name"],
        "function_list" => &["name", "builtin", "type", "enc", "narg", "flags"],
        "pragma_list" | "module_list" => &["name"],
        "integrity_check" => &["integrity_check"],
        "quick_check" => &["quick_check"],
        _ => return None,
    })
}
