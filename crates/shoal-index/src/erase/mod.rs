//! Erasure: subjects that must not come back, alerts without them, and the audit log.

pub(crate) mod audit;
pub(crate) mod erased;
pub(crate) mod redact;
