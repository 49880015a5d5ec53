//! Tests of the key-value layer through its public interface.

mod describe;
mod node;
mod properties;
mod recorded;
mod store;
mod values;
