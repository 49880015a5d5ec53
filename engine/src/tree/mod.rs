//! The tree: an ordered map of byte keys to byte values, copied on write.
//!
//! A [`Root`] is one version of a tree; a clone of it is another holder of the same version and costs nothing. An edit
//! copies what others hold and edits the rest in place, so a read view, a savepoint or a running checkpoint is a kept
//! root and nothing more.
//!
//! - [`node`], [`laid`]: nodes in memory. [`read`]: nodes wherever they lie. [`split`]: cutting what does not fit.
//! - [`edit`], [`tidy`], [`range`], [`batch`]: put, delete, delete a range, many keys at once.
//! - [`absent`]: which keys are surely not there. [`many`]: the values of many keys.
//! - [`merge`], [`cursor`], [`last`], [`count`], [`diff`]: entries in order, how many there are, and which differ.
//! - [`write`], [`bulk`]: to pages. [`mark`], [`check`]: which pages, and whether all is well with them.

use std::ops::Bound;

use crate::error::{Error, Result};
use crate::format::inner::ChildRef;
use crate::ids::PageAddr;
use crate::page::access::{PageRead, PageWrite};
use crate::page::meter::Meter;

pub(crate) mod absent;
pub(crate) mod batch;
pub(crate) mod bulk;
pub(crate) mod check;
pub(crate) mod children;
pub(crate) mod count;
pub(crate) mod cursor;
pub(crate) mod diff;
pub(crate) mod edit;
pub(crate) mod fetch;
pub(crate) mod laid;
pub(crate) mod last;
pub(crate) mod many;
pub(crate) mod mark;
pub(crate) mod merge;
pub(crate) mod node;
pub(crate) mod own;
pub(crate) mod params;
pub(crate) mod range;
pub(crate) mod read;
pub(crate) mod split;
pub(crate) mod tidy;
pub(crate) mod write;

pub use batch::KeyChange;
pub use bulk::BulkBuilder;
pub use check::CheckStats;
pub use cursor::Cursor;
pub use diff::{Change, Diff};
pub use edit::{Existence, Present, PutValue};
pub use mark::{MarkedPages, PageSet};
pub use params::TreeParams;
pub use write::{Moved, Written};

use absent::Watched;
use check::Checker;
use count::Side;
use edit::Editor;
use mark::Marker;
use node::{Child, OwnFences};
use range::KeyRange;
use read::{ChildView, MAX_DEPTH};
use write::{Swap, Writer};

/// One version of a tree. A clone holds the same version; edits of one are not seen by the other.
#[derive(Clone)]
pub struct Root {
    child: Child,
    /// What is known of absent keys; nothing where the tree is small.
    watched: Option<Watched>,
}

impl Root {
    /// A tree without entries.
    #[must_use]
    pub const fn empty() -> Root {
        Root { child: Child::EMPTY, watched: None }
    }

    /// The version that a checkpoint wrote.
    #[must_use]
    pub fn from_child(child: ChildRef) -> Root {
        Root { child: child.into(), watched: None }
    }

