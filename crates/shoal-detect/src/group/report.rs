//! What an alert says about a group: from ties to accounts, objects, posts, timeline.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use shoal_model::{
    ALERT_SCHEMA_VERSION, AccountKey, Alert, AlertAccount, AlertObject, AlertPost, AlertTie, BenignCheck,
    BenignVerdict, Cap, CapHit, ContextAccount, Kind, Layer, LayerCount, ObjectKey, Observed, Provenance, Span,
    Strength, TiesSummary, TimelineBin, Timestamp, Window,
};
use shoal_text::LanguageDetector;

use super::graph::{Edge, Graph};
use super::life::{Group, RevisionReason};
use super::ranking::Decision;
use super::summary::summary;
use crate::Config;
use crate::config::{JudgeConfig, Method};
use crate::key::{AccountPair, KeyMap, KeySet};
use crate::record::{Act, Candidate, SharedObject};

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

/// What group knows when it speaks.
pub(super) struct JudgementView<'a> {
    pub(super) accounts: u64,
    pub(super) decision: Decision,
    pub(super) candidates: &'a KeyMap<AccountKey, Candidate>,
    pub(super) graph: &'a Graph,
    pub(super) allowed: &'a KeySet<AccountKey>,
    pub(super) significant: &'a BTreeSet<AccountKey>,
}

/// The evidence of a group's ties, gathered by what they share.
struct Evidence<'a> {
    objects: BTreeMap<ObjectKey, Shared<'a>>,
    edges: Vec<(&'a Edge, usize)>,
    accounts: BTreeMap<AccountKey, Member<'a>>,
}

struct Shared<'a> {
    layer: Layer,
    label: &'a str,
    accounts: Vec<AccountKey>,
    acts: Vec<&'a Act>,
}

