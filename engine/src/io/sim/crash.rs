//! [`CrashImages`]: every state in which a loss of power may leave the medium.
//!
//! The images of one moment are the product of three choices: which pending changes of bytes reached the medium
//! (all prefixes, each with the next write torn; all subsets, or where there are too many single drops, pairs and
//! random subsets), which pending changes of names did, and what a file holds where its length got ahead of its
//! bytes. The moments are those just before something becomes durable, and the end: everything that is possible at a
//! moment in between is possible then too.
//!
//! 1. The sequence depends on the trace and the model only, seed included.
//! 2. No two images with the same mark are equal. An equal image with a higher mark is given again, because more was
//!    promised by then.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use super::super::content::Content;
use super::super::disk::{Disk, FileId};
use super::super::entropy::pick;
use super::super::mem::MemFs;
use super::durable::{Change, Durable, Event};
use crate::ids::to_u64;

/// What a loss of power may do. The default is the weakest file system: everything that no sync forbids.
#[derive(Clone, Debug)]
pub struct CrashModel {
    /// Where a write may be cut that was under way.
    pub tear: Tear,
    /// What a file may hold where its length reached the medium and its bytes did not.
    pub tails: Vec<Tail>,
    /// Up to how many pending changes of bytes all subsets are tried; at most 16. (2 to the power of it images.)
    pub exhaustive_up_to: usize,
    /// How many random subsets are tried where more changes are pending.
    pub random_subsets: u64,
    /// How many images of one moment are built at most, chosen by the seed; about that many of them if there are
    /// more.
    pub images_per_moment: u64,
    /// Decides all that is random.
    pub seed: u64,
}

impl Default for CrashModel {
    fn default() -> CrashModel {
        CrashModel {
            tear: Tear::Bytes,
            tails: vec![Tail::Short, Tail::Zeros, Tail::Noise, Tail::Stale],
            exhaustive_up_to: 10,
            random_subsets: 256,
            images_per_moment: u64::MAX,
            seed: 0,
        }
    }
}

/// Where a write may be cut. What is before a cut or what is after it reaches the medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tear {
    /// Nowhere: each write is atomic.
    None,
    /// At every byte of a write up to 512 bytes; at every byte of the first and last 64 bytes and every multiple of
    /// 512 bytes in the file of a longer one.
    Bytes,
    /// At multiples of 512 bytes in the file.
    Sectors,
    /// At multiples of 4096 bytes in the file.
    Blocks,
}

/// What a file holds past its durable bytes if writes that extended it did not reach the medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Nothing: the length is that of the bytes that did.
    Short,
    /// Zeros, up to the length with all writes.
    Zeros,
    /// Random bytes, up to the length with all writes.
    Noise,
    /// Blocks of other files or of what they once held, up to the length with all writes.
    Stale,
}

/// One state of the medium after a loss of power.
#[derive(Clone, Debug)]
pub struct CrashImage {
    /// The files as the next start finds them.
    pub fs: MemFs,
    /// The operation that was under way, or was next: none from this one on has happened. The loss of power may
    /// also have come earlier, down to the last operation that left something in the image.
    pub operation: u64,
    /// The newest mark made before that: see [`SimFs::mark`](super::SimFs::mark).
    pub mark: u64,
    /// The number of the image in the sequence, the ones left out counted too. With the same trace and model it
    /// names the same image.
    pub number: u64,
    plan: Plan,
}

impl fmt::Display for CrashImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { data, names, tail } = &self.plan;
        write!(f, "image {} (before operation {}, mark {}): ", self.number, self.operation, self.mark)?;
        write!(f, "bytes: {data}; names: {names}; tails: {tail:?}")
    }
}

/// Which of a list of pending changes reached the medium.
#[derive(Clone, Copy, Debug)]
enum Keep {
    /// The first so many.
    First(usize),
    /// Those whose bit is set.
    Subset(u32),
    /// All but one.
    AllBut(usize),
    /// All but two.
    AllButTwo(usize, usize),
    /// Each with even odds.
    Random(u64),
    /// Those before number `index`, part of that one, and what comes after it or nothing.
    Torn { index: usize, part: Part, rest: bool },
}

/// How much of one change reached the medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Nothing,
    Whole,
    /// The bytes before a cut.
    Before(usize),
    /// The bytes from a cut on.
    From(usize),
}

