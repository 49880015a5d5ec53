//! The numbers behind `median`, `percentile`, `percentile_cont` and `percentile_disc`.

use crate::error::Result;
use crate::func::context::{Call, refused};
use crate::value::{Number, ValueRef, integer_to_real};

/// Which function it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Percentile {
    /// `median(x)`
    Median,
    /// `percentile(x, 0 to 100)`
    Percent,
    /// `percentile_cont(x, 0 to 1)`: between two numbers if need be.
    Continuous,
    /// `percentile_disc(x, 0 to 1)`: always one of the numbers.
    Discrete,
}

/// The numbers of a group.
#[derive(Clone, Debug)]
pub struct Numbers {
    kind: Percentile,
    fraction: Option<f64>,
    numbers: Vec<f64>,
    is_sorted: bool,
}

impl Numbers {
    pub(super) fn new(kind: Percentile) -> Numbers {
        Numbers { kind, fraction: None, numbers: Vec::new(), is_sorted: true }
    }

    /// Takes a number in; NULL is left out.
    pub(super) fn add<'a>(&mut self, call: &Call<'_, 'a>, args: &[ValueRef<'a>]) -> Result<()> {
        let function = call.function;
        let most = if self.kind == Percentile::Percent { 100.0 } else { 1.0 };
        let fraction = match args.get(1) {
            None => 0.5,
            Some(argument) => match argument.as_number().map(|number| number.to_real() / most) {
                Some(fraction) if (0.0..=1.0).contains(&fraction) => fraction,
                _ => {
                    return refused(format!(
                        "the fraction argument to {function}() is not between 0.0 and {most:.1}"
                    ));
                }
            },
        };
        let first = *self.fraction.get_or_insert(fraction);
        if (first - fraction).abs() > 0.001 {
            return refused(format!(
                "the fraction argument to {function}() is not the same for all input rows"
            ));
        }
        let number = match args[0] {
            ValueRef::Null => return Ok(()),
            ValueRef::Integer(integer) => integer_to_real(integer),
            ValueRef::Real(real) => real,
            _ => return refused(format!("input to {function}() is not numeric")),
        };
        if number.is_infinite() {
            return refused(format!("Inf input to {function}()"));
        }
        if self.is_sorted && self.numbers.last().is_some_and(|&last| number < last) {
            self.is_sorted = false;
        }
        self.numbers.push(number);
        Ok(())
    }

    /// Lets a number go.
    pub(super) fn remove(&mut self, value: ValueRef<'_>) {
        if !value.is_number() {
            return;
        }
        self.sort();
        let number = value.as_number().map_or(0.0, Number::to_real);
        let at = self.numbers.partition_point(|&other| other < number);
        if self.numbers.get(at) == Some(&number) {
            self.numbers.remove(at);
        }
    }

    /// Sorts what came since the last time; what is sorted already costs little.
    fn sort(&mut self) {
        if !self.is_sorted {
            self.numbers.sort_by(f64::total_cmp);
            self.is_sorted = true;
        }
    }

    /// The percentile; NULL for nothing.
    pub(super) fn value(&mut self) -> ValueRef<'static> {
        self.sort();
        let (Some(last), Some(fraction)) = (self.numbers.len().checked_sub(1), self.fraction) else {
            return ValueRef::Null;
        };
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2^53 numbers in memory")]
        let position = fraction * last as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to the number of numbers"
        )]
        let at = position as usize;
        let number = self.numbers[at];
        if self.kind == Percentile::Discrete {
            return ValueRef::Real(number);
        }
        let part = position.fract();
        let next = if part == 0.0 || at == last { number } else { self.numbers[at + 1] };
        ValueRef::real(number + (next - number) * part)
    }
}
