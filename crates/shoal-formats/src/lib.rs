//! Reading posts: from bytes on disk or in a stream to [`shoal_model::Post`], with nothing lost on the way.
//!
//! A [`Reader`] opens an input, looks through its compression and gives its lines as [`Record`]s with their
//! offsets. A [`Format`], named or detected, turns a record into a post or says in a [`Refusal`] why it cannot; a
//! refused record is kept, byte for byte, as a [`DeadLetter`]. So for every input
//! `records = posts + dead letters`.
//!
//! Input is hostile: every size is bounded by [`Limits`], and no input makes this crate panic.

mod compression;
mod dead_letter;
mod error;
mod formats;
mod input;
mod limits;
mod record;
mod refusal;

pub use compression::Compression;
pub use dead_letter::{DeadLetter, DeadLetterWriter, DeadLetters};
pub use error::Error;
pub use formats::{Content, Format, detect};
pub use input::{Identity, Reader};
pub use limits::Limits;
pub use record::{Position, Record, RecordKind};
pub use refusal::{Reason, Refusal};
