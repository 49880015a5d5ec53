//! Replay: log records applied to a catalog, at open and to reach a moment between two kept roots.
//!
//! The records say whether each key existed, so counts stay exact without reading the leaves. For a short commit that was
//! logged before its changes were made the next record says it; keys are looked for only where there is none. A record that does not fit
//! the state it is applied to is damage: the log's checksums hold, so either the pages or the record were wrong before
//! they were written.

use std::path::Path;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::codec::Reader;
use crate::error::{Error, Result};
use crate::format::checkpoint::RootState;
use crate::format::ops::{Op, Ops};
use crate::format::wal::RecordKind;
use crate::gathered::{Gathered, Misfit};
use crate::ids::{LogPosition, Lsn, SegmentId, Timestamp};
use crate::page::segments::SegmentSet;
use crate::tree::{Root, TreeParams};
use crate::wal::LogRecord;

/// A state that records are applied to. Single keys are gathered, and in the catalog only once
/// [`settle`](Replay::settle) was called.
#[derive(Debug)]
pub(crate) struct Replay {
    pub(crate) catalog: Catalog,
    pub(crate) lsn: Lsn,
    pub(crate) time: Timestamp,
    /// The page segments that there were when its newest root was written: that root reaches no others.
    pub(crate) files: Vec<(SegmentId, u64)>,
    gathered: Gathered,
    last: LastRecord,
}

/// Where the record stands that was applied last.
#[derive(Debug)]
struct LastRecord {
    segment: SegmentId,
    file: Arc<Path>,
    offset: u64,
}

impl LastRecord {
    /// Goes on to a record at a position in the log of a database; the file that is in.
    fn go_to(&mut self, position: LogPosition, dir: &Path) -> Arc<Path> {
        if position.segment != self.segment {
            self.segment = position.segment;
            self.file = dir.join(format!("{}.wal", position.segment)).into();
        }
        self.offset = position.offset;
        self.file.clone()
    }
}

/// Where a record came from, for what is said about damage.
#[derive(Clone, Copy)]
struct Place<'a> {
    file: &'a Path,
    offset: u64,
}

impl Place<'_> {
    fn damaged(self, found: impl Into<String>) -> Error {
        Error::corrupt(self.file, self.offset, "log record", "operations that fit the state before", found)
    }
}

impl Replay {
    /// The state after a commit.
    pub(crate) fn new(catalog: Catalog, lsn: Lsn, time: Timestamp) -> Replay {
        let last = LastRecord { segment: SegmentId::default(), file: Path::new("").into(), offset: 0 };
        Replay { catalog, lsn, time, files: Vec::new(), gathered: Gathered::default(), last }
    }

    /// Applies one record; one that the state already holds is passed over. A root that the record names lies in `pages`.
    pub(crate) fn apply(
        &mut self,
        record: &LogRecord<'_>,
        dir: &Path,
        pages: &SegmentSet,
        params: &TreeParams,
    ) -> Result<()> {
        if record.lsn <= self.lsn {
            return Ok(());
        }
        let file = self.last.go_to(record.position, dir);
        let place = Place { file: &file, offset: record.position.offset };
        match record.kind {
            RecordKind::Commit => self.apply_operations(record.payload, place, pages, params)?,
            RecordKind::Root | RecordKind::Reset | RecordKind::WishedReset => {
                self.settle(pages, params)?;
                let state = root_state(record.kind, record.payload)
                    .ok_or_else(|| place.damaged("an undecodable root"))?;
                let next_tree = self.catalog.next_tree();
                self.catalog = Catalog::load(&state, pages, &file)?.1;
                self.catalog.raise_next_tree(next_tree);
                self.files = state.segments;
            }
            RecordKind::Close => return Ok(()),
        }
        self.lsn = record.lsn;
        self.time = record.time.time;
        Ok(())
    }

    fn apply_operations(
        &mut self,
        payload: &[u8],
        place: Place<'_>,
        pages: &SegmentSet,
        params: &TreeParams,
    ) -> Result<()> {
        self.gathered.begin_record();
        let mut ops = Ops::new(payload);
        while let Some(op) = ops.next_op().map_err(|bad| place.damaged(bad.found))? {
            match op {
                Op::CreateTree { tree, name } => {
                    if self.catalog.get(tree).is_some() || self.catalog.find(name).is_some() {
                        return Err(place.damaged(format!("tree {} made twice", tree.0)));
                    }
                    self.catalog.insert(tree, name, Root::empty());
                }
                Op::DropTree { tree } => {
                    self.settle(pages, params)?;
                    self.catalog.remove(tree).ok_or_else(|| missing(place, tree.0))?;
                }
                Op::Put { tree, key, value, existed } => {
                    self.catalog.get(tree).ok_or_else(|| missing(place, tree.0))?;
                    self.gathered.add(tree, key, Some(value), existed);
                }
                Op::Delete { tree, key } => {
                    self.catalog.get(tree).ok_or_else(|| missing(place, tree.0))?;
                    self.gathered.add(tree, key, None, Some(true));
                }
                Op::DeleteRange { tree, start, end, removed } => {
                    self.settle(pages, params)?;
                    let root = self.catalog.root_mut(tree).ok_or_else(|| missing(place, tree.0))?;
                    let found = root.delete_range(pages, params, start, end)?;
                    if found != removed {
                        return Err(
                            place.damaged(format!("{removed} keys to remove where there are {found}"))
                        );
                    }
                }
            }
        }
        if let Some(existed) = ops.existed_before() {
            self.gathered
                .say_existed(existed)
                .map_err(|Misfit| place.damaged("another number of puts than the record before has"))?;
        }
        if self.gathered.is_enough() { self.settle(pages, params) } else { Ok(()) }
    }

    /// Brings what was gathered into the trees.
    pub(crate) fn settle(&mut self, pages: &SegmentSet, params: &TreeParams) -> Result<()> {
        let applied = self.gathered.apply(&mut self.catalog, pages, params)?;
        applied.map_err(|Misfit| {
            Place { file: &self.last.file, offset: self.last.offset }
                .damaged("a key that is there and is said not to be, or the other way round")
        })
    }
}

fn missing(place: Place<'_>, tree: u32) -> Error {
    place.damaged(format!("a change to tree {tree}, which does not exist"))
}

/// The root that a bulk or reset record names; other kinds name none.
pub(crate) fn root_state(kind: RecordKind, payload: &[u8]) -> Option<RootState> {
    let mut reader = Reader::new(payload);
    match kind {
        RecordKind::Root => {}
        RecordKind::Reset | RecordKind::WishedReset => drop(reset_target(&mut reader)?),
        RecordKind::Commit | RecordKind::Close => return None,
    }
    let state = RootState::decode(&mut reader).ok()?;
    reader.is_empty().then_some(state)
}

/// The commit that a reset record went back to; it stands before the root.
pub(crate) fn reset_target(reader: &mut Reader<'_>) -> Option<Lsn> {
    Some(Lsn { epoch: reader.varint_u32().ok()?, number: reader.varint().ok()? })
}
