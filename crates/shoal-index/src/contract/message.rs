//! Messages of handles to the thread that writes.

use std::sync::mpsc::SyncSender;

use super::{Batch, Erasure, Subject};
use crate::Error;

/// A message to the thread that writes.
pub(crate) enum WriterMessage {
    /// Index a batch.
    Batch(Batch),
    /// Commit, then answer.
    Commit(SyncSender<Result<(), Error>>),
    /// Erase, then answer.
    Erase { subject: Subject, by: String, reason: String, reply: SyncSender<Result<Erasure, Error>> },
    /// Remove the bytes of deleted documents, then answer.
    Purge(SyncSender<Result<u64, Error>>),
    /// Commit, answer and end.
    Close(SyncSender<Result<(), Error>>),
    /// End.
    Abandon,
}
