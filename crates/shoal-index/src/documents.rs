//! Posts and alerts as tantivy documents.

use std::collections::BTreeSet;
use std::sync::Arc;

use shoal_detect::{ExplicitTrace, KeptPost, KeptText, PostEntities};
use shoal_model::{Alert, Cap, Layer, ObjectKey, Post, Timestamp};
use shoal_text::LanguageDetector;
use tantivy::TantivyDocument;
use unicode_normalization::UnicodeNormalization;

use crate::contract::{ObjectRef, PostDocument, PostKind, StoredPost};
use crate::schema::{AlertFields, MIN_HASHES, PostFields};

/// The newest revision of an alert, in [`AlertFields::role`].
pub(crate) const NEWEST: &str = "newest";

/// Any revision of an alert, in [`AlertFields::role`].
pub(crate) const REVISION: &str = "revision";

/// Makes documents of posts. Keeps the language detector and a buffer.
pub(crate) struct PostBuilder {
    fields: Arc<PostFields>,
    languages: LanguageDetector,
    json: Vec<u8>,
}

impl PostBuilder {
    pub(crate) fn new(fields: Arc<PostFields>) -> Self {
        Self { fields, languages: LanguageDetector::default(), json: Vec::new() }
    }

    /// The document of a post whose record has the key `origin`, and roughly how many bytes it takes.
    pub(crate) fn document(&mut self, document: PostDocument, origin: u64) -> (TantivyDocument, usize) {
        let fields = &self.fields;
        let mut out = TantivyDocument::new();
        out.add_u64(fields.origin, origin);
        let KeptPost { post, objects, text, entities, .. } = document.kept;
        for trace in &objects {
            out.add_u64(fields.object, trace.object.raw());
            out.add_text(fields.layer, trace.layer.name());
        }
        if let Some(text) = &text {
            out.add_text(fields.layer, Layer::Text.name());
            out.add_u64(fields.text_key, text.key.raw());
            if let Some(sketch) = &text.sketch {
                let slots = || sketch.0.iter().take(MIN_HASHES).copied();
                for (slot, hash) in slots().enumerate() {
                    out.add_u64(fields.min_hash, min_hash(slot, hash));
                }
                let bytes: Vec<u8> = slots().flat_map(u16::to_le_bytes).collect();
                out.add_bytes(fields.slots, &bytes);
            }
        }
        add_entities(&mut out, fields, entities);
        let stored = stored_post(post, objects, text, &mut self.languages);
        add_stored(&mut out, fields, &stored);
        self.json.clear();
        // Writing plain data to memory cannot fail.
        if serde_json::to_writer(&mut self.json, &stored).is_ok() {
            out.add_bytes(fields.stored, &self.json);
        }
        // The text is in it twice; terms are short.
        (out, self.json.len() + stored.text.len())
    }
}

/// A single min-hash as a term.
pub(crate) const fn min_hash(slot: usize, hash: u16) -> u64 {
    (slot as u64) << 16 | hash as u64
}

