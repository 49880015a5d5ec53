use crate::func::tests::shown;
use crate::func::{Call, Lookup, Place, Registry, tests::TestContext};
use crate::value::{ArenaBuffer, Collation, ValueRef};

const NULL: ValueRef<'static> = ValueRef::Null;

fn int(integer: i64) -> ValueRef<'static> {
    ValueRef::Integer(integer)
}

#[test]
fn choices() {
    assert_eq!(shown("coalesce", &[NULL, int(2), int(3)]), "I2");
    assert_eq!(shown("ifnull", &[NULL, NULL]), "N");
    assert_eq!(shown("iif", &[int(0), int(2)]), "N");
    assert_eq!(shown("iif", &[int(0), int(2), int(3)]), "I3");
    assert_eq!(shown("if", &[NULL, int(2), int(1), int(4), int(5)]), "I4");
    assert_eq!(shown("nullif", &[int(1), ValueRef::Real(1.0)]), "N");
    assert_eq!(shown("likelihood", &[int(1), ValueRef::Real(0.5)]), "I1");
    assert_eq!(shown("max", &[int(1), ValueRef::Real(1.0), int(0)]), "I1", "the first of equals");
    assert_eq!(shown("min", &[int(1), ValueRef::Real(1.0), int(2)]), "R1.0", "the last of equals");
    assert_eq!(shown("max", &[int(1), NULL]), "N");
    assert_eq!(shown("typeof", &[ValueRef::Blob(b"")]), "Tblob");
}

#[test]
fn comparing_functions_use_the_collation() {
    let Lookup::Found(max) = Registry::new().find("MAX", 2) else { panic!("max") };
    assert!(max.uses_collation);
    let mut buffer = ArenaBuffer::new();
    let call = Call {
        arena: &buffer.arena(),
        context: &TestContext::default(),
        collation: &Collation::NoCase,
        place: Place::Statement,
        function: "max",
    };
    let args = [ValueRef::text("a"), ValueRef::text("B")];
    assert_eq!(max.call(&call, &args).unwrap().unwrap(), ValueRef::text("B"));
}

#[test]
fn the_connection_is_asked() {
    assert_eq!(shown("changes", &[]), "I11");
    assert_eq!(shown("total_changes", &[]), "I12");
    assert_eq!(shown("last_insert_rowid", &[]), "I13");
    assert_eq!(shown("randomblob", &[int(2)]), r"X\xff\xff");
    assert_eq!(shown("sqlite_version", &[]), "T3.54.1");
    assert_eq!(shown("sqlite_compileoption_used", &[ValueRef::text("sqlite_soundex")]), "I1");
    assert_eq!(shown("sqlite_compileoption_get", &[int(0)]), "TENABLE_MATH_FUNCTIONS");
    assert_eq!(shown("sqlite_compileoption_get", &[int(99)]), "N");
}
