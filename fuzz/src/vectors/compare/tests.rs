use serde_json::json;

use super::*;

fn passes(op: &Json, expected: &Json, got: &Json) -> bool {
    Comparison::new().result(op, expected, got)
}

#[test]
fn numbers_are_doubles() {
    assert!(same(&json!([1, {"a": 2.0}]), &json!([1.0, {"a": 2}])));
    assert!(!same(&json!(1), &json!("1")));
    assert!(!same(&json!({"a": 1}), &json!({"a": 1, "b": 2})));
}

#[test]
fn what_is_long_is_expected_by_its_hash() {
    let expected = json!({"$": "longstr", "utf8len": 6, "fnv1a64": "85944171f73967e8"});
    assert!(same(&expected, &json!("foobar")));
    assert!(!same(&expected, &json!("foobaz")));
    let expected = json!({"$": "longblob", "len": 1, "fnv1a64": "af63dc4c8601ec8c"});
    assert!(same(&expected, &json!({"$": "blob", "hex": "61"})));
}

#[test]
fn counts_are_a_figure_of_their_own() {
    let op = json!({"op": "sql", "q": "SELECT 1"});
    let (expected, got) = (json!({"rows": [], "rowsRead": 1}), json!({"rows": [], "rowsRead": 2}));
    let mut comparison = Comparison::new();
    assert!(comparison.result(&op, &expected, &got));
    assert_eq!(comparison.counts, Tally { compared: 1, equal: 0 });
    assert_eq!(comparison.differing, ["rowsRead 1, here 2: SELECT 1"]);
}

#[test]
fn rows_have_an_order_only_where_it_is_said() {
    let (expected, got) = (json!({"rows": [[1], [2]]}), json!({"rows": [[2], [1]]}));
    assert!(passes(&json!({"q": "SELECT a FROM t"}), &expected, &got));
    assert!(!passes(&json!({"q": "SELECT a FROM t ORDER BY a"}), &expected, &got));
    let plan = json!({"q": "EXPLAIN QUERY PLAN SELECT a FROM t ORDER BY a"});
    assert!(passes(&plan, &expected, &json!({"rows": []})));
}

#[test]
fn results_inside_are_compared_one_by_one() {
    let op = json!({"op": "txSync", "ops": [{"op": "sql", "q": "SELECT 1"}]});
    let expected = json!({"results": [{"rows": [[1], [2]], "rowsRead": 1}]});
    assert!(passes(&op, &expected, &json!({"results": [{"rows": [[2], [1]], "rowsRead": 5}]})));
    assert!(!passes(&op, &expected, &json!({"results": []})));
}

#[test]
fn an_internal_error_may_have_any_text() {
    let expected = json!({"error": {"name": "Error", "message": "internal error; reference = <ref>"}});
    let op = json!({"op": "txSync"});
    assert!(passes(&op, &expected, &json!({"error": {"name": "Error", "message": "x"}})));
    assert!(!passes(&op, &expected, &json!({"value": 1})));
}
