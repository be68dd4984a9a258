//! Versions of the state format.

/// The version of the state format: raised by every change to what a stage remembers.
pub const STATE_VERSION: u32 = 4;
/// The oldest version of the state format that is read: that of the release before.
pub(crate) const OLDEST_STATE_VERSION: u32 = 3;
