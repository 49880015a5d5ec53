//! The log: a record a commit, in a chain of segment files that are only ever appended to.
//!
//! ```text
//! segment.rs   names, headers, and which files form the log
//! reader.rs    reads the records in order; tells a torn tail from damage
//! writer.rs    the file of one segment: create, zero ahead, write, sync, name, cut
//! waiters.rs   who is woken when a commit is durable
//! crowd.rs     how many threads wait for a sync, and how many more are about to
//! sink.rs      what a database needs of a log; a host's shared journal can stand there too
//! state.rs     what the log knows: positions, what is pending, what is durable
//! log.rs       the log of one open database: reserve, append, group sync, roll, close
//! begun.rs     a record on its way to the disk while its commit is still being made
//! resume.rs    how the log of a database that existed before goes on
//! ```

mod begun;
mod crowd;
mod log;
mod reader;
mod resume;
mod segment;
mod sink;
mod state;
mod waiters;
mod writer;

pub(crate) use segment::Listing;

pub use begun::Begun;
pub use log::{Log, LogSetup};
pub use reader::{LogEnd, LogReader, LogRecord, LogScan, LogStart, Shutdown, TornTail};
pub use segment::{SegmentInfo, segments};
pub use sink::LogSink;
pub use waiters::WaiterId;

#[cfg(test)]
mod testing;
