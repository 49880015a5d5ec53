//! Recorded vectors of a Durable Object's storage: reading them, running them, comparing what came.

pub mod bytes;
pub mod convert;
pub mod js;
pub mod number;
pub mod show;
pub mod thrown;
