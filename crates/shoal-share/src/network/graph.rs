//! An alert as a network: accounts and the ties between them.

use std::collections::{HashMap, HashSet};

use shoal_model::{Alert, AlertState, AlertTie, Cap};

/// The accounts and the listed ties of an alert.
#[derive(Debug)]
pub(crate) struct Network<'a> {
    pub(crate) alert: &'a Alert,
    /// Accounts of the group in the order of the alert, then those that only ties name, then the context.
    pub(crate) nodes: Vec<Node<'a>>,
    pub(crate) edges: &'a [AlertTie],
    /// Whether several accounts are one node, because they have one id.
    merged: bool,
}

/// An account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'a> {
    pub(crate) id: &'a str,
    pub(crate) role: Role,
    /// log2 of its e-value.
    pub(crate) bits: Option<f64>,
    /// Objects it shares with the group.
    pub(crate) objects: Option<u64>,
    /// Accounts of the group that it shares objects with.
    pub(crate) partners: Option<u64>,
    pub(crate) allow_listed: Option<bool>,
}

/// Names and types, as GEXF and `GraphML` both call them, of what is known of accounts.
pub(crate) const OF_NODES: [(&str, &str); 5] =
    [("role", "string"), ("bits", "double"), ("objects", "long"), ("partners", "long"), ("allow_listed", "boolean")];

/// Likewise of ties, besides their weight.
pub(crate) const OF_EDGES: [(&str, &str); 3] = [("objects", "long"), ("pairs", "long"), ("median_seconds", "double")];

impl<'a> Node<'a> {
    /// An account of which nothing else is known.
    fn unknown(id: &'a str, role: Role) -> Self {
        Self { id, role, bits: None, objects: None, partners: None, allow_listed: None }
    }

    /// What is known of an account, by the names of [`OF_NODES`].
    pub(crate) fn known(&self) -> Vec<(&'static str, String)> {
        let known = [
            ("role", Some(self.role.name().to_owned())),
            ("bits", self.bits.map(|bits| bits.to_string())),
            ("objects", self.objects.map(|objects| objects.to_string())),
            ("partners", self.partners.map(|partners| partners.to_string())),
            ("allow_listed", self.allow_listed.map(|listed| listed.to_string())),
        ];
        known.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
    }
}

/// What is known of a tie, by the names of [`OF_EDGES`].
pub(crate) fn known_of(tie: &AlertTie) -> [(&'static str, String); 3] {
    [
        ("objects", tie.objects.to_string()),
        ("pairs", tie.pairs.to_string()),
        ("median_seconds", tie.median_seconds.to_string()),
    ]
}

/// What an account is in an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// One of those that move together.
    Group,
    /// They met it; it may be an innocent source.
    Context,
}

impl Role {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Context => "context",
        }
    }
}

/// How many are shown of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) shown: u64,
    pub(crate) of: u64,
}

impl<'a> Network<'a> {
    pub(crate) fn of(alert: &'a Alert) -> Self {
        let observed = &alert.observed;
        let group = observed.accounts.iter().map(|account| Node {
            id: &account.id,
            role: Role::Group,
            bits: account.arithmetic.as_ref().map(|arithmetic| arithmetic.bits),
            objects: Some(account.objects),
            partners: Some(account.partners),
            allow_listed: None,
        });
        // Lists of an alert are cut: a tie may name accounts beyond those listed.
        let ends = observed.ties.strongest.iter().flat_map(|tie| &tie.accounts);
        let ends = ends.map(|id| Node::unknown(id, Role::Group));
        let context = observed.context.iter().map(|account| Node {
            id: &account.id,
            role: Role::Context,
            bits: None,
            objects: None,
            partners: Some(account.partners),
            allow_listed: Some(account.allow_listed),
        });
        // Accounts that were erased have one id in common: what is known of one of them is not known of the node.
        let mut listed: HashMap<&str, u32> = HashMap::new();
        let accounts = observed.accounts.iter().map(|account| &account.id);
        for id in accounts.chain(observed.context.iter().map(|account| &account.id)) {
            *listed.entry(id).or_default() += 1;
        }
        let is_one = |id| listed.get(id).is_none_or(|times| *times == 1);
        let mut seen = HashSet::new();
        let nodes = group.chain(ends).chain(context).filter(|node| seen.insert(node.id));
        let nodes = nodes.map(|node| if is_one(node.id) { node } else { Node::unknown(node.id, node.role) });
        let merged = listed.values().any(|times| *times > 1);
        Self { alert, nodes: nodes.collect(), edges: &observed.ties.strongest, merged }
    }

    /// The ties that are listed, of those that the group has.
    pub(crate) fn ties(&self) -> Share {
        Share { shown: self.edges.len() as u64, of: self.alert.observed.ties.count }
    }

    /// The accounts that are nodes, of those that there are.
    pub(crate) fn accounts(&self, role: Role) -> Share {
        let observed = &self.alert.observed;
        let (listed, cap) = match role {
            Role::Group => (observed.accounts.len(), Cap::AlertAccounts),
            Role::Context => (observed.context.len(), Cap::AlertContext),
        };
        let left_out = self.alert.caps_hit.iter().filter(|hit| hit.cap == cap).map(|hit| hit.count).sum::<u64>();
        let shown = self.nodes.iter().filter(|node| node.role == role).count() as u64;
        Share { shown, of: (listed as u64).saturating_add(left_out) }
    }

    /// What the network is, and what of it is not there.
    pub(crate) fn description(&self) -> String {
        let Alert { alert_id, revision, raised_at, summary, .. } = self.alert;
        let (ties, group, context) = (self.ties(), self.accounts(Role::Group), self.accounts(Role::Context));
        format!(
            "Alert {alert_id}, revision {revision}, {state}, raised at {raised_at} of the posts' time. {summary} \
             This is an observation, not a verdict. Edges: {} of the {} ties of the group, the strongest. Nodes: {} of \
             the {} accounts of the group, and {} of the {} accounts of its context, which are possibly innocent and \
             whose ties are not listed.{merged}",
            ties.shown,
            ties.of,
            group.shown,
            group.of,
            context.shown,
            context.of,
            state = state_name(self.alert.state),
            merged = if self.merged { " Accounts that were erased are one node for each platform." } else { "" },
        )
    }
}

/// A state as written in alerts.
pub(crate) const fn state_name(state: AlertState) -> &'static str {
    match state {
        AlertState::Opened => "opened",
        AlertState::Updated => "updated",
        AlertState::Resolved => "resolved",
        AlertState::Reopened => "reopened",
        AlertState::Suppressed => "suppressed",
    }
}
