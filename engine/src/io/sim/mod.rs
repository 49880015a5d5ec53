//! A file system for tests that want the worst: it cuts the power at every moment, and lets any operation fail.
//!
//! [`SimFs`] keeps files in memory and behaves like any other [`Fs`](super::Fs). Beside what reads see it tracks what
//! is certainly durable, by the rules of the weakest file systems in use:
//!
//! - A write is neither atomic nor ordered against any other change until the file is synced; its length and its
//!   bytes become durable apart.
//! - Syncing a file makes its bytes and its length durable, not its name.
//! - A name made, moved or removed is durable once its directory is synced, and in no order before. A rename is atomic.
//! - A directory is durable as soon as it is made.
//!
//! Run a program on it, tell it with [`SimFs::mark`] what the program has promised, and [`SimFs::crash_images`] gives
//! every state of the medium that a loss of power could have left at any moment of the run. Open each of them and
//! check that the promise is kept:
//!
//! ```
//! use duramen_engine::io::sim::{CrashModel, SimFs};
//! use duramen_engine::io::{File, Fs, OpenMode, read_file, write_all_at};
//! use std::path::Path;
//!
//! // A counter that is replaced as a whole.
//! fn store(fs: &dyn Fs, n: u64) -> std::io::Result<()> {
//!     let (new, current) = (Path::new("counter.new"), Path::new("counter"));
//!     if fs.list(Path::new(""))?.iter().any(|name| name == "counter.new") {
//!         fs.remove(new)?;
//!     }
//!     let file = fs.open(new, OpenMode::CreateNew)?;
//!     write_all_at(&*file, &n.to_le_bytes(), 0)?;
//!     file.sync_data()?; // Without this line the counter may end up torn,
//!     fs.rename(new, current)?;
//!     fs.sync_dir(Path::new("")) // and without this one it may go back.
//! }
//!
//! fn load(fs: &dyn Fs) -> u64 {
//!     match read_file(fs, Path::new("counter")) {
//!         Ok(bytes) => u64::from_le_bytes(bytes.try_into().expect("never torn")),
//!         Err(_) => 0,
//!     }
//! }
//!
//! let fs = SimFs::new();
//! for n in 1..=3 {
//!     store(&fs, n).expect("no fault was injected");
//!     fs.mark(n);
//! }
//! for image in fs.crash_images(&CrashModel::default()) {
//!     let n = load(&image.fs);
//!     assert!(n == image.mark || n == image.mark + 1, "{image}: {n}");
//! }
//! ```
//!
//! An image is a [`MemFs`](super::MemFs), which costs little to copy, to damage further (see
//! [`MemFs::flip_bits`](super::MemFs::flip_bits) and its neighbours) and to start another [`SimFs`] on, for a crash
//! during the recovery from a crash. [`copy_dir`](super::copy_dir) puts it into a real directory to look at.
//!
//! Faults are injected by the number of an operation, so that a sweep meets every one of them: run the program once to
//! learn [`SimFs::operations`], then once for each number with [`Fault::once`] and [`Fault::always`].
//!
//! Everything repeats: one thread that does the same on the same files gives the same [`SimFs::trace_hash`] and the
//! same images.

mod crash;
mod durable;
mod fault;
mod fs;
mod op;

pub use crash::{CrashImage, CrashImages, CrashModel, Tail, Tear};
pub use fault::{Action, Fault, SyncFailure};
pub use fs::SimFs;
pub use op::{Op, OpKind};
