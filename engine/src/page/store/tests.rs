use std::io::Result as IoResult;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};

use proptest::prelude::*;

use super::*;
use crate::error::Corruption;
use crate::format::node::NodeView;
use crate::format::page::extent_value;
use crate::io::{Advice, DirLock, LockKind, Mapping, MemFs, OsFs, write_all_at};
use crate::page::access::PageRead;
use crate::page::block::{Block, NewValue};
use crate::page::meter::Meter;

const DATABASE: DatabaseId = DatabaseId([0xdb; 16]);

/// A leaf with one key, told from others by `n`, of roughly this length.
fn leaf(n: u32, len: usize) -> Vec<u8> {
    let mut block = Block::new(PageKind::Leaf, b"", &Meter::new());
    block.push(&n.to_be_bytes(), NewValue::Inline(&vec![n.to_le_bytes()[0]; len]));
    block.to_page_bytes(|_| unreachable!("no long values")).unwrap()
}

/// A store in a directory of its own, and what is needed to open it again.
#[derive(Clone)]
struct Fixture {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    options: PageOptions,
    table: Vec<(SegmentId, u64)>,
    next: SegmentId,
}

impl Fixture {
    fn new(fs: Arc<dyn Fs>, dir: &Path, segment_size_bytes: u64) -> Fixture {
        fs.create_dir(dir).unwrap();
        let options = PageOptions { segment_size_bytes, map: Some(Advice::Normal) };
        Fixture { fs, dir: dir.to_path_buf(), options, table: Vec::new(), next: SegmentId(1) }
    }

    fn in_memory(segment_size_bytes: u64) -> Fixture {
        Fixture::new(Arc::new(MemFs::new()), Path::new("/db"), segment_size_bytes)
    }

    fn open(&self) -> PageStore {
        PageStore::open(self.fs.clone(), &self.dir, DATABASE, &[], self.options, &self.table, self.next)
            .unwrap()
    }

    /// Notes what is in the store, as a checkpoint does.
    fn note(&mut self, store: &PageStore) {
        self.next = store.appender().next_segment();
        self.table = store.segments().table();
    }

    fn path(&self, id: u32) -> PathBuf {
        self.dir.join(format!("{:08}.pages", id))
    }

    fn read_file(&self, id: u32) -> Vec<u8> {
        let file = self.fs.open(&self.path(id), OpenMode::Read).unwrap();
        let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
        crate::io::read_exact_at(&*file, &mut bytes, 0).unwrap();
        bytes
    }

    fn overwrite(&self, id: u32, at: u64, bytes: &[u8]) {
        write_all_at(&*self.fs.open(&self.path(id), OpenMode::Write).unwrap(), bytes, at).unwrap();
    }

    fn has_file(&self, id: u32) -> bool {
        self.fs.open(&self.path(id), OpenMode::Read).is_ok()
    }
}

/// File systems to run a test on: in memory, where all pages are read, and a real one, where large segments are mapped.
fn on_each_fs(segment_size_bytes: u64, test: impl Fn(Fixture)) {
    test(Fixture::in_memory(segment_size_bytes));
    let dir = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::new(Arc::new(OsFs), &dir.path().join("mapped"), segment_size_bytes);
    test(fixture.clone());
    fixture.dir = dir.path().join("read");
    fixture.fs.create_dir(&fixture.dir).unwrap();
    fixture.options.map = None;
    test(fixture);
}

fn append(appender: &mut PageAppender<'_>, n: u32, len: usize) -> PageAddr {
    appender.append(PageKind::Leaf, leaf(n, len)).unwrap()
}

fn assert_reads(set: &SegmentSet, addr: &PageAddr, n: u32) {
    for page in [set.page(addr).unwrap(), set.page(addr).unwrap(), &set.read_page_uncached(addr).unwrap()] {
        assert_eq!(NodeView::new(page).search(&n.to_be_bytes()), Ok(0));
    }
}

fn corruption<T>(result: Result<T>) -> Corruption {
    match result {
        Err(Error::Corrupt(corruption)) => *corruption,
        Err(other) => panic!("not corruption: {other}"),
        Ok(_) => panic!("not noticed"),
    }
}

