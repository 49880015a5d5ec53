//! Changes of the schema that are applied once, in their order, each as a whole.
//!
//! `cargo run --example migrations`

use duramen::storage::Result;
use duramen::{Storage, StorageOptions};

/// New ones are added at the end.
const MIGRATIONS: [&str; 3] = [
    "CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
    "ALTER TABLE user ADD COLUMN mail TEXT; CREATE UNIQUE INDEX user_mail ON user (mail)",
    "CREATE TABLE note (user INTEGER NOT NULL REFERENCES user, text TEXT NOT NULL)",
];

/// Brings an object up to date; how many changes that took.
fn migrate(storage: &Storage, migrations: &[&str]) -> Result<usize> {
    let done = storage.kv().get_as::<usize>("schema version")?.unwrap_or(0);
    for (version, migration) in migrations.iter().enumerate().skip(done) {
        storage.transaction_sync(|storage| {
            storage.sql().exec(migration, ())?;
            storage.kv().put_as("schema version", &(version + 1))
        })?;
    }
    storage.gate().wait()?;
    Ok(migrations.len().saturating_sub(done))
}

fn main() -> Result<()> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    println!("{} changes applied", migrate(&storage, &MIGRATIONS)?);
    println!("{} changes applied", migrate(&storage, &MIGRATIONS)?);
    Ok(())
}

#[test]
fn a_change_is_applied_once_and_whole() -> Result<()> {
    use duramen::storage::Error;

    let storage = Storage::in_memory(StorageOptions::default())?;
    assert_eq!(migrate(&storage, &MIGRATIONS[..2])?, 2);
    let broken = [MIGRATIONS[0], MIGRATIONS[1], "CREATE TABLE half (a); CREATE TABLE user (a)"];
    assert!(matches!(migrate(&storage, &broken), Err(Error::Sql(_))));
    assert!(storage.sql().exec("SELECT * FROM half", ()).is_err());
    assert_eq!(migrate(&storage, &MIGRATIONS)?, 1);
    main()
}
