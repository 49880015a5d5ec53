//! Page segments open for reading: [`Segment`] is one file, [`SegmentSet`] those that one version of the database needs.
//!
//! A page's bytes are borrowed from its segment and stay where they are for as long as the segment lives. They are
//! checked the first time they are asked for, once: that they are the page that the address means, that the checksum is
//! right, and that the structure is sound. A small segment is read page by page, and a page that passed is kept in memory. A
//! large one is mapped, and what was checked is a bit a unit; one that cannot be mapped is read as a small one is.
//!
//! Of a large segment that was there before the first pages are read, because a touch of a mapping lets the system read around
//! it as much as it would before a scan: some megabytes from a device that is set so, for each node on the first way down a
//! tree. What this store has made is in the system's memory, and mapped at once.
//!
//! Invariants:
//! 1. Nothing behind a segment's valid length is touched.
//! 2. Nothing is allocated by the word of an address, or of the segment table, before it was found to lie in the file.
//! 3. A segment keeps no file open. Opening it again for each page read from disk costs a few microseconds of a read
//!    that is made once; in exchange neither many segments nor many databases run out of file descriptors.
//!
//! All methods may be called from several threads at once. Two that ask for the same page at first may both check it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::error::{Error, Result};
use crate::format::page::{Flaw, PAGE_HEADER_BYTES, PageHeader, PageSeal};
use crate::format::segment::{BadSegmentHeader, PageSegmentHeader, SEGMENT_HEADER_BYTES};
use crate::format::version::FormatVersion;
use crate::ids::{Ancestor, DatabaseId, PAGE_UNIT, PageAddr, SegmentId, to_u64, to_usize};
use crate::io::{Advice, File, Fs, Mapping, OpenMode, read_exact_at};
use crate::page::access::{PageRead, check_page};

/// Segments that can grow to this many bytes are mapped, smaller ones are read.
pub(crate) const MAPPED_FROM_BYTES: u64 = 256 << 10;
/// Pages that are read of a segment that was there before, until it is mapped.
const READ_BEFORE_MAPPED: usize = 16;

/// What page segments of one database have in common.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) dir: Arc<Path>,
    pub(crate) database: DatabaseId,
    /// The databases that this one descends from, whose segments it goes on with.
    pub(crate) ancestors: Arc<[Ancestor]>,
    /// Whether large segments are mapped, and what the system is told of the mappings.
    pub(crate) map: Option<Advice>,
}

impl Place {
    /// The path of a segment's file.
    pub(crate) fn path(&self, id: SegmentId) -> PathBuf {
        self.dir.join(format!("{id}.pages"))
    }

    /// The database in which a segment was made, whose id it carries.
    pub(crate) fn origin(&self, id: SegmentId) -> DatabaseId {
        let ancestor = self.ancestors.iter().find(|ancestor| id < ancestor.before);
        ancestor.map_or(self.database, |ancestor| ancestor.database)
    }

    /// The number of the segment whose file has this name; `None` for a file that is no page segment.
    pub(crate) fn id_of(name: &str) -> Option<SegmentId> {
        let id = SegmentId(name.strip_suffix(".pages")?.parse().ok()?);
        (id.0 > 0 && format!("{id}.pages") == name).then_some(id)
    }
}

/// A page segment, open for reading.
pub struct Segment {
    id: SegmentId,
    path: PathBuf,
    place: Place,
    seal: PageSeal,
    /// How long the file may become.
    capacity: u64,
    /// How long the file is as far as it holds whole pages.
    valid: AtomicU64,
    /// How many of its pages are read before it is mapped.
    read_before_mapped: usize,
    /// Those pages.
    first: OnceLock<KeptPages>,
    pages: OnceLock<Pages>,
}

/// Where the bytes of a segment's pages are.
enum Pages {
    Mapped { bytes: Mapping, checked: CheckedUnits },
    Kept(KeptPages),
}

impl Segment {
    /// The segment of this number that is about to be made. It may grow up to `capacity`.
    pub(crate) fn created(place: &Place, id: SegmentId, capacity: u64) -> Segment {
        Segment { read_before_mapped: 0, ..Segment::new(place, id, 0, capacity) }
    }

    /// The segment of this number, of which nothing is looked at yet. It may grow up to `capacity`.
    pub(crate) fn new(place: &Place, id: SegmentId, valid: u64, capacity: u64) -> Segment {
        Segment {
            id,
            path: place.path(id),
            seal: PageSeal::new(place.origin(id), id),
            place: place.clone(),
            capacity: capacity.max(valid),
            valid: AtomicU64::new(valid),
            read_before_mapped: READ_BEFORE_MAPPED,
            first: OnceLock::new(),
            pages: OnceLock::new(),
        }
    }

