//! Administration: topics and their settings, one question at a time.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions};

use crate::reader::CLOSE_TIMEOUT;
use crate::{CloseWithin, Connection, Error, Purpose, Sasl, Watch, WatchContext};

/// A client for administration, for a moment: it hears no complaints and its log is never looked at, so ask the
/// cluster with a [`crate::Reader`] first.
pub(crate) fn open(connection: &Connection) -> Result<CloseWithin<AdminClient<WatchContext>>, Error> {
    let config = connection.client(&Purpose::Admin)?;
    let admin = config.create_with_context(WatchContext(Watch::new(connection)));
    Ok(CloseWithin::new("administration", admin.map_err(|error| Error::client(&error))?, CLOSE_TIMEOUT))
}

/// Says whether the administration client can sign in. rdkafka's gives no tokens (its issue 757).
pub(crate) fn is_possible(connection: &Connection) -> bool {
    !matches!(connection.sasl, Some(Sasl::OauthBearer { .. }))
}

/// Both the time for the question and that which brokers may take.
pub(crate) fn options(within: Duration) -> AdminOptions {
    AdminOptions::new().request_timeout(Some(within)).operation_timeout(Some(within))
}

/// Waits for an answer on this thread. It comes from a thread of the client, at the latest when time is up.
pub(crate) fn wait<T>(answer: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let mut answer = pin!(answer);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = answer.as_mut().poll(&mut context) {
            return value;
        }
        thread::park();
    }
}
