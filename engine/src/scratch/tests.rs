use std::path::Path;

use super::Scratch;
use crate::io::{Fs, MemFs};

#[test]
fn bytes_come_back_and_no_name_is_left() {
    let fs = MemFs::new();
    let dir = Path::new("db");
    fs.create_dir(dir).expect("a directory");
    let mut scratch = Scratch::new(&fs, dir).expect("a file");
    assert!(scratch.is_empty());
    scratch.append(b"some ").expect("written");
    scratch.append(b"bytes").expect("written");
    assert_eq!((scratch.len(), fs.list(dir).expect("a directory").len()), (10, 0));
    let mut read = [0; 7];
    scratch.read_at(3, &mut read).expect("read");
    assert_eq!(&read, b"e bytes");
    assert!(scratch.read_at(8, &mut [0; 3]).is_err(), "behind the end");
}