#[test]
fn pages_are_read_back_now_and_after_opening_again() {
    on_each_fs(8192, |mut fixture| {
        let store = fixture.open();
        let mut pages = Vec::new();
        for round in 0..5 {
            let mut appender = store.appender();
            for n in 0..20 {
                let n = round * 20 + n;
                pages.push((n, append(&mut appender, n, usize::try_from(n * 17).unwrap())));
            }
            let extent = appender.append_extent(&vec![7; 10_000]).unwrap();
            appender.flush_and_sync().unwrap();
            let set = store.segments();
            pages.iter().for_each(|(n, addr)| assert_reads(&set, addr, *n));
            assert_eq!(extent_value(set.page(&extent).unwrap()), Ok(&vec![7; 10_000][..]));
        }
        assert!(pages.iter().all(|(_, addr)| addr.end() <= 8192), "segments keep to their size");
        assert!(store.segments().iter().count() > 5);
        fixture.note(&store);
        drop(store);
        let set = fixture.open().segments();
        pages.iter().for_each(|(n, addr)| assert_reads(&set, addr, *n));
    });
}

/// Whether pages can be read without the file, after some were read with it.
fn is_mapped_after(set: &SegmentSet, pages: &[PageAddr], read: usize) -> bool {
    pages[..read].iter().for_each(|addr| assert!(set.page(addr).is_ok()));
    let segment = set.get(pages[0].segment).unwrap();
    let aside = segment.path().with_extension("aside");
    std::fs::rename(segment.path(), &aside).unwrap();
    let is_mapped = set.page(&pages[read]).is_ok();
    std::fs::rename(&aside, segment.path()).unwrap();
    is_mapped
}

#[test]
fn what_the_store_made_is_mapped_at_once_and_what_was_there_after_some_pages() {
    let dir = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::new(Arc::new(OsFs), &dir.path().join("db"), 64 << 20);
    let store = fixture.open();
    let mut appender = store.appender();
    let pages: Vec<_> = (0..40).map(|n| append(&mut appender, n, 8000)).collect();
    appender.flush_and_sync().unwrap();
    drop(appender);
    fixture.note(&store);
    assert!(is_mapped_after(&store.segments(), &pages, 1));
    let opened = fixture.open().segments();
    assert!(!is_mapped_after(&opened, &pages, 16));
    assert!(is_mapped_after(&opened, &pages, 17));
}

#[test]
fn large_pages_and_large_segments_are_mapped_and_read_back() {
    on_each_fs(64 << 20, |mut fixture| {
        let store = fixture.open();
        let value: Vec<u8> = (0..17u32 << 18).flat_map(u32::to_le_bytes).collect();
        let mut appender = store.appender();
        let before = append(&mut appender, 1, 10);
        let extent = appender.append_extent(&value).unwrap();
        let after = append(&mut appender, 2, 10);
        appender.flush().unwrap();
        // The database is large now, so the next segment may be as well.
        let pages: Vec<_> = (3..200).map(|n| (n, append(&mut appender, n, 8000))).collect();
        appender.flush_and_sync().unwrap();
        assert_eq!(
            before.segment, after.segment,
            "a page in a segment of its own does not end the one before"
        );
        assert_ne!(extent.segment, after.segment);
        assert_eq!(
            store.segments().get(extent.segment).unwrap().valid_bytes(),
            extent.end().next_multiple_of(64)
        );
        drop(appender);
        fixture.note(&store);
        for set in [store.segments(), fixture.open().segments()] {
            assert_reads(&set, &before, 1);
            assert_reads(&set, &after, 2);
            pages.iter().for_each(|(n, addr)| assert_reads(&set, addr, *n));
            assert!(extent_value(set.page(&extent).unwrap()).unwrap() == value);
            assert!(
                set.iter()
                    .any(|segment| segment.capacity_bytes() > 1 << 20 && segment.id() != extent.segment)
            );
        }
    });
}

