//! Order within a source: an [`intake`] releases posts by event time, and an [`idle`] source lets the others pass.

pub(crate) mod idle;
pub(crate) mod intake;
