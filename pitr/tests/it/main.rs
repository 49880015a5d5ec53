//! The past through the crate's public interface.

mod model;
mod moments;
mod retention;
mod sessions;
mod support;
