//! [`PageStore`]: the page files of a database. It says which segments there are, appends pages, and removes segments.
//!
//! Pages are appended at multiples of [`PAGE_UNIT`], gathered into large writes. A segment that is full is followed by a
//! new one. How large a segment may become grows with the database, up to the size that the options name, so that a
//! small database keeps small files and what is dead in the newest segment stays a fraction of the whole; a page that
//! is longer gets a segment of its own.
//!
//! Pages that die early lie apart from those that stay ([`Stream`]), unless the database is small. Then their segments die as
//! a whole, and no leaf is copied to get rid of what lay beside it.
//!
//! Invariants:
//! 1. A byte that was written is never written again. A segment is continued only where its file ends exactly where its
//!    last synced page does; otherwise, and after any failure, the next page starts a new segment.
//! 2. After a failure the store goes on reading. Segments keep what was synced; segments of which nothing was ever
//!    synced leave the set, and their files are removed as soon as nobody reads them.
//! 3. A segment's file is removed only when no [`SegmentSet`] holds the segment, for it may not have been opened yet.
//! 4. Numbers of segments are never used twice.
//!
//! Locks, in the order in which they are taken: the appender's, that of the current set, that of the retired segments.
//! The second is never held during a file operation, and it is the only one that those who read take.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::error::{Error, Result};
use crate::format::page::{PAGE_HEADER_BYTES, PageHeader, PageKind};
use crate::format::segment::{PageSegmentHeader, SEGMENT_HEADER_BYTES};
use crate::ids::{Ancestor, DatabaseId, PAGE_UNIT, PageAddr, SegmentId, to_u32, to_u64};
use crate::io::{Advice, File, Fs, OpenMode};
use crate::page::access::PageWrite;
use crate::page::segments::{Place, Segment, SegmentSet};
use crate::page::stream::{Appending, PerStream, STREAMS, Stream, Tail, padded};

/// How large the first segments of a database may become.
const FIRST_SEGMENT_BYTES: u64 = 512 << 10;
/// A new segment may become as large as the database divided by this.
const SEGMENTS_PER_DATABASE: u64 = 16;
/// How many full segments may wait, with their files open, for a sync.
const MAX_OPEN_FILES: usize = 32;
/// No segment may become larger, so that a unit's number fits its field.
const MAX_SEGMENT_BYTES: u64 = 64 << 30;

/// How page files are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageOptions {
    /// How large a segment may become, in bytes. Small values make many files, large ones keep more of what is dead
    /// until it can be removed. At most 64 GiB. A page that does not fit gets a segment of its own.
    pub segment_size_bytes: u64,
    /// Whether large segments are mapped, and what the system is told of the mappings. Without it every page that was read stays in memory until its segment is
    /// closed, so memory grows with the part of the database that is in use.
    pub map: Option<Advice>,
}

impl Default for PageOptions {
    fn default() -> PageOptions {
        PageOptions { segment_size_bytes: 64 << 20, map: Some(Advice::Normal) }
    }
}

/// The page files of a database.
pub struct PageStore {
    place: Place,
    options: PageOptions,
    current: RwLock<Arc<SegmentSet>>,
    append: Mutex<AppendState>,
    retired: Mutex<Vec<Arc<Segment>>>,
}

impl PageStore {
    /// The page files in `dir` that `table` names, each with its valid length; those of an ancestor carry its id. New
    /// segments get numbers from `next` on.
    ///
    /// No file is looked at yet: a missing, foreign or too short one shows as [`Error::Corrupt`] when a page in it is
    /// read. A file that has the number of a new segment already, left by a crash, is left alone and its number skipped.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the table cannot be right.
    pub fn open(
        fs: Arc<dyn Fs>,
        dir: &Path,
        database: DatabaseId,
        ancestors: &[Ancestor],
        options: PageOptions,
        table: &[(SegmentId, u64)],
        next: SegmentId,
    ) -> Result<PageStore> {
        let place = Place { fs, dir: dir.into(), database, ancestors: ancestors.into(), map: options.map };
        let mut set = Vec::with_capacity(table.len());
        let total = total_bytes(table);
        let resumed = options.newest_of_streams(&place, table);
        for (id, valid) in table {
            let expected =
                format!("a segment number from 1 to below {}, and a length in whole units", next.0);
            if !(1..next.0).contains(&id.0) || !valid.is_multiple_of(u64::from(PAGE_UNIT)) {
                let found = format!("segment {} of {valid} bytes", id.0);
                return Err(Error::corrupt(&place.path(*id), 0, "segment table", expected, found));
            }
            let capacity =
                if resumed.contains(&Some(*id)) { options.segment_capacity(total) } else { *valid };
            set.push(Arc::new(Segment::new(&place, *id, *valid, capacity)));
        }
        let set = SegmentSet::new(place.clone(), set);
        if set.iter().count() < table.len() {
            let found = format!("{} segments with {} numbers", table.len(), set.iter().count());
            return Err(Error::corrupt(&place.dir, 0, "segment table", "each segment once", found));
        }
        let append =
            AppendState { streams: AppendState::resuming(&set, &resumed), next, ..AppendState::default() };
        Ok(PageStore {
            place,
            options,
            current: RwLock::new(Arc::new(set)),
            append: Mutex::new(append),
            retired: Mutex::default(),
        })
    }

