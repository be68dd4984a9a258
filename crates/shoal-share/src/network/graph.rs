//! An alert as a network: accounts and the ties between them.

use std::collections::{HashMap, HashSet};

use shoal_model::{Alert, AlertTie, Cap};

/// The accounts and the listed ties of an alert.
#[derive(Debug)]
pub(super) struct AlertNetwork<'a> {
    pub(super) alert: &'a Alert,
    /// Accounts of the group in the order of the alert, then those that only ties name, then the context.
    pub(super) nodes: Vec<NetworkNode<'a>>,
    pub(super) edges: &'a [AlertTie],
    /// Several accounts are one node, because they have one id.
    merged: bool,
}

/// An account.
#[derive(Debug, Clone, Copy)]
pub(super) struct NetworkNode<'a> {
    pub(super) id: &'a str,
    pub(super) role: NodeRole,
    /// log2 of its e-value.
    pub(super) bits: Option<f64>,
    /// Objects it shares with the group.
    pub(super) objects: Option<u64>,
    /// Accounts of the group that it shares objects with.
    pub(super) partners: Option<u64>,
    pub(super) allow_listed: Option<bool>,
}

/// Names and types of the attributes of accounts, as GEXF and `GraphML` both call them.
pub(super) const NODE_ATTRIBUTES: [(&str, &str); 5] =
    [("role", "string"), ("bits", "double"), ("objects", "long"), ("partners", "long"), ("allow_listed", "boolean")];

/// Names and types of the attributes of ties, besides their weight.
pub(super) const EDGE_ATTRIBUTES: [(&str, &str); 3] =
    [("objects", "long"), ("pairs", "long"), ("median_seconds", "double")];

impl<'a> NetworkNode<'a> {
    /// An account with its role alone.
    fn unknown(id: &'a str, role: NodeRole) -> Self {
        Self { id, role, bits: None, objects: None, partners: None, allow_listed: None }
    }

    /// Known values of an account, by the names of [`NODE_ATTRIBUTES`].
    pub(super) fn known(&self) -> Vec<(&'static str, String)> {
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

/// Values of a tie, by the names of [`EDGE_ATTRIBUTES`].
pub(super) fn known_of(tie: &AlertTie) -> [(&'static str, String); 3] {
    [
        ("objects", tie.objects.to_string()),
        ("pairs", tie.pairs.to_string()),
        ("median_seconds", tie.median_seconds.to_string()),
    ]
}

/// The part of an account in an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeRole {
    /// An account that moves together with others.
    Group,
    /// An account that they met, perhaps an innocent source.
    Context,
}

impl NodeRole {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Context => "context",
        }
    }
}

/// The number shown of a larger number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ShownCount {
    pub(super) shown: u64,
    pub(super) of: u64,
}

impl<'a> AlertNetwork<'a> {
    pub(super) fn of(alert: &'a Alert) -> Self {
        let observed = &alert.observed;
        let group = observed.accounts.iter().map(|account| NetworkNode {
            id: &account.id,
            role: NodeRole::Group,
            bits: account.arithmetic.as_ref().map(|arithmetic| arithmetic.bits),
            objects: Some(account.objects),
            partners: Some(account.partners),
            allow_listed: None,
        });
        // Lists of an alert are cut: a tie may name accounts beyond those listed.
        let ends = observed.ties.strongest.iter().flat_map(|tie| &tie.accounts);
        let ends = ends.map(|id| NetworkNode::unknown(id, NodeRole::Group));
        let context = observed.context.iter().map(|account| NetworkNode {
            id: &account.id,
            role: NodeRole::Context,
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
        let nodes = nodes.map(|node| if is_one(node.id) { node } else { NetworkNode::unknown(node.id, node.role) });
        let merged = listed.values().any(|times| *times > 1);
        Self { alert, nodes: nodes.collect(), edges: &observed.ties.strongest, merged }
    }

    /// The ties that are listed, of those that the group has.
    pub(super) fn ties(&self) -> ShownCount {
        ShownCount { shown: self.edges.len() as u64, of: self.alert.observed.ties.count }
    }

    /// The accounts that are nodes, of those that there are.
    pub(super) fn accounts(&self, role: NodeRole) -> ShownCount {
        let observed = &self.alert.observed;
        let (listed, cap) = match role {
            NodeRole::Group => (observed.accounts.len(), Cap::AlertAccounts),
            NodeRole::Context => (observed.context.len(), Cap::AlertContext),
        };
        let left_out = self.alert.caps_hit.iter().filter(|hit| hit.cap == cap).map(|hit| hit.count).sum::<u64>();
        let shown = self.nodes.iter().filter(|node| node.role == role).count() as u64;
        ShownCount { shown, of: (listed as u64).saturating_add(left_out) }
    }

    /// A sentence on the alert and on what the network leaves out.
    pub(super) fn description(&self) -> String {
        let Alert { alert_id, revision, raised_at, summary, .. } = self.alert;
        let (ties, group, context) = (self.ties(), self.accounts(NodeRole::Group), self.accounts(NodeRole::Context));
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
            state = self.alert.state.name(),
            merged = if self.merged { " Accounts that were erased are one node for each platform." } else { "" },
        )
    }
}
