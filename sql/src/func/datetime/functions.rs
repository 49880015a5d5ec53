//! `date`, `time`, `datetime`, `julianday`, `unixepoch`, `strftime`, `timediff`, and the current ones.

use super::modifier;
use super::moment::{DAY_MS, Moment, UNIX_EPOCH_MS, cut_i32, real};
use super::parse::{moment_of, now};
use crate::error::Result;
use crate::func::context::Call;
use crate::func::format;
use crate::func::writer::Writer;
use crate::value::decimal::two_digits;
use crate::value::{ValueRef, utf8};

type Args<'v, 'a> = &'v [ValueRef<'a>];
type Output<'a> = Result<ValueRef<'a>>;

/// The moment that a value and its modifiers name; now, for no arguments.
fn moment<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Result<Option<Moment>> {
    let Some((&first, modifiers)) = args.split_first() else {
        return now(call).map(Some);
    };
    let Some(mut moment) = moment_of(call, first)? else {
        return Ok(None);
    };
    for (at, &argument) in modifiers.iter().enumerate() {
        let Some(text) = call.text_of(argument).map(utf8::until_nul) else {
            return Ok(None);
        };
        if !modifier::apply(call, text, at + 1, &mut moment)? {
            return Ok(None);
        }
    }
    let julian_ms = moment.julian();
    if moment.is_invalid || !Moment::is_in_range(julian_ms) {
        return Ok(None);
    }
    // Without modifiers a day that the month does not have becomes one of the next month.
    if modifiers.is_empty() && moment.date.is_some_and(|date| date.day > 28) {
        moment.date = None;
    }
    Ok(Some(moment))
}

/// Calls `show` with the moment; NULL for none.
fn show<'a>(
    call: &Call<'_, 'a>,
    args: Args<'_, 'a>,
    show: impl FnOnce(&mut Moment) -> ValueRef<'a>,
) -> Output<'a> {
    Ok(moment(call, args)?.map_or(ValueRef::Null, |mut moment| show(&mut moment)))
}

pub(in crate::func) fn julianday<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    show(call, args, |moment| ValueRef::Real(real(moment.julian()) / real(DAY_MS)))
}

pub(in crate::func) fn unixepoch<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    show(call, args, |moment| {
        let julian_ms = moment.julian();
        if moment.shows_subseconds {
            ValueRef::Real(real(julian_ms - UNIX_EPOCH_MS) / 1000.0)
        } else {
            ValueRef::Integer(julian_ms / 1000 - UNIX_EPOCH_MS / 1000)
        }
    })
}

pub(in crate::func) fn date<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    show(call, args, |moment| {
        let mut stamp = Stamp::default();
        stamp.push_date(moment);
        stamp.text(call)
    })
}

pub(in crate::func) fn time<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    show(call, args, |moment| {
        let mut stamp = Stamp::default();
        stamp.push_time(moment);
        stamp.text(call)
    })
}

pub(in crate::func) fn datetime<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    show(call, args, |moment| {
        moment.date_and_time();
        let mut stamp = Stamp::default();
        stamp.push_date(moment);
        stamp.push(b" ");
        stamp.push_time(moment);
        stamp.text(call)
    })
}

/// A date and a time as text.
#[derive(Default)]
struct Stamp {
    bytes: [u8; 24],
    len: usize,
}

impl Stamp {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    /// The last two digits of a number.
    fn push_two(&mut self, number: i32) {
        self.push(&two_digits(u64::from(number.unsigned_abs())));
    }

    fn push_date(&mut self, moment: &mut Moment) {
        let date = moment.date();
        if date.year < 0 {
            self.push(b"-");
        }
        self.push_two(date.year / 100);
        self.push_two(date.year);
        self.push(b"-");
        self.push_two(date.month);
        self.push(b"-");
        self.push_two(date.day);
    }

    fn push_time(&mut self, moment: &mut Moment) {
        let time = moment.time();
        self.push_two(time.hour);
        self.push(b":");
        self.push_two(time.minute);
        self.push(b":");
        if moment.shows_subseconds {
            let ms = cut_i32(1000.0 * time.second + 0.5);
            self.push_two(ms / 1000);
            self.push(b".");
            self.push_two(ms % 1000 / 10);
            self.push(&two_digits(u64::from(ms.unsigned_abs() % 10))[1..]);
        } else {
            self.push_two(cut_i32(time.second));
        }
    }

    fn text<'a>(&self, call: &Call<'_, 'a>) -> ValueRef<'a> {
        ValueRef::Text(call.arena.copy(&self.bytes[..self.len]))
    }
}

pub(in crate::func) fn current_date<'a>(call: &Call<'_, 'a>, _: Args<'_, 'a>) -> Output<'a> {
    date(call, &[])
}

pub(in crate::func) fn current_time<'a>(call: &Call<'_, 'a>, _: Args<'_, 'a>) -> Output<'a> {
    time(call, &[])
}

pub(in crate::func) fn current_timestamp<'a>(call: &Call<'_, 'a>, _: Args<'_, 'a>) -> Output<'a> {
    datetime(call, &[])
}

