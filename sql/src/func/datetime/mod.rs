//! Date and time functions.
//!
//! A file imports only from those listed above it.

mod moment;

mod parse;

mod modifier;

mod functions;

pub(super) use functions::{
    current_date, current_time, current_timestamp, date, datetime, julianday, strftime, time, timediff,
    unixepoch,
};

#[cfg(test)]
mod tests;