impl Keep {
    fn part(self, index: usize) -> Part {
        let whole = match self {
            Keep::First(n) => index < n,
            Keep::Subset(bits) => bits >> index & 1 == 1,
            Keep::AllBut(dropped) => index != dropped,
            Keep::AllButTwo(one, other) => index != one && index != other,
            Keep::Random(seed) => pick(seed, to_u64(index)) & 1 == 1,
            Keep::Torn { index: torn, part, .. } if index == torn => return part,
            Keep::Torn { index: torn, rest, .. } => index < torn || rest,
        };
        if whole { Part::Whole } else { Part::Nothing }
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Keep::First(n) => write!(f, "the first {n}"),
            Keep::Subset(bits) => write!(f, "those of mask {bits:#b}"),
            Keep::AllBut(dropped) => write!(f, "all but {dropped}"),
            Keep::AllButTwo(one, other) => write!(f, "all but {one} and {other}"),
            Keep::Random(seed) => write!(f, "random ones of seed {seed}"),
            Keep::Torn { index, part, rest } => {
                write!(f, "the first {index}, of the next one {part:?}")?;
                if *rest { f.write_str(", and the rest") } else { Ok(()) }
            }
        }
    }
}

/// One choice of each kind.
#[derive(Clone, Copy, Debug)]
struct Plan {
    data: Keep,
    names: Keep,
    tail: Tail,
}

/// The images of one moment.
#[derive(Debug)]
pub(super) struct Moment {
    durable: Durable,
    data: Vec<Change>,
    names: Vec<Change>,
    data_keeps: Vec<Keep>,
    name_keeps: Vec<Keep>,
    tails: Vec<Tail>,
    seed: u64,
}

impl Moment {
    pub(super) fn new(durable: Durable, model: &CrashModel) -> Moment {
        let (data, names): (Vec<Change>, Vec<Change>) =
            durable.pending.iter().cloned().partition(Change::is_data);
        let tails = if model.tails.is_empty() || !extends(&durable.disk, &data) {
            vec![Tail::Short]
        } else {
            model.tails.clone()
        };
        Moment {
            data_keeps: data_keeps(&data, model),
            name_keeps: name_keeps(names.len()),
            tails,
            durable,
            data,
            names,
            seed: model.seed,
        }
    }

    /// How many images there are, equal ones counted too.
    pub(super) fn len(&self) -> u64 {
        to_u64(self.data_keeps.len() * self.name_keeps.len() * self.tails.len())
    }

    /// One image, chosen by the seed.
    pub(super) fn any_image(&self) -> MemFs {
        MemFs::from_disk(self.build(self.plan(pick(self.seed, 0) % self.len())))
    }

    fn plan(&self, number: u64) -> Plan {
        let number = usize::try_from(number).expect("below a product of lengths");
        let (rest, tail) = (number / self.tails.len(), number % self.tails.len());
        let (data, names) = (rest / self.name_keeps.len(), rest % self.name_keeps.len());
        Plan { data: self.data_keeps[data], names: self.name_keeps[names], tail: self.tails[tail] }
    }

    fn build(&self, plan: Plan) -> Disk {
        let mut disk = self.durable.disk.clone();
        for (index, change) in self.names.iter().enumerate() {
            if plan.names.part(index) == Part::Whole {
                change.apply(&mut disk);
            }
        }
        for (index, change) in self.data.iter().enumerate() {
            let part = plan.data.part(index);
            match change {
                _ if part == Part::Whole => change.apply(&mut disk),
                _ if plan.tail == Tail::Short && part == Part::Nothing => {}
                Change::Write { file, offset, bytes } => {
                    if let Some(content) = disk.content_mut(*file) {
                        self.extend(content, *offset, offset + to_u64(bytes.len()), plan.tail);
                        match part {
                            Part::Before(cut) => content.write(&bytes[..cut], *offset),
                            Part::From(cut) => content.write(&bytes[cut..], offset + to_u64(cut)),
                            Part::Nothing | Part::Whole => {}
                        }
                    }
                }
                // A length has no parts, and all lengths are on the medium unless tails are short.
                _ => change.apply(&mut disk),
            }
        }
        disk
    }

