use super::*;

#[test]
fn a_storage_is_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<Storage>();
}

#[test]
fn an_aborted_session_says_so() -> Result<()> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    storage.abort("enough")?;
    let error = storage.end_turn().expect_err("the session is over");
    assert_eq!(error.to_string(), "enough");
    Ok(())
}
