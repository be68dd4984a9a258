//! Values that the model refuses.

/// A value that the model refuses, with the form it should have had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Text that is no time stamp.
    #[error("`{0}` is not a time: write an RFC 3339 time such as 2015-01-31T08:00:00Z")]
    Timestamp(String),
    /// Text that is no length of time.
    #[error("`{0}` is not a length of time: write a whole number with a unit, such as 60s, 15m, 24h or 7d")]
    Span(String),
    /// Text that names no layer.
    #[error("`{name}` is not a layer: use one of {known}")]
    Layer {
        /// The text.
        name: String,
        /// The layers there are.
        known: String,
    },
    /// Text that is no key.
    #[error("`{0}` is not a key: write 16 hexadecimal digits")]
    Key(String),
    /// An id that is not `platform:native`.
    #[error("`{0}` is not an id of the form platform:native")]
    Id(String),
}
