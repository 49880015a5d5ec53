use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::{CrashModel, MemFs, Tail, Tear, cuts};
use crate::io::sim::SimFs;
use crate::io::{File, Fs, OpenMode, read_file, write_all_at};

/// Names and bytes of the files in the current directory.
type Files = BTreeMap<String, Vec<u8>>;

fn files<B: AsRef<[u8]>>(files: &[(&str, B)]) -> Files {
    files.iter().map(|(name, bytes)| ((*name).into(), bytes.as_ref().to_vec())).collect()
}

fn files_on(fs: &MemFs) -> Files {
    let names = fs.list(Path::new("")).expect("listed");
    names.into_iter().map(|name| (name.clone(), read_file(fs, Path::new(&name)).expect("read"))).collect()
}

/// A file system on which these files are durable.
fn sim_with(durable: &[(&str, &[u8])]) -> SimFs {
    let image = MemFs::new();
    for (name, bytes) in durable {
        image.replace(Path::new(name), bytes).expect("created");
    }
    SimFs::on(&image)
}

fn open(fs: &SimFs, name: &str) -> Arc<dyn File> {
    fs.open(Path::new(name), OpenMode::Write).expect("opened")
}

fn create(fs: &SimFs, name: &str, bytes: &[u8]) -> Arc<dyn File> {
    let file = fs.open(Path::new(name), OpenMode::CreateNew).expect("created");
    write_all_at(&*file, bytes, 0).expect("written");
    file
}

fn sync_names(fs: &SimFs) {
    fs.sync_dir(Path::new("")).expect("synced");
}

/// No torn writes and no tails.
fn whole() -> CrashModel {
    CrashModel { tear: Tear::None, tails: vec![Tail::Short], ..CrashModel::default() }
}

/// What a crash now may leave.
fn now(fs: &SimFs, model: &CrashModel) -> BTreeSet<Files> {
    let images: Vec<Files> = fs.crash_images_now(model).map(|image| files_on(&image.fs)).collect();
    let distinct: BTreeSet<Files> = images.iter().cloned().collect();
    assert_eq!(images.len(), distinct.len(), "no image is given twice");
    distinct
}

fn set(states: &[Files]) -> BTreeSet<Files> {
    states.iter().cloned().collect()
}

#[test]
fn with_nothing_pending_there_is_one_image() {
    let fs = sim_with(&[("f", b"abc")]);
    assert_eq!(now(&fs, &CrashModel::default()), set(&[files(&[("f", b"abc")])]));
    let file = create(&fs, "g", b"x");
    file.sync_data().expect("synced");
    sync_names(&fs);
    let both = set(&[files(&[("f", &b"abc"[..]), ("g", b"x")])]);
    assert_eq!(now(&fs, &CrashModel::default()), both);
}

#[test]
fn a_synced_file_may_lack_its_name_but_none_of_its_bytes() {
    let fs = SimFs::new();
    create(&fs, "f", b"abc").sync_data().expect("synced");
    assert_eq!(now(&fs, &CrashModel::default()), set(&[Files::new(), files(&[("f", b"abc")])]));
}

#[test]
fn a_synced_name_says_nothing_about_the_bytes() {
    let fs = SimFs::new();
    create(&fs, "f", b"abc");
    sync_names(&fs);
    assert_eq!(now(&fs, &whole()), set(&[files(&[("f", "")]), files(&[("f", "abc")])]));

    let with_zeros = CrashModel { tails: vec![Tail::Short, Tail::Zeros], ..whole() };
    let expected = ["", "abc", "\0\0\0"].map(|bytes| files(&[("f", bytes)]));
    assert_eq!(now(&fs, &with_zeros), set(&expected));

    let noisy = now(&fs, &CrashModel { tails: vec![Tail::Short, Tail::Noise], ..whole() });
    assert_eq!(noisy.len(), 3);
    assert!(noisy.iter().all(|state| matches!(state["f"].len(), 0 | 3)));
}

#[test]
fn writes_are_not_ordered_within_a_file_nor_across_files() {
    let fs = sim_with(&[("f", b"...."), ("g", b"..")]);
    write_all_at(&*open(&fs, "f"), b"1", 0).expect("written");
    write_all_at(&*open(&fs, "g"), b"2", 1).expect("written");
    write_all_at(&*open(&fs, "f"), b"3", 2).expect("written");
    let mut expected = BTreeSet::new();
    for f in ["....", "1...", "..3.", "1.3."] {
        for g in ["..", ".2"] {
            expected.insert(files(&[("f", f), ("g", g)]));
        }
    }
    assert_eq!(now(&fs, &whole()), expected);
}