/// A hashtag or a shown name as a term: in small letters, without its sign.
pub(crate) fn small(text: &str) -> String {
    // Small letters of some signs come apart, and their parts have an order.
    text.trim_start_matches(['#', '＃', '@']).nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// A language as a term: its primary subtag in small letters.
pub(crate) fn language(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

/// The platform of an id: the part before the colon.
pub(crate) fn platform(id: &str) -> &str {
    id.split_once(':').map_or("", |(platform, _)| platform)
}

/// The stored form of a post.
fn stored_post(
    post: Post,
    objects: Vec<ExplicitTrace>,
    text: Option<KeptText>,
    languages: &mut LanguageDetector,
) -> StoredPost {
    let kind = kind(&post);
    let declared = post.lang.filter(|lang| !lang.is_empty());
    let lang = declared.unwrap_or_else(|| languages.detect(&post.text).code.to_owned());
    StoredPost {
        id: post.id,
        author: post.author.id,
        handle: post.author.handle,
        observed_at: post.observed_at,
        created_at: post.created_at.filter(|created| *created != post.observed_at),
        lang,
        kind,
        text: post.text,
        urls: post.urls,
        url: post.url,
        repost_of: post.action.repost_of,
        repost_from: post.action.repost_from,
        reply_to: post.action.reply_to,
        quote_of: post.action.quote_of,
        objects: objects
            .into_iter()
            .map(|trace| ObjectRef {
                layer: trace.layer,
                key: trace.object.to_string(),
                label: trace.descriptor.label.to_string(),
            })
            .collect(),
        text_key: text.map(|text| text.key.to_string()),
        display_name: post.author.display_name,
        profile_url: post.author.profile_url,
        client: post.client,
        automated: post.author.automated,
        verified: post.author.verified,
        affiliation: post.author.affiliation,
        author_created_at: post.author.created_at,
        media: post.media,
    }
}

const fn kind(post: &Post) -> PostKind {
    if post.action.repost {
        PostKind::Repost
    } else if post.action.quote_of.is_some() {
        PostKind::Quote
    } else if post.action.reply_to.is_some() {
        PostKind::Reply
    } else {
        PostKind::Post
    }
}

fn add_entities(out: &mut TantivyDocument, fields: &PostFields, entities: PostEntities) {
    let tags: BTreeSet<String> = entities.hashtags.iter().map(|tag| small(tag)).collect();
    for tag in tags {
        out.add_text(fields.hashtag, tag);
    }
    let (mut domains, mut links) = (BTreeSet::new(), BTreeSet::new());
    for link in entities.links {
        // The domain of a short link says nothing of where it leads.
        if !link.shortener {
            domains.insert(link.domain);
        }
        links.insert(link.url);
    }
    for domain in domains {
        out.add_text(fields.domain, domain);
    }
    for link in links {
        out.add_text(fields.link, link);
    }
}

fn add_stored(out: &mut TantivyDocument, fields: &PostFields, stored: &StoredPost) {
    out.add_text(fields.id, &stored.id);
    out.add_text(fields.author, &stored.author);
    if let Some(handle) = &stored.handle {
        out.add_text(fields.handle, small(handle));
    }
    if let Some(name) = &stored.display_name {
        out.add_text(fields.name, small(name));
    }
    if let Some(client) = &stored.client {
        out.add_text(fields.client, small(client));
    }
    for hash in &stored.media {
        out.add_text(fields.media, hash);
    }
    out.add_text(fields.platform, platform(&stored.author));
    out.add_text(fields.language, language(&stored.lang));
    out.add_text(fields.kind, stored.kind.name());
    out.add_i64(fields.at, stored.observed_at.micros());
    out.add_text(fields.text, &stored.text);
    for target in [&stored.repost_of, &stored.reply_to, &stored.quote_of].into_iter().flatten() {
        out.add_text(fields.target, target);
    }
}

/// The key of a revision of an alert.
pub(crate) fn revision_key(alert_id: &str, revision: u32) -> String {
    format!("{alert_id}#{revision}")
}

/// The document of a revision of an alert, found by alert and revision.
pub(crate) fn revision_document(fields: &AlertFields, alert: &Alert, opened_at: Timestamp) -> TantivyDocument {
    let mut out = base_document(fields, alert, opened_at);
    out.add_text(fields.key, revision_key(&alert.alert_id, alert.revision));
    out.add_text(fields.role, REVISION);
    out
}

/// The document of the newest revision of an alert, found by searches.
pub(crate) fn newest_document(fields: &AlertFields, alert: &Alert, opened_at: Timestamp) -> TantivyDocument {
    let observed = &alert.observed;
    let mut out = base_document(fields, alert, opened_at);
    out.add_text(fields.key, &alert.alert_id);
    out.add_text(fields.role, NEWEST);
    out.add_text(fields.state, alert.state.name());
    out.add_text(fields.shadow, if alert.shadow { "true" } else { "false" });
    for account in &observed.accounts {
        out.add_text(fields.account, &account.id);
    }
    for profile in observed.accounts.iter().filter_map(|account| account.profile.as_ref()) {
        profile.handle.iter().for_each(|handle| out.add_text(fields.handle, small(handle)));
        profile.display_name.iter().for_each(|name| out.add_text(fields.name, small(name)));
    }
    let platforms: BTreeSet<&str> = observed.accounts.iter().map(|account| platform(&account.id)).collect();
    for platform in platforms {
        out.add_text(fields.platform, platform);
    }
    let languages: BTreeSet<String> = observed.objects.iter().filter_map(|o| o.lang.as_deref()).map(language).collect();
    for language in languages {
        out.add_text(fields.language, language);
    }
    for count in &observed.layers {
        out.add_text(fields.layer, count.layer.name());
    }
    out.add_text(fields.text, &alert.summary);
    for object in &observed.objects {
        out.add_text(fields.text, &object.label);
        if let Ok(key) = object.key.parse::<ObjectKey>() {
            out.add_u64(fields.object, key.raw());
        }
    }
    out.add_i64(fields.start, observed.window.start.micros());
    out.add_i64(fields.end, observed.window.end.micros());
    out.add_f64(fields.bits, alert.strength.bits.unwrap_or_default());
    out.add_u64(fields.accounts, accounts(alert));
    out
}

/// The fields that every document of an alert has.
fn base_document(fields: &AlertFields, alert: &Alert, opened_at: Timestamp) -> TantivyDocument {
    let mut out = TantivyDocument::new();
    out.add_text(fields.alert_id, &alert.alert_id);
    out.add_u64(fields.revision, u64::from(alert.revision));
    out.add_i64(fields.raised_at, alert.raised_at.micros());
    out.add_i64(fields.opened_at, opened_at.micros());
    let posts = alert.observed.posts.iter().map(|post| post.id.as_str());
    let meetings = alert.observed.accounts.iter().filter_map(|account| account.arithmetic.as_ref());
    let meetings = meetings.flat_map(|arithmetic| &arithmetic.strongest).map(|meeting| meeting.post.as_str());
    // A repost that is known by its id alone is shown by it.
    let labels = alert.observed.objects.iter().map(|object| object.label.as_str());
    let labels = labels.filter(|label| Post::split_id(label).is_ok() && !label.contains(char::is_whitespace));
    let profiles = alert.observed.accounts.iter().filter_map(|account| account.profile.as_ref());
    let profiles = profiles.map(|profile| profile.post.as_str());
    for post in posts.chain(meetings).chain(labels).chain(profiles).collect::<BTreeSet<&str>>() {
        out.add_text(fields.post, post);
    }
    for account in mentions(alert) {
        out.add_text(fields.mention, account);
    }
    if let Ok(json) = serde_json::to_vec(alert) {
        out.add_bytes(fields.stored, &json);
    }
    out
}

/// All accounts that an alert names.
fn mentions(alert: &Alert) -> BTreeSet<&str> {
    let observed = &alert.observed;
    let group = observed.accounts.iter().map(|account| account.id.as_str());
    let context = observed.context.iter().map(|account| account.id.as_str());
    let ties = observed.ties.strongest.iter().flat_map(|tie| &tie.accounts).map(String::as_str);
    let posts = observed.posts.iter().map(|post| post.account.as_str());
    group.chain(context).chain(ties).chain(posts).collect()
}

/// Accounts of the group, those beyond the list included.
pub(crate) fn accounts(alert: &Alert) -> u64 {
    let beyond: u64 = alert.caps_hit.iter().filter(|hit| hit.cap == Cap::AlertAccounts).map(|hit| hit.count).sum();
    alert.observed.accounts.len() as u64 + beyond
}
