//! Driving partitions of stages, the same in a fused and in a staged run.

pub(crate) mod level;
pub(crate) mod merge;
pub(crate) mod partition;