    /// Number of entries.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.child.count
    }

    /// The value at `key`, read in place.
    ///
    /// # Errors
    /// Where a page on the way cannot be read.
    pub fn get<'a>(&'a self, pages: &'a (impl PageRead + ?Sized), key: &[u8]) -> Result<Option<&'a [u8]>> {
        let Some(watched) = &self.watched else { return read::get(&self.child, pages, key) };
        let found = if watched.lacks(key) { None } else { read::get(&self.child, pages, key)? };
        watched.note(found.is_some(), self.child.count);
        Ok(found)
    }

    /// The values at `keys`, in their order, read in place.
    ///
    /// # Errors
    /// Where a page on the way to any of them cannot be read.
    pub fn get_many<'a>(
        &'a self,
        pages: &'a (impl PageRead + ?Sized),
        keys: &[&[u8]],
    ) -> Result<Vec<Option<&'a [u8]>>> {
        let Some(watched) = &self.watched else {
            return many::find_many(self.view().start(), pages, keys, |_| false);
        };
        let found = many::find_many(self.view().start(), pages, keys, |key| watched.lacks(key))?;
        found.iter().for_each(|value| watched.note(value.is_some(), self.child.count));
        Ok(found)
    }

    /// Whether there is an entry at `key`.
    ///
    /// # Errors
    /// Where a page on the way cannot be read.
    pub fn contains(&self, pages: &(impl PageRead + ?Sized), key: &[u8]) -> Result<bool> {
        Ok(self.get(pages, key)?.is_some())
    }

    /// The greatest key.
    ///
    /// # Errors
    /// Where a page on the way cannot be read.
    pub fn last_key(&self, pages: &(impl PageRead + ?Sized)) -> Result<Option<Vec<u8>>> {
        last::last_key(self.view(), pages)
    }

    /// A cursor over the entries of this version.
    #[must_use]
    pub fn cursor<'a, P: PageRead + ?Sized>(&'a self, pages: &'a P) -> Cursor<'a, P> {
        Cursor::new(self.view().start(), pages)
    }

    /// What distinguishes a later version from this one. Pages of one address must be one page in both.
    #[must_use]
    pub fn diff<'a, P: PageRead + ?Sized>(
        &'a self,
        pages: &'a P,
        later: &'a Root,
        later_pages: &'a P,
    ) -> Diff<'a, P> {
        Diff::new((self.view(), pages), (later.view(), later_pages))
    }

    /// How many entries have a key below `key`.
    ///
    /// # Errors
    /// Where a page on the way cannot be read.
    pub fn rank(&self, pages: &(impl PageRead + ?Sized), key: &[u8]) -> Result<u64> {
        count::rank(self.view(), pages, key, Side::Before)
    }

    /// How many entries have a key between two bounds.
    ///
    /// # Errors
    /// Where a page on the way to one of them cannot be read.
    pub fn count_range(
        &self,
        pages: &(impl PageRead + ?Sized),
        low: Bound<&[u8]>,
        high: Bound<&[u8]>,
    ) -> Result<u64> {
        count::count_range(self.view(), pages, low, high)
    }

    /// The number of entries in a range, and whether there is an entry behind it, if anything is in it.
    ///
    /// # Errors
    /// As [`Root::count_range`].
    pub fn count_and_next(
        &self,
        pages: &(impl PageRead + ?Sized),
        low: Bound<&[u8]>,
        high: Bound<&[u8]>,
    ) -> Result<(u64, bool)> {
        count::count_and_next(self.view(), pages, low, high)
    }

    /// Puts a value at a key; whether there was one before. After an error the content is as it was.
    ///
    /// # Errors
    /// Where a page on the way, or one to merge with, cannot be read.
    pub fn put<'v>(
        &mut self,
        pages: &(impl PageRead + ?Sized),
        params: &TreeParams,
        key: &[u8],
        value: impl Into<PutValue<'v>>,
        existence: Existence,
    ) -> Result<bool> {
        self.begin_put(params, key);
        Editor { pages, params }.put(&mut self.child, key, value.into(), existence, Present::Replaced)
    }

    /// Puts a value at a key where there is none; whether there was one, which stays. After an error the content is as
    /// it was.
    ///
    /// # Errors
    /// As those of [`Root::put`].
    pub fn insert(
        &mut self,
        pages: &(impl PageRead + ?Sized),
        params: &TreeParams,
        key: &[u8],
        value: &[u8],
    ) -> Result<bool> {
        self.begin_put(params, key);
        let editor = Editor { pages, params };
        editor.put(&mut self.child, key, value.into(), Existence::Look, Present::Kept)
    }

    /// Deletes the entry at a key; whether there was one. After an error the content is as it was.
    ///
    /// # Errors
    /// Where a page on the way, or one to merge with, cannot be read.
    pub fn delete(
        &mut self,
        pages: &(impl PageRead + ?Sized),
        params: &TreeParams,
        key: &[u8],
        existence: Existence,
    ) -> Result<bool> {
        self.begin_edit(params);
        Editor { pages, params }.delete(&mut self.child, key, existence)
    }

    /// Makes many changes, which are in the order of their keys, with each key once: cheaper than one after the other.
    /// Whether their keys were there is known of all of them then. Where it was known before no base is read that is not
    /// merged with its deltas. After an error the tree is of no use.
    ///
    /// # Errors
    /// Where a page on the way, or one to merge with, cannot be read.
    pub fn change_many(
        &mut self,
        pages: &(impl PageRead + ?Sized),
        params: &TreeParams,
        changes: &mut [KeyChange<'_>],
    ) -> Result<()> {
        self.begin_edit(params);
        if let Some(watched) = &self.watched {
            changes.iter().filter(|change| change.value.is_some()).for_each(|change| watched.add(change.key));
        }
        Editor { pages, params }.change_many(&mut self.child, changes)
    }

    /// Deletes all entries between two bounds; how many there were. After an error the content is as it was.
    ///
    /// # Errors
    /// Where a page on the way to one of the bounds cannot be read.
    pub fn delete_range(
        &mut self,
        pages: &(impl PageRead + ?Sized),
        params: &TreeParams,
        low: Bound<&[u8]>,
        high: Bound<&[u8]>,
    ) -> Result<u64> {
        self.begin_edit(params);
        Editor { pages, params }.delete_range(&mut self.child, KeyRange { low, high })
    }

    /// Writes what is only in memory, in key order, and answers the reference to what is then on disk. `relocate` says
    /// which pages are to be copied to a new place, if any; where they went is added to `moved`. The nodes written are
    /// added to `written`, to be published when the pages are durable.
    ///
    /// # Errors
    /// Where a page cannot be read or written. What was written up to then is of no use.
    pub fn write_dirty(
        &self,
        pages: &(impl PageRead + ?Sized),
        to: &mut dyn PageWrite,
        relocate: Option<&dyn Fn(&PageAddr) -> bool>,
        moved: &mut Moved,
        written: &mut Written,
        params: &TreeParams,
    ) -> Result<ChildRef> {
        Writer { pages, to, relocate, moved, written, params }.child(&self.child)
    }

    /// Takes over the pages of a tree with the same content.
    pub(crate) fn take_pages_of(&mut self, same: Root) {
        self.child = same.child;
    }

    /// Replaces written nodes by the addresses of their pages, and moved pages by where they are now. The content
    /// stays. To be called after [`Written::publish`] for every version that is read or written on.
    pub fn swap_written(&mut self, moved: &Moved) {
        self.swap_part(moved, None, &mut { usize::MAX });
    }

    /// A part of what [`Root::swap_written`] does, from `from` on or from the beginning: it looks at `room` nodes, about, and
    /// takes them off. Where to go on, if anything is left. The tree may be edited between two parts.
    pub fn swap_part(&mut self, moved: &Moved, from: Option<&[u8]>, room: &mut usize) -> Option<Vec<u8>> {
        Swap::new(moved, room).run(&mut self.child, from)
    }

    /// Whether nothing of the tree is in memory.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        write::is_clean(&self.child)
    }

    /// Visits each page of the tree that is not in `seen`, and adds it. Of two trees that share pages, the second visits
    /// only its own.
    ///
    /// # Errors
    /// Where a page that leads to others cannot be read.
    pub fn mark(
        &self,
        pages: &(impl PageRead + ?Sized),
        seen: &mut dyn PageSet,
        visit: &mut dyn FnMut(&PageAddr),
    ) -> Result<()> {
        Marker { pages, seen, visit }.child(self.view(), MAX_DEPTH)
    }

    /// Checks the whole structure, except for pages in `seen`; those checked are added. What is wrong goes to
    /// `problems`; `progress` is called after each leaf.
    pub fn check(
        &self,
        pages: &(impl PageRead + ?Sized),
        params: &TreeParams,
        seen: &mut dyn PageSet,
        problems: &mut Vec<Error>,
        progress: &mut dyn FnMut(&CheckStats),
    ) -> CheckStats {
        let fanout = params.fanout();
        let mut checker = Checker { pages, fanout, seen, problems, progress, stats: CheckStats::default() };
        checker.child(self.view(), &OwnFences::default(), MAX_DEPTH);
        checker.stats
    }

    fn view(&self) -> ChildView<'_> {
        ChildView::Own(&self.child)
    }
}