    /// Makes the length of a file that of a write from `offset` to `end` whose bytes did not reach the medium.
    fn extend(&self, content: &mut Content, offset: u64, end: u64, tail: Tail) {
        let start = content.len().max(offset);
        if tail == Tail::Short || end <= start {
            return;
        }
        content.set_len(end);
        let len = usize::try_from(end - start).expect("the length of a write in memory");
        match tail {
            Tail::Short | Tail::Zeros => {}
            Tail::Noise => content.write(&noise(self.seed, start, len), start),
            Tail::Stale => content.write(&self.stale(start, len), start),
        }
    }

    /// What other files hold or once held, block by block.
    fn stale(&self, start: u64, len: usize) -> Vec<u8> {
        let files = self.durable.disk.files().map(|(_, content)| content);
        let sources: Vec<&Content> =
            self.durable.old.iter().chain(files).filter(|content| content.len() > 0).collect();
        let mut bytes = noise(self.seed, start, len);
        let mut done = 0;
        while done < len && !sources.is_empty() {
            let at = start + to_u64(done);
            let (block, within) = (at / BLOCK_BYTES, at % BLOCK_BYTES);
            let stop = len.min(done + BLOCK - index(at, BLOCK));
            let choice = pick(self.seed, block);
            let source = sources[index(choice, sources.len())];
            // Half of the time the block that lies at the same place in the other file, which fits best.
            let from = if choice >> 63 == 0 {
                block
            } else {
                pick(choice, block) % source.len().div_ceil(BLOCK_BYTES)
            };
            source.read(&mut bytes[done..stop], from * BLOCK_BYTES + within);
            done = stop;
        }
        bytes
    }
}

/// Bytes in what a medium hands out as one piece.
const BLOCK: usize = 4096;
const BLOCK_BYTES: u64 = to_u64(BLOCK);

/// The remainder of a division by a length in memory.
fn index(choice: u64, n: usize) -> usize {
    usize::try_from(choice % to_u64(n)).expect("less than a length in memory")
}

/// Random bytes for a place in a file.
fn noise(seed: u64, start: u64, len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        (0..to_u64(len.div_ceil(8))).flat_map(|n| pick(seed, start.wrapping_add(n)).to_le_bytes()).collect();
    bytes.truncate(len);
    bytes
}

/// Whether some change makes a file longer.
fn extends(disk: &Disk, data: &[Change]) -> bool {
    let mut lens: BTreeMap<FileId, u64> = BTreeMap::new();
    let mut longer = |file: FileId, end: u64| {
        let len = lens.entry(file).or_insert_with(|| disk.content(file).map_or(0, Content::len));
        std::mem::replace(len, end.max(*len)) < end
    };
    data.iter().any(|change| match change {
        Change::Write { file, offset, bytes } => longer(*file, offset + to_u64(bytes.len())),
        // A cut that did not happen while the length did is a matter of tails too.
        Change::SetLen { .. } => true,
        _ => false,
    })
}

/// The most changes of bytes of which all subsets are tried, whatever the model asks for.
const MAX_EXHAUSTIVE: usize = 16;
/// The most changes of bytes of which all pairs are left out.
const MAX_PAIRS: usize = 40;
/// The most changes of names of which all subsets are tried.
const MAX_EXHAUSTIVE_NAMES: usize = 4;

fn subsets(n: usize) -> impl Iterator<Item = Keep> {
    (0..1u32 << n).map(Keep::Subset)
}

fn data_keeps(data: &[Change], model: &CrashModel) -> Vec<Keep> {
    let n = data.len();
    let mut keeps = Vec::new();
    if n <= model.exhaustive_up_to.min(MAX_EXHAUSTIVE) {
        keeps.extend(subsets(n));
    } else {
        keeps.extend((0..=n).map(Keep::First));
        keeps.extend((0..n).map(Keep::AllBut));
        if n <= MAX_PAIRS {
            keeps.extend((0..n).flat_map(|one| (0..one).map(move |other| Keep::AllButTwo(other, one))));
        }
        keeps.extend((0..model.random_subsets).map(|number| Keep::Random(pick(model.seed, number))));
    }
    for (index, change) in data.iter().enumerate() {
        let Change::Write { offset, bytes, .. } = change else { continue };
        let cuts = cuts(model.tear, *offset, bytes.len());
        for &cut in &cuts {
            for part in [Part::Before(cut), Part::From(cut)] {
                keeps.push(Keep::Torn { index, part, rest: false });
            }
        }
        // A torn write before whole ones: three cuts stand for all.
        if index + 1 < n && !cuts.is_empty() {
            for at in [0, cuts.len() / 2, cuts.len() - 1] {
                for part in [Part::Before(cuts[at]), Part::From(cuts[at])] {
                    keeps.push(Keep::Torn { index, part, rest: true });
                }
            }
        }
    }
    keeps
}

