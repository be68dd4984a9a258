//! Output for people: standard output and error, logs, figures.

pub(crate) mod console;
pub(crate) mod figures;
pub(crate) mod logging;
