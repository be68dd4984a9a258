//! Reading posts: from bytes on disk or in a stream to [`shoal_model::Post`], with nothing lost on the way.
//!
//! A [`Reader`] opens an input, looks through its compression and gives its [`Record`]s with their offsets, cut as a
//! [`Framing`] says. A [`Format`], named or detected, turns a record into posts and deletions, ignores it for a reason,
//! or says in a [`Refusal`] why it cannot read it; a refused record is kept, byte for byte, as a [`DeadLetter`]. So
//! `records = records with contents + ignored + dead letters`, for every input.
//!
//! Input is hostile: every size is bounded by [`Limits`], and no input makes this crate panic.

mod compression;
mod content;
mod dead_letter;
mod error;
mod formats;
mod framing;
mod input;
mod limits;
mod record;
mod refusal;

pub use compression::Compression;
pub use content::{Content, Contents, Decoded};
pub use dead_letter::{DeadLetter, DeadLetterWriter, DeadLetters};
pub use error::Error;
pub use formats::{Format, FormatDefinition, detect};
pub use framing::{Boundary, BoundarySearch, Framing, Lines};
pub use input::{Identity, Reader};
pub use limits::Limits;
pub use record::{Position, Record, RecordKind};
pub use refusal::{Reason, Refusal};
