//! Alerts as they come.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use shoal_index::{AlertRequest, Index, MAX_PAGE, SearchLimits};
use shoal_model::Alert;
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::alert_feed::{FeedPosition, FeedStep};
use crate::app::{App, MAX_STREAMS};
use crate::connection::Unhurried;
use crate::extract::{NoParameters, Parameters};
use crate::problem::{Problem, ProblemKind};

/// A comment is sent when there is nothing else for so long.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);
/// Time after which a client that was cut off may come again.
const RECONNECT_DELAY: Duration = Duration::from_secs(3);
/// Alerts that a client can have missed and still get.
const MAX_MISSED: usize = 2_000;

/// A client that follows the feed.
struct Follower {
    app: Arc<App>,
    /// Positions of alerts that it missed, oldest first.
    missed: VecDeque<FeedPosition>,
    /// It missed more than that.
    gap: bool,
    /// The number of the next live revision.
    number: u64,
    more: watch::Receiver<u64>,
    begun: bool,
    over: bool,
    _place: StreamPermit,
}

/// A place among the streams that there may be.
struct StreamPermit {
    app: Arc<App>,
    _permit: OwnedSemaphorePermit,
}

/// Revisions of alerts as they come, as server-sent events.
///
/// Events: `alert` with a revision as its data, once it can be found; `gap` when alerts were missed that cannot be sent
/// any more; `dropped`, the last one, when a client does not read fast enough. Comments come when there is nothing
/// else. With `Last-Event-ID` the stream goes on after that event: revisions that are still in memory come one by one,
/// of older ones the newest of each alert. A revision may come twice; upsert by `alert_id` and `revision`.
#[utoipa::path(get, path = "/api/v1/stream", tag = "alerts",
    params(("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event that was seen.")),
    responses((status = 200, description = "A stream that does not end.", content((String = "text/event-stream")))))]
pub(super) async fn stream(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let last = last(&headers)?;
    let place = StreamPermit::take(&app)?;
    // From here on nothing is missed.
    let (more, mut number) = (app.feed.follow(), app.feed.end());
    let (mut missed, mut gap) = (VecDeque::new(), false);
    match last.map(|mark| (app.feed.after(&mark), mark)) {
        None => {}
        Some((Some(after), _)) => number = after,
        Some((None, mark)) => {
            (missed, gap) = app.work(move |app| since(&app.index, &app.limits, &mark)).await?;
        }
    }
    let follower = Follower { app, missed, gap, number, more, begun: false, over: false, _place: place };
    let events = unfold(follower, async |mut follower| {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT_INTERVAL)).into_response();
    response.extensions_mut().insert(Unhurried);
    Ok(response)
}

fn last(headers: &HeaderMap) -> Result<Option<FeedPosition>, Problem> {
    const NAME: &str = "Last-Event-ID";
    let Some(value) = headers.get(NAME).filter(|value| !value.is_empty()) else { return Ok(None) };
    let mark = value.to_str().ok().and_then(|value| value.parse().ok());
    mark.map(Some).ok_or_else(|| Problem::of(NAME, format!("{NAME} is not the id of an event of this stream")))
}

/// Alerts whose newest revisions came after a mark or with it, oldest first; and whether there are more than are given.
fn since(index: &Index, limits: &SearchLimits, mark: &FeedPosition) -> Result<(VecDeque<FeedPosition>, bool), Problem> {
    let mut request = AlertRequest { limit: MAX_PAGE, ..AlertRequest::default() };
    let mut missed = VecDeque::new();
    loop {
        let page = index.alerts(&request, limits)?;
        for alert in page.alerts {
            if alert.raised_at < mark.raised_at {
                return Ok((missed, false));
            }
            if missed.len() == MAX_MISSED {
                return Ok((missed, true));
            }
            let one = FeedPosition { raised_at: alert.raised_at, alert_id: alert.alert_id, revision: alert.revision };
            if one != *mark {
                missed.push_front(one);
            }
        }
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok((missed, false)),
        }
    }
}

impl Follower {
    /// The next event; none after the last one.
    async fn next(&mut self) -> Option<Event> {
        if self.over {
            return None;
        }
        if !self.begun {
            self.begun = true;
            return Some(Event::default().comment("alerts as they come").retry(RECONNECT_DELAY));
        }
        if self.gap {
            self.gap = false;
            let detail = format!("more than {MAX_MISSED} alerts came meanwhile; the oldest are not sent");
            return Some(Event::default().event("gap").data(detail));
        }
        while let Some(mark) = self.missed.pop_front() {
            if let Some(event) = self.kept(mark).await {
                return Some(event);
            }
        }
        loop {
            match self.app.feed.next(self.number) {
                FeedStep::Revision(revision, number) => {
                    self.number = number;
                    return Some(event(&revision.mark, &revision.json));
                }
                FeedStep::Lost => {
                    self.over = true;
                    let detail = "alerts came faster than they were read; come again with Last-Event-ID";
                    return Some(Event::default().event("dropped").data(detail));
                }
                FeedStep::Nothing => self.more.changed().await.ok()?,
            }
        }
    }

    /// The newest revision of an alert, unless it is gone, or the index is too busy for those who missed something.
    async fn kept(&mut self, mark: FeedPosition) -> Option<Event> {
        let newest = self.app.ask(move |index, _| Ok(index.alert(&mark.alert_id)?.pop())).await;
        match newest {
            Ok(alert) => {
                let alert: Alert = alert?;
                Some(event(&FeedPosition::of(&alert), &serde_json::to_string(&alert).ok()?))
            }
            Err(problem) => {
                self.over = true;
                Some(Event::default().event("dropped").data(problem.detail))
            }
        }
    }
}

fn event(mark: &FeedPosition, json: &str) -> Event {
    Event::default().event("alert").id(mark.to_string()).data(json)
}

impl StreamPermit {
    fn take(app: &Arc<App>) -> Result<Self, Problem> {
        let permit = Arc::clone(&app.streams).try_acquire_owned().map_err(|_| {
            Problem::new(ProblemKind::Busy, format!("{MAX_STREAMS} streams are open, and there may be no more"))
                .after(10)
        })?;
        app.metrics.streams.inc();
        Ok(Self { app: Arc::clone(app), _permit: permit })
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        self.app.metrics.streams.dec();
    }
}
