//! Alerts as they come, for those who follow them.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use shoal_index::Index;
use shoal_model::{Alert, Timestamp};
use tokio::sync::watch;

/// Bytes of revisions that are remembered: whoever falls further behind has lost some.
const MAX_REMEMBERED_BYTES: usize = 32 << 20;

/// A place in the stream of revisions: what a client says to go on after it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FeedPosition {
    pub(crate) raised_at: Timestamp,
    pub(crate) alert_id: String,
    pub(crate) revision: u32,
}

/// A revision of an alert, ready to be sent.
#[derive(Debug)]
pub(crate) struct Revision {
    pub(crate) mark: FeedPosition,
    pub(crate) json: String,
}

/// The newest revisions, and how many there have been.
pub(crate) struct AlertFeed {
    recent: Mutex<RecentRevisions>,
    /// The index whose erasures are followed.
    index: Option<Index>,
    count: watch::Sender<u64>,
}

#[derive(Debug)]
struct RecentRevisions {
    /// The number of the first of `revisions`.
    first: u64,
    /// Posts that the index had deleted when these were remembered.
    deleted: u64,
    revisions: VecDeque<Arc<Revision>>,
    bytes: usize,
    most: usize,
}

/// The next step of a follower.
#[derive(Debug, Clone)]
pub(crate) enum FeedStep {
    /// A revision, and the number of the next.
    Revision(Arc<Revision>, u64),
    /// No revision yet.
    Nothing,
    /// Something that is remembered no more.
    Lost,
}

impl AlertFeed {
    /// A feed of the alerts that an index tells from now on.
    pub(crate) fn of(index: &Index) -> Arc<Self> {
        let live = Arc::new(Self { index: Some(index.clone()), ..Self::remembering(MAX_REMEMBERED_BYTES) });
        let listener = Arc::downgrade(&live);
        index.on_alert(Box::new(move |alert| {
            if let Some(live) = listener.upgrade() {
                live.tell(alert);
            }
        }));
        live
    }

    /// A feed that remembers at most so many bytes.
    pub(crate) fn remembering(most: usize) -> Self {
        let recent = RecentRevisions { first: 0, deleted: 0, revisions: VecDeque::new(), bytes: 0, most };
        Self { recent: Mutex::new(recent), index: None, count: watch::Sender::new(0) }
    }

    /// Adds a revision.
    pub(crate) fn tell(&self, alert: &Alert) {
        let json = match serde_json::to_string(alert) {
            Ok(json) => json,
            Err(error) => return tracing::error!(%error, alert = alert.alert_id, "an alert cannot be written"),
        };
        let mark = FeedPosition::of(alert);
        let count = self.recent().push(Arc::new(Revision { mark, json }));
        self.count.send_replace(count);
    }

    /// Tells when there are more.
    pub(crate) fn follow(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    /// The number of the next revision.
    pub(crate) fn end(&self) -> u64 {
        self.recent().end()
    }

    /// The number of the revision after a mark, where that is remembered.
    pub(crate) fn after(&self, mark: &FeedPosition) -> Option<u64> {
        let recent = self.recent();
        let position = recent.revisions.iter().rposition(|revision| revision.mark == *mark)?;
        Some(recent.first + position as u64 + 1)
    }

    /// The revision of this number.
    pub(crate) fn next(&self, number: u64) -> FeedStep {
        let recent = self.recent();
        let Some(position) = number.checked_sub(recent.first) else { return FeedStep::Lost };
        match recent.revisions.get(position as usize) {
            Some(revision) => FeedStep::Revision(Arc::clone(revision), number + 1),
            None => FeedStep::Nothing,
        }
    }

    /// Forgets what is remembered: it may name what has been erased since. Followers go on through the index.
    pub(crate) fn forget(&self) {
        self.recent().forget();
    }

    fn recent(&self) -> std::sync::MutexGuard<'_, RecentRevisions> {
        // It is whole after every single step.
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let deleted = self.index.as_ref().map_or(0, |index| index.counts().deleted);
        if recent.deleted != deleted {
            recent.deleted = deleted;
            recent.forget();
        }
        recent
    }
}

