//! A moment, as a Julian day in milliseconds, as a date, as a time of day, or as several of these at once.
//!
//! Modifiers change one form and drop those that it makes wrong; what is asked for is computed from what is there.
//! Which forms are dropped when can be seen in results (`date('2023-02-31')` is 2023-03-03, but with a modifier that
//! looks only at the date it stays February), so this follows SQLite step by step.
//!
//! Dates are Gregorian throughout. A moment that went outside the years −4713 to 9999 is invalid for good.

/// Milliseconds of a day.
pub(super) const DAY_MS: i64 = 86_400_000;
/// 1970-01-01 00:00:00 as a Julian day in milliseconds.
pub(super) const UNIX_EPOCH_MS: i64 = 210_866_760_000_000;
/// 9999-12-31 23:59:59.999 as a Julian day in milliseconds.
const LAST_MS: i64 = 464_269_060_799_999;

/// A day of the calendar. Until it was normalised a month may have too many days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: i32,
    pub(super) month: i32,
    pub(super) day: i32,
}

impl Date {
    /// What a time without a date belongs to.
    pub(super) const DEFAULT: Date = Date { year: 2000, month: 1, day: 1 };

    /// How many days the month has.
    pub(super) fn days_of_month(self) -> i32 {
        match self.month {
            4 | 6 | 9 | 11 => 30,
            2 if self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0) => 29,
            2 => 28,
            _ => 31,
        }
    }

    /// How many days too many the date has for its month.
    pub(super) fn excess_days(self) -> i32 {
        (self.day - self.days_of_month()).max(0)
    }

    /// Moves by whole months.
    pub(super) fn add_months(&mut self, months: i32) {
        self.month += months;
        let years = if self.month > 0 { (self.month - 1) / 12 } else { (self.month - 12) / 12 };
        self.year += years;
        self.month -= years * 12;
    }

    /// Midnight of the day, as a Julian day in milliseconds.
    fn julian_ms(self) -> i64 {
        let Date { mut year, mut month, day } = self;
        if month <= 2 {
            year -= 1;
            month += 12;
        }
        let century = (year + 4800) / 100;
        let leap = 38 - century + century / 4;
        let days = 36_525 * (year + 4716) / 100 + 306_001 * (month + 1) / 10_000 + day + leap;
        (i64::from(days) * 2 - 3049) * (DAY_MS / 2)
    }
}

/// A time of day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Time {
    pub(super) hour: i32,
    pub(super) minute: i32,
    pub(super) second: f64,
}

/// Which clock a moment is known to be of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Clock {
    #[default]
    Unknown,
    Utc,
    Local,
}

/// A moment; see the head of the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Moment {
    pub(super) julian_ms: Option<i64>,
    pub(super) date: Option<Date>,
    pub(super) time: Option<Time>,
    /// How many minutes date and time are ahead of UTC.
    pub(super) zone_minutes: i32,
    /// How many days to go back from the date to the end of the month it was meant to be in.
    pub(super) excess_days: i32,
    /// A number that was not told yet to be a Julian day or seconds since 1970.
    pub(super) raw: Option<f64>,
    pub(super) clock: Clock,
    pub(super) shows_subseconds: bool,
    pub(super) is_invalid: bool,
}

/// The integer part of a real, as C cuts it off.
#[expect(clippy::cast_possible_truncation, reason = "the fraction is to be cut off")]
pub(super) fn cut(real: f64) -> i64 {
    real as i64
}

/// [`cut`] for what fits 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "the fraction is to be cut off")]
pub(super) fn cut_i32(real: f64) -> i32 {
    real as i32
}

/// A count of milliseconds or days, all of which a real holds exactly.
#[expect(clippy::cast_precision_loss, reason = "below 2^53")]
pub(super) fn real(integer: i64) -> f64 {
    integer as f64
}

fn narrow(integer: i64) -> i32 {
    i32::try_from(integer).unwrap_or(0)
}

impl Moment {
    /// A moment of UTC, given in milliseconds since 1970.
    pub(super) fn of_unix_ms(unix_ms: i64) -> Moment {
        Moment {
            julian_ms: Some(unix_ms.saturating_add(UNIX_EPOCH_MS)),
            clock: Clock::Utc,
            ..Moment::default()
        }
    }

    /// A number: a Julian day if it can be one, until a modifier says otherwise.
    pub(super) fn of_number(number: f64) -> Moment {
        let is_julian = (0.0..5_373_484.5).contains(&number);
        let julian_ms = is_julian.then(|| cut(number * real(DAY_MS) + 0.5));
        Moment { julian_ms, raw: Some(number), ..Moment::default() }
    }

    fn fail(&mut self) {
        *self = Moment { is_invalid: true, ..Moment::default() };
    }