#[test]
fn kept_writes_apply_in_their_order() {
    let fs = sim_with(&[("f", b"..")]);
    write_all_at(&*open(&fs, "f"), b"ab", 0).expect("written");
    write_all_at(&*open(&fs, "f"), b"c", 1).expect("written");
    let expected = ["..", "ab", ".c", "ac"].map(|bytes| files(&[("f", bytes)]));
    assert_eq!(now(&fs, &whole()), set(&expected));
}

#[test]
fn a_write_tears_at_every_byte_from_either_side() {
    let fs = sim_with(&[("f", b"....")]);
    write_all_at(&*open(&fs, "f"), b"abcd", 0).expect("written");
    let expected = ["....", "a...", "ab..", "abc.", ".bcd", "..cd", "...d", "abcd"];
    assert_eq!(
        now(&fs, &CrashModel { tear: Tear::Bytes, ..whole() }),
        set(&expected.map(|bytes| files(&[("f", bytes)])))
    );
}

#[test]
fn a_torn_write_has_the_ones_before_it_and_may_have_the_ones_after_it() {
    let fs = sim_with(&[("f", b"......")]);
    for (offset, bytes) in [(0, b"ab"), (2, b"cd"), (4, b"ef")] {
        write_all_at(&*open(&fs, "f"), bytes, offset).expect("written");
    }
    let states = now(&fs, &CrashModel { tear: Tear::Bytes, ..whole() });
    for possible in ["abc...", "ab.d..", "abc.ef", "ab.def", "abcde.", ".bcdef", "ab..ef", "a....."] {
        assert!(states.contains(&files(&[("f", possible)])), "{possible}");
    }
    for torn_twice in ["a.c...", "a...e."] {
        assert!(!states.contains(&files(&[("f", torn_twice)])), "{torn_twice}");
    }
}

#[test]
fn sectors_and_blocks_are_counted_from_the_start_of_the_file() {
    assert_eq!(cuts(Tear::Sectors, 0, 512), []);
    assert_eq!(cuts(Tear::Sectors, 256, 1024), [256, 768]);
    assert_eq!(cuts(Tear::Sectors, 512, 513), [512]);
    assert_eq!(cuts(Tear::Blocks, 4000, 5000), [96, 4192]);
    assert_eq!(cuts(Tear::None, 256, 1024), []);
    assert_eq!(cuts(Tear::Bytes, 7, 1), []);
    assert_eq!(cuts(Tear::Bytes, 7, 4), [1, 2, 3]);
    assert_eq!(cuts(Tear::Bytes, 0, 512).len(), 511);
    let long = cuts(Tear::Bytes, 500, 1100);
    let edges = (1..=64).chain([524]).chain(1036..1100);
    assert_eq!(long, edges.collect::<Vec<_>>());
}

#[test]
fn a_rename_replaces_or_does_not_but_never_loses_the_name() {
    let fs = sim_with(&[("f", b"old")]);
    create(&fs, "f.new", b"new").sync_data().expect("synced");
    fs.rename(Path::new("f.new"), Path::new("f")).expect("renamed");
    let expected = [files(&[("f", "old")]), files(&[("f", "old"), ("f.new", "new")]), files(&[("f", "new")])];
    assert_eq!(now(&fs, &CrashModel::default()), set(&expected));
    sync_names(&fs);
    assert_eq!(now(&fs, &CrashModel::default()), set(&[files(&[("f", "new")])]));
}

#[test]
fn a_rename_without_a_sync_of_the_file_may_leave_it_empty() {
    let fs = sim_with(&[("f", b"old")]);
    create(&fs, "f.new", b"new");
    fs.rename(Path::new("f.new"), Path::new("f")).expect("renamed");
    assert!(now(&fs, &whole()).contains(&files(&[("f", "")])));
}

#[test]
fn a_removed_file_may_be_back() {
    let fs = sim_with(&[("f", b"old")]);
    fs.remove(Path::new("f")).expect("removed");
    assert_eq!(now(&fs, &whole()), set(&[files(&[("f", "old")]), Files::new()]));
    create(&fs, "f", b"new").sync_data().expect("synced");
    let expected = [files(&[("f", "old")]), Files::new(), files(&[("f", "new")])];
    assert_eq!(now(&fs, &whole()), set(&expected));
    sync_names(&fs);
    assert_eq!(now(&fs, &whole()), set(&[files(&[("f", "new")])]));
}

