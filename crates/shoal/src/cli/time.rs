//! Moments on the command line.

use shoal_model::Timestamp;

/// A date, which is its first moment in UTC, or an RFC 3339 time.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(date) = text.parse::<jiff::civil::Date>()
        && text.len() == "2015-01-31".len()
    {
        let start = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|error| error.to_string())?;
        return Ok(Timestamp::from_micros(start.timestamp().as_microsecond()));
    }
    text.parse().map_err(|_| "write a date such as 2015-01-31, or a time such as 2015-01-31T08:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_begin_at_midnight_utc() {
        for (text, moment_of) in [
            ("2015-01-31", "2015-01-31T00:00:00Z"),
            ("2015-01-31T08:00:00Z", "2015-01-31T08:00:00Z"),
            ("2015-01-31T08:00:00+02:00", "2015-01-31T06:00:00Z"),
            ("1969-12-31", "1969-12-31T00:00:00Z"),
        ] {
            assert_eq!(moment(text).unwrap().to_string(), moment_of, "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in ["", "2015", "2015-13-01", "31.1.2015", "2015-01-31T08:00:00", "2015-01-31T08", "20150131"] {
            assert!(moment(text).unwrap_err().contains("2015-01-31"), "{text}");
        }
    }
}
