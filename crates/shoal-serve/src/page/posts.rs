//! A post in a list.

use maud::{Markup, html};
use shoal_index::{FoundPost, PostKind, StoredPost};

use super::links::{self, one};
use super::{highlight, humanize, profile, untrusted};

/// The word for a kind of post.
const fn kind(kind: PostKind) -> &'static str {
    match kind {
        PostKind::Post => "post",
        PostKind::Repost => "repost",
        PostKind::Reply => "reply",
        PostKind::Quote => "quote",
    }
}

/// A post with everything that leads on from it.
pub(super) fn found(found: &FoundPost) -> Markup {
    let post = &found.post;
    html! {
        article.post {
            header {
                (by(post))
                @if post.kind != PostKind::Post { span.tag { (kind(post.kind)) } }
                @if let Some(similarity) = found.similarity { span.tag { (format!("{similarity:.2}")) " alike" } }
            }
            (highlight::marked(found.highlight.as_deref(), &post.text, &post.lang))
            footer {
                (answers(post))
                @if let Some(cluster) = &found.cluster { a href=(one("clusters", cluster)) { "life of this text" } }
                @if post.text_key.is_some() {
                    a href=(format!("{}/similar", one("posts", &post.id))) { "similar posts" }
                }
                (links::original(post.url.as_deref()))
                (addresses(post))
            }
        }
    }
}

/// The author and the time of a post.
fn by(post: &StoredPost) -> Markup {
    html! {
        (links::account(&post.author))
        @if let Some(handle) = &post.handle {
            @if !post.author.ends_with(handle.as_str()) { span.handle { (untrusted::name(handle)) } }
        }
        @if let Some(name) = &post.display_name { span.handle { (untrusted::name(name)) } }
        (profile::marks(post.automated, post.verified))
        (humanize::time(post.observed_at))
        @if let Some(created) = post.created_at { span.note { "dated " (humanize::time(created)) " by its author" } }
        @if untrusted::language(&post.lang).is_some() { span.note title="language" { (untrusted::name(&post.lang)) } }
    }
}

/// The posts that it answers, repeats or quotes.
fn answers(post: &StoredPost) -> Markup {
    let targets = [("repeats", &post.repost_of), ("answers", &post.reply_to), ("quotes", &post.quote_of)];
    html! {
        @for (word, target) in targets {
            @if let Some(target) = target { span { (word) " " (untrusted::name(target)) } }
        }
    }
}

/// Addresses in it, up to three, through the warning page.
fn addresses(post: &StoredPost) -> Markup {
    html! {
        @for address in post.urls.iter().take(3) {
            @match links::outside(address) {
                Some(way) => a.outside href=(way) { (untrusted::visible_plain(&untrusted::defanged(address), 60)) },
                None => (untrusted::name(&untrusted::defanged(address))),
            }
        }
        @if post.urls.len() > 3 { span.note { "and " (post.urls.len() - 3) " more addresses" } }
    }
}
