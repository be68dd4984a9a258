//! The configuration of detection. Everything here decides which alerts are raised and is part of the
//! configuration's fingerprint.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shoal_model::{Layer, Span, Timestamp};

use crate::Error;
use crate::topology::{Partitions, StageName};

/// Detection. Everything in it decides which alerts are raised and is part of the fingerprint of a configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The secret of a deployment: with one, strangers cannot craft texts or ids that collide. Choose it by chance and
    /// keep it to yourself.
    #[cfg_attr(feature = "schema", schemars(range(max = i64::MAX)))]
    pub seed: u64,
    /// Order within a source.
    pub order: OrderConfig,
    /// Texts and their near-duplicates.
    pub text: TextConfig,
    /// The time within which two posts on the same object must lie to count, narrowest first, at most 7d. Every layer is
    /// counted in all its windows at once; a layer without windows is off.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::windows"))]
    pub windows: BTreeMap<Layer, Vec<Span>>,
    /// Earlier posts on one object that a new one is paired with, newest first; once the object has had more, n of them,
    /// this squared over n, at least eight. `"unlimited"` is for comparisons with other tools.
    pub live_traces: Limit,
    /// The time that the tie of two accounts is remembered after they last shared something.
    pub tie_memory: Span,
    /// Partners of one account that are remembered; the lightest half is forgotten when there are more.
    #[cfg_attr(feature = "schema", schemars(range(min = 128)))]
    pub circle_partners: u32,
    /// The conditions of alerts.
    pub judge: JudgeConfig,
    /// Accounts, sites and texts that are known and open about what they do.
    pub allow: AllowConfig,
    /// Alerts and accounts that are not to be sent for a while.
    pub mute: Vec<Mute>,
    /// `true` puts rules on trial: alerts are marked `shadow` and not sent.
    pub shadow: bool,
    /// Logical partitions of each stage.
    pub partitions: Partitions,
}

/// Order within a source: lateness, jumps, duplicates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct OrderConfig {
    /// The time that a source's posts may be out of order; what comes later is processed, and counted as late.
    #[cfg_attr(feature = "schema", schemars(extend("x-maximum" = "1h")))]
    pub lateness: Span,
    /// A time this far ahead is not believed until later posts agree with it: one wrong clock must not end every window.
    pub jump: Span,
    /// The time that ids are remembered to drop posts that come twice.
    pub duplicates: Span,
}

/// Texts and their near-duplicates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TextConfig {
    /// A text with fewer symbols, once folded, is too common to mean anything.
    pub min_symbols: u32,
    /// `true` counts texts that are nearly the same as one; `false` only those that are the same once folded.
    pub near_duplicates: bool,
    /// A text with fewer symbols matches exactly only: changing one word of three makes another text.
    pub min_near_symbols: u32,
    /// The share of 4-grams that two texts must have in common (Jaccard).
    #[cfg_attr(feature = "schema", schemars(range(min = 0.5, max = 1.0)))]
    pub similarity: f32,
    /// The time that a text waits for a second account.
    #[cfg_attr(feature = "schema", schemars(extend("x-minimum" = "1h", "x-maximum" = "7d")))]
    pub window: Span,
    /// Posts of one text that are kept until a second account uses it, newest first.
    pub posts: Limit,
}

/// The conditions of alerts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct JudgeConfig {
    /// The method by which accounts become significant.
    pub method: Method,
    /// The level of false-discovery control (e-BH): of the accounts named, at most this share is expected to be chance.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1)))]
    pub alpha: f64,
    /// The time between two judgements, in the posts' time.
    #[cfg_attr(feature = "schema", schemars(extend("x-minimum" = "1s")))]
    pub every: Span,
    /// Distinct objects that two significant accounts must share, each within `window`, to be of one group.
    pub objects: u32,
    /// The window of these objects: one of the windows of every layer of evidence.
    pub window: Span,
    /// For `method = "rules"`: counts that make two accounts one group; any of them does.
    pub rules: Vec<Rule>,
    /// A group is reported again when it has this many times the accounts of the last report, or by `update_after`.
    #[cfg_attr(feature = "schema", schemars(range(min = 1.0, max = 100.0)))]
    pub growth: f64,
    /// A group is reported again when an account has waited this long to be reported.
    pub update_after: Span,
    /// A group that shares nothing new for this long is resolved.
    pub quiet_after: Span,
    /// The length of one alert.
    pub list: ListConfig,
}