/// What has to do with absent keys.
impl Root {
    /// Counts lookups of absent keys from now on, if the tree is large enough for a filter to pay.
    pub(crate) fn watch(&mut self, params: &TreeParams) {
        if self.watched.is_none() && self.child.count >= params.filter_entries {
            self.watched = Some(Watched::new(&params.nudge, params.filter_entries));
        }
    }

    /// Whether the tree wants a filter and has none.
    pub(crate) fn wants_filter(&self) -> bool {
        self.watched.as_ref().is_some_and(Watched::wants_filter)
    }

    /// Lets the tree want its filter later.
    pub(crate) fn put_filter_off(&self) {
        self.watched.iter().for_each(Watched::put_off);
    }

    /// How much memory the filter takes, and how much it would take if there were one, in bytes.
    pub(crate) fn filter_bytes(&self) -> (u64, u64) {
        (self.watched.as_ref().map_or(0, Watched::filter_bytes), absent::bytes_for(self.child.count))
    }

    /// Begins a filter, to be filled from this same version. Nobody edits the tree meanwhile, or any that comes of it or
    /// that it comes of.
    pub(crate) fn begin_filter(&self, meter: &Meter) {
        self.watched.iter().for_each(|watched| watched.begin_filter(self.child.count, meter));
    }

    /// Fills the filter that was begun, and has it asked from then on.
    ///
    /// # Errors
    /// Where a page cannot be read. The filter is not asked then.
    pub(crate) fn fill_filter(&self, pages: &(impl PageRead + ?Sized)) -> Result<()> {
        let Some(watched) = &self.watched else { return Ok(()) };
        let mut cursor = self.cursor(pages);
        while cursor.next()? {
            watched.add(cursor.key());
        }
        watched.finish_filter();
        Ok(())
    }

    fn begin_edit(&mut self, params: &TreeParams) {
        match &mut self.watched {
            Some(watched) => watched.edit(self.child.count),
            None => self.watch(params),
        }
    }

    fn begin_put(&mut self, params: &TreeParams, key: &[u8]) {
        self.begin_edit(params);
        if let Some(watched) = &self.watched {
            watched.add(key);
        }
    }
}

impl std::fmt::Debug for Root {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Root").field("count", &self.count()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
