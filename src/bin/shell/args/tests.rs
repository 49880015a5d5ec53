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
    for (line, db) in [
        ("here", "here"),
        ("new", "new"),
        ("./info", "./info"),
        ("info.db", "info.db"),
        ("-- info", "info"),
        ("verifi", "verifi"),
        ("/x/kv", "/x/kv"),
    ] {
        assert_eq!(wish_of(line), Wish::Prompt(db.into()), "{line}");
    }
}

#[test]
fn a_misspelt_command_makes_no_database() {
    let misspelt = |word: &str, close: Option<&str>| Wish::Misspelt {
        word: word.into(),
        close: close.map(String::from),
    };
    assert_eq!(wish_of("verfy"), misspelt("verfy", Some("verify")));
    assert_eq!(wish_of("verfy db"), misspelt("verfy", Some("verify")));
    assert_eq!(wish_of("put k 1"), misspelt("put", None));
    assert_eq!(wish_of("./db put k 1"), misspelt("./db", None));
}

#[test]
fn all_command_definitions_are_sound() {
    CommandLine::command().debug_assert();
    PromptLine::command().debug_assert();
}
