//! Driving partitions of stages, the same in every mode.

pub(crate) mod level;
pub(crate) mod merge;
pub(crate) mod partition;
