//! What the server is told.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Where to listen, and who may ask what.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes one that is free.
    pub listen: SocketAddr,
    /// Who may ask. Empty: everybody on this machine, for everything.
    pub tokens: Vec<Token>,
    /// Names, besides those of this machine, under which browsers may reach the server: without ports.
    pub hosts: Vec<String>,
    /// The name of the pipeline, for people.
    pub name: String,
    /// Searches at once; more wait a little and are refused then.
    pub searches: usize,
}

/// A secret that somebody shows, kept as its hash.
#[derive(Debug, Clone)]
pub struct Token {
    /// Whose it is: for logs, limits and the names on feedback.
    pub name: String,
    /// What it is good for.
    pub role: Role,
    /// SHA-256 of the secret.
    pub sha256: [u8; 32],
}

/// What somebody may do. Each role may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Search and read.
    Read,
    /// Say what alerts turned out to be.
    Feedback,
    /// Erase posts and accounts.
    Admin,
}

impl Role {
    /// As written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Feedback => "feedback",
            Self::Admin => "admin",
        }
    }
}