#[derive(Default)]
struct Member<'a> {
    id: &'a str,
    partners: u64,
    objects: Vec<ObjectKey>,
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
    pub(super) fn report(
        &self,
        group: &Group,
        say: RevisionReason,
        at: Timestamp,
        standing: &JudgementView<'_>,
    ) -> Alert {
        let evidence = Evidence::gather(group, standing.graph);
        let mut caps = Caps::default();
        let observed = self.observed(group, &evidence, standing, at, &mut caps);
        let strength = self.strength(&observed, standing);
        Alert {
            schema_version: ALERT_SCHEMA_VERSION,
            alert_id: group.alert_id.clone(),
            revision: group.revision + 1,
            state: say.state(),
            kind: Kind::Coordination,
            shadow: self.shadow,
            raised_at: at,
            summary: summary(say, group.members.len(), &observed, &strength, &group.lineage),
            benign_checks: vec![allow_list_check(&observed)],
            observed,
            strength,
            disarm: Vec::new(),
            assessment: None,
            lineage: group.lineage.clone(),
            caps_hit: caps.hits(),
            provenance: self.provenance.clone(),
        }
    }

    fn observed(
        &self,
        group: &Group,
        evidence: &Evidence<'_>,
        standing: &JudgementView<'_>,
        at: Timestamp,
        caps: &mut Caps,
    ) -> Observed {
        let list = &self.judge.list;
        let objects = evidence.ranked();
        let times = || evidence.objects.values().flat_map(|object| object.acts.iter().map(|act| act.post.at));
        // A group that fell apart because its ties were forgotten has no evidence left.
        let start = times().min().unwrap_or(at);
        let end = times().max().unwrap_or(at);
        for edge in evidence.edges.iter().map(|(edge, _)| edge) {
            caps.add(Cap::TieObjects, u64::from(edge.skipped.objects));
            caps.most(Cap::LiveTraces, u64::from(edge.skipped.traces));
            caps.most(Cap::ObjectAccounts, u64::from(edge.skipped.accounts));
        }
        let mut accounts = Self::accounts(group, evidence, standing, caps);
        caps.cut(Cap::AlertAccounts, &mut accounts, list.accounts);
        let mut context = context(group, standing);
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

    fn accounts(
        group: &Group,
        evidence: &Evidence<'_>,
        standing: &JudgementView<'_>,
        caps: &mut Caps,
    ) -> Vec<AlertAccount> {
        let mut accounts = Vec::new();
        for key in &group.members {
            let (member, candidate) = (evidence.accounts.get(key), standing.candidates.get(key));
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
            });
        }
        let bits = |account: &AlertAccount| account.arithmetic.as_ref().map_or(0.0, |arithmetic| arithmetic.bits);
        accounts.sort_by(|a, b| {
            bits(b).total_cmp(&bits(a)).then(b.partners.cmp(&a.partners)).then_with(|| a.id.cmp(&b.id))
        });
        accounts
    }

    fn objects(&self, objects: &[(ObjectKey, &Shared<'_>)], limit: usize, caps: &mut Caps) -> Vec<AlertObject> {
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

    fn strength(&self, observed: &Observed, standing: &JudgementView<'_>) -> Strength {
        let by_circle = self.judge.method == Method::Circle;
        let bits = observed.accounts.iter().filter_map(|account| account.arithmetic.as_ref());
        let bits = bits
            .map(|arithmetic| arithmetic.bits)
            .fold(None, |most: Option<f64>, bits| Some(most.map_or(bits, |most| most.max(bits))));
        let threshold = Some(standing.decision.threshold).filter(|threshold| by_circle && threshold.is_finite());
        Strength {
            bits: bits.filter(|_| by_circle),
            fdr_level: by_circle.then_some(self.judge.alpha),
            threshold_bits: threshold.map(|threshold| (threshold * 1e6).round() / 1e6),
            accounts_seen: standing.accounts,
            significant: if by_circle { standing.decision.significant } else { standing.significant.len() as u64 },
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

impl<'a> Evidence<'a> {
    fn gather(group: &Group, graph: &'a Graph) -> Self {
        let mut evidence = Self { objects: BTreeMap::new(), edges: Vec::new(), accounts: BTreeMap::new() };
        for account in &group.members {
            for (other, edge) in graph.edges(*account).filter(|(other, _)| group.members.contains(other)) {
                if account < &other {
                    evidence.add(AccountPair::new(*account, other), edge);
                }
            }
        }
        evidence.settle();
        evidence
    }

    /// Puts in order what was gathered as it came, each thing once.
    fn settle(&mut self) {
        for object in self.objects.values_mut() {
            object.accounts.sort_unstable();
            object.accounts.dedup();
            object.acts.sort_unstable_by_key(|act| (act.post.at, act.post.key));
            object.acts.dedup_by_key(|act| act.post.key);
        }
        for member in self.accounts.values_mut() {
            member.objects.sort_unstable();
            member.objects.dedup();
        }
    }

    fn add(&mut self, pair: AccountPair, edge: &'a Edge) {
        for item in &edge.objects {
            let object = self.objects.entry(item.object).or_insert_with(|| Shared {
                layer: item.layer,
                label: &item.descriptor.label,
                accounts: Vec::new(),
                acts: Vec::new(),
            });
            object.accounts.extend(pair.both());
            object.acts.extend(&item.posts);
        }
        for (account, id) in pair.both().into_iter().zip(&edge.ids) {
            let member = self.accounts.entry(account).or_default();
            member.id = id;
            member.partners += 1;
            member.objects.extend(edge.objects.iter().map(|item| item.object));
        }
        self.edges.push((edge, edge.objects.len()));
    }

    /// Objects, those of most accounts first.
    fn ranked(&self) -> Vec<(ObjectKey, &Shared<'a>)> {
        let mut objects: Vec<_> = self.objects.iter().map(|(key, object)| (*key, object)).collect();
        objects.sort_by_key(|(key, object)| {
            (!object.layer.is_evidence(), std::cmp::Reverse(object.accounts.len()), object.layer.priority(), *key)
        });
        objects
    }

    fn layers(&self) -> Vec<LayerCount> {
        let count = |layer| self.objects.values().filter(|object| object.layer == layer).count() as u64;
        let counts = Layer::BY_PRIORITY.into_iter().map(|layer| LayerCount { layer, objects: count(layer) });
        counts.filter(|count| count.objects > 0).collect()
    }

    fn ties(&self, limit: usize) -> TiesSummary {
        let mut edges: Vec<_> = self.edges.iter().collect();
        edges.sort_by_key(|(edge, objects)| (std::cmp::Reverse(*objects), &edge.ids));
        let strongest = edges.into_iter().take(limit).map(|(edge, objects)| {
            let mut accounts = edge.ids.each_ref().map(ToString::to_string);
            accounts.sort_unstable();
            AlertTie { accounts, objects: *objects as u64, pairs: edge.pairs, median_seconds: median_apart(edge) }
        });
        TiesSummary { count: self.edges.len() as u64, strongest: strongest.collect() }
    }

    /// Posts on the listed objects: of each its first, then of each its second, as far as there is room; oldest first.
    fn posts(
        &self,
        objects: &[(ObjectKey, &Shared<'a>)],
        listed: usize,
        limit: usize,
        caps: &mut Caps,
    ) -> Vec<AlertPost> {
        let mut rest: Vec<_> =
            objects.iter().take(listed).map(|(key, object)| (*key, object.acts.iter().peekable())).collect();
        let mut posts: Vec<AlertPost> = Vec::new();
        while posts.len() < limit && !rest.is_empty() {
            for (key, of_object) in rest.iter_mut().take(limit - posts.len()) {
                posts.extend(of_object.next().map(|act| AlertPost {
                    id: act.post.id.to_string(),
                    account: act.post.account.to_string(),
                    at: act.post.at,
                    object: key.to_string(),
                    similarity: act.similarity,
                    url: act.post.url.as_deref().map(str::to_owned),
                }));
            }
            rest.retain_mut(|(_, of_object)| of_object.peek().is_some());
        }
        let all: usize = self.objects.values().map(|object| object.acts.len()).sum();
        caps.add(Cap::AlertPosts, (all - posts.len()) as u64);
        posts.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)).then_with(|| a.object.cmp(&b.object)));
        posts
    }
}

fn median_apart(edge: &Edge) -> f64 {
    let mut apart: Vec<Span> = edge.objects.iter().map(SharedObject::apart).collect();
    apart.sort_unstable();
    apart.get(apart.len() / 2).map_or(0.0, |median| median.seconds())
}

/// Accounts that share enough with the group and are not significant, or allow-listed.
fn context(group: &Group, standing: &JudgementView<'_>) -> Vec<ContextAccount> {
    let mut found: BTreeMap<AccountKey, (&str, u64)> = BTreeMap::new();
    for account in &group.members {
        for (other, edge) in standing.graph.edges(*account) {
            if !group.members.contains(&other) && !standing.significant.contains(&other) {
                let id = &edge.ids[usize::from(other > *account)];
                found.entry(other).or_insert((id, 0)).1 += 1;
            }
        }
    }
    let mut context: Vec<ContextAccount> = found
        .into_iter()
        .map(|(key, (id, partners))| ContextAccount {
            id: id.to_owned(),
            partners,
            allow_listed: standing.allowed.contains(&key),
        })
        .collect();
    context.sort_by(|a, b| b.partners.cmp(&a.partners).then_with(|| a.id.cmp(&b.id)));
    context
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

fn allow_list_check(observed: &Observed) -> BenignCheck {
    let listed = observed.context.iter().filter(|account| account.allow_listed).count();
    BenignCheck {
        name: "allow_list".to_owned(),
        verdict: if listed > 0 { BenignVerdict::Partial } else { BenignVerdict::Absent },
        detail: format!("{listed} of the accounts that the group met are on the allow-list"),
    }
}

/// What limits left out of one alert.
#[derive(Default)]
struct Caps(BTreeMap<Cap, u64>);

impl Caps {
    fn add(&mut self, cap: Cap, count: u64) {
        if count > 0 {
            *self.0.entry(cap).or_default() += count;
        }
    }

    /// For what many edges tell of the same object: the most of any.
    fn most(&mut self, cap: Cap, count: u64) {
        if count > 0 {
            let most = self.0.entry(cap).or_default();
            *most = count.max(*most);
        }
    }

    fn cut<T>(&mut self, cap: Cap, list: &mut Vec<T>, limit: usize) {
        self.add(cap, list.len().saturating_sub(limit) as u64);
        list.truncate(limit);
    }

    fn hits(self) -> Vec<CapHit> {
        self.0.into_iter().map(|(cap, count)| CapHit { cap, count }).collect()
    }
}