fn name_keeps(n: usize) -> Vec<Keep> {
    if n <= MAX_EXHAUSTIVE_NAMES {
        subsets(n).collect()
    } else {
        (0..=n).map(Keep::First).chain((0..n).map(Keep::AllBut)).collect()
    }
}

/// Where a write of `len` bytes at `offset` may be cut, counted from its start.
fn cuts(tear: Tear, offset: u64, len: usize) -> Vec<usize> {
    const SECTOR: usize = 512;
    const EDGE: usize = 64;
    match tear {
        Tear::None => Vec::new(),
        Tear::Bytes if len <= SECTOR => (1..len).collect(),
        Tear::Bytes => {
            let middle = multiples(SECTOR, offset, len).filter(|cut| (EDGE + 1..len - EDGE).contains(cut));
            (1..=EDGE).chain(middle).chain(len - EDGE..len).collect()
        }
        Tear::Sectors => multiples(SECTOR, offset, len).collect(),
        Tear::Blocks => multiples(BLOCK, offset, len).collect(),
    }
}

/// The positions inside a write that are multiples of `of` in the file.
fn multiples(of: usize, offset: u64, len: usize) -> impl Iterator<Item = usize> {
    let first = of - index(offset, of);
    (first..len).step_by(of)
}

/// An iterator over the states that a loss of power may leave, moment by moment.
#[derive(Debug)]
pub struct CrashImages {
    model: CrashModel,
    /// What is still to be followed, with the numbers of the operations, newest first.
    events: Vec<(u64, Event)>,
    /// The number of the operation after the last one.
    end: u64,
    durable: Durable,
    mark: u64,
    /// Whether something happened since the last moment.
    changed: bool,
    moment: Option<Moment>,
    /// Which image of the moment is next.
    next: u64,
    /// The operation under way at the moment.
    operation: u64,
    /// How many images came before, the ones left out counted too.
    number: u64,
    /// The digests and marks of the images given out.
    seen: HashSet<(u64, u64)>,
}

impl CrashImages {
    pub(super) fn new(
        model: CrashModel,
        base: Durable,
        mark: u64,
        mut events: Vec<(u64, Event)>,
        end: u64,
    ) -> CrashImages {
        events.reverse();
        CrashImages {
            model,
            events,
            end,
            durable: base,
            mark,
            changed: true,
            moment: None,
            next: 0,
            operation: 0,
            number: 0,
            seen: HashSet::new(),
        }
    }

    /// Follows what happened up to the next moment at which something becomes durable, or to the end.
    fn advance(&mut self) -> Option<Moment> {
        self.operation = self.end;
        while let Some((operation, event)) = self.events.pop() {
            let barrier = !matches!(event, Event::Change(_) | Event::Mark(_));
            if barrier && self.changed {
                self.operation = operation;
                self.events.push((operation, event));
                break;
            }
            self.durable.follow(&event);
            if let Event::Mark(mark) = event {
                self.mark = mark;
            }
            self.changed = true;
        }
        self.next = 0;
        std::mem::take(&mut self.changed).then(|| Moment::new(self.durable.clone(), &self.model))
    }

    /// Whether the next image is among those that the model leaves of a moment with `images`.
    fn is_chosen(&self, images: u64) -> bool {
        let limit = self.model.images_per_moment;
        images <= limit || pick(self.model.seed, self.number) % images < limit
    }
}

impl Iterator for CrashImages {
    type Item = CrashImage;

    fn next(&mut self) -> Option<CrashImage> {
        loop {
            let Some(moment) = &self.moment else {
                self.moment = Some(self.advance()?);
                continue;
            };
            if self.next == moment.len() {
                self.moment = None;
                continue;
            }
            let (number, plan) = (self.number, moment.plan(self.next));
            let disk = self.is_chosen(moment.len()).then(|| moment.build(plan));
            self.next += 1;
            self.number += 1;
            if let Some(disk) = disk
                && self.seen.insert((disk.digest(), self.mark))
            {
                let fs = MemFs::from_disk(disk);
                return Some(CrashImage { fs, operation: self.operation, mark: self.mark, number, plan });
            }
        }
    }
}

#[cfg(test)]
mod tests;