    /// The segment's number.
    #[must_use]
    pub fn id(&self) -> SegmentId {
        self.id
    }

    /// The segment's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How long the file is as far as it holds whole pages, in bytes.
    #[must_use]
    pub fn valid_bytes(&self) -> u64 {
        self.valid.load(Ordering::Acquire)
    }

    pub(crate) fn set_valid_bytes(&self, valid: u64) {
        debug_assert!(valid <= self.capacity, "the tables for pages reach as far as the capacity");
        self.valid.store(valid, Ordering::Release);
    }

    pub(crate) fn capacity_bytes(&self) -> u64 {
        self.capacity
    }

    pub(crate) fn seal(&self) -> PageSeal {
        self.seal
    }

    /// The bytes of a page; see [`PageRead::page`].
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the address does not lead to a sound page, or what the file system answers.
    #[inline]
    pub fn page(&self, addr: &PageAddr) -> Result<&[u8]> {
        match self.known_page(addr) {
            Some(page) => Ok(page),
            None => self.page_at_first(addr),
        }
    }

    /// A page that was checked before.
    #[inline]
    fn known_page(&self, addr: &PageAddr) -> Option<&[u8]> {
        let page = match self.pages.get() {
            Some(Pages::Mapped { bytes, checked }) if checked.contains(addr.unit) => mapped(bytes, addr)?,
            Some(Pages::Mapped { .. }) => return None,
            Some(Pages::Kept(kept)) => kept.get(addr.unit)?,
            None => self.first.get()?.get(addr.unit)?,
        };
        (is_of(page, addr) && page.len() == to_usize(addr.len)).then_some(page)
    }

    /// Where a page that was checked lies in the mapping; see [`PageRead::place`].
    #[inline]
    fn place_of(&self, addr: &PageAddr) -> &[u8] {
        match self.pages.get() {
            Some(Pages::Mapped { bytes, checked }) if checked.contains(addr.unit) => {
                mapped(bytes, addr).unwrap_or_default()
            }
            _ => &[],
        }
    }

    /// Reads a page from the file, past the mapping and past what is kept, and checks the segment's header as well.
    ///
    /// # Errors
    /// As those of [`Segment::page`].
    pub fn read_page_uncached(&self, addr: &PageAddr) -> Result<Vec<u8>> {
        self.expect_within(addr)?;
        let file = self.open()?;
        self.expect_whole(&*file)?;
        self.read_page_from(&*file, addr)
    }

    fn read_page_from(&self, file: &dyn File, addr: &PageAddr) -> Result<Vec<u8>> {
        let mut bytes = vec![0; to_usize(addr.len)];
        read_exact_at(file, &mut bytes, addr.offset()).map_err(|error| self.read_error(error))?;
        self.expect_sound(&bytes, addr)?;
        Ok(bytes)
    }

    #[cold]
    fn page_at_first(&self, addr: &PageAddr) -> Result<&[u8]> {
        self.expect_within(addr)?;
        if let Some(Pages::Mapped { bytes, checked }) = self.pages.get() {
            return self.mapped_at_first(bytes, checked, addr);
        }
        let file = self.open()?;
        let kept = match self.pages(&*file)? {
            Some(Pages::Mapped { bytes, checked }) => return self.mapped_at_first(bytes, checked, addr),
            Some(Pages::Kept(kept)) => kept,
            None => self.first_pages(&*file)?,
        };
        let page = self.read_page_from(&*file, addr)?;
        Ok(kept.insert(addr.unit, page.into_boxed_slice()))
    }

