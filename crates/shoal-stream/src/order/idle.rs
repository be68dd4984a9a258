//! The decision that a source has nothing for now: the only one made by the wall clock.

use serde::{Deserialize, Serialize};
use shoal_model::{Span, Timestamp};

/// The most that the clocks of a live source and of this machine may be apart.
pub(crate) const CLOCKS_APART: Span = Span::from_seconds(300);

/// A decision by the wall clock: nothing has come for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IdleDecision {
    /// The bound up to which times in doubt are believed.
    pub(crate) limit: Timestamp,
    /// The moment that event time goes on to.
    pub(crate) to: Timestamp,
}
