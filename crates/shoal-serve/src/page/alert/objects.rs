//! Objects that a group shared: texts side by side with their differences, everything else as a list.

use std::collections::BTreeMap;

use maud::{Markup, html};
use shoal_index::{EvidenceObject, EvidencePost};
use shoal_model::{AlertObject, Cap, Layer};

use super::super::links::{self, Query, one};
use super::super::{diff, forms, humanize, untrusted};
use super::AlertView;

/// Texts that are shown at once; more after a click.
const OPEN: usize = 4;
/// Variants of all texts together that are shown: as many texts as have no more.
const ALL_VARIANTS: usize = 48;
/// Variants of one text.
const VARIANTS: usize = 5;
/// Accounts that are named for one variant.
const NAMED: usize = 6;
/// Other objects that are listed at once, and after a click.
const OTHERS: usize = 8;
const MORE_OTHERS: usize = 40;

/// Posts with the same text, oldest first.
struct Variant<'a> {
    text: &'a str,
    lang: &'a str,
    posts: Vec<&'a EvidencePost>,
}

/// All objects.
pub(super) fn section(seen: &AlertView) -> Markup {
    let alert = seen.alert();
    let objects: &[EvidenceObject] = seen.evidence.as_ref().map_or(&[], |evidence| &evidence.objects);
    let (texts, others): (Vec<_>, Vec<_>) = objects.iter().partition(|object| object.object.layer == Layer::Text);
    let shown = shown(&texts);
    let compares = texts.iter().any(|object| variants(object).len() > 1);
    html! {
        section #shared {
            h2 { "What they shared" }
            @if objects.is_empty() { p { "The posts behind this alert are not in the index." } }
            @if !texts.is_empty() {
                h3 { (forms::objects(Layer::Text, texts.len() as u64)) }
                @if compares { (diff::legend()) }
                @for object in texts.iter().take(OPEN) { (text(object)) }
                @if shown > OPEN {
                    details {
                        summary { (humanize::counted((shown - OPEN) as u64, "more text", "more texts")) }
                        @for object in texts.iter().take(shown).skip(OPEN) { (text(object)) }
                    }
                }
                @if texts.len() > shown { p.more { "and " (texts.len() - shown) " more texts: see the downloads" } }
            }
            (others_table(&others, texts.is_empty()))
            (rest(alert))
        }
    }
}

/// The number of texts that are shown.
fn shown(texts: &[&EvidenceObject]) -> usize {
    let mut room = ALL_VARIANTS;
    let fits = |object: &&&EvidenceObject| {
        let left = room.checked_sub(variants(object).len().clamp(1, VARIANTS + 1));
        room = left.unwrap_or_default();
        left.is_some()
    };
    texts.iter().take_while(fits).count()
}

/// A line on objects that limits left out, with a link to the search.
fn rest(alert: &shoal_model::Alert) -> Markup {
    let left_out = super::left_out(alert, Cap::AlertObjects);
    html! {
        p.more {
            @if left_out > 0 {
                "and " (humanize::counted(left_out, "more object", "more objects")) " that this alert does not list. "
            }
            a href=(Query::default().and("alert", alert.alert_id.clone()).at("/search")) { "Search within these posts" }
        }
    }
}

fn variants(object: &EvidenceObject) -> Vec<Variant<'_>> {
    let mut variants: Vec<Variant<'_>> = Vec::new();
    let mut places = BTreeMap::new();
    for post in &object.posts {
        let Some(stored) = &post.post else { continue };
        let place = *places.entry(stored.text.as_str()).or_insert(variants.len());
        match variants.get_mut(place) {
            Some(variant) => variant.posts.push(post),
            None => variants.push(Variant { text: &stored.text, lang: &stored.lang, posts: vec![post] }),
        }
    }
    variants
}

