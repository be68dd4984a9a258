//! A file in parts, from a thread that may wait to a client that may be slow.

use std::io::{self, ErrorKind, Write};

use axum::body::Bytes;
use tokio::sync::mpsc::{Receiver, Sender, channel as bounded};

use crate::problem::Problem;

/// Bytes of a part.
const PART: usize = 64 * 1024;
/// Parts that wait for the client.
const WAITING: usize = 4;

/// Where a file is written to. Writing waits while too many parts do, and fails once the client is gone.
#[derive(Debug)]
pub(super) struct Parts {
    part: Vec<u8>,
    to: Sender<Result<Bytes, Broken>>,
}

/// Why a file ends before its end.
#[derive(Debug, thiserror::Error)]
#[error("the file breaks off")]
pub(super) struct Broken(Problem);

/// The other way to end a file.
#[derive(Debug)]
pub(super) struct End(Sender<Result<Bytes, Broken>>);

/// Where a file is written to, and where its parts come out.
pub(super) fn channel() -> (Parts, Receiver<Result<Bytes, Broken>>) {
    let (to, from) = bounded(WAITING);
    (Parts { part: Vec::new(), to }, from)
}

impl Parts {
    /// The end for when something goes wrong.
    pub(super) fn clone_end(&self) -> End {
        End(self.to.clone())
    }

    /// Ends the file. Until then a last part is kept back: what goes wrong early can still be said instead.
    pub(super) fn end(mut self) -> io::Result<()> {
        if self.part.is_empty() { Ok(()) } else { self.send() }
    }

    fn send(&mut self) -> io::Result<()> {
        let part = std::mem::take(&mut self.part);
        self.to.blocking_send(Ok(part.into())).map_err(|_| ErrorKind::BrokenPipe.into())
    }
}

impl End {
    /// Breaks the file off, unless its client is gone anyway.
    pub(super) fn fail(self, problem: Problem) {
        _ = self.0.blocking_send(Err(Broken(problem)));
    }
}

impl From<Broken> for Problem {
    fn from(Broken(problem): Broken) -> Self {
        problem
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.part.extend_from_slice(bytes);
        if self.part.len() >= PART {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_in_parts_and_whole() {
        let (mut parts, mut from) = channel();
        let written: Vec<u8> = (0..3 * PART).map(|byte| byte as u8).collect();
        for piece in written.chunks(1_000) {
            parts.write_all(piece).unwrap();
        }
        parts.flush().unwrap();
        parts.end().unwrap();
        let mut read = Vec::new();
        while let Some(part) = from.blocking_recv() {
            let part = part.unwrap();
            assert!(part.len() < PART + 1_000);
            read.extend_from_slice(&part);
        }
        assert!(read == written);
    }

    #[test]
    fn nobody_writes_for_a_client_that_is_gone() {
        let (mut parts, from) = channel();
        drop(from);
        let error = parts.write_all(&vec![0; PART]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        parts.clone_end().fail(Problem::missing("x", "y"));
    }
}
