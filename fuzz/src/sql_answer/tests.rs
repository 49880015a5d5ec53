use super::*;

fn rows(rows: &[&[Value]]) -> Outcome {
    Ok(Answer { rows: rows.iter().map(|row| row.to_vec()).collect(), ..Answer::default() })
}

#[test]
fn the_order_counts_only_where_it_is_determined() {
    let (a, b) =
        (rows(&[&[Value::Integer(1)], &[Value::Null]]), rows(&[&[Value::Null], &[Value::Integer(1)]]));
    assert!(difference(Kind::Query(Rows::Any), &a, &b).is_none());
    assert!(difference(Kind::Query(Rows::Sorted), &a, &b).is_some());
}

#[test]
fn one_and_one_point_zero_differ_unless_either_may_stand_for_both() {
    let (a, b) = (rows(&[&[Value::Integer(1)]]), rows(&[&[Value::Real(1.0)]]));
    assert!(difference(Kind::Query(Rows::Any), &a, &b).is_some());
    assert!(difference(Kind::Query(Rows::Loose), &a, &b).is_none());
    let (a, b) = (rows(&[&[Value::Real(0.0)]]), rows(&[&[Value::Real(-0.0)]]));
    assert!(difference(Kind::Query(Rows::Any), &a, &b).is_some());
}

#[test]
fn errors_are_told_apart() {
    let ok = rows(&[]);
    let class =
        |ours: &Outcome, theirs: &Outcome| difference(Kind::Write, ours, theirs).map(|found| found.class);
    assert_eq!(class(&Err("a".into()), &ok), Some(Class::Refused));
    assert_eq!(class(&ok, &Err("a".into())), Some(Class::Accepted));
    assert_eq!(class(&Err("a".into()), &Err("b".into())), Some(Class::ErrorText));
    assert_eq!(class(&Err("a".into()), &Err("a".into())), None);
    assert_eq!(class(&Err(format!("{PANIC}x")), &Err("a".into())), Some(Class::Panic));
}
