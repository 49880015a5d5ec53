use super::*;

fn texts(sql: &Sql) -> Vec<String> {
    sql.smaller().iter().map(ToString::to_string).collect()
}

#[test]
fn a_part_that_may_go_goes_and_a_list_keeps_its_least() {
    let sql = seq([text("SELECT"), all(vec![text("a")]), optional(text("WHERE b"))]);
    assert_eq!(sql.to_string(), "SELECT a WHERE b");
    assert_eq!(texts(&sql), ["SELECT a"]);
    assert_eq!(texts(&commas(vec![text("a"), text("b")])), ["b", "a"]);
}

#[test]
fn a_value_becomes_one_inside_of_it() {
    let sum = value(seq([value(text("a")), text("+"), value(text("b"))]));
    let smaller = texts(&sum);
    for expected in ["a", "b", "NULL", "1 + b"] {
        assert!(smaller.iter().any(|text| text == expected), "{expected} in {smaller:?}");
    }
}

#[test]
fn shrinking_ends() {
    let mut sql =
        value(seq([value(text("a")), text("+"), value(text("b")), optional(text("COLLATE NOCASE"))]));
    let mut steps = 0;
    while let Some(smaller) = sql.smaller().into_iter().find(|next| next.size() < sql.size()) {
        sql = smaller;
        steps += 1;
        assert!(steps < 50);
    }
}