    fn mapped_at_first<'a>(
        &self,
        bytes: &'a Mapping,
        checked: &CheckedUnits,
        addr: &PageAddr,
    ) -> Result<&'a [u8]> {
        let page = mapped(bytes, addr).ok_or_else(|| self.too_short(to_u64(bytes.len())))?;
        if self.place.map == Some(Advice::Random) {
            fetch(bytes, addr);
        }
        self.expect_sound(page, addr)?;
        checked.insert(addr.unit);
        Ok(page)
    }

    /// Where pages are; nothing as long as it is too early to map the segment. Before there is a place for them the file is checked.
    fn pages(&self, file: &dyn File) -> Result<Option<&Pages>> {
        if let Some(pages) = self.pages.get() {
            return Ok(Some(pages));
        }
        let advice = self.place.map.filter(|_| self.capacity >= MAPPED_FROM_BYTES);
        if advice.is_some() && self.first.get().map_or(0, KeptPages::len) < self.read_before_mapped {
            return Ok(None);
        }
        self.expect_whole(file)?;
        // A file that cannot be mapped, for want of address space perhaps, can still be read.
        let mapping = advice.and_then(|advice| file.map(self.capacity, advice).unwrap_or_default());
        Ok(Some(self.pages.get_or_init(|| match mapping {
            Some(bytes) => Pages::Mapped { bytes, checked: CheckedUnits::new(self.capacity) },
            None => Pages::Kept(KeptPages::new(chunks(self.capacity, KEPT_UNITS))),
        })))
    }

    /// Where the first pages of a segment are that is to be mapped.
    fn first_pages(&self, file: &dyn File) -> Result<&KeptPages> {
        if let Some(first) = self.first.get() {
            return Ok(first);
        }
        self.expect_whole(file)?;
        Ok(self.first.get_or_init(|| KeptPages::new(self.read_before_mapped)))
    }

    fn open(&self) -> Result<Arc<dyn File>> {
        self.place.fs.open(&self.path, OpenMode::Read).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.corrupt("the file", "no such file"),
            _ => Error::io("open a page segment", &self.path, error),
        })
    }

    /// Checks the length of the file and its header.
    fn expect_whole(&self, file: &dyn File) -> Result<()> {
        let len = file.len().map_err(|error| self.read_error(error))?;
        if len < self.valid_bytes().max(to_u64(SEGMENT_HEADER_BYTES)) {
            return Err(self.too_short(len));
        }
        let mut header = [0; SEGMENT_HEADER_BYTES];
        read_exact_at(file, &mut header, 0).map_err(|error| self.read_error(error))?;
        let expected = PageSegmentHeader { database: self.place.origin(self.id), segment: self.id };
        match PageSegmentHeader::decode(&header) {
            Ok(found) if found == expected => Ok(()),
            Ok(found) if found.database != expected.database => {
                let found = format!("a segment of database {}", found.database);
                Err(self.corrupt(format!("a segment of database {}", expected.database), found))
            }
            Ok(found) => {
                Err(self
                    .corrupt(format!("segment {}", expected.segment), format!("segment {}", found.segment)))
            }
            Err(BadSegmentHeader::Damaged(what)) => Err(self.corrupt("the header of a page segment", what)),
            Err(BadSegmentHeader::Version(found)) => Err(Error::UnsupportedVersion {
                path: self.path.clone(),
                found,
                supported: FormatVersion::CURRENT.number(),
            }),
        }
    }

    /// Checks that an address leads to a place where a page can be.
    fn expect_within(&self, addr: &PageAddr) -> Result<()> {
        let valid = self.valid_bytes();
        let fits = addr.offset() >= to_u64(SEGMENT_HEADER_BYTES)
            && to_usize(addr.len) >= PAGE_HEADER_BYTES
            && addr.end() <= valid;
        if fits {
            return Ok(());
        }
        let found = format!("the address of a page of {} bytes", addr.len);
        let expected = format!("a page between bytes {SEGMENT_HEADER_BYTES} and {valid}");
        Err(Error::corrupt(&self.path, addr.offset(), "page address", expected, found))
    }

    /// Checks that bytes are the page that the address means.
    fn expect_sound(&self, bytes: &[u8], addr: &PageAddr) -> Result<()> {
        let checked = match check_page(bytes, addr, &self.seal) {
            Ok(()) if bytes.len() == to_usize(addr.len) => return Ok(()),
            Ok(()) => Flaw { at: 4, what: "another length than its address has" },
            Err(flaw) => flaw,
        };
        let unit = PageHeader::decode(bytes).map_or("page", |header| header.kind.name());
        let expected = format!("a page of {} bytes with checksum {:08x}", addr.len, addr.crc);
        Err(Error::corrupt(&self.path, addr.offset(), unit, expected, checked.to_string()))
    }

    fn corrupt(&self, expected: impl Into<String>, found: impl Into<String>) -> Error {
        Error::corrupt(&self.path, 0, "page segment", expected, found)
    }

    fn too_short(&self, len: u64) -> Error {
        self.corrupt(format!("at least {} bytes", self.valid_bytes()), format!("{len} bytes"))
    }

    fn read_error(&self, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.corrupt("the bytes of a page", "the end of the file"),
            _ => Error::io("read a page segment", &self.path, error),
        }
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment")
            .field("path", &self.path)
            .field("capacity", &self.capacity)
            .field("valid", &self.valid_bytes())
            .finish_non_exhaustive()
    }
}

