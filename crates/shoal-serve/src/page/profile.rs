//! Profiles of accounts as platforms show them: for people, no evidence.

use maud::{Markup, html};
use shoal_index::StoredPost;
use shoal_model::AlertProfile;

use super::{humanize, links, untrusted};

/// The profile that a post showed, as alerts have it; `None` where it showed nothing but a handle.
pub(super) fn of_post(post: &StoredPost) -> Option<AlertProfile> {
    let profile = AlertProfile {
        handle: None,
        display_name: post.display_name.clone(),
        url: post.profile_url.clone(),
        client: post.client.clone(),
        automated: post.automated,
        verified: post.verified,
        affiliation: post.affiliation.clone(),
        created_at: post.author_created_at,
        seen_at: post.observed_at,
        post: post.id.clone(),
    };
    let bare = AlertProfile { seen_at: post.observed_at, post: post.id.clone(), ..AlertProfile::default() };
    (profile != bare).then_some(profile)
}

/// The names that an account goes by, in a row.
pub(super) fn names(profile: &AlertProfile) -> Markup {
    html! {
        @if let Some(handle) = &profile.handle { span.handle { (untrusted::name(handle)) } " " }
        @if let Some(name) = &profile.display_name { span.handle { (untrusted::name(name)) } " " }
        (marks(profile.automated, profile.verified))
    }
}

/// The marks of an account.
pub(super) fn marks(automated: Option<bool>, verified: Option<bool>) -> Markup {
    html! {
        @if automated == Some(true) { span.tag title="as the account or its platform says" { "automated" } }
        @if verified == Some(true) { span.tag title="by the platform" { "verified" } }
    }
}

/// Everything else that is known, as pairs.
pub(super) fn facts(profile: &AlertProfile) -> Markup {
    html! {
        dl.pairs {
            @if let Some(client) = &profile.client { dt { "Client" } dd { (untrusted::name(client)) } }
            @if let Some(affiliation) = &profile.affiliation { dt { "Affiliation" } dd { (untrusted::name(affiliation)) } }
            @if let Some(created) = profile.created_at { dt { "Account made" } dd { (humanize::time(created)) } }
            @if let Some(href) = profile.url.as_deref().and_then(links::outside) {
                dt { "Profile" } dd { a.outside href=(href) rel="nofollow" { "page of the account" } }
            }
            dt { "Seen so" } dd { (humanize::time(profile.seen_at)) }
        }
    }
}
