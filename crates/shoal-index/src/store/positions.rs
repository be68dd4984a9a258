//! Positions of the sources: the payload of a commit, with which a restart neither loses nor repeats a post.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shoal_model::Timestamp;

/// The positions of all sources.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourcePositions {
    /// The highest offset of each source. Posts beyond it have never been handed over.
    sources: BTreeMap<Arc<str>, u64>,
    /// The highest event time, in microseconds.
    newest: Option<i64>,
}

impl SourcePositions {
    /// Joins the positions that a commit wrote. Positions only rise, so those of several commits join to the newest.
    pub(crate) fn join(&mut self, payload: &str) -> Result<(), serde_json::Error> {
        let other: Self = serde_json::from_str(payload)?;
        for (source, offset) in other.sources {
            let mark = self.sources.entry(source).or_insert(offset);
            *mark = offset.max(*mark);
        }
        self.newest = self.newest.max(other.newest);
        Ok(())
    }

    /// The payload of a commit.
    pub(crate) fn payload(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Tests whether a post may have been handed over before these positions were written.
    pub(crate) fn cover(&self, source: &str, offset: u64) -> bool {
        self.sources.get(source).is_some_and(|mark| offset <= *mark)
    }

    /// Raises the position to a post.
    pub(crate) fn raise(&mut self, source: &Arc<str>, offset: u64, at: Timestamp) {
        self.newest = self.newest.max(Some(at.micros()));
        match self.sources.get_mut(source) {
            Some(mark) => *mark = offset.max(*mark),
            None => {
                self.sources.insert(Arc::clone(source), offset);
            }
        }
    }

    /// The highest event time.
    pub(crate) fn newest(&self) -> Option<Timestamp> {
        self.newest.map(Timestamp::from_micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_rise_and_are_read_again() {
        let (one, two): (Arc<str>, Arc<str>) = ("one".into(), "two".into());
        let mut marks = SourcePositions::default();
        marks.raise(&one, 7, Timestamp::from_seconds(5));
        let early = marks.payload();
        marks.raise(&one, 3, Timestamp::from_seconds(9));
        marks.raise(&two, 0, Timestamp::from_seconds(8));
        assert!(marks.cover("one", 7) && !marks.cover("one", 8) && marks.cover("two", 0) && !marks.cover("three", 0));
        let mut read = SourcePositions::default();
        read.join(&marks.payload()).unwrap();
        read.join(&early).unwrap();
        assert_eq!(read, marks);
        assert_eq!(read.newest(), Some(Timestamp::from_seconds(9)));
        assert!(read.join("{").is_err());
    }
}
