//! Times and lengths of time, in whole microseconds.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// A moment in microseconds since 1970-01-01T00:00:00Z. Written as RFC 3339 in UTC where a person reads it
/// (human-readable formats) and as a number elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(i64);

/// A non-negative length of time in microseconds, written `60s`, `15m`, `24h` or `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span(i64);

impl Timestamp {
    /// Before every post.
    pub const MIN: Self = Self(i64::MIN);
    /// After every post: the watermark at the end of input.
    pub const MAX: Self = Self(i64::MAX);

    /// A moment from microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// A moment from seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The number of whole minutes since the epoch.
    pub const fn minute(self) -> i64 {
        self.0.div_euclid(60_000_000)
    }

    /// The number of whole UTC days since the epoch.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(86_400_000_000)
    }

    /// The start of the minute this moment lies in.
    #[must_use]
    pub const fn floor_minute(self) -> Self {
        self.floor(Span::from_seconds(60))
    }

    /// The last multiple of `step` since the epoch that is not after this moment. `step` must not be zero.
    #[must_use]
    pub const fn floor(self, step: Span) -> Self {
        Self(self.0.div_euclid(step.0).saturating_mul(step.0))
    }

    /// This moment moved back by `span`.
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// This moment moved on by `span`.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The distance between this moment and `other`.
    pub const fn distance(self, other: Self) -> Span {
        let apart = self.0.abs_diff(other.0);
        Span(if apart > i64::MAX as u64 { i64::MAX } else { apart as i64 })
    }
}

impl Span {
    /// A length of `seconds` seconds.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// A length of `micros` microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The same length for what measures by the clock.
    pub const fn duration(self) -> Duration {
        Duration::from_micros(self.0.unsigned_abs())
    }

    /// Seconds, with fractions.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => write!(f, "{time}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.parse::<jiff::Timestamp>()
            .map(|time| Self(time.as_microsecond()))
            .map_err(|_| Error::Timestamp(text.to_owned()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

const UNITS: [(&str, i64); 6] =
    [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whole days only from two on: people say 24h, but 7d.
        let (unit, size) = UNITS
            .into_iter()
            .find(|(_, size)| self.0 % size == 0 && (*size < 86_400_000_000 || self.0 >= 2 * size))
            .unwrap_or(("us", 1));
        if self.0 == 0 { f.write_str("0s") } else { write!(f, "{}{unit}", self.0 / size) }
    }
}

impl FromStr for Span {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = || Error::Span(text.to_owned());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or_else(refused)?;
        let (_, size) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or_else(refused)?;
        let number: i64 = number.parse().map_err(|_| refused())?;
        number.checked_mul(size).map(Self).ok_or_else(refused)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spans_are_written_as_people_write_them() {
        for text in ["0s", "1s", "60s", "15m", "1h", "24h", "7d", "250ms"] {
            let span: Span = text.parse().unwrap();
            let again: Span = span.to_string().parse().unwrap();
            assert_eq!(span, again);
        }
        assert_eq!(Span::from_seconds(86_400).to_string(), "24h");
        assert_eq!(Span::from_seconds(7 * 86_400).to_string(), "7d");
        assert_eq!(Span::from_seconds(60).to_string(), "1m");
        for text in ["", "s", "5", "-1s", "1.5h", "9999999999999d", "1 s"] {
            assert_eq!(text.parse::<Span>(), Err(Error::Span(text.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn times_survive_being_written(micros in -62_000_000_000_000_000_i64..250_000_000_000_000_000) {
            let time = Timestamp::from_micros(micros);
            prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
        }

        #[test]
        fn a_floor_is_a_multiple_not_after(micros in any::<i64>(), step in 1_i64..1_000_000_000_000) {
            let (time, step) = (Timestamp::from_micros(micros / 2), Span::from_micros(step));
            let floor = time.floor(step);
            prop_assert!(floor <= time && time.distance(floor) < step);
            prop_assert_eq!(floor.micros().rem_euclid(step.micros()), 0);
        }
    }
}
