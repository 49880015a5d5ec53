//! `cost`: what duramen costs in calls, bytes and allocations, compared with what is kept in a file.
//!
//! `cost FILE` fails where a figure is worse than in the file; `cost FILE --keep` writes the file. A program of its own,
//! because counting allocations slows them down.

use std::alloc::{GlobalAlloc, Layout, System};
use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use duramen_benches::cost::{measure, to_text, worse_than};

/// Counts file system calls, bytes and allocations of fixed workloads and compares them with those kept in a file.
#[derive(Parser)]
struct Arguments {
    /// The kept figures.
    file: PathBuf,
    /// Writes the file instead of comparing with it.
    #[arg(long)]
    keep: bool,
}

/// The system's allocator, and how often it was asked for memory.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is passed on as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the promises of this function, which are those of the inner one.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: `memory` came from the inner allocator with this layout.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let costs = measure(|| ALLOCATIONS.load(Ordering::Relaxed))?;
    print!("{}", to_text(&costs));
    if arguments.keep {
        std::fs::write(&arguments.file, to_text(&costs))?;
        return Ok(());
    }
    let worse = worse_than(&costs, &arguments.file)?;
    if worse.is_empty() {
        return Ok(());
    }
    let (file, worse) = (arguments.file.display(), worse.join("\n"));
    Err(format!("worse than in {file}, which --keep would write anew:\n{worse}").into())
}
