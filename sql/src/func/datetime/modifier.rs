//! Modifiers: the arguments that move a moment, or say how to read and show it.

use super::moment::{Clock, DAY_MS, Date, Moment, Time, UNIX_EPOCH_MS, cut, cut_i32, real};
use super::parse::{check_place, parse_time, skip_spaces, take_byte, take_number};
use crate::error::Result;
use crate::func::context::{Call, refused};
use crate::value::numeric::{self, Extent};

/// Applies a modifier; false if it is none, or none for this moment. `index` counts modifiers from 1.
pub(super) fn apply(call: &Call<'_, '_>, modifier: &[u8], index: usize, moment: &mut Moment) -> Result<bool> {
    let lowercase;
    let word = if modifier.iter().any(u8::is_ascii_uppercase) {
        lowercase = modifier.to_ascii_lowercase();
        &lowercase[..]
    } else {
        modifier
    };
    Ok(match word {
        b"auto" => {
            index == 1 && {
                guess_unit(moment);
                true
            }
        }
        b"ceiling" => {
            moment.julian();
            moment.keep_julian_only();
            moment.excess_days = 0;
            true
        }
        b"floor" => {
            moment.add_ms(-i64::from(moment.excess_days) * DAY_MS);
            moment.keep_julian_only();
            true
        }
        b"julianday" => index == 1 && moment.julian_ms.is_some() && moment.raw.take().is_some(),
        b"localtime" => {
            check_place(call)?;
            if moment.clock != Clock::Local {
                to_local(call, moment)?;
                moment.clock = Clock::Local;
            }
            true
        }
        b"unixepoch" if moment.raw.is_some() => index == 1 && read_as_unix_time(moment),
        b"utc" => {
            check_place(call)?;
            if moment.clock != Clock::Utc {
                *moment = from_local(call, moment)?;
            }
            true
        }
        b"subsec" | b"subsecond" => {
            moment.shows_subseconds = true;
            true
        }
        [b'+' | b'-' | b'0'..=b'9', ..] => add(word, moment),
        word => {
            if let Some(day) = word.strip_prefix(b"weekday ") {
                to_weekday(day, moment)
            } else if let Some(unit) = word.strip_prefix(b"start of ") {
                to_start(unit, moment)
            } else if let Some(unit) = word.strip_prefix(b"end of ") {
                to_end(unit, moment)
            } else {
                false
            }
        }
    })
}

/// A number that is no Julian day is taken for seconds since 1970.
fn guess_unit(moment: &mut Moment) {
    let Some(number) = moment.raw else { return };
    if moment.julian_ms.is_some() {
        moment.raw = None;
    } else if (-210_866_760_000.0..=253_402_300_799.0).contains(&number) {
        moment.keep_julian_only();
        moment.julian_ms = Some(cut(number * 1000.0 + real(UNIX_EPOCH_MS) + 0.5));
        moment.raw = None;
    }
}

fn read_as_unix_time(moment: &mut Moment) -> bool {
    let julian_ms = moment.raw.unwrap_or(0.0) * 1000.0 + real(UNIX_EPOCH_MS);
    let is_in_range = (0.0..464_269_060_800_000.0).contains(&julian_ms);
    if is_in_range {
        moment.keep_julian_only();
        moment.julian_ms = Some(cut(julian_ms + 0.5));
        moment.raw = None;
    }
    is_in_range
}

/// From UTC to local time. Years that clocks know nothing of are treated as one between 2000 and 2003.
fn to_local(call: &Call<'_, '_>, moment: &mut Moment) -> Result<()> {
    /// 2038-01-18, the last day that C libraries of old know.
    const LAST_KNOWN_MS: i64 = 213_014_145_600_000;
    let julian_ms = moment.julian();
    let mut known = moment.clone();
    let mut years = 0;
    if !(UNIX_EPOCH_MS..=LAST_KNOWN_MS).contains(&julian_ms) {
        let (date, _) = known.date_and_time();
        years = 2000 + date.year % 4 - date.year;
        known.set_date(Date { year: date.year + years, ..date });
    }
    let utc_seconds = known.julian() / 1000 - UNIX_EPOCH_MS / 1000;
    let Some(offset) = call.context.local_offset_seconds(utc_seconds) else {
        return refused("local time unavailable");
    };
    let mut local = Moment::of_unix_ms(utc_seconds.saturating_add(offset).saturating_mul(1000));
    let (date, time) = local.date_and_time();
    *moment = Moment {
        date: Some(Date { year: date.year - years, ..date }),
        time: Some(Time { second: time.second + real(julian_ms % 1000) * 0.001, ..time }),
        shows_subseconds: moment.shows_subseconds,
        excess_days: moment.excess_days,
        ..Moment::default()
    };
    Ok(())
}

