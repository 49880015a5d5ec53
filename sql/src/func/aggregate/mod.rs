//! Aggregate functions, as states that take rows in, let them go again, and tell their result at any time.
//!
//! A state is made by [`AggregateKind::start`]. As an aggregate it takes all rows of a group ([`Aggregate::step`]); as a
//! window function it also lets go of rows that leave the frame, oldest first ([`Aggregate::inverse`]), and is asked
//! for its value in between. `DISTINCT`, `FILTER` and `ORDER BY` are applied before a row gets here.
//!
//! A file imports only from those listed above it.

mod sum;

mod concat;

mod percentile;

mod state;

pub use percentile::Percentile;
pub use state::{Aggregate, AggregateKind, HostAggregate, Taken};
pub use sum::Sum;