    /// Adds segments that a root found in the log names, and lengthens those that grew since the table was written: for
    /// replay, before anything is appended.
    pub fn extend(&self, table: &[(SegmentId, u64)]) {
        let mut state = self.lock_append();
        for (id, valid) in table {
            if self.segments().get(*id).is_some_and(|known| known.valid_bytes() >= *valid) {
                continue;
            }
            let capacity = self.options.segment_capacity(self.segments().total_bytes());
            let segment = Arc::new(Segment::new(&self.place, *id, *valid, capacity));
            self.change_set(|set| set.with(segment));
            state.next = state.next.max(id.next());
        }
        let set = self.segments();
        let resumed = self.options.newest_of_streams(&self.place, &set.table());
        state.streams = AppendState::resuming(&set, &resumed);
    }

    /// The segments there are now, with all pages flushed so far.
    #[must_use]
    pub fn segments(&self) -> Arc<SegmentSet> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The right to append, which one holder at a time has. Waits while another one has it.
    ///
    /// What a former holder appended and did not flush is flushed together with what this one appends.
    #[must_use]
    pub fn appender(&self) -> PageAppender<'_> {
        let state = self.lock_append();
        let apart = self.options.keeps_apart(self.segments().total_bytes());
        PageAppender { state, apart, store: self }
    }

    /// The segments that pages may be appended to.
    #[must_use]
    pub fn open_segments(&self) -> Vec<SegmentId> {
        self.lock_append().open_segments().collect()
    }

    /// Takes segments out of the current set, and removes their files and those taken out earlier, as far as nobody
    /// reads them any more; the others go with a later call, or one of [`PageStore::sweep`].
    ///
    /// A segment with pages that were appended and not synced yet stays. Waits for the holder of the right to append.
    ///
    /// # Errors
    /// What the file system answers. The segments are out of the set then, too.
    pub fn remove(&self, ids: &[SegmentId]) -> Result<()> {
        let mut state = self.lock_append();
        let unsynced = |id| state.unsynced.iter().any(|unsynced| unsynced.segment.id() == id);
        let set = self.segments();
        let segments = ids.iter().filter(|id| !unsynced(**id)).filter_map(|id| set.get(*id).cloned());
        let segments: Vec<_> = segments.collect();
        drop(set);
        for stream in &mut state.streams {
            stream.resume.take_if(|resume| segments.iter().any(|removed| removed.id() == resume.id()));
        }
        self.retire(segments);
        drop(state);
        self.sweep()
    }

    /// Removes the files of segments that were taken out of the set and that nobody reads any more.
    ///
    /// # Errors
    /// What the file system answers for the first file it could not remove. It is tried again next time.
    pub fn sweep(&self) -> Result<()> {
        let mut result = Ok(());
        self.retired().retain(|segment| {
            if Arc::strong_count(segment) > 1 {
                return true;
            }
            match self.place.fs.remove(segment.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    if result.is_ok() {
                        result = Err(Error::io("remove a page segment", segment.path(), error));
                    }
                    true
                }
                _ => false,
            }
        });
        result
    }

    /// Removes page files that the store does not know: what a crash left. Their numbers are not used again while this
    /// store is open. To be called once all segments that anything on disk still needs are in the store.
    ///
    /// # Errors
    /// What the file system answers. Some files may be removed then.
    pub fn remove_strays(&self) -> Result<()> {
        let mut state = self.lock_append();
        let names = self.place.fs.list(&self.place.dir);
        let names = names.map_err(|error| Error::io("list", &self.place.dir, error))?;
        let set = self.segments();
        let mut known: Vec<_> = set.iter().map(|segment| segment.id()).collect();
        known.extend(self.retired().iter().map(|segment| segment.id()));
        known.extend(state.unsynced.iter().map(|unsynced| unsynced.segment.id()));
        for id in names.iter().filter_map(|name| Place::id_of(name)).filter(|id| !known.contains(id)) {
            state.next = state.next.max(SegmentId(id.0.saturating_add(1)));
            let path = self.place.path(id);
            self.place.fs.remove(&path).map_err(|error| Error::io("remove a page segment", &path, error))?;
        }
        Ok(())
    }

    fn retired(&self) -> MutexGuard<'_, Vec<Arc<Segment>>> {
        self.retired.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_append(&self) -> MutexGuard<'_, AppendState> {
        self.append.lock().unwrap_or_else(|poisoned| {
            // Whoever panicked may have left half a page.
            self.append.clear_poison();
            let mut state = poisoned.into_inner();
            self.abandon(&mut state);
            state
        })
    }

    fn change_set(&self, change: impl FnOnce(&SegmentSet) -> SegmentSet) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(change(&current));
    }

    /// Writes what is in the buffer of a tail, and makes its segment part of the current set.
    fn write_out(&self, tail: &mut Tail) -> Result<()> {
        tail.write()?;
        tail.segment.set_valid_bytes(tail.written);
        if self.segments().get(tail.segment.id()).is_none() {
            self.change_set(|set| set.with(tail.segment.clone()));
        }
        Ok(())
    }

    /// Takes segments out of the set, to remove their files later.
    fn retire(&self, segments: Vec<Arc<Segment>>) {
        let ids: Vec<_> = segments.iter().map(|segment| segment.id()).collect();
        self.retired().extend(segments);
        self.change_set(|set| set.without(&ids));
    }

    /// Gives up all that was appended and not synced.
    fn abandon(&self, state: &mut AppendState) {
        state.losses += 1;
        state.streams = Default::default();
        state.names_unsynced = false;
        let (new, continued): (Vec<_>, Vec<_>) = state.unsynced.drain(..).partition(|it| it.synced == 0);
        continued.iter().for_each(|it| it.segment.set_valid_bytes(it.synced));
        self.retire(new.into_iter().map(|it| it.segment).collect());
    }
}