/// The length of one alert; what is left out is counted in its `caps_hit`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ListConfig {
    /// Accounts of the group.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub accounts: usize,
    /// Accounts that they met and that are not significant.
    pub context: usize,
    /// Shared objects.
    pub objects: usize,
    /// Posts of the evidence.
    pub posts: usize,
    /// Ties.
    pub ties: usize,
}

/// The method by which accounts become significant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// The circle test under false-discovery control.
    Circle,
    /// Fixed counts, as other tools do it. No statement about chance.
    Rules,
}

/// A fixed count that makes two accounts one group under `method = "rules"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The layer.
    pub layer: Layer,
    /// A window of the layer.
    pub window: Span,
    /// The least number of pairs of posts.
    #[serde(default)]
    pub pairs: u32,
    /// The least number of distinct objects.
    #[serde(default)]
    pub objects: u32,
}

/// Accounts, sites and texts that are known and open about what they do.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct AllowConfig {
    /// Accounts, as `"platform:id"`: never accused, shown as context.
    pub accounts: Vec<String>,
    /// Registrable domains, such as `"example.org"`: their pages leave no trace.
    pub domains: Vec<String>,
    /// Texts, such as that of a share button: they and what folds to the same leave no trace.
    pub texts: Vec<String>,
}

/// Something not to be sent until a moment of event time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Mute {
    /// The id of an alert; or `account`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    /// An account, as `"platform:id"`: an alert is not sent when all of its accounts are muted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The end of the mute, in the posts' time.
    pub until: Timestamp,
    /// The reason, for people.
    pub reason: String,
}

/// A number, or no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// At most so many.
    AtMost(u32),
    /// As many as there are: for comparisons with other tools, not for streams.
    Unlimited,
}

impl Limit {
    /// The limit as a count.
    pub const fn count(self) -> usize {
        match self {
            Self::AtMost(count) => count as usize,
            Self::Unlimited => usize::MAX,
        }
    }
}

impl Serialize for Limit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::AtMost(count) => serializer.serialize_u32(*count),
            Self::Unlimited => serializer.serialize_str("unlimited"),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum WrittenLimit {
            Number(u32),
            Word(String),
        }
        match WrittenLimit::deserialize(deserializer)? {
            WrittenLimit::Number(count) => Ok(Self::AtMost(count)),
            WrittenLimit::Word(word) if word == "unlimited" => Ok(Self::Unlimited),
            WrittenLimit::Word(word) => {
                Err(serde::de::Error::custom(format!("`{word}` is not a limit: write a number or \"unlimited\"")))
            }
        }
    }
}

/// Windows that a layer may have.
pub(crate) const WINDOWS: usize = 4;
const MINUTE: Span = Span::from_seconds(60);
const HOUR: Span = Span::from_seconds(3_600);
/// 24 hours.
pub(crate) const DAY: Span = Span::from_seconds(86_400);
/// Seven days: the widest window, and how long an object is remembered after its newest trace.
pub(crate) const WEEK: Span = Span::from_seconds(7 * 86_400);

impl Default for Config {
    fn default() -> Self {
        let windows = Layer::ALL
            .into_iter()
            .map(|layer| (layer, if layer.is_evidence() { vec![MINUTE, HOUR, DAY, WEEK] } else { vec![MINUTE, HOUR] }));
        Self {
            seed: 0,
            order: OrderConfig::default(),
            text: TextConfig::default(),
            windows: windows.collect(),
            live_traces: Limit::AtMost(256),
            tie_memory: Span::from_seconds(30 * 86_400),
            circle_partners: 4_096,
            judge: JudgeConfig::default(),
            allow: AllowConfig::default(),
            mute: Vec::new(),
            shadow: false,
            partitions: Partitions::default(),
        }
    }
}

impl Default for OrderConfig {
    fn default() -> Self {
        Self { lateness: Span::from_seconds(1), jump: HOUR, duplicates: WEEK }
    }
}

impl Default for TextConfig {
    fn default() -> Self {
        Self {
            min_symbols: 12,
            near_duplicates: true,
            min_near_symbols: 20,
            similarity: 0.7,
            window: WEEK,
            posts: Limit::AtMost(256),
        }
    }
}

