//! Searching.
//!
//! A request is answered from one [`Snapshot`](crate::store::snapshot::Snapshot), bucket by bucket in the order of
//! time, by loops of our own: it ends when its time is up, counts within its memory, and a page can be right although
//! not everything could be counted.

mod account;
mod alerts;
mod cluster;
mod cursor;
mod facets;
mod fields;
mod highlight;
mod lookup;
mod pages;
mod posts;
mod request;
mod revisions;
mod scan;
mod similar;
mod stored;
mod texts;

use std::collections::BTreeMap;

use shoal_model::Alert;

pub use self::pages::{AccountPage, ClusterPage, Evidence, EvidenceObject, EvidencePost, TextVariant};
pub use self::request::{
    AlertPage, AlertRequest, AlertSort, AlertSummary, Bin, Histogram, MAX_PAGE, SearchPage, SearchRequest,
    SimilarRequest, Sort, TopField, TopValue, Total,
};
use crate::contract::{FoundPost, StoredPost};
use crate::{Error, Index, SearchLimits};

impl Index {
    /// A page of posts.
    pub fn search(&self, request: &SearchRequest, limits: &SearchLimits) -> Result<SearchPage, Error> {
        posts::search(&*self.snapshot()?, request, limits)
    }

    /// Posts with similar texts, the most similar first, without the post itself. A text too short for a sketch is
    /// similar only to equal texts. Fails when the post is not there.
    pub fn similar(&self, request: &SimilarRequest, limits: &SearchLimits) -> Result<Vec<FoundPost>, Error> {
        similar::similar(&*self.snapshot()?, request, limits)
    }

    /// Passes all matching posts to `each`, in the order of the request, at most `most`, until it returns `false`.
    /// `limit`, `histogram` and `top` of the request are ignored; `limits.time` applies to each page. Returns the
    /// number of posts.
    pub fn export(
        &self,
        request: &SearchRequest,
        most: u64,
        limits: &SearchLimits,
        each: &mut dyn FnMut(FoundPost) -> bool,
    ) -> Result<u64, Error> {
        posts::export(&|| self.snapshot(), request, most, limits, each)
    }

    /// A post by its id; the newest one where an id was used again.
    pub fn post(&self, id: &str) -> Result<Option<StoredPost>, Error> {
        Ok(lookup::post(&*self.snapshot()?, id)?.map(|(_, post)| post))
    }

    /// An account; `None` when it has no posts here.
    pub fn account(&self, id: &str, limits: &SearchLimits) -> Result<Option<AccountPage>, Error> {
        account::account(&*self.snapshot()?, id, limits, &self.feedback_of())
    }

    /// A text object by its key in hexadecimal; `None` when it has no posts here.
    pub fn cluster(&self, id: &str, limits: &SearchLimits) -> Result<Option<ClusterPage>, Error> {
        cluster::cluster(&*self.snapshot()?, id, limits, &self.feedback_of())
    }

    /// A page of alerts.
    pub fn alerts(&self, request: &AlertRequest, limits: &SearchLimits) -> Result<AlertPage, Error> {
        alerts::alerts(&*self.snapshot()?, request, limits, &self.feedback_of())
    }

    /// All revisions of an alert that are kept, oldest first; empty when there is none.
    pub fn alert(&self, alert_id: &str) -> Result<Vec<Alert>, Error> {
        revisions::revisions(&*self.snapshot()?, alert_id)
    }

    /// The posts behind an alert, by one revision or the newest.
    pub fn evidence(&self, alert_id: &str, revision: Option<u32>) -> Result<Option<Evidence>, Error> {
        let snapshot = self.snapshot()?;
        let alert = revisions::revision(&snapshot, alert_id, revision)?;
        alert.map(|alert| lookup::evidence(&snapshot, alert)).transpose()
    }

    fn feedback_of(&self) -> impl Fn(&str) -> Result<BTreeMap<String, u64>, Error> {
        |alert_id| self.verdicts(alert_id)
    }
}

#[cfg(test)]
mod tests;
