use serde_json::json;

use super::*;

fn passes(strict: Strict, op: &Json, expected: &Json, got: &Json) -> bool {
    Comparison::new(strict).result(op, expected, got)
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
fn counts_decide_only_where_they_are_asked_for() {
    let op = json!({"op": "sql", "q": "SELECT 1"});
    let (expected, got) = (json!({"rows": [], "rowsRead": 1}), json!({"rows": [], "rowsRead": 2}));
    assert!(passes(Strict::Results, &op, &expected, &got));
    assert!(!passes(Strict::Counts, &op, &expected, &got));
    let mut comparison = Comparison::new(Strict::Results);
    comparison.result(&op, &expected, &got);
    assert_eq!(comparison.counts, Tally { compared: 1, equal: 0 });
}

#[test]
fn rows_have_an_order_only_where_it_is_said() {
    let (expected, got) = (json!({"rows": [[1], [2]]}), json!({"rows": [[2], [1]]}));
    assert!(passes(Strict::Results, &json!({"q": "SELECT a FROM t"}), &expected, &got));
    assert!(!passes(Strict::Results, &json!({"q": "SELECT a FROM t ORDER BY a"}), &expected, &got));
    let plan = json!({"q": "EXPLAIN QUERY PLAN SELECT a FROM t ORDER BY a"});
    assert!(passes(Strict::Results, &plan, &expected, &json!({"rows": []})));
}

#[test]
fn results_inside_are_compared_one_by_one() {
    let op = json!({"op": "txSync", "ops": [{"op": "sql", "q": "SELECT 1"}]});
    let expected = json!({"results": [{"rows": [[1], [2]], "rowsRead": 1}]});
    assert!(passes(
        Strict::Results,
        &op,
        &expected,
        &json!({"results": [{"rows": [[2], [1]], "rowsRead": 5}]})
    ));
    assert!(!passes(Strict::Results, &op, &expected, &json!({"results": []})));
}

#[test]
fn an_internal_error_may_have_any_text() {
    let expected = json!({"error": {"name": "Error", "message": "internal error; reference = <ref>"}});
    let op = json!({"op": "txSync"});
    assert!(passes(Strict::Results, &op, &expected, &json!({"error": {"name": "Error", "message": "x"}})));
    assert!(!passes(Strict::Results, &op, &expected, &json!({"value": 1})));
}
