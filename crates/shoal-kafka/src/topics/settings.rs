//! The settings of topics, compared: what is lost or refused with them is an error, other differences are told.

use std::collections::{BTreeMap, BTreeSet};

use super::TopicSpec;
use crate::Finding;
use crate::printable::excerpt;

/// Compares the settings of a topic with what they should be. A setting that brokers do not tell is passed over.
pub(super) fn compare(spec: &TopicSpec, actual: &BTreeMap<String, String>, replicas: i32) -> Vec<Finding> {
    let about = format!("topic `{}`", spec.name);
    let mut findings: Vec<_> = spec
        .settings
        .iter()
        .filter_map(|(name, wanted)| Some((name.as_str(), wanted.as_str(), actual.get(name)?.as_str())))
        .filter_map(|(name, wanted, found)| difference(name, wanted, found, actual).map(|one| one.finding(&spec.name)))
        .collect();
    findings.extend(too_few_replicas(&about, actual, replicas));
    findings
}

/// A setting that is not as it should be.
struct Difference<'a> {
    name: &'a str,
    wanted: &'a str,
    found: &'a str,
    /// The consequence, where that is serious.
    loss: Option<&'static str>,
}

impl Difference<'_> {
    fn finding(&self, topic: &str) -> Finding {
        let Self { name, wanted, .. } = self;
        let about = format!("topic `{topic}`");
        let found = if self.found.is_empty() { "empty".to_owned() } else { excerpt(self.found, 100) };
        let value = if wanted.contains(',') { format!("[{wanted}]") } else { (*wanted).to_owned() };
        let remedy = format!("kafka-configs --alter --topic {topic} --add-config {name}={value}");
        match self.loss {
            Some(loss) => Finding::error(about, format!("{name} is {found}, wanted {wanted}: {loss}"), remedy),
            None => Finding::warning(about, format!("{name} is {found}, wanted {wanted}"), remedy),
        }
    }
}

fn difference<'a>(
    name: &'a str,
    wanted: &'a str,
    found: &'a str,
    all: &BTreeMap<String, String>,
) -> Option<Difference<'a>> {
    let serious = |loss| Some(Difference { name, wanted, found, loss: Some(loss) });
    let policy = all.get("cleanup.policy").map_or("delete", String::as_str);
    match name {
        "cleanup.policy" if words(wanted) == words(found) => None,
        "cleanup.policy" => Some(Difference { name, wanted, found, loss: policy_loss(&words(wanted), &words(found)) }),
        // Only what deletes has a retention.
        "retention.ms" | "retention.bytes" if !words(policy).contains("delete") => None,
        "retention.ms" | "retention.bytes" => {
            let shorter = unlimited(found)? < unlimited(wanted)?;
            if shorter { serious("records would go before their window is over") } else { None }
        }
        "max.message.bytes" => {
            let smaller = found.parse::<i64>().ok()? < wanted.parse::<i64>().ok()?;
            if smaller { serious("large records would be refused") } else { None }
        }
        _ if wanted == found => None,
        _ => Some(Difference { name, wanted, found, loss: None }),
    }
}

fn policy_loss(wanted: &BTreeSet<&str>, found: &BTreeSet<&str>) -> Option<&'static str> {
    let added = |policy| found.contains(policy) && !wanted.contains(policy);
    if added("delete") {
        Some("records would go that are still needed")
    } else if added("compact") {
        Some("newer records would replace older ones that are still needed")
    } else if wanted.contains("delete") && !found.contains("delete") {
        Some("records would never go")
    } else {
        None
    }
}

fn too_few_replicas(about: &str, actual: &BTreeMap<String, String>, replicas: i32) -> Option<Finding> {
    let least: i32 = actual.get("min.insync.replicas")?.parse().ok()?;
    (least > replicas).then(|| {
        let what = format!(
            "min.insync.replicas is {least}, and there are {replicas} of each partition: nothing can be written"
        );
        Finding::error(about, what, "lower it with kafka-configs --alter, or give the topic more replicas")
    })
}

/// A limit of which -1 means that there is none.
fn unlimited(text: &str) -> Option<i64> {
    text.parse().ok().map(|number: i64| if number < 0 { i64::MAX } else { number })
}

fn words(list: &str) -> BTreeSet<&str> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CheckReport;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn findings(wanted: &[(&str, &str)], found: &[(&str, &str)]) -> String {
        let spec = TopicSpec {
            name: "t".to_owned(),
            partitions: 1,
            replication: 1,
            settings: map(wanted),
            purpose: String::new(),
        };
        CheckReport { findings: compare(&spec, &map(found), 2) }.to_string()
    }

    #[test]
    fn what_suffices_is_no_finding() {
        let pairs = [
            ("cleanup.policy", "compact,delete", "delete, compact"),
            ("retention.ms", "1000", "-1"),
            ("retention.ms", "1000", "1000"),
            ("retention.ms", "1000", "5000"),
            ("retention.bytes", "-1", "-1"),
            ("max.message.bytes", "1000", "2000"),
            ("min.insync.replicas", "2", "2"),
            ("segment.ms", "7", "7"),
        ];
        for (name, wanted, found) in pairs {
            assert_eq!(findings(&[(name, wanted)], &[(name, found)]), "", "{name} {wanted} {found}");
        }
        let compacted = [("cleanup.policy", "compact"), ("retention.ms", "5")];
        assert_eq!(findings(&[("retention.ms", "1000")], &compacted), "");
        assert_eq!(findings(&[("retention.ms", "1000")], &[]), "");
    }

    #[test]
    fn what_loses_or_refuses_records_is_an_error() {
        let wanted = [
            ("cleanup.policy", "compact"),
            ("retention.ms", "-1"),
            ("retention.bytes", "-1"),
            ("max.message.bytes", "2000"),
            ("segment.ms", "7"),
        ];
        let found = [
            ("cleanup.policy", "delete"),
            ("retention.ms", "1000"),
            ("retention.bytes", "1000"),
            ("max.message.bytes", "1000"),
            ("segment.ms", "8"),
            ("min.insync.replicas", "3"),
        ];
        insta::assert_snapshot!(findings(&wanted, &found));
        let policies = [("compact", "delete"), ("delete", "compact"), ("compact,delete", "compact"), ("compact", "")];
        let policies =
            policies.map(|(wanted, found)| findings(&[("cleanup.policy", wanted)], &[("cleanup.policy", found)]));
        insta::assert_snapshot!("policies", policies.join("\n"));
    }
}
