use duramen_engine::{Database, Options};

use super::*;
use crate::storage::{Import, ImportFault, Storage, StorageOptions};

/// An object with something of everything, and dropped tables whose numbers are missing.
fn object() -> Result<Storage> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    let sql = storage.sql();
    sql.exec("CREATE TABLE gone (a); DROP TABLE gone", ())?;
    sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT UNIQUE, w BLOB)", ())?;
    sql.exec("CREATE TABLE gone2 (a, b UNIQUE); DROP TABLE gone2", ())?;
    sql.exec("CREATE INDEX tv ON t(v DESC) WHERE v IS NOT NULL; CREATE VIEW s AS SELECT v FROM t", ())?;
    sql.exec("CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET w = x'00ff' WHERE id = new.id; END", ())?;
    for number in 0..2000_i64 {
        sql.exec("INSERT INTO t(v) VALUES (?1)", [format!("row {number} {}", "x".repeat(300))])?;
    }
    sql.exec("DELETE FROM t WHERE id = 2000", ())?;
    storage.kv().put_as("k", &("a value", 7))?;
    storage.set_alarm(4_102_444_800_000).now()?;
    Ok(storage)
}

fn exported(storage: &Storage) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    storage.export(&mut file, &mut |_, _| ())?;
    Ok(file)
}

fn imported(file: &[u8]) -> Result<Database> {
    let database = Database::in_memory(Options::default())?;
    Import::open(file)?.into_database(&database, &mut |_, _| ())?;
    Ok(database)
}

#[test]
fn an_object_comes_back_whole() -> Result<()> {
    let file = exported(&object()?)?;
    let copy = Storage::on(imported(&file)?, StorageOptions::default())?;
    assert_eq!(exported(&copy)?, file, "the same bytes");
    assert_eq!(copy.kv().get_as::<(String, i32)>("k")?, Some(("a value".into(), 7)));
    assert_eq!(copy.get_alarm().now()?, Some(4_102_444_800_000));
    let id: i64 = copy.sql().exec("INSERT INTO t(v) VALUES ('new') RETURNING id", ())?.one()?.get(0)?;
    assert_eq!(id, 2001, "numbers are not given again");
    let filled: i64 =
        copy.sql().exec("SELECT count(*) FROM t WHERE w = x'00ff' AND v IN s", ())?.one()?.get(0)?;
    assert_eq!(filled, 2000, "triggers, views and indexes are there");
    copy.sql().exec("CREATE TABLE later (a)", ())?;
    Ok(())
}

#[test]
fn progress_ends_at_the_whole() -> Result<()> {
    let mut told = Vec::new();
    let done = object()?.export(&mut Vec::new(), &mut |done, of| told.push((done, of)))?;
    assert_eq!(told.last(), Some(&(done.entries, done.entries)));
    assert!(told.len() > 1);
    Ok(())
}

#[test]
fn a_file_cut_off_anywhere_is_refused() -> Result<()> {
    let file = exported(&object()?)?;
    let ends = (0..200).chain((200..file.len()).step_by(39_979)).chain([file.len() - 1]);
    for end in ends {
        let fault = match imported(&file[..end]) {
            Err(Error::Import(fault)) => fault,
            other => panic!("cut off at {end}: {other:?}"),
        };
        let wanted = if end < 32 { ImportFault::Foreign } else { ImportFault::Truncated };
        assert_eq!(fault, wanted, "cut off at {end}");
    }
    Ok(())
}

#[test]
fn a_changed_byte_is_found_and_nothing_is_imported() -> Result<()> {
    let file = exported(&object()?)?;
    for at in (0..file.len()).step_by(19_997).chain([8, 12, 20, 33, 36, 40, file.len() - 1]) {
        let mut damaged = file.clone();
        damaged[at] ^= 0x10;
        let database = Database::in_memory(Options::default())?;
        let done = Import::open(damaged.as_slice())
            .and_then(|import| import.into_database(&database, &mut |_, _| ()));
        assert!(matches!(done, Err(Error::Import(_))), "byte {at}: {done:?}");
        assert!(database.begin_read()?.trees().is_empty(), "byte {at}");
    }
    let mut longer = file;
    longer.push(0);
    assert!(matches!(imported(&longer), Err(Error::Import(ImportFault::Damaged { .. }))));
    Ok(())
}

#[test]
fn what_is_there_already_stays() -> Result<()> {
    let file = exported(&object()?)?;
    let database = imported(&file)?;
    let again = Import::open(file.as_slice())?.into_database(&database, &mut |_, _| ());
    assert!(matches!(again, Err(Error::Import(ImportFault::NotEmpty))));
    assert!(matches!(Import::open(&b"PK\x03\x04"[..]), Err(Error::Import(ImportFault::Foreign))));
    Ok(())
}