#[test]
fn pages_show_when_they_are_flushed() {
    let store = Fixture::in_memory(1 << 20).open();
    let mut appender = store.appender();
    let first = append(&mut appender, 1, 10);
    corruption(store.segments().page(&first));
    appender.flush().unwrap();
    let old = store.segments();
    assert_reads(&old, &first, 1);
    let second = append(&mut appender, 2, 10);
    corruption(store.segments().page(&second));
    drop(appender);
    let mut appender = store.appender();
    appender.flush().unwrap();
    assert_reads(&store.segments(), &second, 2);
}

#[test]
fn file_has_known_bytes() {
    let fixture = Fixture::in_memory(1 << 20);
    let store = fixture.open();
    let mut appender = store.appender();
    let a = appender.append(PageKind::Leaf, leaf(1, 1)).unwrap();
    let b = appender.append_extent(b"long").unwrap();
    appender.flush_and_sync().unwrap();
    let bytes = fixture.read_file(1);
    assert_eq!(bytes.len(), 192);
    let header = PageSegmentHeader { database: DATABASE, segment: SegmentId(1) };
    assert_eq!(bytes[..64], header.encode());
    assert_eq!((a.segment, a.unit, a.len, a.crc), (SegmentId(1), 1, 29, 0xadfc_258b));
    #[rustfmt::skip]
    let page = [
        0x8b, 0x25, 0xfc, 0xad,  29, 0, 0, 0,  1, 0,  1, 0,  1, 0,  0, 0,  0, 0, 0, 0,
        1, 0, 0, 0,  26, 0,  4, 1 << 2, 1,
    ];
    assert_eq!(bytes[64..93], page);
    assert_eq!(bytes[93..128], [0; 35]);
    assert_eq!((b.unit, b.len, b.crc), (2, 24, 0x5b09_a488));
    #[rustfmt::skip]
    let page = [
        0x88, 0xa4, 0x09, 0x5b,  24, 0, 0, 0,  4, 0,  0, 0,  0, 0,  0, 0,  0, 0, 0, 0,
        b'l', b'o', b'n', b'g',
    ];
    assert_eq!(bytes[128..152], page);
    assert_eq!(bytes[152..], [0; 40]);
}

#[test]
fn the_newest_segment_is_continued_where_its_file_ends_as_it_should() {
    on_each_fs(1 << 20, |mut fixture| {
        let store = fixture.open();
        let mut appender = store.appender();
        let first = append(&mut appender, 1, 10);
        appender.flush_and_sync().unwrap();
        drop(appender);
        fixture.note(&store);
        drop(store);

        let store = fixture.open();
        let mut appender = store.appender();
        let second = append(&mut appender, 2, 10);
        appender.flush_and_sync().unwrap();
        drop(appender);
        assert_eq!((second.segment, second.offset()), (first.segment, first.end().next_multiple_of(64)));
        assert_reads(&store.segments(), &second, 2);
        drop(store);

        // The second page was written, but nobody noted it.
        let store = fixture.open();
        let mut appender = store.appender();
        let third = append(&mut appender, 3, 10);
        appender.flush_and_sync().unwrap();
        assert_ne!(third.segment, first.segment);
        assert_reads(&store.segments(), &first, 1);
        assert_reads(&store.segments(), &third, 3);
        corruption(store.segments().page(&second));
    });
}

#[test]
fn pages_that_die_early_lie_apart_once_the_database_is_not_small() {
    let mut fixture = Fixture::in_memory(4096);
    let mut store = fixture.open();
    let segments = |store: &PageStore| {
        let mut appender = store.appender();
        let lasting = append(&mut appender, 1, 1000).segment;
        let mut delta = Block::new(PageKind::Delta, b"", &Meter::new());
        delta.push(b"key", NewValue::Tombstone);
        let delta = delta.to_page_bytes(|_| unreachable!("no long values")).unwrap();
        let passing = appender.append(PageKind::Delta, delta).unwrap().segment;
        appender.flush_and_sync().unwrap();
        (lasting, passing)
    };
    for _ in 0..7 {
        let (lasting, passing) = segments(&store);
        assert_eq!(lasting, passing);
    }
    let (lasting, passing) = (0..3).map(|_| segments(&store)).last().unwrap();
    assert_eq!((lasting.0 % 2, passing.0 % 2), (1, 0));
    assert_eq!(store.open_segments().len(), 2);
    fixture.note(&store);
    drop(store);
    store = fixture.open();
    assert_eq!(store.appender().first_open_segment(), lasting.min(passing));
    assert_eq!(segments(&store).1, passing, "there was room in it");
}

