use super::*;

#[test]
fn operations_between_markers_are_a_request() {
    let line = r#"{"id":"a-1","area":"a","flags":["no-alarm-handler"],
        "ops":[{"op":"sync"},{"op":"newSession"},{"op":"nextRequest"},{"op":"abort"},{"op":"sync"}],
        "expect":[{},{},{},{"requestError":{}},{"skipped":true}],
        "requestErrors":{"1":{"name":"Error","message":"x"}}}"#;
    let case = Case::read(line).expect("a case");
    assert_eq!((case.id.as_str(), case.class), ("a-1", Class::WithoutAlarms));
    let Kind::Sequence(steps) = case.kind else { panic!("a sequence") };
    let [Step::Request(first), Step::NewSession, Step::Request(second)] = &steps[..] else {
        panic!("two requests: {steps:?}")
    };
    assert_eq!((first.ops.len(), second.ops.len()), (1, 2));
    assert!(first.error.is_none());
    assert!(second.error.is_some());
}

#[test]
fn a_failed_request_among_others_has_a_part_of_its_results() {
    let line = r#"{"id":"g-1","area":"g","concurrent":[{"after":5,"ops":[{"op":"sync"},{"op":"sync"}]}],
        "expect":[{"partial":[{}],"requestError":{"name":"Error","message":"x"}}]}"#;
    let Kind::Concurrent(requests) = Case::read(line).expect("a case").kind else { panic!("concurrent") };
    assert_eq!((requests[0].request.ops.len(), requests[0].request.expect.len()), (2, 1));
    assert!(requests[0].request.error.is_some());
}

#[test]
fn a_line_that_does_not_fit_is_an_error() {
    assert!(Case::read("{").is_err());
    assert!(Case::read(r#"{"id":"a","area":"a","ops":[{}],"expect":[]}"#).is_err());
}
