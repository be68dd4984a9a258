//! Records of topics that others write or read, and their headers.

use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Headers, Timestamp as MessageTime};
use shoal_formats::{Record, RecordKind};
use shoal_model::Timestamp;

/// The header with the schema of a record, such as `post.v1`.
pub(crate) const SCHEMA: &str = "shoal-schema";
/// The header with the fingerprint of the configuration.
pub(crate) const EPOCH: &str = "shoal-epoch";
/// The header with whose numbers `shoal-sequence` counts.
pub(crate) const CHANNEL: &str = "shoal-channel";
/// The header with the number of a record, from 1.
pub(crate) const SEQUENCE: &str = "shoal-sequence";

/// A record of a topic.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incoming<'a> {
    pub(crate) offset: u64,
    /// The time at which the broker appended it; `None` where the topic keeps the time that its writer claims.
    pub(crate) appended: Option<Timestamp>,
    pub(crate) payload: Option<&'a [u8]>,
    /// The header [`EPOCH`].
    pub(crate) epoch: Option<&'a [u8]>,
    /// The header [`SCHEMA`].
    pub(crate) schema: Option<&'a [u8]>,
}

impl<'a> Incoming<'a> {
    /// The record that the client gives.
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

    /// The place of the record in its topic; every record is whole.
    pub(crate) fn record(&self) -> Record {
        Record { offset: self.offset, number: self.offset, kind: RecordKind::Whole }
    }

    /// The payload; nothing when there is none.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.payload.unwrap_or_default()
    }
}

/// The last header of this name.
pub(crate) fn header<'a>(message: &'a BorrowedMessage<'_>, name: &str) -> Option<&'a [u8]> {
    let headers = message.headers()?;
    (0..headers.count()).rev().map(|at| headers.get(at)).find(|header| header.key == name)?.value
}
