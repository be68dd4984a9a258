//! The files of an index: its parts, each a tantivy index, and the files beside them.

pub(crate) mod disk;
pub(crate) mod identity;
pub(crate) mod lock;
pub(crate) mod part;
pub(crate) mod parts;
pub(crate) mod positions;
pub(crate) mod snapshot;
mod upgrade;
