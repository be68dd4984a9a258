//! Decoding records, and refusing those that are no posts.

use shoal_formats::{Content, DeadLetter, Decoded, Format, Limits, Reason, Record, Refusal};
use shoal_model::{Deletion, Post, Timestamp};

use crate::cluster::record::Incoming;
use crate::job::{Filter, Job, Source};
use crate::order::idle::CLOCKS_APART;

/// The schema of posts that this program reads.
const POST_SCHEMA: &str = "post.v1";
const DELETION_SCHEMA: &str = "deletion.v1";

/// A content of a record, decoded, or all that there is to say of the record.
#[derive(Debug)]
pub(crate) struct DecodedItem {
    /// The number within the record, from 0.
    pub(crate) part: u32,
    pub(crate) outcome: DecodedOutcome,
}

/// The outcome of decoding.
#[derive(Debug)]
pub(crate) enum DecodedOutcome {
    Post(Box<Post>),
    Filtered,
    Deletion(Deletion),
    Ignored(&'static str),
    Dead(DeadLetter),
}

/// Turns the bytes of one source's records into posts.
#[derive(Clone)]
pub(crate) struct Decoder {
    /// The name of the source in dead letters.
    pub(crate) name: String,
    pub(crate) format: Format,
    pub(crate) limits: Limits,
    pub(crate) filter: Option<Filter>,
}

impl Decoder {
    /// Makes the decoder of a source of this format.
    pub(crate) fn new(source: &Source, format: Format, job: &Job) -> Self {
        Self { name: source.name.clone(), format, limits: job.limits, filter: source.filter.clone() }
    }

    /// Decodes one record. `give` is handed each content in turn, or the one thing that there is to say of the record.
    pub(crate) fn decode(&self, record: &Record, bytes: &[u8], give: impl FnMut(DecodedItem)) {
        self.decode_checked(record, bytes, |_| None, give);
    }

    /// Decodes one record of a topic; see [`Decoder::decode`].
    pub(crate) fn decode_incoming(&self, incoming: &Incoming<'_>, mut give: impl FnMut(DecodedItem)) {
        let (record, bytes) = (incoming.record(), incoming.bytes());
        match refusal(incoming, &self.limits) {
            Some(refusal) => give(DecodedItem { part: 0, outcome: self.dead(&record, 0, refusal, bytes) }),
            None => self.decode_checked(&record, bytes, |post| ahead_of_log(post.observed_at, incoming.appended), give),
        }
    }

    /// Decodes one record, of which `check` may refuse posts.
    fn decode_checked(
        &self,
        record: &Record,
        bytes: &[u8],
        check: impl Fn(&Post) -> Option<Refusal>,
        mut give: impl FnMut(DecodedItem),
    ) {
        let contents = match self.format.decode_record(record, bytes, &self.limits) {
            Ok(Decoded::Contents(contents)) => contents,
            Ok(Decoded::Ignored(reason)) => {
                return give(DecodedItem { part: 0, outcome: DecodedOutcome::Ignored(reason) });
            }
            Err(refusal) => {
                let letter = DeadLetter::new(self.name.clone(), record, refusal, bytes);
                return give(DecodedItem { part: 0, outcome: DecodedOutcome::Dead(letter) });
            }
        };
        for (part, content) in (0..).zip(contents) {
            let outcome = match content {
                Content::Deletion(deletion) => DecodedOutcome::Deletion(deletion),
                Content::Post(mut post) => match self.passes(&mut post).then(|| check(&post)) {
                    Some(None) => DecodedOutcome::Post(post),
                    Some(Some(refusal)) => self.dead(record, part, refusal, bytes),
                    None => DecodedOutcome::Filtered,
                },
            };
            give(DecodedItem { part, outcome });
        }
    }

    fn passes(&self, post: &mut Post) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter(post))
    }

    /// Refuses a record, or one of its posts, and keeps the first of its bytes.
    fn dead(&self, record: &Record, part: u32, refusal: Refusal, bytes: &[u8]) -> DecodedOutcome {
        let kept = bytes.get(..self.limits.kept_bytes).unwrap_or(bytes);
        DecodedOutcome::Dead(DeadLetter::new(self.name.clone(), record, of_part(part, refusal), kept))
    }
}

