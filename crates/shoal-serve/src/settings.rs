//! Settings of the server.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Settings of the server: its address, and who may ask what.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address to listen on; port 0 takes one that is free.
    pub listen: SocketAddr,
    /// Tokens of those who may ask. Empty: everybody on this machine, for everything.
    pub tokens: Vec<AccessToken>,
    /// Names, besides those of this machine, under which browsers may reach the server: without ports.
    pub hosts: Vec<String>,
    /// The name of the pipeline, for people.
    pub name: String,
    /// Searches at once; more wait a little and are refused then.
    pub searches: usize,
}

/// A secret that somebody shows, kept as its hash.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The name of its owner: for logs, limits and the names on feedback.
    pub name: String,
    /// The role of its owner.
    pub role: Role,
    /// SHA-256 of the secret.
    pub sha256: [u8; 32],
}

/// A set of permissions. Each role includes those before it.
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
    /// The name as written in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Feedback => "feedback",
            Self::Admin => "admin",
        }
    }
}
