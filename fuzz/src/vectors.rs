//! Recorded vectors of a Durable Object's storage: reading them, running them, comparing what came.

pub mod bytes;
pub mod case;
pub mod compare;
pub mod number;
pub mod turns;

pub mod js;
pub mod thrown;

pub mod convert;
pub mod show;

pub mod stop;

pub mod kv_ops;
pub mod scope;
pub mod sql_ops;

pub mod object;
pub mod run;

pub mod report;
