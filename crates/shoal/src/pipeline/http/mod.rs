//! `[index]` and `[serve]`: what can be known to be wrong with them before anything is opened.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use shoal_model::Span;
use shoal_serve::AccessToken;

use super::Error;
use super::file::{Index, Serve};
use super::origins::{KeyPath, Origins, Step};
use shoal_model::display::printable;

/// What is answered over HTTP, and to whom.
#[derive(Debug, Default)]
pub(crate) struct Served {
    /// Where; when absent nothing is.
    pub(crate) listen: Option<SocketAddr>,
    /// Names that the machine is reached by.
    pub(crate) hosts: Vec<String>,
    /// Who may do what; without any, everybody on this machine may do everything.
    pub(crate) tokens: Vec<AccessToken>,
}

impl Served {
    /// What works and may not be meant.
    pub(crate) fn warning(&self) -> Option<String> {
        let open = self.listen.filter(|_| self.tokens.is_empty());
        let address = open.filter(|address| !address.ip().is_loopback())?;
        Some(format!(
            "serve.listen: whoever can reach {address} can read the metrics; only 127.0.0.1 and [::1] are this machine's own"
        ))
    }
}

const HEX_DIGITS: usize = 64;
/// The shortest bucket: a directory, and files held open, for each.
const SHORTEST_BUCKET: Span = Span::from_seconds(3_600);
/// What the engine needs for each thread that writes, in bytes.
const LEAST_MEMORY: usize = 16 << 20;
const MOST_THREADS: usize = 8;

/// `[serve]`.
pub(super) fn served(serve: &Serve, indexed: bool, origins: &Origins) -> Result<Served, Error> {
    let listen = address(serve, origins)?;
    let served = Served { listen, hosts: serve.hosts.clone(), tokens: tokens(serve, origins)? };
    let open = listen.filter(|address| !address.ip().is_loopback() && served.tokens.is_empty());
    if let Some(address) = open.filter(|_| indexed) {
        let problem = format!("whoever can reach {address} could read and erase everything");
        let remedy = "add [[serve.token]] tables (`shoal token` makes them), or listen on 127.0.0.1";
        return Err(origins.spot(&KeyPath::from("serve.listen")).wrong(problem, remedy));
    }
    Ok(served)
}

fn address(serve: &Serve, origins: &Origins) -> Result<Option<SocketAddr>, Error> {
    let Some(text) = &serve.listen else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        let remedy = "write an address and a port, such as \"127.0.0.1:9464\"; a host's name is none";
        origins.spot(&KeyPath::from("serve.listen")).wrong(format!("`{}` is no address", printable(text)), remedy)
    })
}

fn tokens(serve: &Serve, origins: &Origins) -> Result<Vec<AccessToken>, Error> {
    let mut tokens: Vec<AccessToken> = Vec::new();
    for (number, written) in serve.token.iter().enumerate() {
        let key = |name: &str| KeyPath::from("serve.token").then(Step::Index(number)).key(name);
        let wrong = |name: &str, problem: String, remedy: &str| Err(origins.spot(&key(name)).wrong(problem, remedy));
        if written.name.trim().is_empty() || written.name.len() > 64 {
            return wrong(
                "name",
                "no name of 1 to 64 bytes".to_owned(),
                "name whoever has the token: the audit log does",
            );
        }
        if tokens.iter().any(|token| token.name == written.name) {
            let problem = format!("`{}` has a token already", printable(&written.name));
            return wrong("name", problem, "give every token a name of its own");
        }
        let Some(sha256) = digest(&written.sha256) else {
            let remedy = "`shoal token` makes a token and prints its hash; the token itself stays out of this file";
            return wrong("sha256", format!("no hash of {HEX_DIGITS} hexadecimal digits"), remedy);
        };
        tokens.push(AccessToken { name: written.name.clone(), role: written.role, sha256 });
    }
    Ok(tokens)
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let bytes = text.as_bytes();
    if bytes.len() != HEX_DIGITS {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(bytes.chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
    }
    Some(digest)
}

/// `[index]`.
pub(super) fn check_index(index: &Index, origins: &Origins) -> Result<(), Error> {
    let wrong = |key: &str, problem: String, remedy: &str| {
        Err(origins.spot(&KeyPath::from(format!("index.{key}").as_str())).wrong(problem, remedy))
    };
    if index.path.is_empty() {
        return wrong("path", "it is empty".to_owned(), "name a directory, relative to the working directory");
    }
    if index.bucket < SHORTEST_BUCKET {
        let remedy = "write 1h or more; 1d suits a stream, 30d an archive";
        return wrong("bucket", format!("{} is too short", index.bucket), remedy);
    }
    if let Some(keep) = index.keep.filter(|keep| *keep < index.bucket) {
        let remedy = "write at least one bucket, or leave it out: everything is kept";
        return wrong("keep", format!("{keep} is less than one bucket of {}", index.bucket), remedy);
    }
    if !(1..=MOST_THREADS).contains(&index.threads) {
        return wrong("threads", format!("{} threads cannot work", index.threads), "write 1 to 8");
    }
    if index.memory_bytes < LEAST_MEMORY * index.threads {
        let remedy = "write 16777216 or more for each of index.threads";
        return wrong("memory_bytes", format!("{} is too little", index.memory_bytes), remedy);
    }
    for (key, span) in [("commit", index.commit), ("purge", index.purge)] {
        if span < Span::from_micros(100_000) {
            return wrong(key, format!("{span} is too often"), "write 100ms or more");
        }
    }
    Ok(())
}

impl Index {
    /// How the index is kept.
    pub(crate) fn settings(&self) -> shoal_index::Settings {
        let duration = |span: Span| Duration::from_micros(span.micros().unsigned_abs());
        shoal_index::Settings {
            directory: PathBuf::from(&self.path),
            bucket: self.bucket,
            keep: self.keep,
            commit: duration(self.commit),
            memory: self.memory_bytes,
            threads: self.threads,
            purge: duration(self.purge),
        }
    }

    /// The directory.
    pub(crate) fn directory(&self) -> &Path {
        Path::new(&self.path)
    }
}

#[cfg(test)]
mod tests;
