//! The order within a source.

pub(crate) mod intake;