#[test]
fn numbers_of_files_that_are_there_are_skipped() {
    let fixture = Fixture::in_memory(1 << 20);
    fixture.fs.open(&fixture.path(1), OpenMode::CreateNew).unwrap();
    fixture.fs.open(&fixture.path(2), OpenMode::CreateNew).unwrap();
    let store = fixture.open();
    let mut appender = store.appender();
    assert_eq!(append(&mut appender, 1, 10).segment, SegmentId(3));
    assert_eq!(appender.next_segment(), SegmentId(4));
}

#[test]
fn removed_segments_stay_while_somebody_reads_them() {
    let fixture = Fixture::in_memory(4096);
    let store = fixture.open();
    let mut appender = store.appender();
    let pages: Vec<_> = (1..5).map(|n| (n, append(&mut appender, n, 3000))).collect();
    appender.flush_and_sync().unwrap();
    drop(appender);
    let reader = store.segments();
    store.remove(&[SegmentId(1), SegmentId(4), SegmentId(77)]).unwrap();
    assert_eq!(store.segments().table().len(), 2);
    corruption(store.segments().page(&pages[0].1));
    assert_reads(&reader, &pages[0].1, 1);
    assert!(fixture.has_file(1) && fixture.has_file(4));
    drop(reader);
    store.sweep().unwrap();
    assert!(!fixture.has_file(1) && fixture.has_file(2) && fixture.has_file(3) && !fixture.has_file(4));
    // The last one would have been continued.
    let mut appender = store.appender();
    assert_eq!(append(&mut appender, 9, 10).segment, SegmentId(5));
}

#[test]
fn segments_with_unsynced_pages_are_not_removed() {
    let fixture = Fixture::in_memory(1 << 20);
    let store = fixture.open();
    let mut appender = store.appender();
    let page = append(&mut appender, 1, 10);
    appender.flush().unwrap();
    drop(appender);
    store.remove(&[page.segment]).unwrap();
    assert_reads(&store.segments(), &page, 1);
    store.appender().flush_and_sync().unwrap();
    store.remove(&[page.segment]).unwrap();
    assert!(!fixture.has_file(1));
}

#[test]
fn every_damaged_byte_of_a_page_is_noticed() {
    on_each_fs(64 << 20, |mut fixture| {
        let store = fixture.open();
        let mut appender = store.appender();
        // The second one is in a mapped segment, where there are such.
        let small = append(&mut appender, 1, 30);
        let large = appender.append_extent(&vec![1; 2 << 20]).unwrap();
        appender.flush_and_sync().unwrap();
        drop(appender);
        fixture.note(&store);
        drop(store);
        for (page, step) in [(small, 1), (large, 200_003)] {
            let good = fixture.read_file(page.segment.0);
            for at in (page.offset()..page.end()).step_by(step) {
                let byte = good[usize::try_from(at).unwrap()];
                fixture.overwrite(page.segment.0, at, &[byte ^ 0x10]);
                let set = fixture.open().segments();
                let found = corruption(set.page(&page));
                assert_eq!((found.file, found.offset), (fixture.path(page.segment.0), page.offset()));
                corruption(set.read_page_uncached(&page));
                fixture.overwrite(page.segment.0, at, &[byte]);
                set.page(&page).unwrap();
            }
        }
    });
}

#[test]
fn every_damaged_byte_of_a_header_is_noticed_when_the_segment_is_first_touched() {
    let mut fixture = Fixture::in_memory(1 << 20);
    let store = fixture.open();
    let mut appender = store.appender();
    let page = append(&mut appender, 1, 30);
    appender.flush_and_sync().unwrap();
    drop(appender);
    fixture.note(&store);
    let good = fixture.read_file(1);
    for at in 0..64u8 {
        fixture.overwrite(1, at.into(), &[good[usize::from(at)] ^ 1]);
        corruption(fixture.open().segments().page(&page));
        corruption(fixture.open().segments().read_page_uncached(&page));
        fixture.overwrite(1, at.into(), &[good[usize::from(at)]]);
    }
    assert_reads(&fixture.open().segments(), &page, 1);
}

