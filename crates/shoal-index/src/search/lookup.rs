//! Posts by id, and the evidence of alerts.

use hashbrown::HashMap;
use shoal_model::{Alert, AlertPost, Timestamp};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED, Term};

use super::pages::{Evidence, EvidenceObject, EvidencePost};
use super::scan::tantivy_error;
use super::stored::{PostAddress, stored_post};
use crate::store::snapshot::{BucketView, Snapshot};
use crate::{Error, StoredPost};

/// The addresses of posts with this id, newer buckets first. With `at`, only in buckets that hold posts of that time.
pub(super) fn addresses(snapshot: &Snapshot, id: &str, at: Option<Timestamp>) -> Result<Vec<PostAddress>, Error> {
    let field = snapshot.posts.id;
    let term = Term::from_field_text(field, id);
    let holds = |bucket: &BucketView| match (bucket.range, at) {
        (Some((first, last)), Some(at)) => first <= at && at <= last,
        (range, _) => range.is_some(),
    };
    let mut found = Vec::new();
    for (number, bucket) in snapshot.buckets.iter().enumerate().rev().filter(|(_, bucket)| holds(bucket)) {
        for (segment, reader) in (0..).zip(bucket.searcher.segment_readers()) {
            let inverted = reader.inverted_index(field).map_err(tantivy_error("posts"))?;
            let list = inverted.read_postings(&term, IndexRecordOption::Basic).map_err(tantivy_error("posts"))?;
            let Some(mut list) = list else { continue };
            let mut document = list.doc();
            while document != TERMINATED {
                if reader.alive_bitset().is_none_or(|alive| alive.is_alive(document)) {
                    found.push(PostAddress { bucket: number, segment, document });
                }
                document = list.advance();
            }
        }
    }
    Ok(found)
}

/// Posts of one id that are read: ids of hostile sources need not be unique.
const MAX_SAME_ID: usize = 16;

/// The newest post with this id.
pub(super) fn post(snapshot: &Snapshot, id: &str) -> Result<Option<(PostAddress, StoredPost)>, Error> {
    let mut newest: Option<(PostAddress, StoredPost)> = None;
    for address in addresses(snapshot, id, None)?.into_iter().take(MAX_SAME_ID) {
        let post = stored_post(snapshot, address)?;
        if newest.as_ref().is_none_or(|(_, known)| known.observed_at < post.observed_at) {
            newest = Some((address, post));
        }
    }
    Ok(newest)
}

/// The posts behind an alert.
pub(super) fn evidence(snapshot: &Snapshot, alert: Alert) -> Result<Evidence, Error> {
    let mut by_object: HashMap<String, Vec<EvidencePost>> = HashMap::new();
    for evidence in alert.observed.posts {
        let post = kept(snapshot, &evidence)?;
        by_object.entry(evidence.object.clone()).or_default().push(EvidencePost { evidence, post });
    }
    let objects = alert.observed.objects.into_iter().map(|object| {
        let mut posts = by_object.remove(&object.key).unwrap_or_default();
        posts.sort_by_key(|post| post.evidence.at);
        EvidenceObject { object, posts }
    });
    Ok(Evidence { alert_id: alert.alert_id, revision: alert.revision, objects: objects.collect() })
}

/// The stored post of a piece of evidence: the one of that account at that time.
fn kept(snapshot: &Snapshot, evidence: &AlertPost) -> Result<Option<StoredPost>, Error> {
    for address in addresses(snapshot, &evidence.id, Some(evidence.at))?.into_iter().take(MAX_SAME_ID) {
        let post = stored_post(snapshot, address)?;
        if post.author == evidence.account && post.observed_at == evidence.at {
            return Ok(Some(post));
        }
    }
    Ok(None)
}