/// The bytes of a mapping that an address means.
#[inline]
fn mapped<'a>(bytes: &'a Mapping, addr: &PageAddr) -> Option<&'a [u8]> {
    let start = usize::try_from(addr.offset()).ok()?;
    bytes.get(start..start.checked_add(to_usize(addr.len))?)
}

/// Has a page read as a whole, where the system would read each of its 4 KiB when it is missed.
fn fetch(bytes: &Mapping, addr: &PageAddr) {
    if let Ok(start) = usize::try_from(addr.offset()) {
        bytes.fetch(start..start + to_usize(addr.len));
    }
}

/// Whether a page that was checked is the one that an address means.
#[inline]
fn is_of(page: &[u8], addr: &PageAddr) -> bool {
    let start = u64::from(addr.crc) | u64::from(addr.len) << 32;
    page.first_chunk().is_some_and(|header| u64::from_le_bytes(*header) == start)
}

/// How many chunks of this many units a segment has.
fn chunks(capacity: u64, units: u32) -> usize {
    let bytes = u64::from(units) * u64::from(PAGE_UNIT);
    usize::try_from(capacity.div_ceil(bytes)).expect("a file of this length was opened")
}

/// Units at which a page starts that was checked: a bit each, allocated where there are any.
struct CheckedUnits {
    chunks: Box<[OnceLock<Box<[AtomicU64; CHECKED_WORDS]>>]>,
}

const CHECKED_WORDS: usize = 64;
const CHECKED_UNITS: u32 = 64 * 64;

impl CheckedUnits {
    fn new(capacity: u64) -> CheckedUnits {
        CheckedUnits { chunks: (0..chunks(capacity, CHECKED_UNITS)).map(|_| OnceLock::new()).collect() }
    }

    #[inline]
    fn contains(&self, unit: u32) -> bool {
        self.chunks.get(to_usize(unit / CHECKED_UNITS)).and_then(OnceLock::get).is_some_and(|words| {
            let (word, bit) = CheckedUnits::bit(unit);
            words[word].load(Ordering::Relaxed) & bit != 0
        })
    }

    fn insert(&self, unit: u32) {
        let words = self.chunks[to_usize(unit / CHECKED_UNITS)]
            .get_or_init(|| Box::new([const { AtomicU64::new(0) }; CHECKED_WORDS]));
        let (word, bit) = CheckedUnits::bit(unit);
        words[word].fetch_or(bit, Ordering::Relaxed);
    }

    #[inline]
    fn bit(unit: u32) -> (usize, u64) {
        (to_usize(unit % CHECKED_UNITS / 64), 1 << (unit % 64))
    }
}

/// Pages that were read, checked and kept, in lists to which pages are only ever added: one for each 4 KiB of a file of which
/// all pages may be kept.
struct KeptPages {
    lists: Box<[OnceLock<Box<KeptPage>>]>,
    len: AtomicUsize,
}

struct KeptPage {
    unit: u32,
    bytes: Box<[u8]>,
    next: OnceLock<Box<KeptPage>>,
}

const KEPT_UNITS: u32 = 64;

impl KeptPages {
    fn new(lists: usize) -> KeptPages {
        KeptPages { lists: (0..lists).map(|_| OnceLock::new()).collect(), len: AtomicUsize::new(0) }
    }

    #[inline]
    fn list(&self, unit: u32) -> &OnceLock<Box<KeptPage>> {
        &self.lists[to_usize(unit / KEPT_UNITS) % self.lists.len()]
    }

    fn get(&self, unit: u32) -> Option<&[u8]> {
        let mut place = self.list(unit);
        loop {
            let page = place.get()?;
            if page.unit == unit {
                return Some(&page.bytes);
            }
            place = &page.next;
        }
    }

    /// How many there are, at least.
    fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Keeps a page, unless there is one of this place already; the page kept.
    fn insert(&self, unit: u32, bytes: Box<[u8]>) -> &[u8] {
        let mut new = Some(Box::new(KeptPage { unit, bytes, next: OnceLock::new() }));
        let mut place = self.list(unit);
        loop {
            let page = place.get_or_init(|| new.take().expect("put into one place only"));
            if new.is_none() {
                self.len.fetch_add(1, Ordering::Relaxed);
                return &page.bytes;
            }
            if page.unit == unit {
                return &page.bytes;
            }
            place = &page.next;
        }
    }
}

