//! Decoding records, and refusing those that are no posts.

use shoal_formats::{Content, DeadLetter, Format, Limits, Reason, Record, Refusal};
use shoal_model::{Deletion, Post, Timestamp};

use crate::cluster::record::Incoming;
use crate::job::{Filter, Job, Source};
use crate::order::idle::CLOCKS_APART;

/// The schema of posts that this program reads.
const POST_SCHEMA: &str = "post.v1";
const DELETION_SCHEMA: &str = "deletion.v1";

/// The content of a record.
#[derive(Debug)]
pub(crate) enum Decoded {
    Post(Box<Post>),
    Filtered,
    Deletion(Deletion),
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

    /// Decodes one record.
    pub(crate) fn decode(&self, record: &Record, line: &[u8]) -> Decoded {
        match self.format.decode_record(record, line, &self.limits) {
            Ok(Content::Post(mut post)) => {
                if self.filter.as_ref().is_some_and(|filter| !filter(&mut post)) {
                    return Decoded::Filtered;
                }
                Decoded::Post(post)
            }
            Ok(Content::Deletion(deletion)) => Decoded::Deletion(deletion),
            Err(refusal) => Decoded::Dead(DeadLetter::new(self.name.clone(), record, refusal, line)),
        }
    }

    /// Decodes one record of a topic.
    pub(crate) fn decode_incoming(&self, incoming: &Incoming<'_>) -> Decoded {
        let (record, bytes) = (incoming.record(), incoming.bytes());
        if let Some(refusal) = refusal(incoming, &self.limits) {
            return self.dead(&record, refusal, bytes);
        }
        match self.decode(&record, bytes) {
            Decoded::Post(post) => match ahead_of_log(post.observed_at, incoming.appended) {
                Some(refusal) => self.dead(&record, refusal, bytes),
                None => Decoded::Post(post),
            },
            other => other,
        }
    }

    fn dead(&self, record: &Record, refusal: Refusal, bytes: &[u8]) -> Decoded {
        let kept = bytes.get(..self.limits.kept_bytes).unwrap_or(bytes);
        Decoded::Dead(DeadLetter::new(self.name.clone(), record, refusal, kept))
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
        Decoder { name: "posts/0".to_owned(), format: Format::Native, limits: Limits::default(), filter: None }
    }

    fn incoming(payload: Option<&[u8]>) -> Incoming<'_> {
        Incoming { offset: 7, appended: None, payload, epoch: None, schema: None }
    }

    fn reason(incoming: &Incoming<'_>) -> Option<Reason> {
        match decoder().decode_incoming(incoming) {
            Decoded::Dead(letter) => Some(letter.reason),
            Decoded::Post(_) | Decoded::Filtered | Decoded::Deletion(_) => None,
        }
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
