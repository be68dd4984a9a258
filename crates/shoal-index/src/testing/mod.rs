//! Support of tests and benches; no part of the crate's promises.

#[cfg(test)]
mod fixtures;
mod measuring;

#[cfg(test)]
pub(crate) use self::fixtures::*;
pub use self::measuring::{Bare, bare, count_words};