/// From local time to UTC: what moment's local time is this? Found by guessing and correcting.
fn from_local(call: &Call<'_, '_>, moment: &mut Moment) -> Result<Moment> {
    let local_ms = moment.julian();
    let mut guess_ms = local_ms;
    for _ in 0..4 {
        let mut guess = Moment { julian_ms: Some(guess_ms), ..Moment::default() };
        to_local(call, &mut guess)?;
        let error_ms = guess.julian() - local_ms;
        if error_ms == 0 {
            break;
        }
        guess_ms -= error_ms;
    }
    Ok(Moment { julian_ms: Some(guess_ms), clock: Clock::Utc, ..Moment::default() })
}

/// `weekday N`: forward to the day of the week (0 is Sunday), unless it is that day; backward for −N.
fn to_weekday(day: &[u8], moment: &mut Moment) -> bool {
    let number = numeric::parse_real(day);
    if number.extent != Extent::Whole || number.real.abs() > 6.0 || number.real.fract() != 0.0 {
        return false;
    }
    let wanted = i64::from(cut_i32(number.real.abs()));
    moment.date_and_time();
    moment.zone_minutes = 0;
    moment.julian_ms = None;
    moment.julian();
    let mut present = moment.days_after_sunday();
    if present != wanted {
        if present > wanted {
            present -= 7;
        }
        let back = if day.contains(&b'-') { 7 } else { 0 };
        moment.shift((wanted - present - back) * DAY_MS);
    }
    moment.keep_julian_only();
    true
}

fn is_set(moment: &Moment) -> bool {
    moment.julian_ms.is_some() || moment.date.is_some() || moment.time.is_some()
}

/// Puts a time of day in place of the present one.
fn set_time(moment: &mut Moment, time: Time) -> Date {
    let date = moment.date();
    moment.time = Some(time);
    moment.raw = None;
    moment.zone_minutes = 0;
    moment.julian_ms = None;
    date
}

/// `start of day`, `start of month`, `start of year`
fn to_start(unit: &[u8], moment: &mut Moment) -> bool {
    if !is_set(moment) {
        return false;
    }
    let date = set_time(moment, Time::default());
    match unit {
        b"day" => {}
        b"month" => moment.set_date(Date { day: 1, ..date }),
        b"year" => moment.set_date(Date { month: 1, day: 1, ..date }),
        _ => return false,
    }
    true
}

/// `end of day`, `end of month`, `end of year`: their last millisecond.
fn to_end(unit: &[u8], moment: &mut Moment) -> bool {
    if !is_set(moment) {
        return false;
    }
    let mut date = set_time(moment, Time { hour: 23, minute: 59, second: 59.999 });
    match unit {
        b"day" => {}
        b"year" => moment.set_date(Date { month: 12, day: 31, ..date }),
        b"month" => {
            date.day = 1;
            date.add_months(1);
            moment.excess_days = 0;
            moment.set_date(date);
            moment.add_ms(-DAY_MS);
            moment.keep_julian_only();
        }
        _ => return false,
    }
    true
}

/// `+N units`, `+YYYY-MM-DD`, `+HH:MM:SS`, `+YYYY-MM-DD HH:MM:SS`, and the same with `-`.
fn add(modifier: &[u8], moment: &mut Moment) -> bool {
    let len = number_len(modifier);
    let (number, rest) = modifier.split_at(len);
    let parsed = numeric::parse_real(number);
    if parsed.extent != Extent::Whole {
        return false;
    }
    match rest.first() {
        Some(b'-') => add_date(modifier, len - 1, moment),
        Some(b':') => add_time(modifier, modifier[0], moment),
        _ => add_units(parsed.real, skip_spaces(rest), moment),
    }
}

