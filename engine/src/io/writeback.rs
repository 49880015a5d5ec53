//! Write-out begun without waiting for it: a call that the standard library does not have.

#![allow(unsafe_code)]

use std::fs::File;
use std::ops::Range;

/// Has the system begin to write out a part of a file (`SYNC_FILE_RANGE_WRITE`). Nothing is durable by that. A write that fails is
/// told by the sync that follows. Systems other than Linux have no such call.
#[cfg(target_os = "linux")]
pub(super) fn begin(file: &File, part: Range<u64>) {
    use std::os::fd::AsRawFd;
    let (Ok(from), Ok(len)) = (i64::try_from(part.start), i64::try_from(part.end - part.start)) else {
        return;
    };
    // SAFETY: the call takes numbers alone and touches no memory of the process; the descriptor is open as long as `file` is.
    // What it answers is of no use: the sync that follows writes whatever this did not.
    let _ = unsafe { libc::sync_file_range(file.as_raw_fd(), from, len, libc::SYNC_FILE_RANGE_WRITE) };
}

#[cfg(not(target_os = "linux"))]
pub(super) fn begin(_: &File, _: Range<u64>) {}
