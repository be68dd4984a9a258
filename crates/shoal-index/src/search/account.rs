//! Everything about one account.

use tantivy::Term;

use super::alerts::{VerdictsOf, newest_of};
use super::facets::ValueCounts;
use super::pages::AccountPage;
use super::posts::{CollectOptions, PostSearch, gather};
use super::request::{SearchRequest, TopField};
use super::stored::PostReader;
use crate::budget::Budget;
use crate::query::TermQueries;
use crate::store::snapshot::Snapshot;
use crate::{Error, SearchLimits};

/// Posts on the page.
const RECENT: usize = 20;

/// Newest posts whose shown names are collected.
const NAMED: usize = 100;

/// Shown names on the page.
const HANDLES: usize = 5;

/// Newest alerts on the page of an account or a text.
pub(super) const ALERTS: usize = 20;

/// An account; `None` when it has no posts.
pub(super) fn account(
    snapshot: &Snapshot,
    id: &str,
    limits: &SearchLimits,
    feedback: VerdictsOf<'_>,
) -> Result<Option<AccountPage>, Error> {
    let budget = Budget::start(limits);
    let request = SearchRequest { author: Some(id.to_owned()), ..SearchRequest::default() };
    let question = PostSearch::new(&request, limits)?;
    let fields = [TopField::Kind, TopField::Language, TopField::Hashtag, TopField::Domain];
    let values = fields.map(|field| (field, ValueCounts::lenient(field.name()))).into();
    let wanted = CollectOptions { keep: NAMED, times: true, values, count: true };
    let found = gather(snapshot, &question, None, wanted, limits, &budget)?;
    let Some((times, (first_at, last_at))) = found.times.as_ref().and_then(|times| Some((times, times.range()?)))
    else {
        return Ok(None);
    };
    let mut finder = PostReader::new(snapshot, &budget);
    let mut recent = Vec::new();
    let mut handles: Vec<String> = Vec::new();
    for address in found.addresses() {
        let post = finder.found(address)?;
        if let Some(handle) = &post.post.handle
            && handles.len() < HANDLES
            && !handles.contains(handle)
        {
            handles.push(handle.clone());
        }
        if recent.len() < RECENT {
            recent.push(post);
        }
    }
    let term = Term::from_field_text(snapshot.alert_fields.account, id.trim());
    let alerts = newest_of(snapshot, TermQueries { budget: &budget }.any_term([term]), ALERTS, &budget, feedback)?;
    Ok(Some(AccountPage {
        id: id.trim().to_owned(),
        handles,
        posts: found.total,
        first_at,
        last_at,
        histogram: times.histogram(),
        kinds: found.top(TopField::Kind),
        languages: found.top(TopField::Language),
        hashtags: found.top(TopField::Hashtag),
        domains: found.top(TopField::Domain),
        recent,
        alerts,
    }))
}