impl Default for JudgeConfig {
    fn default() -> Self {
        Self {
            method: Method::Circle,
            alpha: 0.01,
            every: Span::from_seconds(5),
            objects: 3,
            window: DAY,
            rules: Vec::new(),
            growth: 1.25,
            update_after: Span::from_seconds(6 * 3_600),
            quiet_after: WEEK,
            list: ListConfig::default(),
        }
    }
}

impl Default for ListConfig {
    fn default() -> Self {
        Self { accounts: 10_000, context: 20, objects: 50, posts: 200, ties: 20 }
    }
}

impl Config {
    /// Refuses values that no detector can work with. Errors name the key as it is written in a pipeline.
    pub fn validate(&self) -> Result<(), Error> {
        let wrong = |key: &str, why: String| Err(Error::Config { key: key.to_owned(), why });
        for (layer, windows) in &self.windows {
            if windows.len() > WINDOWS {
                return wrong(&format!("windows.{layer}"), format!("write at most {WINDOWS} windows"));
            }
            if !windows.is_sorted() || windows.iter().any(|window| *window > WEEK) {
                return wrong(&format!("windows.{layer}"), "write windows narrowest first, at most 7d".to_owned());
            }
        }
        if !(0.5..=1.0).contains(&self.text.similarity) {
            return wrong("text.similarity", format!("{} is not between 0.5 and 1", self.text.similarity));
        }
        if self.text.window > WEEK || self.text.window < HOUR {
            return wrong("text.window", format!("{} is not between 1h and 7d", self.text.window));
        }
        if self.order.lateness > HOUR {
            return wrong("order.lateness", format!("{} is more than 1h", self.order.lateness));
        }
        if self.circle_partners < 128 {
            return wrong("circle_partners", format!("{} is fewer than 128", self.circle_partners));
        }
        if StageName::ALL.iter().any(|stage| !(1..=256).contains(&stage.partitions(&self.partitions, 1))) {
            return wrong("partitions", "every stage needs between 1 and 256".to_owned());
        }
        for mute in &self.mute {
            if mute.alert.is_some() == mute.account.is_some() {
                return wrong("mute", "name either an alert or an account".to_owned());
            }
        }
        self.judge.validate(&self.windows)
    }

    /// The widest window of a layer; `None` when the layer is off.
    pub fn widest(&self, layer: Layer) -> Option<Span> {
        self.windows.get(&layer).and_then(|windows| windows.last().copied())
    }
}

impl JudgeConfig {
    fn validate(&self, windows: &BTreeMap<Layer, Vec<Span>>) -> Result<(), Error> {
        let wrong = |key: &str, why: String| Err(Error::Config { key: key.to_owned(), why });
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return wrong("judge.alpha", format!("{} is not between 0 and 1", self.alpha));
        }
        if self.every < Span::from_seconds(1) {
            return wrong("judge.every", format!("{} is less than 1s", self.every));
        }
        if self.list.accounts == 0 {
            return wrong("judge.list.accounts", "an alert names at least one account".to_owned());
        }
        if !(1.0..=100.0).contains(&self.growth) {
            return wrong("judge.growth", format!("{} is not between 1 and 100", self.growth));
        }
        match self.method {
            Method::Circle if self.objects == 0 => wrong("judge.objects", "must be at least 1".to_owned()),
            Method::Circle
                if windows.iter().any(|(layer, known)| {
                    layer.is_evidence() && !known.is_empty() && !known.contains(&self.window)
                }) =>
            {
                wrong("judge.window", format!("{} must be one of the windows of every layer of evidence", self.window))
            }
            Method::Circle if !self.rules.is_empty() => {
                wrong("judge.rules", "rules need method = \"rules\"".to_owned())
            }
            Method::Rules if self.rules.is_empty() => {
                wrong("judge.rules", "method = \"rules\" needs at least one".to_owned())
            }
            _ => {
                for rule in &self.rules {
                    if !windows.get(&rule.layer).is_some_and(|known| known.contains(&rule.window)) {
                        let why = format!("{} is not one of windows.{}", rule.window, rule.layer);
                        return wrong("judge.rules.window", why);
                    }
                    if rule.pairs == 0 && rule.objects == 0 {
                        return wrong("judge.rules", "a rule needs pairs or objects".to_owned());
                    }
                }
                Ok(())
            }
        }
    }
}
