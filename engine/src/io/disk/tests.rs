use std::path::Path;

use super::{Disk, Place, dir_key};

fn place(path: &str) -> Place {
    Place::of(Path::new(path)).expect("a name")
}

#[test]
fn one_directory_is_found_under_all_spellings() {
    assert_eq!(dir_key(Path::new("./a/./b/")), Path::new("a/b"));
    assert_eq!(dir_key(Path::new("/a")), Path::new("/a"));
    assert_eq!(place("./a//f"), place("a/f"));
}

#[test]
fn a_path_without_a_name_is_no_place() {
    for path in ["/", "", ".."] {
        assert!(Place::of(Path::new(path)).is_err(), "{path}");
    }
}

#[test]
fn the_digest_is_that_of_names_and_bytes_whatever_the_way_there() {
    let mut one = Disk::new();
    let file = one.create_file();
    one.set_name(&place("f"), file);
    let mut other = Disk::new();
    let unnamed = other.create_file();
    other.content_mut(unnamed).expect("there").write(b"no name leads here", 0);
    let file = other.create_file();
    other.set_name(&place("f"), file);
    assert_eq!(one.digest(), other.digest());

    other.content_mut(file).expect("there").write(b"x", 0);
    assert_ne!(one.digest(), other.digest());
    other.content_mut(file).expect("there").set_len(0);
    assert_eq!(one.digest(), other.digest());
    other.clear_name(&place("f"), file);
    other.set_name(&place("g"), file);
    assert_ne!(one.digest(), other.digest());
}

#[test]
fn a_name_is_only_taken_from_the_file_that_has_it() {
    let mut disk = Disk::new();
    let (old, new) = (disk.create_file(), disk.create_file());
    disk.set_name(&place("f"), old);
    disk.set_name(&place("f"), new);
    disk.clear_name(&place("f"), old);
    assert_eq!(disk.file_at(&place("f")).expect("named"), new);
    assert!(!disk.is_named(old));
}

#[test]
fn files_and_directories_do_not_share_a_name() {
    let mut disk = Disk::new();
    let file = disk.create_file();
    disk.set_name(&place("f"), file);
    assert!(disk.expect_dir(Path::new("f/d")).is_err());
    assert!(disk.list(Path::new("f")).is_err());
    disk.expect_dir(Path::new("d/e")).expect("can be made");
    disk.add_dir(Path::new("d/e"));
    disk.expect_dir(Path::new("d/e")).expect("there");
    assert!(disk.expect_free(&place("d")).is_err());
    assert!(disk.expect_free(&place("d/e")).is_err());
    disk.expect_free(&place("d/e/f")).expect("free");
}

#[test]
fn a_new_file_is_none_that_was_adopted() {
    let mut other = Disk::new();
    let files = [(); 3].map(|()| other.create_file());
    let mut disk = Disk::new();
    disk.adopt_file(files[2]);
    let new = disk.create_file();
    disk.adopt_file(files[0]);
    let newer = disk.create_file();
    assert!(files[2] < new && new < newer);
    assert_eq!(disk.files().count(), 4);
}