/// How many bytes the first number takes: up to a colon, a blank, or the dash behind a year of 4 or 5 digits.
fn number_len(modifier: &[u8]) -> usize {
    let ends = |at: usize| match modifier[at] {
        b':' => true,
        b'-' if at == 5 || at == 6 => take_number(&mut &modifier[1..], at - 1, 14_712).is_some(),
        byte => numeric::is_space(byte),
    };
    (1..modifier.len()).find(|&at| ends(at)).unwrap_or(modifier.len())
}

fn add_date(modifier: &[u8], year_digits: usize, moment: &mut Moment) -> bool {
    let Some((years, months, days, rest)) = parse_date_span(modifier, year_digits) else {
        return false;
    };
    let sign = if modifier[0] == b'-' { -1 } else { 1 };
    let (mut date, _) = moment.date_and_time();
    date.year += sign * years;
    date.add_months(sign * months);
    moment.set_date(date);
    moment.excess_days = date.excess_days();
    moment.julian();
    moment.date = None;
    moment.time = None;
    moment.shift(i64::from(sign * days) * DAY_MS);
    match rest {
        [] => true,
        [blank, time @ ..] if numeric::is_space(*blank) && is_time(time) => {
            add_time(time, modifier[0], moment)
        }
        _ => false,
    }
}

fn parse_date_span(modifier: &[u8], year_digits: usize) -> Option<(i32, i32, i32, &[u8])> {
    let (b'+' | b'-', mut rest) = modifier.split_first().map(|(&sign, rest)| (sign, rest))? else {
        return None;
    };
    let years = take_number(&mut rest, year_digits, 14_712)?;
    take_byte(&mut rest, b'-')?;
    let months = take_number(&mut rest, 2, 11)?;
    take_byte(&mut rest, b'-')?;
    let days = take_number(&mut rest, 2, 30)?;
    Some((years, months, days, rest))
}

fn is_time(text: &[u8]) -> bool {
    let mut rest = text;
    let hour = take_number(&mut rest, 2, 24).and_then(|_| take_byte(&mut rest, b':'));
    hour.and_then(|()| take_number(&mut rest, 2, 59)).is_some()
}

fn add_time(text: &[u8], sign: u8, moment: &mut Moment) -> bool {
    let text = if text[0].is_ascii_digit() { text } else { &text[1..] };
    let Some(mut time) = parse_time(text) else {
        return false;
    };
    let ms = (time.julian() - DAY_MS / 2) % DAY_MS;
    moment.julian();
    moment.keep_julian_only();
    moment.shift(if sign == b'-' { -ms } else { ms });
    true
}

/// `N seconds` and so on, with or without the `s`. Whole months and years go by the calendar, what is left of them by
/// 30 and 365 days.
fn add_units(mut number: f64, unit: &[u8], moment: &mut Moment) -> bool {
    if !(3..=10).contains(&unit.len()) {
        return false;
    }
    let unit = unit.strip_suffix(b"s").unwrap_or(unit);
    let (limit, seconds): (f32, f64) = match unit {
        b"second" => (4.6427e14, 1.0),
        b"minute" => (7.7379e12, 60.0),
        b"hour" => (1.2897e11, 3_600.0),
        b"day" => (5_373_485.0, 86_400.0),
        b"month" => (176_546.0, 2_592_000.0),
        b"year" => (14_713.0, 31_536_000.0),
        _ => return false,
    };
    if number.abs() >= f64::from(limit) {
        return false;
    }
    let half = if number < 0.0 { -0.5 } else { 0.5 };
    moment.julian();
    moment.excess_days = 0;
    if matches!(unit, b"month" | b"year") {
        let whole = cut_i32(number);
        let (mut date, _) = moment.date_and_time();
        if unit == b"month" {
            date.add_months(whole);
        } else {
            date.year += whole;
        }
        moment.set_date(date);
        moment.excess_days = date.excess_days();
        number -= f64::from(whole);
    }
    moment.add_ms(cut(number * 1000.0 * seconds + half));
    moment.keep_julian_only();
    true
}
