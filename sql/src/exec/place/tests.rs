use duramen_engine::{Database, Durability, Options, ReadView, TreeId, WriteTxn};

use super::Place;
use crate::schema::Store;
use crate::store::Stores;

fn changed(database: &Database, change: impl FnOnce(&mut WriteTxn)) -> ReadView {
    let mut txn = database.begin_write().expect("nobody else writes");
    change(&mut txn);
    txn.commit(Durability::None).expect("memory does not fail");
    database.begin_read().expect("memory does not fail")
}

fn stores(view: &ReadView) -> Stores<'_> {
    Stores { main: view, temp: None }
}

/// What comes behind and what comes before, after standing on "c" and then losing some of "a" to "e".
fn neighbours(gone: &[&str]) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let database = Database::in_memory(Options::default()).expect("memory does not fail");
    let mut tree = TreeId::default();
    let before = changed(&database, |txn| {
        tree = txn.create_tree(b"t").expect("it is new");
        for key in ["a", "b", "c", "d", "e"] {
            txn.put(tree, key.as_bytes(), b"").expect("memory does not fail");
        }
    });
    let after = changed(&database, |txn| {
        for key in gone {
            txn.delete(tree, key.as_bytes()).expect("memory does not fail");
        }
    });
    let mut place = Place::new(stores(&before), Store::Main, tree).expect("it is there");
    assert!(place.seek(b"c").expect("memory does not fail"));
    let renewed = || place.renewed(stores(&after)).expect("memory does not fail");
    let (mut ahead, mut back) = (renewed(), renewed());
    let ahead = ahead.next().expect("memory does not fail").then(|| ahead.key().to_vec());
    let back = back.prev().expect("memory does not fail").then(|| back.key().to_vec());
    (ahead, back)
}

#[test]
fn a_place_is_found_again_between_its_neighbours() {
    let keys = |ahead: Option<&str>, back: Option<&str>| {
        (ahead.map(|key| key.as_bytes().to_vec()), back.map(|key| key.as_bytes().to_vec()))
    };
    assert_eq!(neighbours(&[]), keys(Some("d"), Some("b")));
    assert_eq!(neighbours(&["c"]), keys(Some("d"), Some("b")));
    assert_eq!(neighbours(&["b", "c", "d"]), keys(Some("e"), Some("a")));
    assert_eq!(neighbours(&["c", "d", "e"]), keys(None, Some("b")));
    assert_eq!(neighbours(&["a", "b", "c"]), keys(Some("d"), None));
    assert_eq!(neighbours(&["a", "b", "c", "d", "e"]), keys(None, None));
}