    /// Whether it is in the years that can be shown.
    pub(super) fn is_in_range(julian_ms: i64) -> bool {
        (0..=LAST_MS).contains(&julian_ms)
    }

    /// Drops date and time, which the Julian day replaces.
    pub(super) fn keep_julian_only(&mut self) {
        self.date = None;
        self.time = None;
        self.zone_minutes = 0;
    }

    /// The Julian day in milliseconds.
    pub(super) fn julian(&mut self) -> i64 {
        if let Some(julian_ms) = self.julian_ms {
            return julian_ms;
        }
        let mut date = self.date.unwrap_or(Date::DEFAULT);
        if let (None, Some(time)) = (self.date, &mut self.time)
            && time.hour == 24
        {
            time.hour = 0;
            date.day = 2;
        }
        if !(-4713..=9999).contains(&date.year) || self.raw.is_some() {
            self.fail();
            return 0;
        }
        let mut julian_ms = date.julian_ms();
        if let Some(time) = self.time {
            let minutes = i64::from(time.hour) * 60 + i64::from(time.minute);
            julian_ms += minutes * 60_000 + cut(time.second * 1000.0 + 0.5);
            if self.zone_minutes != 0 {
                julian_ms -= i64::from(self.zone_minutes) * 60_000;
                self.keep_julian_only();
                self.clock = Clock::Utc;
            }
        }
        self.julian_ms = Some(julian_ms);
        julian_ms
    }

    /// The date.
    pub(super) fn date(&mut self) -> Date {
        if let Some(date) = self.date {
            return date;
        }
        let date = match self.julian_ms {
            None => Date::DEFAULT,
            Some(julian_ms) if !Moment::is_in_range(julian_ms) => {
                self.fail();
                return Date { year: 0, month: 0, day: 0 };
            }
            Some(julian_ms) => date_of(julian_ms),
        };
        self.date = Some(date);
        date
    }

    /// The time of day.
    pub(super) fn time(&mut self) -> Time {
        if let Some(time) = self.time {
            return time;
        }
        let day_ms = narrow((self.julian() + DAY_MS / 2) % DAY_MS);
        let minutes = day_ms / 60_000;
        let time =
            Time { hour: minutes / 60, minute: minutes % 60, second: f64::from(day_ms % 60_000) / 1000.0 };
        self.raw = None;
        self.time = Some(time);
        time
    }

    /// The date and the time, both of which are kept.
    pub(super) fn date_and_time(&mut self) -> (Date, Time) {
        let date = self.date();
        (date, self.time())
    }

    /// Puts another date in place of the present one, if there is one; the Julian day is computed anew.
    pub(super) fn set_date(&mut self, date: Date) {
        if let Some(present) = &mut self.date {
            *present = date;
        }
        self.julian_ms = None;
    }

    /// Moves by milliseconds, from the Julian day.
    pub(super) fn add_ms(&mut self, ms: i64) {
        self.julian();
        self.shift(ms);
    }

    /// Moves the Julian day, if it was computed; after a failure there is nothing to move.
    pub(super) fn shift(&mut self, ms: i64) {
        if let Some(julian_ms) = &mut self.julian_ms {
            *julian_ms = julian_ms.saturating_add(ms);
        }
    }

    /// Days since Monday, of the day it is.
    pub(super) fn days_after_monday(&mut self) -> i64 {
        (self.julian() + DAY_MS / 2) / DAY_MS % 7
    }

    /// Days since Sunday, of the day it is.
    pub(super) fn days_after_sunday(&mut self) -> i64 {
        (self.julian() + DAY_MS / 2 * 3) / DAY_MS % 7
    }

    /// Days since the first of January, of the day it is.
    pub(super) fn days_after_new_year(&mut self) -> i64 {
        let date = self.date();
        let mut new_year = self.clone();
        new_year.set_date(Date { month: 1, day: 1, ..date });
        (self.julian() - new_year.julian() + DAY_MS / 2) / DAY_MS
    }
}

/// The date of a Julian day.
fn date_of(julian_ms: i64) -> Date {
    let days = narrow((julian_ms + DAY_MS / 2) / DAY_MS);
    let alpha = cut_i32((f64::from(days) + 32_044.75) / 36_524.25) - 52;
    let a = days + 1 + alpha - (alpha + 100) / 4 + 25;
    let b = a + 1524;
    let c = cut_i32((f64::from(b) - 122.1) / 365.25);
    let d = 36_525 * (c & 32_767) / 100;
    let e = cut_i32(f64::from(b - d) / 30.6001);
    let month = if e < 14 { e - 1 } else { e - 13 };
    Date {
        year: if month > 2 { c - 4716 } else { c - 4715 },
        month,
        day: b - d - cut_i32(30.6001 * f64::from(e)),
    }
}
