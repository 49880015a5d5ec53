//! [`Date`]: a moment in milliseconds, or the invalid date, and its ISO 8601 text.
//!
//! Invariant: the number is whole and within [`Date::LIMIT_MS`] of 1970, or NaN. It is never -0.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

const MS_PER_DAY: i64 = 86_400_000;
/// Days in 400 years of the Gregorian calendar, its period.
const DAYS_PER_ERA: i64 = 146_097;

/// A moment as JavaScript's `Date` has it: whole milliseconds since 1970-01-01T00:00:00Z, or the invalid date.
///
/// ```
/// use duramen_kv::Date;
///
/// let date = Date::from_ms(1_700_000_000_123.9);
/// assert_eq!(date.ms(), Some(1_700_000_000_123));
/// assert_eq!(date.to_string(), "2023-11-14T22:13:20.123Z");
/// assert_eq!("2023-11-14T22:13:20.123Z".parse::<Date>()?, date);
/// assert_eq!(Date::from_ms(f64::NAN), Date::INVALID);
/// # Ok::<(), duramen_kv::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Date(f64);

impl Date {
    /// What `new Date(NaN)` is.
    pub const INVALID: Date = Date(f64::NAN);

    /// The farthest from 1970 a date can be, in milliseconds: 100 million days.
    pub const LIMIT_MS: f64 = 8.64e15;

    /// The date at this many milliseconds after 1970-01-01T00:00:00Z. As in JavaScript the fraction is cut off, and
    /// a number beyond [`Date::LIMIT_MS`] gives the invalid date.
    #[must_use]
    pub fn from_ms(ms: f64) -> Date {
        if ms.abs() <= Date::LIMIT_MS { Date(ms.trunc() + 0.0) } else { Date::INVALID }
    }

    /// Milliseconds after 1970-01-01T00:00:00Z, or `None` for the invalid date.
    #[must_use]
    pub fn ms(self) -> Option<i64> {
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53 by the invariant")]
        let ms = self.0 as i64;
        (!self.0.is_nan()).then_some(ms)
    }

    /// Milliseconds after 1970-01-01T00:00:00Z, or NaN for the invalid date, as JavaScript's `getTime()` answers.
    #[must_use]
    pub fn time_value(self) -> f64 {
        self.0
    }
}

/// The invalid date equals itself.
impl PartialEq for Date {
    fn eq(&self, other: &Date) -> bool {
        self.ms() == other.ms()
    }
}

impl Eq for Date {}

/// ISO 8601 as JavaScript's `toISOString` writes it, or `Invalid Date`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(ms) = self.ms() else { return f.write_str("Invalid Date") };
        let (year, month, day) = civil_from_days(ms.div_euclid(MS_PER_DAY));
        let time = ms.rem_euclid(MS_PER_DAY);
        match year {
            0..=9999 => write!(f, "{year:04}")?,
            _ => write!(f, "{year:+07}")?,
        }
        let (hour, minute, second) = (time / 3_600_000, time / 60_000 % 60, time / 1000 % 60);
        write!(f, "-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", time % 1000)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Date({self})")
    }
}

/// Reads what [`Display`](fmt::Display) writes; the milliseconds may be missing.
impl FromStr for Date {
    type Err = Error;

    fn from_str(text: &str) -> Result<Date, Error> {
        if text == "Invalid Date" {
            return Ok(Date::INVALID);
        }
        parse_iso(text)
            .ok_or_else(|| Error::Convert(format!("not a date like 2023-11-14T22:13:20.123Z: {text:?}")))
    }
}

fn parse_iso(text: &str) -> Option<Date> {
    let year_len = if text.starts_with(['+', '-']) { 7 } else { 4 };
    let (year_text, rest) = text.split_at_checked(year_len)?;
    let (sign, year_digits) = match year_text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, year_text.strip_prefix('+').unwrap_or(year_text)),
    };
    let year = sign * digits(year_digits)?;
    let (rest, fraction) = match rest.strip_suffix('Z')?.split_once('.') {
        Some((rest, fraction)) if fraction.len() == 3 => (rest, digits(fraction)?),
        Some(_) => return None,
        None => (rest.strip_suffix('Z')?, 0),
    };
    let mut bytes = rest.bytes();
    let mut fields = [0; 5];
    for (field, separator) in fields.iter_mut().zip(*b"--T::") {
        if bytes.next() != Some(separator) {
            return None;
        }
        let pair = [bytes.next()?, bytes.next()?];
        *field = digits(std::str::from_utf8(&pair).ok()?)?;
    }
    let [month, day, hour, minute, second] = fields;
    if bytes.next().is_some() || !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_from_civil(year, month, day);
    // A day the month does not have, such as February 30, comes back as another one.
    if civil_from_days(days) != (year, month, day) {
        return None;
    }
    let ms = days * MS_PER_DAY + hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction;
    #[expect(clippy::cast_precision_loss, reason = "six digits of years stay below 2^53 milliseconds")]
    let date = Date::from_ms(ms as f64);
    date.ms().is_some().then_some(date)
}

/// The number these ASCII digits write, at most six of them.
fn digits(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Year, month and day of a number of days after 1970-01-01, in the proleptic Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last day of its year, and in eras of 400 years, so that
/// only non-negative numbers are divided.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + MARCH_OF_YEAR_0;
    let (era, day_of_era) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// The number of days from 1970-01-01 to a date; the inverse of [`civil_from_days`].
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - MARCH_OF_YEAR_0
}

/// Days from 0000-03-01 to 1970-01-01.
const MARCH_OF_YEAR_0: i64 = 719_468;

#[cfg(test)]
mod tests;
