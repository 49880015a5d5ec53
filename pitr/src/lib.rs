//! Point-in-time recovery on the engine's history. The crate holds its place in the workspace: nothing is built here yet.
#![forbid(unsafe_code)]