/// `strftime(format, moment, modifiers...)`; NULL for a format with an unknown conversion.
pub(in crate::func) fn strftime<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let Some((&format, rest)) = args.split_first() else {
        return Ok(ValueRef::Null);
    };
    let Some(format) = call.text_of(format).map(utf8::until_nul) else {
        return Ok(ValueRef::Null);
    };
    let Some(mut moment) = moment(call, rest)? else {
        return Ok(ValueRef::Null);
    };
    moment.julian();
    moment.date_and_time();
    let mut out = Vec::new();
    let mut rest = format;
    while let Some(percent) = rest.iter().position(|&byte| byte == b'%') {
        out.extend_from_slice(&rest[..percent]);
        let Some(part) = rest.get(percent + 1).and_then(|&letter| convert(letter, &mut moment)) else {
            return Ok(ValueRef::Null);
        };
        out.extend_from_slice(part.as_bytes());
        call.check_len(out.len())?;
        rest = &rest[percent + 2..];
    }
    out.extend_from_slice(rest);
    call.text(out)
}

/// One conversion of `strftime`.
fn convert(letter: u8, moment: &mut Moment) -> Option<String> {
    let (date, time) = moment.date_and_time();
    let second = cut_i32(time.second);
    let hour_of_12 = (time.hour + 11) % 12 + 1;
    Some(match letter {
        b'd' => format!("{:02}", date.day),
        b'e' => format!("{:2}", date.day),
        b'f' => printf("%06.3f", time.second),
        b'F' => format!("{}-{:02}-{:02}", year_text(date.year), date.month, date.day),
        b'G' => year_text(thursday(moment).date().year),
        b'g' => format!("{:02}", thursday(moment).date().year % 100),
        b'H' => format!("{:02}", time.hour),
        b'k' => format!("{:2}", time.hour),
        b'I' => format!("{hour_of_12:02}"),
        b'l' => format!("{hour_of_12:2}"),
        b'j' => format!("{:03}", moment.days_after_new_year() + 1),
        b'J' => printf("%.16g", real(moment.julian()) / real(DAY_MS)),
        b'm' => format!("{:02}", date.month),
        b'M' => format!("{:02}", time.minute),
        b'p' => if time.hour >= 12 { "PM" } else { "AM" }.into(),
        b'P' => if time.hour >= 12 { "pm" } else { "am" }.into(),
        b'R' => format!("{:02}:{:02}", time.hour, time.minute),
        b's' if moment.shows_subseconds => printf("%.3f", real(moment.julian() - UNIX_EPOCH_MS) / 1000.0),
        b's' => (moment.julian() / 1000 - UNIX_EPOCH_MS / 1000).to_string(),
        b'S' => format!("{second:02}"),
        b'T' => format!("{:02}:{:02}:{second:02}", time.hour, time.minute),
        b'u' => (moment.days_after_monday() + 1).to_string(),
        b'w' => moment.days_after_sunday().to_string(),
        b'U' => format!("{:02}", (moment.days_after_new_year() - moment.days_after_sunday() + 7) / 7),
        b'V' => format!("{:02}", thursday(moment).days_after_new_year() / 7 + 1),
        b'W' => format!("{:02}", (moment.days_after_new_year() - moment.days_after_monday() + 7) / 7),
        b'Y' => year_text(date.year),
        b'%' => "%".into(),
        _ => return None,
    })
}

/// At least four characters, a sign among them.
fn year_text(year: i32) -> String {
    format!("{year:04}")
}

/// A real as `printf` formats it.
fn printf(format: &str, real: f64) -> String {
    let mut out = Writer::unstoppable(usize::MAX);
    let formatted = format::format(format.as_bytes(), &[ValueRef::Real(real)], u64::MAX, &mut out);
    formatted.ok().and_then(|()| String::from_utf8(out.into_bytes()).ok()).unwrap_or_default()
}

/// The Thursday of the same week, whose year and week are those of ISO 8601.
fn thursday(moment: &mut Moment) -> Moment {
    let mut thursday = moment.clone();
    thursday.add_ms((3 - moment.days_after_monday()) * DAY_MS);
    thursday.date = None;
    thursday
}

/// `timediff(a, b)`: the modifier that makes `a` of `b`.
pub(in crate::func) fn timediff<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let (Some(mut a), Some(mut b)) = (moment(call, &args[..1])?, moment(call, &args[1..])?) else {
        return Ok(ValueRef::Null);
    };
    let (date_a, _) = a.date_and_time();
    let (mut date_b, _) = b.date_and_time();
    // Years and months are counted from `b`, moved over into the month of `a`, and back while that goes too far.
    let is_forward = a.julian() >= b.julian();
    let step = if is_forward { 1 } else { -1 };
    let mut years = (date_a.year - date_b.year) * step;
    let mut months = (date_a.month - date_b.month) * step;
    if months < 0 {
        years -= 1;
        months += 12;
    }
    date_b.year = date_a.year;
    date_b.month = date_a.month;
    if date_b != b.date() {
        b.set_date(date_b);
    }
    while if is_forward { a.julian() < b.julian() } else { a.julian() > b.julian() } {
        months -= 1;
        if months < 0 {
            months = 11;
            years -= 1;
        }
        date_b.add_months(-step);
        b.set_date(date_b);
    }
    /// The first of January of year 0, so that days, hours and so on can be read off like a date.
    const YEAR_ZERO_MS: i64 = 148_699_540_800_000;
    let ms = (a.julian() - b.julian()) * i64::from(step);
    let mut rest = Moment { julian_ms: Some(ms + YEAR_ZERO_MS), ..Moment::default() };
    let (date, time) = rest.date_and_time();
    let sign = if is_forward { '+' } else { '-' };
    let seconds = printf("%06.3f", time.second);
    let text = format!(
        "{sign}{years:04}-{months:02}-{:02} {:02}:{:02}:{seconds}",
        date.day - 1,
        time.hour,
        time.minute
    );
    Ok(ValueRef::Text(call.arena.copy(text.as_bytes())))
}
