//! The log of a broker, followed as it is written.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, PipeReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Lines that are kept, and how much of each, in bytes.
const KEPT_LINES: usize = 300;
const KEPT_BYTES: u64 = 2000;
/// The line that a broker logs when it serves clients.
const READY: &str = "Kafka Server started";
/// The line that it logs, long before it ends, when its port is taken.
const TAKEN: &str = "Address already in use";

/// The end of a broker's log and what it says about the broker.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    shared: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<String>,
    ready: bool,
    taken: bool,
    ended: bool,
}

/// The outcome of waiting for a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    Ready,
    Ended,
    /// It has ended, because somebody else listens where it wants to.
    AddressTaken,
    TooLong,
}

impl Log {
    /// Follows `pipe` on a thread of its own until its other end is closed.
    pub(crate) fn follow(pipe: PipeReader) -> Self {
        let log = Self::default();
        let written = log.clone();
        thread::spawn(move || written.read(pipe));
        log
    }

    fn read(&self, pipe: PipeReader) {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        // A line without end comes in pieces.
        while pipe.by_ref().take(KEPT_BYTES).read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            self.write(String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
        self.lock().ended = true;
        self.shared.1.notify_all();
    }

    fn write(&self, line: &str) {
        let mut state = self.lock();
        if state.lines.len() == KEPT_LINES {
            state.lines.pop_front();
        }
        state.lines.push_back(line.chars().filter(|symbol| !symbol.is_control()).collect());
        state.taken |= line.contains(TAKEN);
        if line.contains(READY) {
            state.ready = true;
            self.shared.1.notify_all();
        }
    }

    /// Waits until the broker is ready or has ended.
    pub(crate) fn wait_until_ready(&self, longest: Duration) -> Waited {
        self.wait(longest, |state| match state {
            State { ended: true, taken: true, .. } => Some(Waited::AddressTaken),
            State { ended: true, .. } => Some(Waited::Ended),
            State { ready: true, .. } => Some(Waited::Ready),
            State { .. } => None,
        })
    }

    /// Waits until the broker has ended.
    pub(crate) fn wait_until_ended(&self, longest: Duration) -> Waited {
        self.wait(longest, |state| state.ended.then_some(Waited::Ended))
    }

    fn wait(&self, longest: Duration, what: impl Fn(&State) -> Option<Waited>) -> Waited {
        let deadline = Instant::now() + longest;
        let mut state = self.lock();
        loop {
            if let Some(waited) = what(&state) {
                return waited;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Waited::TooLong;
            }
            state = self.shared.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The last `count` lines.
    pub(crate) fn tail(&self, count: usize) -> String {
        let state = self.lock();
        let skipped = state.lines.len().saturating_sub(count);
        state.lines.iter().skip(skipped).map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn a_log_says_when_its_broker_is_ready_and_when_it_has_ended() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let log = Log::follow(reader);
        writeln!(writer, "INFO starting\nINFO [KafkaRaftServer nodeId=1] Kafka Server started").unwrap();
        assert_eq!(log.wait_until_ready(LONG), Waited::Ready);
        assert_eq!(log.wait_until_ended(Duration::ZERO), Waited::TooLong);
        drop(writer);
        assert_eq!(log.wait_until_ended(LONG), Waited::Ended);
        assert_eq!(log.wait_until_ready(LONG), Waited::Ended);
        assert_eq!(log.tail(1), "INFO [KafkaRaftServer nodeId=1] Kafka Server started");
    }

    #[test]
    fn a_log_says_that_an_address_was_taken() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let log = Log::follow(reader);
        writeln!(writer, "ERROR Socket server failed to bind to 127.0.0.1:9092: Address already in use.").unwrap();
        for _ in 0..2 * KEPT_LINES {
            writeln!(writer, "INFO shutting down").unwrap();
        }
        assert_eq!(log.wait_until_ready(Duration::ZERO), Waited::TooLong);
        drop(writer);
        assert_eq!(log.wait_until_ready(LONG), Waited::AddressTaken);
    }

    #[test]
    fn what_is_kept_of_a_log_is_bounded_and_printable() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let log = Log::follow(reader);
        writer.write_all(&vec![b'x'; 10_000]).unwrap();
        for number in 0..2 * KEPT_LINES {
            writeln!(writer, "\u{1b}[31mline {number}").unwrap();
        }
        drop(writer);
        assert_eq!(log.wait_until_ended(LONG), Waited::Ended);
        assert_eq!(log.tail(usize::MAX).lines().count(), KEPT_LINES);
        assert_eq!(log.tail(1), format!("[31mline {}", 2 * KEPT_LINES - 1));
    }
}
