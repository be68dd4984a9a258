//! A fused run: all stages in one process, edges in memory.

pub(crate) mod driver;
mod resume;
pub(crate) mod run;
pub(crate) mod source_partition;
mod sources;

pub use run::run;