/// A text and its variants.
fn text(shared: &EvidenceObject) -> Markup {
    let object = &shared.object;
    let variants = variants(shared);
    let first = variants.first();
    html! {
        article.text {
            header { (counts(object)) a href=(one("clusters", &object.key)) { "the life of this text" } }
            div.variants {
                @match first {
                    Some(first) => div.variant.first {
                        p.by { b { "First" } " " (by(first)) }
                        (untrusted::text(first.text, first.lang))
                    },
                    None => div.variant.first {
                        p.by { "as the alert has it; its posts are not in the index" }
                        (untrusted::text(&object.label, object.lang.as_deref().unwrap_or("und")))
                    },
                }
                @for variant in variants.iter().skip(1).take(VARIANTS) {
                    div.variant {
                        p.by { (by(variant)) }
                        (diff::marked(first.map_or("", |first| first.text), variant.text, variant.lang))
                    }
                }
            }
            @if variants.len() > VARIANTS + 1 { p.more { "and " (variants.len() - VARIANTS - 1) " more variants" } }
        }
    }
}

fn counts(object: &AlertObject) -> Markup {
    html! {
        span {
            (humanize::counted(object.accounts, "account", "accounts")) ", "
            (humanize::counted(object.posts, "post", "posts"))
        }
        @if let Some(lang) = &object.lang { span { "language: " (untrusted::name(untrusted::language_name(lang))) } }
    }
}

/// The accounts that published a variant, and the time of the first.
fn by(variant: &Variant<'_>) -> Markup {
    let posts = &variant.posts;
    let similarity = posts.iter().map(|post| post.evidence.similarity).fold(1.0, f32::min);
    let url = posts.first().and_then(|post| post.evidence.url.as_deref());
    html! {
        @for (at, post) in posts.iter().take(NAMED).enumerate() {
            @if at > 0 { ", " }
            (links::account(&post.evidence.account))
        }
        @if posts.len() > NAMED { " and " (posts.len() - NAMED) " more" }
        @if let Some(first) = posts.first() { " · " (humanize::time(first.evidence.at)) }
        @if similarity < 1.0 { " · " (format!("{similarity:.2}")) " alike" }
        " " (links::original(url))
    }
}

fn others_table(objects: &[&EvidenceObject], alone: bool) -> Markup {
    html! {
        @if !objects.is_empty() {
            h3 { @if alone { "By accounts" } @else { "Everything else" } }
            (table(objects.iter().take(OTHERS), "Shared objects that are no texts"))
            @if objects.len() > OTHERS {
                details {
                    summary {
                        @let more = (objects.len() - OTHERS).min(MORE_OTHERS) as u64;
                        (humanize::counted(more, "more object", "more objects"))
                    }
                    (table(objects.iter().skip(OTHERS).take(MORE_OTHERS), "More shared objects that are no texts"))
                }
            }
            @if objects.len() > OTHERS + MORE_OTHERS {
                p.more { "and " (objects.len() - OTHERS - MORE_OTHERS) " more: see the downloads" }
            }
        }
    }
}

fn table<'a>(objects: impl Iterator<Item = &'a &'a EvidenceObject>, label: &str) -> Markup {
    html! {
        div.scroll role="region" tabindex="0" aria-label=(label) {
            table {
                thead {
                    tr {
                        th scope="col" { "Shared" } th scope="col" { "What" } th.number scope="col" { "Accounts" }
                        th.number scope="col" { "Posts" }
                    }
                }
                tbody {
                    @for object in objects.map(|shared| &shared.object) {
                        tr {
                            td.nowrap { (object.layer.noun(1)) }
                            td { (what(object)) }
                            td.number { (humanize::count(object.accounts)) }
                            td.number { (humanize::count(object.posts)) }
                        }
                    }
                }
            }
        }
    }
}

/// An object with the way to all posts on it.
fn what(object: &AlertObject) -> Markup {
    let search = Query::default().and("object", object.key.clone()).at("/search");
    html! {
        a href=(search) {
            @match object.layer {
                Layer::Text | Layer::Hashtags => (untrusted::phrase(&object.label, "und", 160)),
                Layer::Link | Layer::Domain => (untrusted::name(&untrusted::defanged(&object.label))),
                Layer::Repost | Layer::Quote | Layer::Reply => (untrusted::name(&object.label)),
            }
        }
        @if object.layer == Layer::Link { " " (links::original(Some(&object.label))) }
    }
}
