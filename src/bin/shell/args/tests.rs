use super::*;

fn wish_of(line: &str) -> Wish {
    let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    wish(&words, |path| path == Path::new("verifi") || path == Path::new("here"))
}

#[test]
fn the_first_word_decides() {
    for command in
        ["", "kv db get k", "info db", "help", "help kv", "--help", "-V", "verify", "completions bash"]
    {
        assert_eq!(wish_of(command), Wish::Command, "{command}");
    }
    for line in [
        "here",
        "new",
        "new SELECT",
        "./info",
        "info.db",
        "-- info",
        "verifi",
        "/x/kv",
        ":memory:",
        "--mode csv info",
        "--mode=csv info",
        "--headers new",
    ] {
        assert_eq!(wish_of(line), Wish::Sql, "{line}");
    }
}

#[test]
fn a_misspelt_command_makes_no_database() {
    let misspelt = |word: &str, close: &str| Wish::Misspelt { word: word.into(), close: close.into() };
    assert_eq!(wish_of("verfy"), misspelt("verfy", "verify"));
    assert_eq!(wish_of("verfy db"), misspelt("verfy", "verify"));
    assert_eq!(wish_of("put k 1"), misspelt("put", "kv DB put"));
}

#[test]
fn all_command_definitions_are_sound() {
    CommandLine::command().debug_assert();
    PromptLine::command().debug_assert();
}
