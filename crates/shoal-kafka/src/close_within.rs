//! Letting go of clients. Closing one waits for brokers, and with a broker gone it can wait for ever.

use std::ops::Deref;

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// A client that is closed on a thread of its own, and left to itself when that takes too long. It serves as the
/// client that it holds.
#[derive(Debug)]
pub struct CloseWithin<T> {
    // Let go before `closing`, so that the thread has the last hold of the client.
    client: Arc<T>,
    _closing: ClosingThread,
}

/// Tells the closing thread to go on, and waits for it.
#[derive(Debug)]
struct ClosingThread {
    what: &'static str,
    within: Duration,
    go: Option<Sender<()>>,
    // In a mutex only so that the client can be shared.
    closed: Mutex<Receiver<()>>,
}

impl<T: Send + Sync + 'static> CloseWithin<T> {
    /// Holds a client that gets so much time for closing. `what` names it in the log.
    pub fn new(what: &'static str, client: T, within: Duration) -> Self {
        let client = Arc::new(client);
        let last = Arc::clone(&client);
        let ((go, is_over), (is_closed, closed)) = (channel(), channel());
        let close = move || {
            // Nothing is ever sent: the sender is dropped.
            let _ = is_over.recv();
            drop(last);
            drop(is_closed);
        };
        // Without a thread its hold is dropped with the closure, and the client is closed where it is let go.
        if let Err(error) = thread::Builder::new().name(format!("close {what}")).spawn(close) {
            tracing::warn!(target: "kafka", "no thread to close {what}: {error}");
        }
        Self { client, _closing: ClosingThread { what, within, go: Some(go), closed: Mutex::new(closed) } }
    }
}

impl<T> Deref for CloseWithin<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.client
    }
}

impl Drop for ClosingThread {
    fn drop(&mut self) {
        self.go = None;
        let closed = self.closed.get_mut().unwrap_or_else(PoisonError::into_inner);
        if closed.recv_timeout(self.within) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!(target: "kafka", "{} did not close within {:?}; it is left to itself", self.what, self.within);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits when it is dropped, then says on which thread it was.
    struct SlowClient(Mutex<Receiver<()>>, Sender<Option<String>>);

    impl Drop for SlowClient {
        fn drop(&mut self) {
            let _ = self.0.get_mut().expect("nobody panicked").recv();
            let _ = self.1.send(thread::current().name().map(str::to_owned));
        }
    }

    #[test]
    fn a_client_that_does_not_close_is_left_to_itself() {
        let ((go, wait), (say, said)) = (channel(), channel());
        let held = CloseWithin::new("slow", SlowClient(Mutex::new(wait), say), Duration::from_millis(20));
        drop(held);
        assert!(said.try_recv().is_err(), "it still waits");
        drop(go);
        assert_eq!(said.recv().expect("closed in the end"), Some("close slow".to_owned()));
    }

    #[test]
    fn closing_is_waited_for() {
        let ((go, wait), (say, said)) = (channel(), channel());
        drop(go);
        drop(CloseWithin::new("quick", SlowClient(Mutex::new(wait), say), Duration::from_mins(1)));
        assert_eq!(said.try_recv().expect("closed"), Some("close quick".to_owned()));
    }
}
