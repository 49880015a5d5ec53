//! The tests of the whole: the house rules, the documents, and the shell as somebody at a terminal uses it.

mod bad_days;
mod kill;
mod past;
mod program;
mod shell;
mod sql;
mod storage;
mod tidy;
mod tutorial;
