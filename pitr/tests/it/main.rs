//! The past through the crate's public interface.

mod moments;
mod retention;
mod sessions;
mod support;
