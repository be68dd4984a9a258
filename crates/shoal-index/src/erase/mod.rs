//! What must not come back, and who did what.

pub(crate) mod audit;
pub(crate) mod erased;
pub(crate) mod redact;
