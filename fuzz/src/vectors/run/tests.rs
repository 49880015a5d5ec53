use super::*;

/// The outcome of a case of these operations.
fn outcome(ops: &Json, expect: &Json) -> Outcome {
    let line = json!({ "id": "x", "area": "x", "ops": ops, "expect": expect }).to_string();
    run(&Case::read(&line).expect("a case"))
}

#[test]
fn a_session_begins_from_what_was_committed() {
    let ops = json!([
        {"op": "kv.put", "k": "a", "v": {"b": [1, null]}},
        {"op": "newSession"},
        {"op": "kv.put", "k": "a", "v": 2},
        {"op": "abort", "reason": "enough"},
        {"op": "newSession"},
        {"op": "kv.get", "k": "a"},
    ]);
    let expect = json!([
        {"value": {"$": "undefined"}},
        {},
        {"value": {"$": "undefined"}},
        {"requestError": {"name": "Error", "message": "enough"}},
        {},
        {"value": {"$": "obj", "entries": [["b", [1, null]]]}},
    ]);
    let failures = outcome(&ops, &expect).failures;
    // The request that was aborted is not expected to be, in this recording.
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert_eq!(failures[0].op, "the answer to the request");
}

#[test]
fn a_difference_is_told_with_its_operation() {
    let ops = json!([{"op": "sql", "q": "SELECT 1 AS a"}]);
    let expect = json!([{"columns": ["a"], "rows": [[2]], "rowsRead": 9, "rowsWritten": 0}]);
    let outcome = outcome(&ops, &expect);
    assert_eq!(outcome.failures.len(), 1);
    assert_eq!(outcome.failures[0].got["rows"], json!([[1.0]]));
    assert_eq!(outcome.counts, Tally { compared: 2, equal: 1 });
}
