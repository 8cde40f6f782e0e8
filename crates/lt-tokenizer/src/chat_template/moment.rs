//! A moment, for templates that write the date.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

/// A moment in UTC, for templates that write the date.
///
/// ```
/// use lt_tokenizer::Moment;
/// assert_eq!(Moment::from_unix(0).format("%d %b %Y, %A"), Ok("01 Jan 1970, Thursday".into()));
/// assert_eq!(Moment::from_unix(951_827_696).format("%Y-%m-%d %H:%M:%S"), Ok("2000-02-29 12:34:56".into()));
/// assert_eq!(Moment::from_unix(0).format("%Q"), Err('Q'));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    seconds: i64,
}

const DAY: i64 = 86_400;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// The day on which 1970 began is the first.
const DAYS: [&str; 7] =
    ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

impl Moment {
    /// So many seconds after the beginning of 1970.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        Self { seconds }
    }

    /// What the clock of the system says.
    #[must_use]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX) }
    }

    /// The moment in Python's `strftime` format, in English.
    ///
    /// # Errors
    /// The letter behind a `%` that is not known: known are `A a B b d e H I j M m p S Y y %`, and
    /// `-d`, `-m`, `-H`, `-I` without a leading 0.
    pub fn format(self, format: &str) -> Result<String, char> {
        let days = self.seconds.div_euclid(DAY);
        let (year, month, day) = date(days);
        let second = self.seconds.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let twelve = (hour + 11) % 12 + 1;
        let weekday = DAYS[days.rem_euclid(7) as usize];
        let month_name = MONTHS[(month - 1) as usize];
        let mut text = String::new();
        let mut letters = format.chars();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                text.push(letter);
                continue;
            }
            let directive = letters.next().unwrap_or('%');
            let (directive, width) = match directive {
                '-' => (letters.next().unwrap_or('-'), 1),
                other => (other, 2),
            };
            let mut number = |number: i64| write!(text, "{number:0width$}");
            let written = match directive {
                'd' => number(day),
                'm' => number(month),
                'H' => number(hour),
                'I' => number(twelve),
                'M' => number(minute),
                'S' => number(second),
                'y' => number(year.rem_euclid(100)),
                'Y' => write!(text, "{year}"),
                'e' => write!(text, "{day:2}"),
                'j' => write!(text, "{:03}", days - first_of(year) + 1),
                'A' => write!(text, "{weekday}"),
                'a' => write!(text, "{}", &weekday[..3]),
                'B' => write!(text, "{month_name}"),
                'b' => write!(text, "{}", &month_name[..3]),
                'p' => write!(text, "{}", if hour < 12 { "AM" } else { "PM" }),
                '%' => write!(text, "%"),
                other => return Err(other),
            };
            written.map_err(|_| directive)?;
        }
        Ok(text)
    }
}

/// Year, month and day, so many days after the beginning of 1970. Years are counted from March,
/// so that a leap day is the last of its year, in eras of 400, which are all alike.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468; // from March of the year 0
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month_of_year) = (day - (153 * month + 2) / 5 + 1, (month + 2) % 12 + 1);
    (era * 400 + year + i64::from(month_of_year <= 2), month_of_year, day)
}

/// The number of days from the beginning of 1970 to that of a year.
fn first_of(year: i64) -> i64 {
    let before = year - 1;
    365 * before + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 719_162
}

#[cfg(test)]
mod tests {
    use super::{date, first_of};

    #[test]
    fn every_day_of_a_thousand_years_follows_the_one_before() {
        let days_of = |year: i64, month: i64| match month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let mut expected = (1600, 1, 1);
        for day in first_of(1600)..first_of(2600) {
            assert_eq!(date(day), expected);
            let (year, month, of_month) = expected;
            expected = match (of_month == days_of(year, month), month) {
                (false, _) => (year, month, of_month + 1),
                (true, 12) => (year + 1, 1, 1),
                (true, _) => (year, month + 1, 1),
            };
        }
        assert_eq!(date(0), (1970, 1, 1));
    }
}