#[test]
fn files_that_are_missing_short_or_others_are_corrupt() {
    on_each_fs(1 << 20, |mut fixture| {
        let store = fixture.open();
        let mut appender = store.appender();
        let page = append(&mut appender, 1, 30);
        appender.flush_and_sync().unwrap();
        drop(appender);
        fixture.note(&store);
        let good = fixture.read_file(1);
        let reads =
            |fixture: &Fixture, page: &PageAddr| fixture.open().segments().page(page).map(<[u8]>::to_vec);

        let other = Fixture { table: vec![(SegmentId(2), 128)], next: SegmentId(3), ..fixture.clone() };
        other.fs.open(&other.path(2), OpenMode::CreateNew).unwrap();
        other.overwrite(2, 0, &good);
        let found = corruption(reads(&other, &PageAddr { segment: SegmentId(2), ..page }));
        assert_eq!((&found.expected[..], &found.found[..]), ("segment 00000002", "segment 00000001"));

        let foreign = PageSegmentHeader { database: DatabaseId([9; 16]), segment: SegmentId(1) };
        fixture.overwrite(1, 0, &foreign.encode());
        assert!(corruption(reads(&fixture, &page)).found.contains("0909"));
        fixture.overwrite(1, 0, &good);

        fixture.fs.open(&fixture.path(1), OpenMode::Write).unwrap().set_len(100).unwrap();
        assert_eq!(corruption(reads(&fixture, &page)).found, "100 bytes");
        fixture.fs.remove(&fixture.path(1)).unwrap();
        assert_eq!(corruption(reads(&fixture, &page)).found, "no such file");
    });
}

#[test]
fn addresses_that_lead_nowhere_are_corrupt() {
    on_each_fs(64 << 20, |fixture| {
        let store = fixture.open();
        let mut appender = store.appender();
        let small = append(&mut appender, 1, 30);
        let large = appender.append_extent(&vec![1; 2 << 20]).unwrap();
        appender.flush_and_sync().unwrap();
        let set = store.segments();
        for page in [small, large] {
            let wrong = [
                PageAddr { unit: 0, ..page },
                PageAddr { unit: page.unit + 1, ..page },
                PageAddr { unit: u32::MAX, ..page },
                PageAddr { len: 0, ..page },
                PageAddr { len: 19, ..page },
                PageAddr { len: page.len - 1, ..page },
                PageAddr { len: page.len + 1, ..page },
                PageAddr { len: u32::MAX, ..page },
                PageAddr { unit: u32::MAX, len: u32::MAX, ..page },
                PageAddr { crc: page.crc ^ 1, ..page },
                PageAddr { segment: SegmentId(0), ..page },
                PageAddr { segment: SegmentId(u32::MAX), ..page },
            ];
            // Before the page was read, and after.
            for _ in 0..2 {
                for addr in &wrong {
                    corruption(set.page(addr));
                    corruption(set.read_page_uncached(addr));
                }
                set.page(&page).unwrap();
            }
        }
    });
}

#[test]
fn tables_that_cannot_be_right_are_corrupt() {
    let fixture = Fixture::in_memory(1 << 20);
    for table in [
        vec![(SegmentId(0), 64)],
        vec![(SegmentId(5), 64)],
        vec![(SegmentId(9), 64)],
        vec![(SegmentId(1), 65)],
        vec![(SegmentId(1), 64), (SegmentId(1), 128)],
    ] {
        let opened = PageStore::open(
            fixture.fs.clone(),
            &fixture.dir,
            DATABASE,
            &[],
            fixture.options,
            &table,
            SegmentId(5),
        );
        corruption(opened);
    }
    // Lengths are believed only when a file was found that has them.
    let table = [(SegmentId(1), 1 << 63), (SegmentId(2), 1 << 63)];
    let opened = PageStore::open(
        fixture.fs.clone(),
        &fixture.dir,
        DATABASE,
        &[],
        fixture.options,
        &table,
        SegmentId(u32::MAX),
    );
    let store = opened.unwrap();
    for unit in [1, u32::MAX] {
        for len in [20, u32::MAX] {
            let addr = PageAddr { segment: SegmentId(1), unit, len, crc: 0 };
            assert_eq!(corruption(store.segments().page(&addr)).found, "no such file");
        }
    }
    let mut appender = store.appender();
    corruption(appender.append(PageKind::Leaf, leaf(1, 1)));
}

