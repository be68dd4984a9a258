//! For tests and benches alone.

#[cfg(test)]
mod fixtures;
mod measuring;

#[cfg(test)]
pub(crate) use self::fixtures::*;
pub use self::measuring::{Bare, bare, count_words};
