//! A file in chunks, from a thread that may wait to a client that may be slow.

use std::io::{self, ErrorKind, Write};

use axum::body::Bytes;
use tokio::sync::mpsc::{Receiver, Sender, channel as bounded};

use crate::problem::Problem;

/// Bytes of a chunk.
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks that wait for the client.
const MAX_QUEUED_CHUNKS: usize = 4;

/// A file that is being written. Writing waits while too many chunks do, and fails once the client is gone.
#[derive(Debug)]
pub(super) struct ChunkWriter {
    chunk: Vec<u8>,
    to: Sender<Result<Bytes, Broken>>,
}

/// The problem that ends a file before its end.
#[derive(Debug, thiserror::Error)]
#[error("the file breaks off")]
pub(super) struct Broken(Problem);

/// Ends a file before its end.
#[derive(Debug)]
pub(super) struct Breaker(Sender<Result<Bytes, Broken>>);

/// A file to write, and the receiver of its chunks.
pub(super) fn channel() -> (ChunkWriter, Receiver<Result<Bytes, Broken>>) {
    let (to, from) = bounded(MAX_QUEUED_CHUNKS);
    (ChunkWriter { chunk: Vec::new(), to }, from)
}

impl ChunkWriter {
    /// The end to use after a failure.
    pub(super) fn breaker(&self) -> Breaker {
        Breaker(self.to.clone())
    }

    /// Ends the file. Until then a last chunk is kept back: what goes wrong early can still be said instead.
    pub(super) fn end(mut self) -> io::Result<()> {
        if self.chunk.is_empty() { Ok(()) } else { self.send() }
    }

    fn send(&mut self) -> io::Result<()> {
        let chunk = std::mem::take(&mut self.chunk);
        self.to.blocking_send(Ok(chunk.into())).map_err(|_| ErrorKind::BrokenPipe.into())
    }
}

impl Breaker {
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

impl Write for ChunkWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= CHUNK_BYTES {
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
        let (mut chunks, mut from) = channel();
        let written: Vec<u8> = (0..3 * CHUNK_BYTES).map(|byte| byte as u8).collect();
        for piece in written.chunks(1_000) {
            chunks.write_all(piece).unwrap();
        }
        chunks.flush().unwrap();
        chunks.end().unwrap();
        let mut read = Vec::new();
        while let Some(chunk) = from.blocking_recv() {
            let chunk = chunk.unwrap();
            assert!(chunk.len() < CHUNK_BYTES + 1_000);
            read.extend_from_slice(&chunk);
        }
        assert!(read == written);
    }

    #[test]
    fn nobody_writes_for_a_client_that_is_gone() {
        let (mut chunks, from) = channel();
        drop(from);
        let error = chunks.write_all(&vec![0; CHUNK_BYTES]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        chunks.breaker().fail(Problem::missing("x", "y"));
    }
}
