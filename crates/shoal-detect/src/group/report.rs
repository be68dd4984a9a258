//! Alerts about groups.

use std::cell::RefCell;
use std::collections::BTreeMap;

use shoal_model::{
    ALERT_SCHEMA_VERSION, Alert, AlertAccount, AlertKind, AlertObject, Cap, Layer, ObjectKey, Observed, Provenance,
    Span, Strength, TimelineBin, Timestamp, Window,
};
use shoal_text::LanguageDetector;

use super::benign;
use super::caps::Caps;
use super::case::{AlertCase, CaseObject, JudgementView, Member};
use super::life::RevisionReason;
use super::summary::summary;
use crate::Config;
use crate::config::{JudgeConfig, Method};

/// Bars that a timeline may have.
const BARS: i64 = 60;
/// Lengths that a bar may have, in seconds.
const BAR_LENGTHS: [i64; 9] = [60, 300, 900, 3_600, 21_600, 86_400, 604_800, 2_592_000, 31_536_000];

/// Writes alerts.
#[derive(Debug)]
pub(super) struct Reporter {
    judge: JudgeConfig,
    shadow: bool,
    provenance: Provenance,
    /// A cache: what it gives depends on the text alone.
    languages: RefCell<LanguageDetector>,
}

impl Reporter {
    pub(super) fn new(config: &Config, provenance: Provenance) -> Self {
        Self {
            judge: config.judge.clone(),
            shadow: config.shadow,
            provenance,
            languages: RefCell::new(LanguageDetector::default()),
        }
    }

    /// The next revision of a group's alert.
    pub(super) fn report(&self, case: &AlertCase<'_>, reason: RevisionReason) -> Alert {
        let mut caps = Caps::default();
        let observed = self.observed(case, &mut caps);
        let strength = self.strength(&observed, case.view);
        let group = case.group;
        Alert {
            schema_version: ALERT_SCHEMA_VERSION,
            alert_id: group.alert_id.clone(),
            revision: group.revision + 1,
            state: reason.state(),
            kind: AlertKind::Coordination,
            shadow: self.shadow,
            raised_at: case.at,
            summary: summary(reason, group.members.len(), &observed, &strength, &group.lineage),
            benign_checks: benign::checks(case, &observed),
            observed,
            strength,
            disarm: Vec::new(),
            assessment: None,
            lineage: group.lineage.clone(),
            caps_hit: caps.hits(),
            provenance: self.provenance.clone(),
        }
    }

    fn observed(&self, case: &AlertCase<'_>, caps: &mut Caps) -> Observed {
        let list = &self.judge.list;
        let evidence = &case.evidence;
        let objects = evidence.ranked();
        let times = || evidence.objects.values().flat_map(|object| object.acts.iter().map(|act| act.post.at));
        // A group that fell apart because its ties were forgotten has no evidence left.
        let start = times().min().unwrap_or(case.at);
        let end = times().max().unwrap_or(case.at);
        for edge in &evidence.edges {
            caps.add(Cap::TieObjects, u64::from(edge.skipped.objects));
            caps.most(Cap::LiveTraces, u64::from(edge.skipped.traces));
            caps.most(Cap::ObjectAccounts, u64::from(edge.skipped.accounts));
        }
        let mut accounts = accounts(case, caps);
        caps.cut(Cap::AlertAccounts, &mut accounts, list.accounts);
        let mut context = case.context();
        caps.cut(Cap::AlertContext, &mut context, list.context);
        let posts = evidence.posts(&objects, list.objects, list.posts, caps);
        Observed {
            window: Window { start, end },
            layers: evidence.layers(),
            accounts,
            context,
            objects: self.objects(&objects, list.objects, caps),
            ties: evidence.ties(list.ties),
            posts,
            timeline: timeline(start, end, times()),
        }
    }

    fn objects(&self, objects: &[(ObjectKey, &CaseObject<'_>)], limit: usize, caps: &mut Caps) -> Vec<AlertObject> {
        caps.add(Cap::AlertObjects, objects.len().saturating_sub(limit) as u64);
        let listed = objects.iter().take(limit);
        listed
            .map(|(key, object)| AlertObject {
                key: key.to_string(),
                layer: object.layer,
                label: object.label.to_owned(),
                lang: (object.layer == Layer::Text)
                    .then(|| self.languages.borrow_mut().detect(object.label).code.to_owned()),
                accounts: object.accounts.len() as u64,
                posts: object.acts.len() as u64,
            })
            .collect()
    }

    fn strength(&self, observed: &Observed, view: &JudgementView<'_>) -> Strength {
        let by_circle = self.judge.method == Method::Circle;
        let bits = observed.accounts.iter().filter_map(|account| account.arithmetic.as_ref());
        let bits = bits
            .map(|arithmetic| arithmetic.bits)
            .fold(None, |most: Option<f64>, bits| Some(most.map_or(bits, |most| most.max(bits))));
        let threshold = Some(view.decision.threshold).filter(|threshold| by_circle && threshold.is_finite());
        Strength {
            bits: bits.filter(|_| by_circle),
            fdr_level: by_circle.then_some(self.judge.alpha),
            threshold_bits: threshold.map(|threshold| (threshold * 1e6).round() / 1e6),
            accounts_seen: view.accounts,
            significant: if by_circle { view.decision.significant } else { view.significant.len() as u64 },
            method: if by_circle { "circle test, e-BH" } else { "rules" }.to_owned(),
            null_model: if by_circle {
                "accounts act independently; whom one meets on an object is drawn by how active accounts are"
            } else {
                "none: fixed counts say nothing about chance"
            }
            .to_owned(),
        }
    }
}

/// The accounts of the group, strongest evidence first.
fn accounts(case: &AlertCase<'_>, caps: &mut Caps) -> Vec<AlertAccount> {
    let mut accounts = Vec::new();
    for key in &case.group.members {
        let (member, candidate) = (case.evidence.accounts.get(key), case.view.candidates.get(key));
        let id = candidate.map(|candidate| &*candidate.id).or(member.map(|member| member.id));
        let Some(id) = id else { continue };
        if let Some(candidate) = candidate {
            caps.add(Cap::Company, candidate.caps.company);
            caps.add(Cap::CirclePartners, candidate.caps.partners);
        }
        accounts.push(AlertAccount {
            id: id.to_owned(),
            partners: member.map_or(0, |member| member.partners),
            objects: member.map_or(0, |member| member.objects.len() as u64),
            arithmetic: candidate.map(|candidate| candidate.arithmetic.clone()),
            profile: member.and_then(Member::profile),
        });
    }
    let bits = |account: &AlertAccount| account.arithmetic.as_ref().map_or(0.0, |arithmetic| arithmetic.bits);
    accounts
        .sort_by(|a, b| bits(b).total_cmp(&bits(a)).then(b.partners.cmp(&a.partners)).then_with(|| a.id.cmp(&b.id)));
    accounts
}

/// Posts over time in at most sixty bars.
fn timeline(start: Timestamp, end: Timestamp, times: impl Iterator<Item = Timestamp>) -> Vec<TimelineBin> {
    let length = BAR_LENGTHS
        .into_iter()
        .find(|seconds| end.distance(start).micros() / (seconds * 1_000_000) < BARS - 1)
        .unwrap_or(BAR_LENGTHS[BAR_LENGTHS.len() - 1]);
    let mut bars: BTreeMap<Timestamp, u64> = BTreeMap::new();
    for time in times {
        *bars.entry(time.floor(Span::from_seconds(length))).or_default() += 1;
    }
    bars.into_iter().map(|(start, posts)| TimelineBin { start, posts }).collect()
}
