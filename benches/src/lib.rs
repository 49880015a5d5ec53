//! Workloads and reports that measure the engine beside its peers.
#![forbid(unsafe_code)]