#[test]
fn many_segments_may_wait_for_one_sync() {
    let fixture = Fixture::in_memory(1024);
    let store = fixture.open();
    let mut appender = store.appender();
    let pages: Vec<_> = (0..100).map(|n| (n, append(&mut appender, n, 700))).collect();
    assert!(appender.state.unsynced.iter().filter(|it| it.file.is_some()).count() <= MAX_OPEN_FILES);
    appender.flush_and_sync().unwrap();
    let set = store.segments();
    assert_eq!(set.table().len(), 100);
    pages.iter().for_each(|(n, addr)| assert_reads(&set, addr, *n));
}

#[test]
fn two_may_read_a_page_for_the_first_time_at_once() {
    on_each_fs(64 << 20, |fixture| {
        let store = fixture.open();
        let mut appender = store.appender();
        appender.append_extent(&vec![0; 8 << 20]).unwrap();
        appender.flush().unwrap();
        let pages: Vec<_> = (0..300).map(|n| (n, append(&mut appender, n, 100))).collect();
        appender.flush_and_sync().unwrap();
        let set = store.segments();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| pages.iter().for_each(|(n, addr)| assert_reads(&set, addr, *n)));
            }
        });
    });
}

/// A file system on which only so many calls that change something succeed.
#[derive(Debug)]
struct Failing {
    fs: MemFs,
    left: Arc<AtomicI64>,
}

#[derive(Debug)]
struct FailingFile {
    file: Arc<dyn File>,
    left: Arc<AtomicI64>,
}

fn count_down(left: &AtomicI64) -> IoResult<()> {
    match left.fetch_sub(1, Ordering::Relaxed) {
        1.. => Ok(()),
        _ => Err(io::Error::other("made to fail")),
    }
}