impl RecentRevisions {
    fn forget(&mut self) {
        self.first = self.end();
        self.revisions.clear();
        self.bytes = 0;
    }

    fn end(&self) -> u64 {
        self.first + self.revisions.len() as u64
    }

    /// Gives the number of the next one.
    fn push(&mut self, revision: Arc<Revision>) -> u64 {
        self.bytes += revision.json.len();
        self.revisions.push_back(revision);
        while self.bytes > self.most
            && let Some(oldest) = self.revisions.pop_front()
        {
            self.bytes -= oldest.json.len();
            self.first += 1;
        }
        self.end()
    }
}

impl FeedPosition {
    pub(crate) fn of(alert: &Alert) -> Self {
        Self { raised_at: alert.raised_at, alert_id: alert.alert_id.clone(), revision: alert.revision }
    }
}

impl fmt::Display for FeedPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.raised_at.micros(), self.revision, self.alert_id)
    }
}

impl FromStr for FeedPosition {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '.');
        let mut part = || parts.next().ok_or(());
        Ok(Self {
            raised_at: Timestamp::from_micros(part()?.parse().map_err(drop)?),
            revision: part()?.parse().map_err(drop)?,
            alert_id: part()?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::alert;

    fn told(live: &AlertFeed, number: u64) -> Option<u32> {
        match live.next(number) {
            FeedStep::Revision(revision, next) => {
                assert_eq!(next, number + 1);
                Some(revision.mark.revision)
            }
            FeedStep::Nothing => None,
            FeedStep::Lost => panic!("{number} is lost"),
        }
    }

    #[test]
    fn whoever_follows_hears_everything_in_order() {
        let live = AlertFeed::remembering(MAX_REMEMBERED_BYTES);
        let mut follower = live.follow();
        assert_eq!((live.end(), told(&live, 0)), (0, None));
        for revision in 1..=3 {
            live.tell(&alert("a", revision));
        }
        assert!(follower.has_changed().unwrap());
        assert_eq!(*follower.borrow_and_update(), 3);
        assert_eq!([0, 1, 2, 3].map(|number| told(&live, number)), [Some(1), Some(2), Some(3), None]);
        assert_eq!(live.after(&FeedPosition::of(&alert("a", 2))), Some(2));
        assert_eq!(live.after(&FeedPosition::of(&alert("b", 2))), None);
    }

    #[test]
    fn memory_is_bounded_and_what_is_lost_is_known() {
        let one = serde_json::to_string(&alert("a", 1)).unwrap().len();
        let live = AlertFeed::remembering(2 * one + 100);
        for revision in 1..=5 {
            live.tell(&alert("a", revision));
        }
        assert!(matches!(live.next(2), FeedStep::Lost));
        assert_eq!([3, 4, 5].map(|number| told(&live, number)), [Some(4), Some(5), None]);
        let tiny = AlertFeed::remembering(1);
        tiny.tell(&alert("a", 1));
        assert!(matches!((tiny.next(0), tiny.end()), (FeedStep::Lost, 1)));
    }

    #[test]
    fn marks_are_read_as_written() {
        for (text, mark) in [
            ("5.2.a", Some((5, 2, "a"))),
            ("-5.2.a", Some((-5, 2, "a"))),
            ("5.2.a.b", Some((5, 2, "a.b"))),
            ("", None),
            ("5.2", None),
            ("x.2.a", None),
            ("5.-2.a", None),
        ] {
            let expected = mark.map(|(at, revision, id)| FeedPosition {
                raised_at: Timestamp::from_micros(at),
                alert_id: id.to_owned(),
                revision,
            });
            assert_eq!(text.parse().ok(), expected, "{text}");
            assert!(expected.is_none_or(|mark| mark.to_string() == text));
        }
    }
}
