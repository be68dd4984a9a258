//! Topics as inputs and outputs.

pub(crate) mod board;
pub(crate) mod epoch;
pub(crate) mod feed;
pub(crate) mod ground;
pub(crate) mod leaders;
pub(crate) mod outage;
pub(crate) mod producer;
pub(crate) mod scan;
pub(crate) mod sink;
