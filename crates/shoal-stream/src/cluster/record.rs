//! Records of topics that others write or read: their headers, and what is no post.

use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Headers, Timestamp as MessageTime};
use shoal_formats::{DeadLetter, Limits, Reason, Record, RecordKind, Refusal};
use shoal_model::Timestamp;

use crate::order::intake::CLOCKS_APART;
use crate::read::{Decoded, Decoder};

/// The header with the schema of a record, such as `post.v1`.
pub(crate) const SCHEMA: &str = "shoal-schema";
/// The header with the fingerprint of the configuration.
pub(crate) const EPOCH: &str = "shoal-epoch";
/// The header with whose numbers `shoal-sequence` counts.
pub(crate) const CHANNEL: &str = "shoal-channel";
/// The header with the number of a record, from 1.
pub(crate) const SEQUENCE: &str = "shoal-sequence";

/// The schema of posts that this program reads.
const POST_SCHEMA: &str = "post.v1";
const DELETION_SCHEMA: &str = "deletion.v1";

/// One record of a topic.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incoming<'a> {
    pub(crate) offset: u64,
    /// When the broker appended it; `None` where the topic keeps the time its writer claims.
    pub(crate) appended: Option<Timestamp>,
    pub(crate) payload: Option<&'a [u8]>,
    /// The header [`EPOCH`].
    pub(crate) epoch: Option<&'a [u8]>,
    /// The header [`SCHEMA`].
    pub(crate) schema: Option<&'a [u8]>,
}

impl<'a> Incoming<'a> {
    /// As the client gives it.
    pub(crate) fn new(message: &'a BorrowedMessage<'_>) -> Self {
        let appended = match message.timestamp() {
            MessageTime::LogAppendTime(millis) => Some(Timestamp::from_micros(millis.saturating_mul(1_000))),
            MessageTime::NotAvailable | MessageTime::CreateTime(_) => None,
        };
        Self {
            offset: u64::try_from(message.offset()).unwrap_or(0),
            appended,
            payload: message.payload(),
            epoch: header(message, EPOCH),
            schema: header(message, SCHEMA),
        }
    }
}

/// The last header of this name.
pub(crate) fn header<'a>(message: &'a BorrowedMessage<'_>, name: &str) -> Option<&'a [u8]> {
    let headers = message.headers()?;
    (0..headers.count()).rev().map(|at| headers.get(at)).find(|header| header.key == name)?.value
}

/// Reads a record as a post.
pub(crate) fn decode<'a>(decoder: &Decoder, incoming: &Incoming<'a>) -> (Record, &'a [u8], Decoded) {
    let record = Record { offset: incoming.offset, number: incoming.offset, kind: RecordKind::Whole };
    let bytes = incoming.payload.unwrap_or_default();
    let outcome = match refusal(incoming, bytes, &decoder.limits) {
        Some(refusal) => dead(decoder, &record, refusal, bytes),
        None => match decoder.decode(&record, bytes) {
            Decoded::Post(post) => match ahead_of_log(post.observed_at, incoming.appended) {
                Some(refusal) => dead(decoder, &record, refusal, bytes),
                None => Decoded::Post(post),
            },
            other => other,
        },
    };
    (record, bytes, outcome)
}

fn dead(decoder: &Decoder, record: &Record, refusal: Refusal, bytes: &[u8]) -> Decoded {
    let kept = bytes.get(..decoder.limits.kept_bytes).unwrap_or(bytes);
    Decoded::Dead(DeadLetter::new(decoder.name.clone(), record, refusal, kept))
}

/// What can be refused without looking inside.
fn refusal(incoming: &Incoming<'_>, bytes: &[u8], limits: &Limits) -> Option<Refusal> {
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
        match decode(&decoder(), incoming).2 {
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