impl fmt::Debug for PageStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageStore")
            .field("dir", &self.place.dir)
            .field("options", &self.options)
            .field("segments", &self.segments())
            .finish_non_exhaustive()
    }
}

impl PageOptions {
    /// How large a new segment of a database of `total` bytes may become.
    fn segment_capacity(&self, total: u64) -> u64 {
        let limit = self.segment_size_bytes.min(MAX_SEGMENT_BYTES);
        (total / SEGMENTS_PER_DATABASE).max(FIRST_SEGMENT_BYTES).min(limit)
    }

    /// Whether streams have segments of their own in a database of `total` bytes.
    fn keeps_apart(&self, total: u64) -> bool {
        total >= 2 * self.segment_capacity(0)
    }

    /// The segment that each stream goes on with, where there is one: not that of an ancestor.
    fn newest_of_streams(&self, place: &Place, table: &[(SegmentId, u64)]) -> PerStream<Option<SegmentId>> {
        let ids = table.iter().map(|(id, _)| *id).filter(|id| place.origin(*id) == place.database);
        if self.keeps_apart(total_bytes(table)) {
            STREAMS.map(|stream| ids.clone().filter(|id| stream.numbers(*id)).max())
        } else {
            [ids.max(), None]
        }
    }
}

/// The valid lengths of segments together, in bytes.
fn total_bytes(table: &[(SegmentId, u64)]) -> u64 {
    table.iter().fold(0, |total, (_, valid)| total.saturating_add(*valid))
}

/// What is known about appending.
#[derive(Default)]
struct AppendState {
    streams: PerStream<Appending>,
    /// Every segment written to since the last sync, the tails included.
    unsynced: Vec<Unsynced>,
    /// Whether files were created since the last sync.
    names_unsynced: bool,
    /// The number of the next segment.
    next: SegmentId,
    /// How often appended pages were given up.
    losses: u64,
}

impl AppendState {
    /// Streams that go on with these segments.
    fn resuming(set: &SegmentSet, ids: &PerStream<Option<SegmentId>>) -> PerStream<Appending> {
        ids.map(|id| Appending { tail: None, resume: id.and_then(|id| set.get(id).cloned()) })
    }

    fn tails(&mut self) -> impl Iterator<Item = &mut Tail> {
        self.streams.iter_mut().filter_map(|stream| stream.tail.as_mut())
    }