#[test]
fn removing_and_creating_are_not_ordered() {
    let fs = sim_with(&[("old", b"")]);
    create(&fs, "new", b"");
    fs.remove(Path::new("old")).expect("removed");
    let expected = [&["old"][..], &["new"], &["new", "old"], &[]]
        .map(|names| files(&names.iter().map(|name| (*name, "")).collect::<Vec<_>>()));
    assert_eq!(now(&fs, &whole()), set(&expected));
}

#[test]
fn each_directory_is_synced_for_itself() {
    let fs = sim_with(&[("f", b"abc")]);
    fs.create_dir(Path::new("d")).expect("made");
    fs.hard_link(Path::new("f"), Path::new("d/g")).expect("linked");
    sync_names(&fs);
    let names = |image: &MemFs| image.list(Path::new("d")).expect("a directory is durable when made");
    let before: BTreeSet<Vec<String>> = fs.crash_images_now(&whole()).map(|image| names(&image.fs)).collect();
    assert_eq!(before, BTreeSet::from([vec![], vec!["g".to_string()]]));
    fs.sync_dir(Path::new("d")).expect("synced");
    let after: Vec<_> = fs.crash_images_now(&whole()).collect();
    assert_eq!(after.len(), 1);
    assert_eq!(read_file(&after[0].fs, Path::new("d/g")).expect("read"), b"abc");
}

#[test]
fn a_length_is_pending_like_a_write() {
    let fs = sim_with(&[("f", b"abc")]);
    let file = open(&fs, "f");
    file.set_len(1).expect("cut");
    assert_eq!(now(&fs, &whole()), set(&[files(&[("f", "abc")]), files(&[("f", "a")])]));
    file.set_len(2).expect("extended");
    let expected = ["abc", "a", "ab", "a\0"].map(|bytes| files(&[("f", bytes)]));
    assert_eq!(now(&fs, &whole()), set(&expected));
    file.sync_data().expect("synced");
    assert_eq!(now(&fs, &CrashModel::default()), set(&[files(&[("f", "a\0")])]));
}

#[test]
fn bytes_over_durable_length_have_no_tail() {
    let fs = sim_with(&[("f", &[0; 8])]);
    write_all_at(&*open(&fs, "f"), b"ab", 0).expect("written");
    let expected =
        ["\0\0", "a\0", "\0b", "ab"].map(|start| files(&[("f", [start, "\0\0\0\0\0\0"].concat())]));
    assert_eq!(now(&fs, &CrashModel::default()), set(&expected));
}

#[test]
fn a_stale_tail_shows_bytes_of_other_files() {
    let fs = sim_with(&[("other", &[7; 8192])]);
    create(&fs, "f", &[1; 6000]);
    sync_names(&fs);
    let stale = now(&fs, &CrashModel { tails: vec![Tail::Stale], ..whole() });
    let bytes: Vec<&[u8]> = stale.iter().map(|state| state["f"].as_slice()).collect();
    assert_eq!(bytes, [&[1; 6000], &[7; 6000]]);
}

#[test]
fn a_file_without_a_name_has_no_images() {
    let fs = SimFs::new();
    let file = create(&fs, "f", b"abc");
    fs.remove(Path::new("f")).expect("removed");
    sync_names(&fs);
    write_all_at(&*file, b"later", 0).expect("written");
    assert_eq!(fs.crash_images_now(&CrashModel::default()).count(), 1);
}

#[test]
fn many_writes_are_dropped_singly_in_pairs_and_at_random() {
    let fs = sim_with(&[("f", &[b'.'; 20])]);
    let file = open(&fs, "f");
    for offset in 0..20 {
        write_all_at(&*file, b"x", offset).expect("written");
    }
    let states = now(&fs, &CrashModel { random_subsets: 100, ..whole() });
    let missing = |n: usize| {
        let count = |state: &&Files| state["f"].iter().filter(|byte| **byte == b'.').count() == n;
        states.iter().filter(count).count()
    };
    assert_eq!((missing(0), missing(1)), (1, 20));
    assert!(missing(2) >= 190, "all pairs, perhaps by chance too");
    // 21 prefixes, of which those without the last one and the last two count as drops; then the random ones.
    assert!(states.len() > 21 + 20 + 190 + 90, "{}", states.len());
    for n in 0..=20 {
        assert!(states.contains(&files(&[("f", "x".repeat(n) + &".".repeat(20 - n))])), "prefix {n}");
    }
}

