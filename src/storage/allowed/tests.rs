use duramen_sql::{AuthAction, AuthContext, Authorization};

use super::{answer, may_use};

fn is_allowed(action: AuthAction<'_>) -> bool {
    answer(AuthContext { action, database_name: Some("main"), accessor: None }) == Authorization::Allow
}

#[test]
fn pragmas_take_what_the_list_says() {
    let allowed = [
        ("page_size", None),
        ("FOREIGN_KEYS", Some("FALSEHOOD")),
        ("foreign_keys", Some("0")),
        ("table_info", Some("t")),
        ("quick_check", Some("5")),
        ("optimize", Some("0xfffe")),
        ("optimize", Some("-1")),
        ("table_list", Some("_cf_KV")),
    ];
    for (pragma, value) in allowed {
        assert!(may_use(pragma, value), "{pragma} {value:?}");
    }
    let refused = [
        ("page_size", Some("512")),
        ("foreign_keys", Some("maybe")),
        ("foreign_keys", Some("2")),
        ("table_info", None),
        ("table_info", Some("_CF_kv")),
        ("quick_check", Some("_cf_KV")),
        ("optimize", Some("t")),
        ("optimize", Some("0x")),
        ("user_version", None),
        ("nothing", None),
    ];
    for (pragma, value) in refused {
        assert!(!may_use(pragma, value), "{pragma} {value:?}");
    }
}

#[test]
fn reserved_names_are_those_that_begin_so() {
    for name in ["_cf", "__cf_kv", "x_cf_", "c_cf_é"] {
        assert!(is_allowed(AuthAction::CreateTable { table_name: name }), "{name}");
    }
    for name in ["_cf_", "_CF_KV", "_cf_METADATA"] {
        assert!(!is_allowed(AuthAction::CreateTable { table_name: name }), "{name}");
        assert!(!is_allowed(AuthAction::Read { table_name: name, column_name: "key" }), "{name}");
        assert!(is_allowed(AuthAction::Read { table_name: "t", column_name: name }), "{name}");
        assert!(is_allowed(AuthAction::Analyze { table_name: name }), "{name}");
    }
}