/// A refusal that says which post of a record it is about, where that is not the first.
pub(crate) fn of_part(part: u32, refusal: Refusal) -> Refusal {
    match part {
        0 => refusal,
        part => Refusal::new(refusal.reason, format!("post {} of the record: {}", part + 1, refusal.detail)),
    }
}

/// Refuses what is seen to be no post without looking inside.
fn refusal(incoming: &Incoming<'_>, limits: &Limits) -> Option<Refusal> {
    let bytes = incoming.bytes();
    if bytes.is_empty() {
        let what = if incoming.payload.is_some() { "the record is empty" } else { "a tombstone" };
        return Some(Refusal::new(Reason::Empty, what));
    }
    if let Some(schema) =
        incoming.schema.filter(|schema| ![POST_SCHEMA, DELETION_SCHEMA].map(str::as_bytes).contains(schema))
    {
        let schema = String::from_utf8_lossy(schema);
        return Some(Refusal::new(
            Reason::UnknownSchema,
            format!("`{schema}`; this program reads {POST_SCHEMA} and {DELETION_SCHEMA}"),
        ));
    }
    (bytes.len() > limits.record_bytes).then(|| Refusal::too_large(bytes.len() as u64, limits.record_bytes))
}

/// A live source cannot have seen a post after the broker appended it, but for clocks that differ.
fn ahead_of_log(observed_at: Timestamp, appended: Option<Timestamp>) -> Option<Refusal> {
    let appended = appended.filter(|appended| observed_at > appended.plus(CLOCKS_APART))?;
    Some(Refusal::new(Reason::Future, format!("seen at {observed_at}, but in the log since {appended}")))
}

#[cfg(test)]
mod tests {
    use shoal_formats::Format;

    use super::*;

    fn decoder() -> Decoder {
        Decoder { name: "posts/0".to_owned(), format: Format::NATIVE, limits: Limits::default(), filter: None }
    }

    fn incoming(payload: Option<&[u8]>) -> Incoming<'_> {
        Incoming { offset: 7, appended: None, payload, epoch: None, schema: None }
    }

    fn reason(incoming: &Incoming<'_>) -> Option<Reason> {
        let mut found = None;
        decoder().decode_incoming(incoming, |decoded| match decoded.outcome {
            DecodedOutcome::Dead(letter) => found = Some(letter.reason),
            _ => assert!(found.is_none()),
        });
        found
    }

    const POST: &[u8] =
        br#"{"id":"1","platform":"x","author":"a","ts":"2024-01-01T00:00:00Z","text":"hello","repost":false}"#;

    #[test]
    fn what_is_no_post_says_why() {
        assert_eq!(reason(&incoming(Some(POST))), None);
        assert_eq!(reason(&incoming(None)), Some(Reason::Empty));
        assert_eq!(reason(&incoming(Some(b""))), Some(Reason::Empty));
        assert_eq!(reason(&incoming(Some(b"\xff{"))), Some(Reason::InvalidUtf8));
        assert_eq!(reason(&incoming(Some(&vec![b' '; 2 << 20]))), Some(Reason::TooLarge));
        let other = Incoming { schema: Some(b"post.v9"), ..incoming(Some(POST)) };
        assert_eq!(reason(&other), Some(Reason::UnknownSchema));
        let known = Incoming { schema: Some(b"post.v1"), ..incoming(Some(POST)) };
        assert_eq!(reason(&known), None);
    }

    #[test]
    fn nothing_is_seen_after_the_broker_had_it() {
        let posted: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
        let at = |span| Incoming { appended: Some(posted.minus(span)), ..incoming(Some(POST)) };
        assert_eq!(reason(&at(CLOCKS_APART)), None);
        assert_eq!(reason(&at(shoal_model::Span::from_seconds(301))), Some(Reason::Future));
    }
}
