use crate::func::Place;
use crate::func::tests::{TestContext, call_in, shown};
use crate::value::{Value, ValueRef};

fn text(text: &str) -> ValueRef<'_> {
    ValueRef::text(text)
}

fn datetime(args: &[&str]) -> String {
    let args: Vec<_> = args.iter().copied().map(text).collect();
    shown("datetime", &args)
}

#[test]
fn now_is_the_time_of_the_statement() {
    assert_eq!(datetime(&[]), "T2023-11-14 22:13:20");
    assert_eq!(datetime(&["now"]), "T2023-11-14 22:13:20");
    assert_eq!(datetime(&["subsec"]), "T2023-11-14 22:13:20.123");
    assert_eq!(shown("current_timestamp", &[]), "T2023-11-14 22:13:20");
    assert_eq!(shown("current_date", &[]), "T2023-11-14");
    assert_eq!(shown("current_time", &[]), "T22:13:20");
    assert_eq!(shown("unixepoch", &[]), "I1700000000");
    assert_eq!(shown("unixepoch", &[text("subsec")]), "R1700000000.123");
    assert_eq!(shown("strftime", &[text("%s")]), "T1700000000");
}

#[test]
fn now_may_not_stand_where_only_pure_functions_may() {
    let place = |place, args: &[ValueRef<'_>]| {
        call_in(&TestContext::default(), place, "date", args).map_err(|error| error.to_string())
    };
    let message = "non-deterministic use of date() in an index";
    assert_eq!(place(Place::Index, &[text("now")]).unwrap_err(), message);
    assert!(place(Place::Check, &[]).unwrap_err().ends_with("in a CHECK constraint"));
    assert!(
        place(Place::GeneratedColumn, &[text("2000-01-01"), text("utc")])
            .unwrap_err()
            .ends_with("in a generated column")
    );
    assert_eq!(place(Place::Index, &[text("2000-01-01")]), Ok(Value::from("2000-01-01")));
}

#[test]
fn local_time_is_asked_for() {
    let local = |offset, args: &[&str]| {
        let context = TestContext { local_offset_seconds: offset, ..TestContext::default() };
        let args: Vec<_> = args.iter().copied().map(text).collect();
        match call_in(&context, Place::Statement, "datetime", &args) {
            Ok(Value::Text(text)) => String::from_utf8(text.to_vec()).unwrap(),
            other => format!("{other:?}"),
        }
    };
    let summer = Some(2 * 3600);
    assert_eq!(local(summer, &["2024-06-01 12:00", "localtime"]), "2024-06-01 14:00:00");
    assert_eq!(local(summer, &["2024-06-01 12:00", "localtime", "localtime"]), "2024-06-01 14:00:00");
    assert_eq!(local(summer, &["2024-06-01 12:00", "utc"]), "2024-06-01 10:00:00");
    assert_eq!(local(summer, &["2024-06-01 12:00Z", "utc"]), "2024-06-01 12:00:00");
    assert_eq!(local(summer, &["1800-06-01 12:00", "localtime"]), "1800-06-01 14:00:00");
    assert_eq!(local(summer, &["2024-06-01 12:00:00.5", "subsec", "localtime"]), "2024-06-01 14:00:00.500");
    assert!(local(None, &["now", "localtime"]).contains("local time unavailable"));
}

#[test]
fn months_of_different_length() {
    assert_eq!(datetime(&["2023-02-31"]), "T2023-03-03 00:00:00");
    assert_eq!(datetime(&["2024-01-31", "+1 month"]), "T2024-03-02 00:00:00");
    assert_eq!(datetime(&["2024-01-31", "+1 month", "floor"]), "T2024-02-29 00:00:00");
    assert_eq!(datetime(&["2024-01-31", "+1 month", "ceiling"]), "T2024-03-02 00:00:00");
    assert_eq!(datetime(&["2024-02-29", "+1 year"]), "T2025-03-01 00:00:00");
    assert_eq!(datetime(&["2024-02-10", "end of month"]), "T2024-02-29 23:59:59");
}

#[test]
fn numbers_and_units() {
    assert_eq!(shown("date", &[ValueRef::Real(2_460_000.5)]), "T2023-02-25");
    assert_eq!(shown("date", &[ValueRef::Integer(1_700_000_000), text("unixepoch")]), "T2023-11-14");
    assert_eq!(shown("date", &[ValueRef::Integer(1_700_000_000), text("auto")]), "T2023-11-14");
    assert_eq!(shown("date", &[ValueRef::Integer(1_700_000_000)]), "N");
    assert_eq!(shown("julianday", &[text("2000-01-01")]), "R2451544.5");
    assert_eq!(datetime(&["2000-01-01", "+1.5 days"]), "T2000-01-02 12:00:00");
    assert_eq!(datetime(&["2000-01-01", "+1.5 dayss"]), "N");
    assert_eq!(datetime(&["9999-12-31", "+1 day"]), "N");
    assert_eq!(datetime(&["2000-01-01 24:00"]), "T2000-01-02 00:00:00");
    assert_eq!(datetime(&["2000-01-01 12:00+05:30"]), "T2000-01-01 06:30:00");
    let timediff = |a, b| shown("timediff", &[text(a), text(b)]);
    assert_eq!(timediff("2023-02-15", "2023-03-15"), "T-0000-01-00 00:00:00.000");
    assert_eq!(timediff("2024-03-01", "2023-02-28 12:00"), "T+0001-00-01 12:00:00.000");
}

#[test]
fn weeks() {
    let strftime = |format, date| shown("strftime", &[text(format), text(date)]);
    assert_eq!(strftime("%G-W%V-%u %g", "2021-01-03"), "T2020-W53-7 20");
    assert_eq!(strftime("%U %W %w %j", "2024-12-31"), "T52 53 2 366");
    assert_eq!(strftime("%I %l %k %p %P", "2024-12-31 15:00"), "T03  3 15 PM pm");
    assert_eq!(strftime("%f %s %J", "2000-01-01 00:00:00.25"), "T00.250 946684800 2451544.500002894");
    assert_eq!(strftime("%Q", "2000-01-01"), "N");
    assert_eq!(strftime("100%", "2000-01-01"), "N");
}
