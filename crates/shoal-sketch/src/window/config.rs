//! The configuration of a window, and its errors.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::SLOTS;

/// The most documents a window can be told to hold.
const MOST_DOCUMENTS: u32 = 1 << 31;

/// The configuration of a [`Window`](crate::Window). Part of its snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Seeds the bucket keys. Keep it secret, like that of the sketches; the two may be equal.
    pub seed: u64,
    /// The number of bands of the sketch, at least 1. `bands * rows` is at most 64.
    pub bands: u8,
    /// The slots per band, at least 1.
    pub rows: u8,
    /// The least exact Jaccard similarity of a neighbour, above 0 and at most 1.
    pub threshold: f32,
    /// The number of the newest live documents of a bucket that are looked at, at least 1.
    pub bucket: u8,
    /// The most candidates that one insertion verifies, at least 1. It bounds the cost of a hostile post.
    pub checks: u16,
    /// The most live documents, 1 to 2^31: beyond it the oldest is given up before its time, and counted.
    pub max_documents: u32,
}

impl Config {
    /// The bands and rows for a least similarity, with buckets of 8, 32 verifications per insertion and room for 2^31
    /// documents. The chance that two texts of similarity J share a band is `1 - (1 - J^rows)^bands`:
    ///
    /// | threshold | bands × rows | chance at the threshold |
    /// |---|---|---|
    /// | 0.7 to 1 | 16 × 4 | 0.988 |
    /// | 0.6 to 0.7 | 21 × 3 | 0.993 |
    /// | 0.5 to 0.6 | 32 × 2 | 0.9999 |
    ///
    /// # Errors
    /// [`ConfigError::Similarity`] below 0.5, above 1 and for NaN: 64 slots do not allow less at a bearable number of
    /// candidates.
    pub fn for_threshold(seed: u64, threshold: f32) -> Result<Self, ConfigError> {
        let (bands, rows) = match threshold {
            t if t > 1.0 => return Err(ConfigError::Similarity(threshold)),
            t if t >= 0.7 => (16, 4),
            t if t >= 0.6 => (21, 3),
            t if t >= 0.5 => (32, 2),
            _ => return Err(ConfigError::Similarity(threshold)),
        };
        Ok(Self { seed, bands, rows, threshold, bucket: 8, checks: 32, max_documents: MOST_DOCUMENTS })
    }

    /// Checks that a window can be made of this.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.bands == 0 || self.rows == 0 || usize::from(self.bands) * usize::from(self.rows) > SLOTS {
            return Err(ConfigError::Bands { bands: self.bands, rows: self.rows });
        }
        if !(self.threshold > 0.0 && self.threshold <= 1.0) {
            return Err(ConfigError::Threshold(self.threshold));
        }
        if self.bucket == 0 || self.checks == 0 {
            return Err(ConfigError::Zero);
        }
        if self.max_documents == 0 || self.max_documents > MOST_DOCUMENTS {
            return Err(ConfigError::Documents(self.max_documents));
        }
        Ok(())
    }
}

/// The reason for which a window cannot be made.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A least similarity that no bands of 64 slots serve.
    Similarity(f32),
    /// No bands, no rows, or more than 64 slots.
    Bands {
        /// The bands asked for.
        bands: u8,
        /// The rows asked for.
        rows: u8,
    },
    /// A threshold that is not above 0 and at most 1.
    Threshold(f32),
    /// Buckets or verifications of zero.
    Zero,
    /// A number of documents that is not 1 to 2^31.
    Documents(u32),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Similarity(asked) => {
                write!(f, "a least similarity of {asked} is not served by 64 slots: use 0.5 to 1")
            }
            Self::Bands { bands, rows } => {
                write!(f, "{bands} bands of {rows} rows do not fit: use at least one of each and at most 64 slots")
            }
            Self::Threshold(asked) => write!(f, "the threshold {asked} must be above 0 and at most 1"),
            Self::Zero => f.write_str("`bucket` and `checks` must be at least 1"),
            Self::Documents(asked) => write!(f, "`max_documents` is {asked}: use 1 to {MOST_DOCUMENTS}"),
        }
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_choose_bands() {
        let bands = |threshold| Config::for_threshold(1, threshold).map(|c| (c.bands, c.rows));
        assert_eq!(bands(0.9), Ok((16, 4)));
        assert_eq!(bands(0.7), Ok((16, 4)));
        assert_eq!(bands(0.6), Ok((21, 3)));
        assert_eq!(bands(0.5), Ok((32, 2)));
        assert_eq!(bands(0.4), Err(ConfigError::Similarity(0.4)));
        assert_eq!(bands(1.5), Err(ConfigError::Similarity(1.5)));
        assert!(bands(f32::NAN).is_err());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let good = Config::for_threshold(1, 0.7).unwrap();
        assert_eq!(good.check(), Ok(()));
        let refused = |change: fn(&mut Config)| {
            let mut config = good;
            change(&mut config);
            config.check().unwrap_err().to_string()
        };
        assert!(refused(|c| (c.bands, c.rows) = (32, 3)).contains("32 bands of 3 rows"));
        assert!(refused(|c| c.rows = 0).contains("at least one"));
        assert!(refused(|c| c.threshold = 0.0).contains("above 0"));
        assert!(refused(|c| c.threshold = f32::NAN).contains("above 0"));
        assert!(refused(|c| c.bucket = 0).contains("at least 1"));
        assert!(refused(|c| c.checks = 0).contains("at least 1"));
        assert!(refused(|c| c.max_documents = 0).contains("1 to 2147483648"));
        assert!(refused(|c| c.max_documents = u32::MAX).contains("max_documents"));
    }
}
