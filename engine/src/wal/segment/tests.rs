use super::*;
use crate::ids::LogPosition;
use crate::io::MemFs;
use crate::wal::testing::{DATABASE, DIR, names, path, written};

fn files(fs: MemFs) -> LogFiles {
    LogFiles { fs: Arc::new(fs), dir: DIR.into(), database: Some(DATABASE) }
}

#[test]
fn names_are_the_numbers() {
    assert_eq!(file_name(SegmentId(7)), "00000007.wal");
    assert_eq!(temporary_name(SegmentId(7)), "00000007.wal.tmp");
    for id in [1, 7, 99_999_999, 100_000_000, u32::MAX] {
        assert_eq!(id_of(&file_name(SegmentId(id))), Some(SegmentId(id)));
    }
    for name in ["", ".wal", "1.wal", "00000000.wal", "+0000001.wal", "000000001.wal", "00000001.wal.tmp"] {
        assert_eq!(id_of(name), None, "{name}");
    }
    assert_eq!(id_of("4294967296.wal"), None);
}

#[test]
fn a_listing_has_only_the_log() {
    let fs = MemFs::new();
    assert!(list(&fs, Path::new(DIR)).expect("nothing is no error").segments.is_empty());
    fs.create_dir(Path::new(DIR)).expect("memory takes it");
    for name in ["00000010.wal", "00000002.wal", "00000011.wal.tmp", "checkpoints", "00000001.pages"] {
        fs.replace(&Path::new(DIR).join(name), b"").expect("memory takes it");
    }
    let listing = list(&fs, Path::new(DIR)).expect("memory lists");
    assert_eq!(listing.segments, [SegmentId(2), SegmentId(10)]);
    assert_eq!(listing.temporary, ["00000011.wal.tmp"]);
}

#[test]
fn headers_are_checked_when_opened() {
    let fs = written(3, 4096, true);
    assert_eq!(names(&fs), ["00000001.wal"]);
    let mut whole = files(fs.clone());
    let opened = whole.open(SegmentId(1), OpenMode::Read).expect("it is whole");
    assert_eq!((opened.header.segment, opened.header.database), (SegmentId(1), DATABASE));
    assert_eq!(opened.header.follows, LogPosition::default());

    let mut anybody = LogFiles { database: None, ..files(fs.clone()) };
    anybody.open(SegmentId(1), OpenMode::Read).expect("it is whole");
    assert_eq!(anybody.database, Some(DATABASE));

    let found = |mut files: LogFiles, id| match files.open(SegmentId(id), OpenMode::Read) {
        Err(Error::Corrupt(corruption)) => corruption.found,
        other => panic!("{other:?}"),
    };
    assert_eq!(found(files(fs.clone()), 2), "none");
    let foreign = LogFiles { database: Some(DatabaseId([1; 16])), ..files(fs.clone()) };
    assert_eq!(found(foreign, 1), format!("database {DATABASE}"));
    fs.rename(&path(1), &path(5)).expect("memory renames");
    assert_eq!(found(files(fs.clone()), 5), "segment 00000001");
    fs.flip_bits(&path(5), 40, 1).expect("it is there");
    assert_eq!(found(files(fs), 5), "a header with another checksum");
}

#[test]
fn a_newer_format_is_told_from_damage() {
    let fs = written(1, 4096, true);
    let mut bytes = crate::io::read_file(&fs, &path(1)).expect("it is there");
    bytes[8] = 9;
    let seed = crate::checksum::seed(crate::checksum::UnitKind::LogSegmentHeader, DATABASE, SegmentId(1));
    let crc = crate::checksum::checksum(seed, 0, &bytes[..HEADER_BYTES - 4]);
    bytes[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&crc.to_le_bytes());
    fs.replace(&path(1), &bytes).expect("memory takes it");
    let error = files(fs).open(SegmentId(1), OpenMode::Read).expect_err("a newer version");
    assert!(matches!(error, Error::UnsupportedVersion { found: 9, supported: 3, .. }), "{error}");
}

#[test]
fn the_chain_goes_back_as_far_as_it_is_there() {
    let fs = written(200, 4096, true);
    let mut log = files(fs.clone());
    let listed = list(&fs, Path::new(DIR)).expect("memory lists").segments;
    assert!(listed.len() > 3, "{listed:?}");
    let chain = log.chain(&listed, SegmentId(1)).expect("it is whole");
    let ids: Vec<SegmentId> = chain.headers.iter().map(|header| header.segment).collect();
    assert_eq!(ids, listed);
    let infos = chain.infos(500);
    assert_eq!(infos.last().map(|info| info.bytes), Some(500));
    assert_eq!(infos[0].bytes, chain.headers[1].follows.offset);
    assert_eq!(infos[0].first, Lsn { epoch: 1, number: 1 });

    let chain = log.chain(&listed, listed[1]).expect("it is whole");
    assert_eq!(chain.first.map(|opened| opened.header.segment), Some(listed[1]));
    let gap: Vec<SegmentId> = listed.iter().copied().filter(|&id| id != listed[1]).collect();
    let chain = log.chain(&gap, SegmentId(1)).expect("it is whole");
    assert_eq!(chain.first.map(|opened| opened.header.segment), Some(listed[2]));
    assert!(log.chain(&[], SegmentId(1)).expect("nothing is no error").first.is_none());
}
