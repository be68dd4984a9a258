//! A run in one process: all stages fused, edges in memory.

pub(crate) mod driver;
mod resume;
pub(crate) mod run;
pub(crate) mod source_partition;
mod sources;

pub use run::run;