    /// The segments that pages may be appended to.
    fn open_segments(&self) -> impl Iterator<Item = SegmentId> {
        let open = |stream: &Appending| {
            [
                stream.tail.as_ref().map(|tail| tail.segment.id()),
                stream.resume.as_ref().map(|resume| resume.id()),
            ]
        };
        self.streams.iter().flat_map(open).flatten()
    }
}

struct Unsynced {
    segment: Arc<Segment>,
    /// Nothing where the data is synced already, because too many files were open; its name may not be.
    file: Option<Arc<dyn File>>,
    /// The valid length at the last sync of everything; 0 for a new segment.
    synced: u64,
}

impl Unsynced {
    fn sync_data(&mut self) -> Result<()> {
        if let Some(file) = self.file.take() {
            file.sync_data().map_err(|error| Error::io("sync a page segment", self.segment.path(), error))?;
        }
        Ok(())
    }
}

/// The right to append pages; see [`PageStore::appender`].
///
/// After an error all that was appended since the last sync is given up, whoever appended it, and
/// [`PageAppender::losses`] has risen; appending can go on.
pub struct PageAppender<'a> {
    store: &'a PageStore,
    state: MutexGuard<'a, AppendState>,
    /// Whether streams have segments of their own.
    apart: bool,
}

impl PageAppender<'_> {
    /// Writes what was appended, so that it can be read: it is in [`PageStore::segments`] from then on.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn flush(&mut self) -> Result<()> {
        self.or_abandon(PageAppender::write_tails)
    }

    /// Writes what was appended and makes it durable.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn flush_and_sync(&mut self) -> Result<()> {
        self.or_abandon(|appender| {
            appender.write_tails()?;
            appender.sync()
        })
    }

    /// Has the disk take what was appended so far, so that [`flush_and_sync`](PageAppender::flush_and_sync) has less to wait
    /// for. Nothing counts as synced by this.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn sync_ahead(&mut self) -> Result<()> {
        self.or_abandon(|appender| {
            appender.write_tails()?;
            appender.state.tails().try_for_each(|tail| {
                let path = tail.segment.path();
                tail.file.sync_data().map_err(|error| Error::io("sync a page segment", path, error))
            })
        })
    }

    /// Has the next page start a new segment, so that what is dead in the present ones can go with their files.
    ///
    /// # Errors
    /// What the file system answers when it is given what was appended so far.
    pub fn start_segment(&mut self) -> Result<()> {
        self.flush()?;
        self.state.streams = Default::default();
        Ok(())
    }

    /// How often appended pages were given up. A page appended when this number was lower is on disk only if it was
    /// synced then; who appends a batch of pages while others append in between compares before and after.
    #[must_use]
    pub fn losses(&self) -> u64 {
        self.state.losses
    }

    /// The number that the next new segment will have, or a lower one: all lower ones were used.
    #[must_use]
    pub fn next_segment(&self) -> SegmentId {
        self.state.next
    }

    /// The lowest number that a segment has to which pages may be appended from here on.
    #[must_use]
    pub fn first_open_segment(&self) -> SegmentId {
        self.state.open_segments().min().unwrap_or(self.state.next)
    }

    fn or_abandon<T>(&mut self, action: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let result = action(self);
        if result.is_err() {
            self.store.abandon(&mut self.state);
        }
        result
    }

    /// Takes the tail of a stream, which has room for a page of this length. A page that is longer than a segment may become
    /// gets a segment of its own, and the tail stays for the next page.
    fn tail_for(&mut self, stream: Stream, len: usize) -> Result<Tail> {
        let len = padded(to_u64(len));
        let appending = &mut self.state.streams[stream.index()];
        if let Some(tail) = appending.tail.take_if(|tail| tail.has_room_for(len)) {
            return Ok(tail);
        }
        let capacity = self.store.options.segment_capacity(self.store.segments().total_bytes());
        let alone = to_u64(SEGMENT_HEADER_BYTES) + len;
        if alone > capacity {
            return self.new_segment(stream, alone);
        }
        if let Some(mut full) = appending.tail.take() {
            self.store.write_out(&mut full)?;
        } else if let Some(segment) = appending.resume.take()
            && segment.valid_bytes() + len <= segment.capacity_bytes()
            && let Some(tail) = self.resumed(segment)?
        {
            return Ok(tail);
        }
        self.new_segment(stream, capacity)
    }

    /// Appends a page, which `write` puts into the tail it is given and says the checksum of.
    fn put(
        &mut self,
        kind: PageKind,
        len: usize,
        write: impl FnOnce(&mut Tail) -> Result<u32>,
    ) -> Result<PageAddr> {
        let stream = if self.apart { Stream::of(kind) } else { Stream::Lasting };
        self.or_abandon(|appender| {
            let mut tail = appender.tail_for(stream, len)?;
            let offset = tail.end();
            let crc = write(&mut tail)?;
            tail.pad()?;
            let unit = u32::try_from(offset / u64::from(PAGE_UNIT)).expect("segments are bounded");
            let addr = PageAddr { segment: tail.segment.id(), unit, len: to_u32(len), crc };
            if tail.has_room_for(u64::from(PAGE_UNIT)) {
                appender.state.streams[stream.index()].tail = Some(tail);
            } else {
                appender.store.write_out(&mut tail)?;
            }
            Ok(addr)
        })
    }

    /// The tail that goes on with a segment, if its file is as long as it should be.
    fn resumed(&mut self, segment: Arc<Segment>) -> Result<Option<Tail>> {
        let failed = |error| Error::io("open a page segment", segment.path(), error);
        let file = self.store.place.fs.open(segment.path(), OpenMode::Write).map_err(failed)?;
        let end = segment.valid_bytes();
        if file.len().map_err(failed)? != end {
            return Ok(None);
        }
        self.state.unsynced.push(Unsynced {
            segment: segment.clone(),
            file: Some(file.clone()),
            synced: end,
        });
        Ok(Some(Tail { segment, file, written: end, buffer: Vec::new() }))
    }

    /// Creates a segment that may become as large as `capacity`.
    fn new_segment(&mut self, stream: Stream, capacity: u64) -> Result<Tail> {
        if self.state.unsynced.len() >= MAX_OPEN_FILES {
            self.sync_full_segments()?;
        }
        let place = &self.store.place;
        let (id, file) = loop {
            let id = self.state.next;
            let skipped = self.apart && !stream.numbers(id);
            let next = id.0.checked_add(1).ok_or_else(|| {
                let expected = "a segment number to count on from";
                Error::corrupt(&place.dir, 0, "segment table", expected, id.to_string())
            })?;
            self.state.next = SegmentId(next);
            if skipped {
                continue;
            }
            match place.fs.open(&place.path(id), OpenMode::CreateNew) {
                Ok(file) => break (id, file),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io("create a page segment", &place.path(id), error)),
            }
        };
        let segment = Arc::new(Segment::created(place, id, capacity));
        let header = PageSegmentHeader { database: place.database, segment: id }.encode();
        self.state.names_unsynced = true;
        self.state.unsynced.push(Unsynced { segment: segment.clone(), file: Some(file.clone()), synced: 0 });
        Ok(Tail { segment, file, written: 0, buffer: header.to_vec() })
    }

    /// Syncs the data of segments that are not appended to any more, to close their files.
    fn sync_full_segments(&mut self) -> Result<()> {
        let open: Vec<SegmentId> = self.state.open_segments().collect();
        let unsynced = self.state.unsynced.iter_mut();
        unsynced.filter(|it| !open.contains(&it.segment.id())).try_for_each(Unsynced::sync_data)
    }

    /// Writes out the tails.
    fn write_tails(&mut self) -> Result<()> {
        self.state.tails().try_for_each(|tail| self.store.write_out(tail))
    }

    fn sync(&mut self) -> Result<()> {
        self.state.unsynced.iter_mut().try_for_each(Unsynced::sync_data)?;
        if self.state.names_unsynced {
            let place = &self.store.place;
            place.fs.sync_dir(&place.dir).map_err(|error| Error::io("sync", &place.dir, error))?;
        }
        self.state.names_unsynced = false;
        self.state.unsynced.clear();
        for stream in &mut self.state.streams {
            if let Some(tail) = stream.tail.take() {
                stream.resume = Some(tail.segment);
            }
        }
        Ok(())
    }
}

impl PageWrite for PageAppender<'_> {
    fn append(&mut self, kind: PageKind, mut page: Vec<u8>) -> Result<PageAddr> {
        debug_assert_eq!(PageHeader::decode(&page).map(|header| header.kind), Ok(kind));
        self.put(kind, page.len(), |tail| {
            let crc = tail.segment.seal().seal(&mut page, tail.end());
            tail.put(&page)?;
            Ok(crc)
        })
    }

    fn append_extent(&mut self, value: &[u8]) -> Result<PageAddr> {
        self.put(PageKind::Extent, PAGE_HEADER_BYTES + value.len(), |tail| {
            let (header, crc) = tail.segment.seal().extent_header(value, tail.end());
            tail.put(&header)?;
            tail.put(value)?;
            Ok(crc)
        })
    }
}

impl fmt::Debug for PageAppender<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageAppender").field("losses", &self.state.losses).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