impl Fs for Failing {
    fn open(&self, path: &Path, mode: OpenMode) -> IoResult<Arc<dyn File>> {
        if mode != OpenMode::Read {
            count_down(&self.left)?;
        }
        Ok(Arc::new(FailingFile { file: self.fs.open(path, mode)?, left: self.left.clone() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> IoResult<()> {
        self.fs.rename(from, to)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> IoResult<()> {
        self.fs.hard_link(from, to)
    }

    fn remove(&self, path: &Path) -> IoResult<()> {
        count_down(&self.left)?;
        self.fs.remove(path)
    }

    fn list(&self, dir: &Path) -> IoResult<Vec<String>> {
        self.fs.list(dir)
    }

    fn create_dir(&self, dir: &Path) -> IoResult<()> {
        self.fs.create_dir(dir)
    }

    fn sync_dir(&self, dir: &Path) -> IoResult<()> {
        count_down(&self.left)?;
        self.fs.sync_dir(dir)
    }

    fn lock_dir(&self, dir: &Path, kind: LockKind) -> IoResult<Box<dyn DirLock>> {
        self.fs.lock_dir(dir, kind)
    }
}

impl File for FailingFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> IoResult<usize> {
        self.file.read_at(buf, offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> IoResult<usize> {
        count_down(&self.left)?;
        // Short writes are allowed.
        self.file.write_at(&buf[..buf.len().min(1500)], offset)
    }

    fn len(&self) -> IoResult<u64> {
        self.file.len()
    }

    fn set_len(&self, len: u64) -> IoResult<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> IoResult<()> {
        count_down(&self.left)?;
        self.file.sync_data()
    }

    fn map(&self, capacity: u64, advice: Advice) -> IoResult<Option<Mapping>> {
        self.file.map(capacity, advice)
    }
}

/// Appends under an allowance of calls, and checks what there is then; how many calls were made.
fn append_under(allowance: i64) -> i64 {
    let left = Arc::new(AtomicI64::new(i64::MAX));
    let failing = Failing { fs: MemFs::new(), left: left.clone() };
    let mut fixture = Fixture::new(Arc::new(failing), Path::new("/db"), 4096);
    let store = fixture.open();
    let mut appender = store.appender();
    let synced: Vec<_> = (0..3).map(|n| (n, append(&mut appender, n, 900))).collect();
    appender.flush_and_sync().unwrap();
    drop(appender);
    fixture.note(&store);

    left.store(allowance, Ordering::Relaxed);
    let mut appender = store.appender();
    let losses = appender.losses();
    let result = (0..12)
        .try_for_each(|n| appender.append(PageKind::Leaf, leaf(100 + n, 900)).map(|_| ()))
        .and_then(|()| appender.flush())
        .and_then(|()| appender.append(PageKind::Leaf, leaf(200, 900)).map(|_| ()))
        .and_then(|()| appender.sync_ahead())
        .and_then(|()| appender.append(PageKind::Leaf, leaf(201, 900)).map(|_| ()))
        .and_then(|()| appender.flush_and_sync());
    let calls = allowance - left.load(Ordering::Relaxed);
    assert_eq!(result.is_err(), calls > allowance);
    assert_eq!(appender.losses() > losses, result.is_err());
    if result.is_err() {
        assert_eq!(store.segments().table(), fixture.table, "what was not synced is given up");
    }

    // Whatever happened: what was synced can be read, and appending goes on.
    left.store(i64::MAX, Ordering::Relaxed);
    synced.iter().for_each(|(n, addr)| assert_reads(&store.segments(), addr, *n));
    let later = append(&mut appender, 300, 900);
    if result.is_err() {
        assert!(later.segment > fixture.table.last().unwrap().0, "nothing follows what a failure left");
    }
    appender.flush_and_sync().unwrap();
    assert_reads(&store.segments(), &later, 300);
    drop(appender);
    store.sweep().unwrap();
    fixture.note(&store);
    let names = fixture.fs.list(&fixture.dir).unwrap();
    assert_eq!(names.len(), fixture.table.len(), "no files stay behind: {names:?}");
    let set = fixture.open().segments();
    assert_reads(&set, &later, 300);
    synced.iter().for_each(|(n, addr)| assert_reads(&set, addr, *n));
    calls
}

#[test]
fn after_a_failure_at_any_call_all_that_was_synced_is_there() {
    let calls = append_under(i64::MAX);
    assert!(calls > 15);
    for allowance in 0..calls {
        assert_eq!(append_under(allowance), allowance + 1);
    }
}

#[test]
fn files_that_a_crash_left_are_removed() {
    let mut fixture = Fixture::in_memory(1024);
    let store = fixture.open();
    let mut appender = store.appender();
    let pages: Vec<_> = (0..2).map(|n| append(&mut appender, n, 700)).collect();
    appender.flush_and_sync().unwrap();
    drop(appender);
    fixture.note(&store);
    let mut appender = store.appender();
    for n in 2..5 {
        append(&mut appender, n, 700);
    }
    appender.flush_and_sync().unwrap();
    fixture.fs.open(&fixture.dir.join("00000001.wal"), OpenMode::CreateNew).unwrap();

    let store = fixture.open();
    let mut appender = store.appender();
    let new = append(&mut appender, 6, 700);
    drop(appender);
    store.remove_strays().unwrap();
    assert_eq!(new.segment, SegmentId(6));
    assert_eq!(
        fixture.fs.list(&fixture.dir).unwrap(),
        ["00000001.pages", "00000001.wal", "00000002.pages", "00000006.pages"]
    );
    pages.iter().zip(0..).for_each(|(addr, n)| assert_reads(&store.segments(), addr, n));

    // A number that was seen is not used again, even if the file was the newest one.
    fixture.fs.open(&fixture.path(9), OpenMode::CreateNew).unwrap();
    store.remove_strays().unwrap();
    assert!(!fixture.has_file(9));
    assert_eq!(store.appender().next_segment(), SegmentId(10));
}

#[test]
fn files_that_cannot_be_removed_are_tried_again() {
    let left = Arc::new(AtomicI64::new(i64::MAX));
    let fixture =
        Fixture::new(Arc::new(Failing { fs: MemFs::new(), left: left.clone() }), Path::new("/db"), 1024);
    let store = fixture.open();
    let mut appender = store.appender();
    for n in 0..3 {
        append(&mut appender, n, 700);
    }
    appender.flush_and_sync().unwrap();
    drop(appender);
    left.store(1, Ordering::Relaxed);
    assert!(matches!(store.remove(&[SegmentId(1), SegmentId(2)]), Err(Error::Io { .. })));
    assert_eq!(store.segments().table().len(), 1);
    left.store(i64::MAX, Ordering::Relaxed);
    store.sweep().unwrap();
    assert!(!fixture.has_file(1) && !fixture.has_file(2) && fixture.has_file(3));
}

#[derive(Clone, Debug)]
enum Op {
    Append(usize),
    AppendExtent(usize),
    Flush,
    Sync,
    /// The next calls on the file system fail after so many that succeed, until something failed.
    FailAfter(i64),
    /// Removes a segment.
    Remove(prop::sample::Index),
    /// Opens the store again with what was noted last.
    Open,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        10 => (0usize..3000).prop_map(Op::Append),
        1 => (0usize..20_000).prop_map(Op::AppendExtent),
        3 => Just(Op::Flush),
        3 => Just(Op::Sync),
        1 => (0i64..6).prop_map(Op::FailAfter),
        1 => any::<prop::sample::Index>().prop_map(Op::Remove),
        1 => Just(Op::Open),
    ]
}

/// Pages that should be there.
#[derive(Clone, Debug, Default)]
struct Model {
    appended: Vec<(u32, PageAddr)>,
    flushed: Vec<(u32, PageAddr)>,
    synced: Vec<(u32, PageAddr)>,
}

proptest! {
    #[test]
    fn random_histories_lose_nothing_that_was_synced(ops in prop::collection::vec(op(), 1..80)) {
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let failing = Failing { fs: MemFs::new(), left: left.clone() };
        let mut fixture = Fixture::new(Arc::new(failing), Path::new("/db"), 8192);
        let mut store = fixture.open();
        let mut model = Model::default();
        for (n, op) in (0u32..).zip(ops) {
            let mut appender = store.appender();
            let result = match op {
                Op::Append(len) => {
                    let appended = appender.append(PageKind::Leaf, leaf(n, len));
                    appended.map(|addr| model.appended.push((n, addr)))
                }
                Op::AppendExtent(len) => {
                    let appended = appender.append_extent(&vec![n.to_le_bytes()[0]; len]);
                    appended.map(|addr| model.appended.push((n, addr)))
                }
                Op::Flush => {
                    let flushed = appender.flush();
                    flushed.map(|()| model.flushed.append(&mut model.appended))
                }
                Op::Sync => appender.flush_and_sync().map(|()| {
                    model.synced.append(&mut model.flushed);
                    model.synced.append(&mut model.appended);
                    drop(appender);
                    fixture.note(&store);
                }),
                Op::FailAfter(calls) => {
                    left.store(calls, Ordering::Relaxed);
                    Ok(())
                }
                Op::Remove(_) | Op::Open if !model.flushed.is_empty() || !model.appended.is_empty() => Ok(()),
                Op::Remove(index) => {
                    drop(appender);
                    let table = store.segments().table();
                    if table.is_empty() {
                        continue;
                    }
                    let id = index.get(&table).0;
                    model.synced.retain(|(_, addr)| addr.segment != id);
                    let removed = store.remove(&[id]);
                    fixture.note(&store);
                    // Not being able to remove a file loses nothing.
                    left.store(i64::MAX, Ordering::Relaxed);
                    drop(removed);
                    Ok(())
                }
                Op::Open => {
                    drop(appender);
                    store = fixture.open();
                    Ok(())
                }
            };
            if result.is_err() {
                left.store(i64::MAX, Ordering::Relaxed);
                model.appended.clear();
                model.flushed.clear();
                prop_assert_eq!(store.segments().table(), fixture.table.clone());
            }
            let set = store.segments();
            for (_, addr) in model.synced.iter().chain(&model.flushed) {
                prop_assert!(set.page(addr).is_ok(), "{:?} of {:?}", addr, set);
                prop_assert!(set.read_page_uncached(addr).is_ok());
            }
        }
    }
}
