//! The past through the crate's public interface.

mod moments;
