//! Output for people: standard output and error, logs, and texts made safe to look at.

pub(crate) mod console;
pub(crate) mod figures;
pub(crate) mod logging;
pub(crate) mod printable;
