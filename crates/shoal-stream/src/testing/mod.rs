//! A stage for tests that raises alerts from several partitions.

use serde_json::json;
use shoal_detect::{Emitter, Error, GroupIn, Lanes, Order, Outbox, Setup, Stage, StageName, Trigger};
use shoal_model::{Alert, Span, Timestamp};

/// The moment of the first timer.
pub(crate) const FIRST: i64 = 1_700_000_000;

/// Stands in for group: each partition raises an alert every ten minutes, and one for every minute's totals.
#[derive(Debug)]
pub(crate) struct Loud {
    partition: u16,
    state: (Timestamp, u32),
}

impl Loud {
    fn raise(&mut self, trigger: Trigger, kind: u8, out: &mut Emitter<'_, Self>) {
        self.state.1 += 1;
        let alert = alert(self.partition, self.state.1, trigger.at);
        out.alert(trigger, Order::new(kind, self.partition), alert);
    }
}

impl Stage for Loud {
    const NAME: StageName = StageName::Group;

    type In = GroupIn;
    type State = (Timestamp, u32);

    fn open(_setup: &Setup<'_>, partition: u16) -> Result<Self, Error> {
        Ok(Self { partition, state: (Timestamp::from_seconds(FIRST), 0) })
    }

    fn lane(outbox: &mut Outbox) -> &mut Lanes<GroupIn> {
        shoal_detect::Group::lane(outbox)
    }

    fn process(&mut self, trigger: &Trigger, records: &mut Vec<GroupIn>, out: &mut Emitter<'_, Self>) {
        for record in records.drain(..) {
            if let GroupIn::Totals(totals) = record {
                self.raise(trigger.clone(), 1 + totals.partition as u8, out);
            }
        }
    }

    fn next_timer(&self) -> Option<Timestamp> {
        Some(self.state.0)
    }

    fn timer(&mut self, at: Timestamp, out: &mut Emitter<'_, Self>) {
        self.state.0 = at.plus(Span::from_seconds(600));
        self.raise(Trigger::timer(at), 0, out);
    }

    fn state(&self) -> &Self::State {
        &self.state
    }

    fn restore(&mut self, state: Self::State) {
        self.state = state;
    }
}

/// A revision of the alert of a partition.
fn alert(partition: u16, revision: u32, at: Timestamp) -> Alert {
    let alert = json!({
        "schema_version": 1,
        "alert_id": format!("{partition:032x}"),
        "revision": revision,
        "state": "updated",
        "kind": "coordination",
        "shadow": false,
        "raised_at": at,
        "summary": "loud",
        "lineage": [{"event": "born", "at": at, "other": null}],
        "observed": {
            "window": {"start": at, "end": at},
            "layers": [],
            "accounts": [],
            "context": [],
            "objects": [],
            "ties": {"count": 0, "strongest": []},
            "posts": [],
            "timeline": [],
        },
        "strength": {
            "bits": 20.5,
            "fdr_level": 0.05,
            "threshold_bits": 12.0,
            "accounts_seen": 1000,
            "significant": 2,
            "method": "circle",
            "null_model": "activity",
        },
        "benign_checks": [],
        "disarm": [],
        "assessment": null,
        "caps_hit": [],
        "provenance": {"configuration": "test", "version": "0", "inputs": []},
    });
    serde_json::from_value(alert).unwrap()
}
