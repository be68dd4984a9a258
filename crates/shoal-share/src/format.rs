//! Facts that every format of a file states of itself.

/// Facts about a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatFacts {
    /// The name in command lines and addresses.
    pub name: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// A phrase for help texts: the shape of a table, the tools that read a network.
    pub purpose: &'static str,
    /// The media type, without parameters.
    pub media_type: &'static str,
    /// The end of a file's name, without the dot.
    pub extension: &'static str,
}

/// A set of formats for one kind of content.
pub trait FileFormat: Copy + 'static {
    /// Every format, in the order in which people are offered them.
    const ALL: &'static [Self];

    /// Facts about this format.
    fn facts(self) -> &'static FormatFacts;

    /// The format of this name.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.facts().name == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{NetworkFormat, TableFormat};

    fn check<F: FileFormat>() {
        let all: Vec<&FormatFacts> = F::ALL.iter().map(|format| format.facts()).collect();
        for key in [
            |facts: &FormatFacts| facts.name,
            |facts: &FormatFacts| facts.title,
            |facts: &FormatFacts| facts.media_type,
            |facts: &FormatFacts| facts.extension,
        ] {
            let keys: HashSet<&str> = all.iter().map(|facts| key(facts)).collect();
            assert_eq!(keys.len(), all.len(), "{keys:?}");
        }
        for facts in all {
            assert_eq!(F::named(facts.name).map(F::facts), Some(facts));
            assert!(facts.name.bytes().all(|byte| byte.is_ascii_lowercase()), "{}", facts.name);
        }
        assert!(F::named("").is_none());
    }

    #[test]
    fn each_format_has_names_of_its_own() {
        check::<NetworkFormat>();
        check::<TableFormat>();
    }
}
