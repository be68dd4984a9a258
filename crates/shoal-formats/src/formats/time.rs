//! Times of records.

use shoal_model::{Error, Timestamp};

/// Parses an RFC 3339 time. Nearly all of them are written `YYYY-MM-DDTHH:MM:SSZ`, for which a short path gives
/// what the general parser would.
pub(crate) fn parse(text: &str) -> Result<Timestamp, Error> {
    short(text.as_bytes()).map_or_else(|| text.parse(), Ok)
}

/// The short path; `None` for everything that needs the general parser, errors among it.
fn short(text: &[u8]) -> Option<Timestamp> {
    let text: &[u8; 20] = text.try_into().ok()?;
    let [_, _, _, _, b'-', _, _, b'-', _, _, b'T', _, _, b':', _, _, b':', _, _, b'Z'] = text else { return None };
    let number = |at: usize| two_digits(text[at], text[at + 1]);
    let year = number(0)? * 100 + number(2)?;
    let (month, day) = (number(5)?, number(8)?);
    let (hour, minute, second) = (number(11)?, number(14)?, number(17)?);
    // The last year is left to the general parser, whose range ends within it; so are leap seconds.
    let plain = (1..9_999).contains(&year) && hour < 24 && minute < 60 && second < 60;
    if !plain || !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let seconds = days_before(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(Timestamp::from_seconds(seconds))
}

/// The value of two decimal digits.
fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date. Years begin in March here, so that the leap day is the last of its year.
const fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_plain_goes_the_general_way() {
        for text in ["2016-12-31T23:59:60Z", "2015-01-31T08:00:00.25Z", "2015-01-31T10:00:00+02:00"] {
            assert_eq!(short(text.as_bytes()), None);
            assert_eq!(parse(text).unwrap(), text.parse().unwrap());
        }
        for text in ["", "2015-02-29T00:00:00Z", "2015-13-01T00:00:00Z", "2015-00-10T00:00:00Z", "2015-01-01T24:00:00Z"]
        {
            assert_eq!(short(text.as_bytes()), None);
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_short_path_equals_the_general_one(
            year in 0..10_000, month in 0..14, day in 0..33, hour in 0..26, minute in 0..62, second in 0..62,
        ) {
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
            prop_assert_eq!(parse(&text), text.parse::<Timestamp>());
        }

        #[test]
        fn every_second_takes_the_short_path(seconds in -62_135_596_800_i64..253_370_764_800) {
            let time = Timestamp::from_seconds(seconds);
            prop_assert_eq!(short(time.to_string().as_bytes()), Some(time));
        }

        #[test]
        fn any_text_is_a_time_or_an_error(text in "[0-9TZ:.+ -]{0,25}") {
            prop_assert_eq!(parse(&text), text.parse::<Timestamp>());
        }
    }
}
