use super::*;

/// The statements of a text with their lines, and what is left.
fn split(text: &str) -> (Vec<(String, u64)>, Option<String>) {
    let mut splitter = Splitter::new(1);
    let mut pieces = Vec::new();
    for line in text.split_inclusive('\n') {
        splitter.push(line);
        while let Some(piece) = splitter.next() {
            pieces.push((piece.text, piece.line));
        }
    }
    (pieces, splitter.rest().map(|piece| piece.text))
}

#[track_caller]
fn check(text: &str, pieces: &[(&str, u64)], rest: Option<&str>) {
    let pieces = pieces.iter().map(|&(text, line)| (text.to_owned(), line)).collect::<Vec<_>>();
    assert_eq!(split(text), (pieces, rest.map(String::from)), "{text}");
}

#[test]
fn semicolons_end_statements() {
    check("a; b ;\nc", &[("a;", 1), ("b ;", 1)], Some("c"));
    check(";;\n ; a\n;", &[("a\n;", 2)], None);
    check("-- x;\n/* ; \n */ a 'b;''c' \"d;\" [e;] `f;`;", &[("a 'b;''c' \"d;\" [e;] `f;`;", 3)], None);
    check("a -- b;\n;c;", &[("a -- b;\n;", 1), ("c;", 2)], None);
    check("a /* ';' */ - b / c;", &[("a /* ';' */ - b / c;", 1)], None);
    check("a 'b\n;", &[], Some("a 'b\n;"));
    check("/* never closed ;", &[], None);
    check("ä 'ö;';", &[("ä 'ö;';", 1)], None);
}

#[test]
fn a_trigger_ends_at_its_end() {
    let body =
        "CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET a = CASE b WHEN 1 THEN 2 END; SELECT 1; END;";
    for trigger in [
        body.to_owned(),
        body.replace("CREATE", "create temp"),
        body.replace("CREATE", "EXPLAIN QUERY PLAN CREATE TEMPORARY"),
        body.replace("END;", "/**/ END -- x\n;"),
    ] {
        check(&format!("{trigger} a;"), &[(&trigger, 1), ("a;", 1 + newlines(&trigger))], None);
    }
    check("CREATE TABLE trigger(a); b;", &[("CREATE TABLE trigger(a);", 1), ("b;", 1)], None);
    check("CREATE TRIGGER r BEGIN SELECT 1; END_;", &[], Some("CREATE TRIGGER r BEGIN SELECT 1; END_;"));
}

#[test]
fn a_text_is_whole_when_nothing_is_open() {
    for text in ["", "  ", "-- x", "a;", "a; -- b", ";", "a;\n\n"] {
        assert!(is_whole(text), "{text}");
    }
    for text in ["a", "a; b", "'", "/*", "a;/* b", "a ';"] {
        assert!(!is_whole(text), "{text}");
    }
}
