use duramen_sql::Value;

use super::super::look::Switch;
use super::*;

fn written(look: &Look, place: Place, columns: &[&str], rows: &[Vec<Value>]) -> String {
    let columns: Vec<Box<str>> = columns.iter().map(|name| Box::from(*name)).collect();
    let mut out = Vec::new();
    let mut writer = begin(look, place, &columns, &mut out).expect("memory can be written to");
    for row in rows {
        let values: Vec<_> = row.iter().map(Value::as_ref).collect();
        writer.row(&values, &mut out).expect("memory can be written to");
    }
    writer.end(&mut out).expect("memory can be written to");
    String::from_utf8(out).expect("it is text")
}

fn look(mode: Mode) -> Look {
    Look { mode: Some(mode), ..Look::default() }
}

const TERMINAL: Place = Place { width: Some(30), colours: false };

#[test]
fn a_terminal_gets_a_table_cut_to_its_width() {
    let rows = [
        vec![Value::from("a text that is much longer than the terminal is wide"), Value::Integer(7)],
        vec![Value::from("two\nlines"), Value::Null],
    ];
    let table = written(&Look::default(), TERMINAL, &["text", "number"], &rows);
    assert!(table.lines().all(|line| line.chars().count() <= 30), "{table}");
    assert_eq!(table.lines().count(), 6, "{table}");
    assert!(table.contains('…'), "{table}");
    let whole = written(&look(Mode::Table), Place::default(), &["text", "number"], &rows);
    assert!(whole.contains("than the terminal is wide |") && whole.contains("| lines "), "{whole}");
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let rows = [vec![Value::Null]];
    let coloured = written(&Look::default(), Place { colours: true, ..TERMINAL }, &["a"], &rows);
    assert!(coloured.contains("\u{1b}[2m"), "{coloured:?}");
    assert!(!written(&Look::default(), TERMINAL, &["a"], &rows).contains('\u{1b}'));
}

#[test]
fn what_a_list_shows_cannot_harm_a_terminal_and_is_whole_elsewhere() {
    let rows = [vec![Value::from("a\u{1b}[2Jb"), Value::Text([0xff][..].into())]];
    assert_eq!(written(&look(Mode::List), TERMINAL, &["a", "b"], &rows), "a^[[2Jb|\u{fffd}\n");
    let columns: Vec<Box<str>> = vec!["a".into(), "b".into()];
    let mut out = Vec::new();
    let mut writer = begin(&look(Mode::List), Place::default(), &columns, &mut out).expect("memory");
    let values: Vec<_> = rows[0].iter().map(Value::as_ref).collect();
    writer.row(&values, &mut out).expect("memory can be written to");
    assert_eq!(out, b"a\x1b[2Jb|\xff\n");
}

#[test]
fn no_rows_are_shown_too() {
    for (mode, text) in [
        (Mode::List, ""),
        (Mode::Csv, ""),
        (Mode::Json, "[]\n"),
        (Mode::Line, ""),
        (Mode::Markdown, "| a |\n|---|\n"),
    ] {
        assert_eq!(written(&look(mode), Place::default(), &["a"], &[]), text, "{mode:?}");
    }
    let with_headers = Look { headers: Some(Switch::On), ..look(Mode::Csv) };
    assert_eq!(written(&with_headers, Place::default(), &["a", "b,c"], &[]), "a,\"b,c\"\n");
}
