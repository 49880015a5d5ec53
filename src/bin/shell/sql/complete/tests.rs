use super::*;

fn words() -> Words {
    let list = |names: &[&str]| names.iter().map(|name| String::from(*name)).collect::<Vec<_>>();
    Words {
        tables: list(&["packages", "order"]),
        columns: list(&["name", "size"]),
        functions: list(&["sum", "substr"]),
    }
}

#[track_caller]
fn check(line: &str, start: usize, found: &[&str]) {
    assert_eq!(
        words().complete(line, line.len()),
        (start, found.iter().map(|word| String::from(*word)).collect())
    );
}

#[test]
fn words_of_statements() {
    check("sel", 0, &["select"]);
    check("SEL", 0, &["SELECT"]);
    check("select su", 7, &["sum(", "substr("]);
    check("select * from pac", 14, &["packages"]);
    check("select p.", 9, &["name", "size"]);
    check("select p.na", 9, &["name"]);
    check("select * from pa", 14, &["packages"]);
    check("select pa", 7, &["packages", "partition"]);
    check("select * from ord", 14, &["\"order\""]);
    check("select 1 ord", 9, &["\"order\"", "order"]);
}

#[test]
fn words_of_dot_commands() {
    check(".ti", 0, &[".timer"]);
    check(".mode m", 6, &["markdown"]);
    check(".schema pa", 8, &["packages"]);
    check(".headers x", 9, &[]);
}