/// The page segments that one version of the database needs. Never changes.
///
/// A table with a place for each segment at its number modulo the table's length, or else at the next free place: for
/// numbers in a row that is direct access.
#[derive(Clone)]
pub struct SegmentSet {
    place: Place,
    table: Box<[Option<Arc<Segment>>]>,
}

impl SegmentSet {
    pub(crate) fn new(place: Place, segments: impl IntoIterator<Item = Arc<Segment>>) -> SegmentSet {
        let segments: Vec<_> = segments.into_iter().collect();
        let len = (segments.len() * 2).next_power_of_two().max(2);
        let mut set = SegmentSet { place, table: vec![None; len].into_boxed_slice() };
        for segment in segments {
            let mut at = set.at(segment.id);
            while set.table[at].as_ref().is_some_and(|other| other.id != segment.id) {
                at = set.after(at);
            }
            set.table[at] = Some(segment);
        }
        set
    }

    /// Where the segments lie.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    #[inline]
    fn at(&self, id: SegmentId) -> usize {
        to_usize(id.0) & (self.table.len() - 1)
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.table.len() - 1)
    }

    /// The segment of this number.
    #[must_use]
    #[inline]
    pub fn get(&self, id: SegmentId) -> Option<&Arc<Segment>> {
        let mut at = self.at(id);
        // At least half of the table is free.
        while let Some(segment) = &self.table[at] {
            if segment.id == id {
                return Some(segment);
            }
            at = self.after(at);
        }
        None
    }

    /// The database that the segments belong to.
    #[must_use]
    pub fn database(&self) -> DatabaseId {
        self.place.database
    }

    /// All segments, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Segment>> {
        self.table.iter().flatten()
    }

    /// Number and valid length of each segment, by number.
    #[must_use]
    pub fn table(&self) -> Vec<(SegmentId, u64)> {
        let mut table: Vec<_> = self.iter().map(|segment| (segment.id, segment.valid_bytes())).collect();
        table.sort_unstable();
        table
    }

    /// The valid lengths of all segments together, in bytes.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.iter().fold(0, |total, segment| total.saturating_add(segment.valid_bytes()))
    }

    /// The set with one segment more, or with this one instead of another one of the same number.
    #[must_use]
    pub fn with(&self, segment: Arc<Segment>) -> SegmentSet {
        SegmentSet::new(self.place.clone(), self.iter().cloned().chain([segment]))
    }

    /// The set without some segments.
    #[must_use]
    pub fn without(&self, ids: &[SegmentId]) -> SegmentSet {
        let kept = self.iter().filter(|segment| !ids.contains(&segment.id));
        SegmentSet::new(self.place.clone(), kept.cloned())
    }

    /// Reads a page from its file, past mappings and past what is kept in memory, and checks it and the header of its
    /// segment: for a check of what really is on disk.
    ///
    /// # Errors
    /// As those of [`PageRead::page`].
    pub fn read_page_uncached(&self, addr: &PageAddr) -> Result<Vec<u8>> {
        self.expect(addr)?.read_page_uncached(addr)
    }

    #[inline]
    fn expect(&self, addr: &PageAddr) -> Result<&Segment> {
        self.get(addr.segment).map(|segment| &**segment).ok_or_else(|| self.unknown(addr))
    }

    #[cold]
    fn unknown(&self, addr: &PageAddr) -> Error {
        let path = self.place.path(addr.segment);
        Error::corrupt(&path, addr.offset(), "page address", "a segment of this version", "one that is not")
    }
}

impl PageRead for SegmentSet {
    #[inline]
    fn page(&self, addr: &PageAddr) -> Result<&[u8]> {
        self.expect(addr)?.page(addr)
    }

    #[inline]
    fn place(&self, addr: &PageAddr) -> &[u8] {
        self.get(addr.segment).map_or(&[], |segment| segment.place_of(addr))
    }

    #[inline]
    fn prefetch(&self, addr: &PageAddr) {
        if self.prefetches()
            && let Some(Pages::Mapped { bytes, .. }) =
                self.get(addr.segment).and_then(|segment| segment.pages.get())
        {
            fetch(bytes, addr);
        }
    }

    #[inline]
    fn prefetches(&self) -> bool {
        self.place.map == Some(Advice::Random)
    }
}

impl fmt::Debug for SegmentSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.table()).finish()
    }
}

#[cfg(test)]
mod tests;
