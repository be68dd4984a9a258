//! Circle: does whom an account met before predict whom it meets next, better than activity does?
//!
//! Keyed by account. The **circle test**: a Dirichlet-multinomial (whom the account met before) against a
//! multinomial (how active accounts are), as a likelihood ratio that is multiplied up meeting by meeting. Its
//! mean over three variants and three prior strengths is an e-value: if accounts act independently, its
//! expectation is at most 1 at any time, whenever one looks.

mod account;
mod totals;

use libm::log2;
use serde::{Deserialize, Serialize};
use shoal_model::{AccountKey, Timestamp};

use self::account::{Account, Judged, Share};
pub use self::account::{KAPPAS, VARIANTS};
use self::totals::LayerTotals;
use crate::config::{DAY, Method};
use crate::key::KeyMap;
use crate::lanes::{Lanes, partition_of};
use crate::record::{Candidate, CircleIn, Company, GroupIn, Meeting, Trigger};
use crate::stage::{Emitter, Setup, Stage};
use crate::topology::{Outbox, StageName};
use crate::{Config, Error, Group};

/// The variant with the window of seven days; the others have 24 hours.
const WEEKLY: usize = 1;
/// The variant in which the company remembers too.
const MUTUAL: usize = 2;

/// The stage.
#[derive(Debug)]
pub struct Circle {
    partition: usize,
    partitions: usize,
    partners: usize,
    candidate_bits: f64,
    on: bool,
    state: CircleState,
}

/// The state of circle.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct CircleState {
    accounts: KeyMap<AccountKey, Account>,
    totals: LayerTotals,
}

impl Circle {
    /// The partition with this number.
    pub fn new(config: &Config, partition: u16) -> Self {
        Self {
            partition: usize::from(partition),
            partitions: usize::from(config.partitions.circle),
            partners: config.circle_partners as usize,
            candidate_bits: log2(1.0 / config.judge.alpha),
            on: config.judge.method == Method::Circle,
            state: CircleState::default(),
        }
    }

    fn owns(&self, account: AccountKey) -> bool {
        partition_of(account, self.partitions) == self.partition
    }

    /// The bits and exposures of an account, if it has met anybody.
    pub fn bits(&self, account: AccountKey) -> Option<(u64, f64)> {
        let account = self.state.accounts.get(&account)?;
        Some((account.exposures(), account.bits()))
    }

    /// Takes in the meetings of a post, in the order of layers. Each variant counts the first that has company in its
    /// window.
    fn meetings(&mut self, trigger: &Trigger, meetings: &[Box<Meeting>], out: &mut Emitter<'_, Circle>) {
        let mut done = [false; VARIANTS];
        for meeting in meetings {
            let own = self.owns(meeting.account);
            let shares = self.shares(meeting, trigger.at);
            let mut judged = None;
            for (variant, done) in done.iter_mut().enumerate() {
                let company = within(meeting, &shares, variant);
                let met = if own { !company.is_empty() } else { variant == MUTUAL && meeting.within_day > 0 };
                if !met || *done {
                    continue;
                }
                *done = true;
                if own {
                    let account = self.state.accounts.entry(meeting.account).or_default();
                    let found = account.meet(variant, &company, self.partners);
                    judged = judged.or((variant == 0).then_some(found));
                }
                if variant == MUTUAL {
                    self.remember(meeting, &company);
                }
            }
            if let Some(judged) = judged {
                self.note(trigger, meeting, judged);
            }
        }
        if let Some(meeting) = meetings.first().filter(|meeting| self.owns(meeting.account)) {
            self.tell(trigger, meeting.account, out);
        }
    }

    /// The share of the layer's actions of each of the company, when it acted.
    fn shares(&self, meeting: &Meeting, at: Timestamp) -> Vec<(Company, f64)> {
        let total = self.state.totals.of(meeting.layer, at.day()).max(1) as f64;
        meeting.company.iter().map(|act| (*act, (f64::from(act.actions) / total).min(1.0))).collect()
    }

    fn remember(&mut self, meeting: &Meeting, company: &[Share]) {
        let weight = 1.0 / f64::from(meeting.within_day);
        let (partition, partitions, partners) = (self.partition, self.partitions, self.partners);
        for held in company.iter().filter(|held| partition_of(held.account, partitions) == partition) {
            let account = self.state.accounts.entry(held.account).or_default();
            account.remember(MUTUAL, meeting.account, weight, partners);
        }
    }

    fn note(&mut self, trigger: &Trigger, meeting: &Meeting, judged: Judged) {
        if let (Some(account), Some(post)) = (self.state.accounts.get_mut(&meeting.account), &trigger.post) {
            account.note(meeting, post, judged);
        }
    }

    /// Tells group of an account whose evidence is, or was, enough to matter.
    fn tell(&mut self, trigger: &Trigger, key: AccountKey, out: &mut Emitter<'_, Circle>) {
        let Some(account) = self.state.accounts.get_mut(&key) else { return };
        if let (true, Some(post)) = (account.is_candidate(self.candidate_bits), &trigger.post) {
            let candidate = Candidate {
                account: key,
                id: post.account.clone(),
                arithmetic: account.arithmetic(),
                caps: account.caps(),
            };
            out.to::<Group>().to(0, trigger, GroupIn::Candidate(Box::new(candidate)));
        }
    }
}

/// The company within a variant's window, with their shares of the layer's actions.
fn within(meeting: &Meeting, shares: &[(Company, f64)], variant: usize) -> Vec<Share> {
    let week = variant == WEEKLY;
    let near = shares.iter().filter(|(act, _)| week || meeting.at.distance(act.at) <= DAY);
    near.map(|(act, share)| Share { account: act.account, share: *share }).collect()
}

impl Stage for Circle {
    const NAME: StageName = StageName::Circle;

    type In = CircleIn;
    type State = CircleState;

    fn open(setup: &Setup<'_>, partition: u16) -> Result<Self, Error> {
        Ok(Self::new(setup.config, partition))
    }

    fn lane(outbox: &mut Outbox) -> &mut Lanes<CircleIn> {
        &mut outbox.circle
    }

    fn process(&mut self, trigger: &Trigger, records: &mut Vec<CircleIn>, out: &mut Emitter<'_, Self>) {
        let mut meetings = Vec::new();
        for record in records.drain(..) {
            match record {
                CircleIn::Totals(totals) => self.state.totals.add(&totals),
                CircleIn::Meeting(meeting) if self.on => meetings.push(meeting),
                CircleIn::Meeting(_) => {}
            }
        }
        if !meetings.is_empty() {
            self.meetings(trigger, &meetings, out);
        }
    }

    fn state(&self) -> &CircleState {
        &self.state
    }

    fn restore(&mut self, state: CircleState) {
        self.state = state;
    }
}
