//! What the system says about this process and about files.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{Advice, fadvise};

use crate::cpu::{process_time, thread_time};

/// A figure of `/proc/self/status` or `/proc/self/io`, by the name at the start of its line; zero where there is none.
#[must_use]
pub fn proc_figure(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Memory that belongs to no file, in bytes.
#[must_use]
pub fn anonymous_bytes() -> u64 {
    proc_figure("status", "RssAnon") * 1024
}

/// The most memory this process ever had, mapped files included, in bytes.
#[must_use]
pub fn peak_bytes() -> u64 {
    proc_figure("status", "VmHWM") * 1024
}

/// Bytes that this process caused to be written to disk.
#[must_use]
pub fn written_bytes() -> u64 {
    proc_figure("io", "write_bytes")
}

/// Open descriptors of this process.
#[must_use]
pub fn descriptors() -> u64 {
    fs::read_dir("/proc/self/fd").map_or(0, |entries| u64::try_from(entries.count()).unwrap_or(0))
}

/// Threads of this process.
#[must_use]
pub fn threads() -> u64 {
    proc_figure("status", "Threads")
}

/// Space that the files under a directory take, in bytes: blocks, not lengths.
///
/// # Errors
/// What the file system answers.
pub fn disk_bytes(dir: &Path) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    each_file(dir, &mut |path| {
        bytes += fs::metadata(path)?.blocks() * 512;
        Ok(())
    })?;
    Ok(bytes)
}

/// Makes the files under a directory durable and has the system forget their content.
///
/// # Errors
/// What the file system answers.
pub fn evict(dir: &Path) -> io::Result<()> {
    each_file(dir, &mut |path| {
        let file = fs::File::open(path)?;
        file.sync_all()?;
        Ok(fadvise(&file, 0, None, Advice::DontNeed)?)
    })
}

fn each_file(dir: &Path, work: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let done = if path.is_dir() { each_file(&path, work) } else { work(&path) };
        match done {
            // An engine's own thread may remove a file meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}

/// Time, CPU and writes since a moment.
pub struct Span {
    began: Instant,
    cpu: Duration,
    thread: Duration,
    written: u64,
}

impl Span {
    /// From now on.
    #[must_use]
    pub fn begin() -> Span {
        let written = written_bytes();
        Span { cpu: process_time(), thread: thread_time(), written, began: Instant::now() }
    }

    /// Seconds by the clock.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Seconds of CPU of all threads.
    #[must_use]
    pub fn cpu_seconds(&self) -> f64 {
        (process_time() - self.cpu).as_secs_f64()
    }

    /// Seconds of CPU of this thread.
    #[must_use]
    pub fn thread_seconds(&self) -> f64 {
        (thread_time() - self.thread).as_secs_f64()
    }

    /// Bytes written.
    #[must_use]
    pub fn written_bytes(&self) -> u64 {
        written_bytes() - self.written
    }
}

/// Microseconds by the clock of many calls, sorted.
#[derive(Clone, Debug, Default)]
pub struct Latencies(Vec<f64>);

impl Latencies {
    /// Measures one call.
    ///
    /// # Errors
    /// What the call answers.
    pub fn time<E>(&mut self, work: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let began = Instant::now();
        work()?;
        self.0.push(began.elapsed().as_secs_f64() * 1e6);
        Ok(())
    }

    /// The time that `percent` of the calls did not exceed.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(at).copied().unwrap_or(f64::NAN)
    }

    /// The mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / crate::cpu::precise(u64::try_from(self.0.len()).unwrap_or(0))
    }
}
