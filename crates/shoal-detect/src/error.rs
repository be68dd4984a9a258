//! Errors of detection: only configuration and restored state have any, never a post.

/// A configuration or a saved state that detection refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A configured value that cannot work.
    #[error("{key}: {why}")]
    Config {
        /// The key as written in a pipeline.
        key: String,
        /// The fault and its remedy.
        why: String,
    },
    /// The near-duplicate window refuses its configuration.
    #[error("text.similarity: {0}")]
    Window(#[from] shoal_sketch::ConfigError),
}
