//! Texts that name a moment.
//!
//! `YYYY-MM-DD`, `HH:MM`, `HH:MM:SS`, `HH:MM:SS.SSS`, a date and a time with blanks or a `T` between them, each time
//! with an offset or `Z` behind it if need be; a number; `now`; and `subsec`, which is now with its fraction shown.

use super::moment::{Clock, Date, Moment, Time};
use crate::error::{Error, Result};
use crate::func::context::{Call, Place};
use crate::value::ValueRef;
use crate::value::numeric::{self, Extent};
use crate::value::utf8;

pub(super) fn skip_spaces(text: &[u8]) -> &[u8] {
    let spaces = text.iter().take_while(|&&byte| numeric::is_space(byte)).count();
    &text[spaces..]
}

/// Takes a number of exactly `digits` digits, at most `most`, off the front.
pub(super) fn take_number(text: &mut &[u8], digits: usize, most: i32) -> Option<i32> {
    let (number, rest) = text.split_at_checked(digits)?;
    let value = number
        .iter()
        .try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i32::from(byte - b'0')))?;
    if value > most {
        return None;
    }
    *text = rest;
    Some(value)
}

/// Takes a byte off the front.
pub(super) fn take_byte(text: &mut &[u8], byte: u8) -> Option<()> {
    *text = text.strip_prefix(&[byte])?;
    Some(())
}

/// What an offset from UTC says: the minutes, and whether it is UTC itself.
struct Zone {
    minutes: i32,
    clock: Option<Clock>,
}

/// The rest of a text that must be nothing or an offset.
fn parse_zone(text: &[u8]) -> Option<Zone> {
    let mut rest = skip_spaces(text);
    let zone = match rest.first() {
        None => return Some(Zone { minutes: 0, clock: None }),
        Some(b'Z' | b'z') => {
            rest = &rest[1..];
            Zone { minutes: 0, clock: Some(Clock::Utc) }
        }
        Some(sign @ (b'+' | b'-')) => {
            rest = &rest[1..];
            let hours = take_number(&mut rest, 2, 14)?;
            take_byte(&mut rest, b':')?;
            let minutes = hours * 60 + take_number(&mut rest, 2, 59)?;
            let minutes = if *sign == b'-' { -minutes } else { minutes };
            Zone { minutes, clock: (minutes == 0).then_some(Clock::Utc) }
        }
        Some(_) => return None,
    };
    skip_spaces(rest).is_empty().then_some(zone)
}

/// A time of day and what follows it, up to the end of the text.
pub(super) fn parse_time(text: &[u8]) -> Option<Moment> {
    let mut rest = text;
    let hour = take_number(&mut rest, 2, 24)?;
    take_byte(&mut rest, b':')?;
    let minute = take_number(&mut rest, 2, 59)?;
    let mut second = 0;
    let mut fraction = 0.0;
    if take_byte(&mut rest, b':').is_some() {
        second = take_number(&mut rest, 2, 59)?;
        if let [b'.', b'0'..=b'9', ..] = rest {
            rest = &rest[1..];
            let mut scale = 1.0;
            while let [digit @ b'0'..=b'9', tail @ ..] = rest {
                fraction = fraction * 10.0 + f64::from(digit - b'0');
                scale *= 10.0;
                rest = tail;
            }
            fraction /= scale;
            // So that no rounding to milliseconds carries into the second. (Hundreds of digits give NaN.)
            if fraction.is_nan() || fraction > 0.999 {
                fraction = 0.999;
            }
        }
    }
    if hour == 24 && (minute != 0 || second != 0 || fraction != 0.0) {
        return None;
    }
    let zone = parse_zone(rest)?;
    Some(Moment {
        time: Some(Time { hour, minute, second: f64::from(second) + fraction }),
        zone_minutes: zone.minutes,
        clock: zone.clock.unwrap_or_default(),
        ..Moment::default()
    })
}

/// A date, and a time if there is more.
fn parse_date(text: &[u8]) -> Option<Moment> {
    let mut rest = text;
    let is_negative = take_byte(&mut rest, b'-').is_some();
    let year = take_number(&mut rest, 4, 14_712)?;
    take_byte(&mut rest, b'-')?;
    let month = take_number(&mut rest, 2, 12).filter(|&month| month > 0)?;
    take_byte(&mut rest, b'-')?;
    let day = take_number(&mut rest, 2, 31).filter(|&day| day > 0)?;
    let mut date = Date { year, month, day };
    while let [byte, tail @ ..] = rest
        && (numeric::is_space(*byte) || *byte == b'T')
    {
        rest = tail;
    }
    let mut moment = if rest.is_empty() { Moment::default() } else { parse_time(rest)? };
    if let Some(time) = &mut moment.time
        && time.hour == 24
    {
        time.hour = 0;
        date.day += 1;
        let days = date.days_of_month();
        if date.day > days {
            date.day -= days;
            date.add_months(1);
        }
    }
    if is_negative {
        date.year = -date.year;
    }
    moment.excess_days = date.excess_days();
    moment.date = Some(date);
    if moment.zone_minutes != 0 {
        moment.julian();
    }
    Some(moment)
}

/// Refuses what depends on the time of the call where only pure functions may stand.
pub(super) fn check_place(call: &Call<'_, '_>) -> Result<()> {
    let place = match call.place {
        Place::Statement => return Ok(()),
        Place::Index => "an index",
        Place::Check => "a CHECK constraint",
        Place::GeneratedColumn => "a generated column",
    };
    Err(Error::Evaluation(format!("non-deterministic use of {}() in {place}", call.function)))
}

/// The time of the statement.
pub(super) fn now(call: &Call<'_, '_>) -> Result<Moment> {
    check_place(call)?;
    Ok(Moment::of_unix_ms(call.context.now_ms()))
}

/// The moment that a value names; `None` if it names none.
pub(super) fn moment_of<'a>(call: &Call<'_, 'a>, value: ValueRef<'a>) -> Result<Option<Moment>> {
    if value.is_number() {
        return Ok(Some(Moment::of_number(value.to_real())));
    }
    let Some(text) = call.text_of(value).map(utf8::until_nul) else {
        return Ok(None);
    };
    if let Some(moment) = parse_date(text).or_else(|| parse_time(text)) {
        return Ok(Some(moment));
    }
    if text.eq_ignore_ascii_case(b"now") {
        return now(call).map(Some);
    }
    let number = numeric::parse_real(text);
    if number.extent == Extent::Whole {
        return Ok(Some(Moment::of_number(number.real)));
    }
    if text.eq_ignore_ascii_case(b"subsec") || text.eq_ignore_ascii_case(b"subsecond") {
        return Ok(Some(Moment { shows_subseconds: true, ..now(call)? }));
    }
    Ok(None)
}