#[test]
fn images_come_from_every_moment_and_carry_the_mark() {
    let fs = sim_with(&[("f", b"..")]);
    let file = open(&fs, "f"); // 0
    write_all_at(&*file, b"1", 0).expect("written"); // 1
    file.sync_data().expect("synced"); // 2
    fs.mark(1);
    write_all_at(&*file, b"2", 1).expect("written"); // 3
    file.sync_data().expect("synced"); // 4
    fs.mark(2);
    let images: Vec<(u64, u64, Vec<u8>)> = fs
        .crash_images(&whole())
        .map(|image| (image.operation, image.mark, files_on(&image.fs)["f"].clone()))
        .collect();
    let expected = [(2, 0, ".."), (2, 0, "1."), (4, 1, "1."), (4, 1, "12"), (5, 2, "12")];
    assert_eq!(images, expected.map(|(operation, mark, bytes)| (operation, mark, bytes.into())));
}

#[test]
fn a_promise_before_the_sync_is_caught() {
    let fs = sim_with(&[("f", b".")]);
    let file = open(&fs, "f");
    write_all_at(&*file, b"1", 0).expect("written");
    fs.mark(1);
    file.sync_data().expect("synced");
    let broken = fs.crash_images(&whole()).find(|image| image.mark == 1 && files_on(&image.fs)["f"] == b".");
    let image = broken.expect("the write is promised and not durable");
    assert_eq!(
        image.to_string(),
        "image 0 (before operation 2, mark 1): bytes: those of mask 0b0; names: those of mask 0b0; tails: Short"
    );
}

/// A run that leaves many images: files that grow, are renamed and removed.
fn busy_run() -> SimFs {
    let fs = sim_with(&[("old", &[9; 600])]);
    for round in 0..4u8 {
        let name = format!("f{round}");
        let file = create(&fs, &name, &vec![round; 300]);
        write_all_at(&*file, &[round + 100; 700], 200).expect("written");
        if round % 2 == 0 {
            file.sync_data().expect("synced");
        } else {
            sync_names(&fs);
        }
        fs.mark(round.into());
    }
    fs.remove(Path::new("old")).expect("removed");
    fs.rename(Path::new("f0"), Path::new("old")).expect("renamed");
    fs
}

#[test]
fn the_same_run_gives_the_same_images() {
    let digests = |fs: &SimFs, model: &CrashModel| -> Vec<(u64, u64)> {
        fs.crash_images(model).map(|image| (image.number, image.fs.digest())).collect()
    };
    let model = CrashModel { tear: Tear::Sectors, ..CrashModel::default() };
    let one = digests(&busy_run(), &model);
    assert!(one.len() > 500, "{}", one.len());
    assert_eq!(one, digests(&busy_run(), &model));
    assert_ne!(one, digests(&busy_run(), &CrashModel { seed: 1, ..model }));
}

#[test]
fn a_sample_is_part_of_the_whole() {
    let fs = busy_run();
    let all: BTreeSet<u64> = fs.crash_images(&whole()).map(|image| image.fs.digest()).collect();
    let model = CrashModel { images_per_moment: 8, ..whole() };
    let sample: Vec<(u64, u64)> =
        fs.crash_images(&model).map(|image| (image.number, image.fs.digest())).collect();
    assert!(sample.len() * 2 < all.len(), "{} of {}", sample.len(), all.len());
    assert!(sample.iter().all(|(_, digest)| all.contains(digest)));

    let (number, digest) = sample[sample.len() / 2];
    let again = fs.crash_images(&model).find(|image| image.number == number).expect("given before");
    assert_eq!(again.fs.digest(), digest);
}

#[test]
fn one_image_is_chosen_by_the_seed() {
    let fs = busy_run();
    let possible: BTreeSet<u64> =
        fs.crash_images_now(&CrashModel::default()).map(|image| image.fs.digest()).collect();
    let model = |seed| CrashModel { tails: vec![Tail::Short, Tail::Zeros], seed, ..CrashModel::default() };
    let chosen: BTreeSet<u64> = (0..50).map(|seed| fs.crashed(&model(seed)).digest()).collect();
    assert!(chosen.len() > 10 && chosen.is_subset(&possible));
    assert_eq!(fs.crashed(&model(3)).digest(), fs.crashed(&model(3)).digest());
}

#[test]
fn an_image_crashes_again() {
    let fs = sim_with(&[("f", b"..")]);
    write_all_at(&*open(&fs, "f"), b"1", 0).expect("written");
    let image = fs.crash_images_now(&whole()).last().expect("an image").fs;
    assert_eq!(files_on(&image)["f"], b"1.");
    let second = SimFs::on(&image);
    write_all_at(&*open(&second, "f"), b"2", 1).expect("written");
    assert_eq!(now(&second, &whole()), set(&[files(&[("f", "1.")]), files(&[("f", "12")])]));
    assert_eq!(files_on(&image)["f"], b"1.", "the image itself stays as it is");
}
