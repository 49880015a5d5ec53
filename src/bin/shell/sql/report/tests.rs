use super::*;

#[test]
fn the_place_is_marked() {
    assert_eq!(excerpt("SELECT *\n FORM t;\nx", 10), " FORM t;\n ^^^^");
    assert_eq!(excerpt("ä\t, ,", 5), "ä , ,\n    ^");
    assert_eq!(excerpt("SELECT", 6), "SELECT\n      ^");
}

#[test]
fn long_lines_are_cut_around_the_place() {
    let text = format!("{}here{}", "b".repeat(200), " a".repeat(200));
    let excerpt = excerpt(&text, 200);
    let (line, mark) = excerpt.split_once('\n').expect("there are two lines");
    assert!(line.starts_with("…bb") && line.ends_with('…') && line.chars().count() < 80, "{line}");
    assert_eq!(mark.find('^'), line.replace('…', ".").find("here"), "{excerpt}");
}
