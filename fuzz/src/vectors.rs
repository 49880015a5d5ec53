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

pub mod arguments;
pub mod scope;
pub mod target;

pub mod async_ops;
pub mod kv_ops;
pub mod sql_ops;

pub mod alarms;
pub mod bookmark_ops;

pub mod object;

pub mod transaction_ops;

pub mod program;

pub mod alarm_host;

pub mod run;

pub mod report;
