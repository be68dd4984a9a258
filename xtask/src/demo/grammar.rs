//! Texts from rules: a rule has a name and choices, and a choice may call other rules by `[name]`.

use std::collections::BTreeMap;

use super::rng::Rng;

/// The rules of `posts.txt`.
#[derive(Debug)]
pub(super) struct Grammar<'a>(BTreeMap<&'a str, Vec<&'a str>>);

impl<'a> Grammar<'a> {
    /// Reads rules: a line `name:` starts one, indented lines hold its choices, separated by `|`.
    pub(super) fn read(text: &'a str) -> Self {
        let mut rules: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut name = "";
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(choices) = line.strip_prefix("  ") {
                rules.entry(name).or_default().extend(choices.split('|').map(str::trim));
            } else if let Some(start) = line.strip_suffix(':') {
                name = start;
            }
        }
        Self(rules)
    }

    /// A text by the rule `name`. A name without a rule stands for itself.
    pub(super) fn say(&self, rng: &mut Rng, name: &str) -> String {
        let Some(choices) = self.0.get(name) else {
            return format!("[{name}]");
        };
        let mut said = String::new();
        let mut rest = *rng.pick(choices);
        while let Some((before, called, after)) = call(rest) {
            said.push_str(before);
            said.push_str(&self.say(rng, called));
            rest = after;
        }
        said + rest
    }

    /// Names that are called and have no rule.
    #[cfg(test)]
    fn missing(&self) -> Vec<&str> {
        let mut missing = Vec::new();
        for mut rest in self.0.values().flatten().copied() {
            while let Some((_, called, after)) = call(rest) {
                missing.extend((!self.0.contains_key(called)).then_some(called));
                rest = after;
            }
        }
        missing
    }
}

/// The first `[name]` in a choice, with what stands before and after it.
fn call(choice: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = choice.split_once('[')?;
    let (called, after) = rest.split_once(']')?;
    Some((before, called, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_call_one_another() {
        let grammar = Grammar::read("# a remark\nstart:\n  [who] sleeps\nwho:\n  the cat | the\n\nnever:\n  [such]");
        let mut rng = Rng::new(3);
        let said: Vec<String> = (0..20).map(|_| grammar.say(&mut rng, "start")).collect();
        assert!(said.iter().any(|text| text == "the cat sleeps") && said.iter().any(|text| text == "the sleeps"));
        assert_eq!(grammar.say(&mut rng, "such"), "[such]");
        assert_eq!(grammar.missing(), ["such"]);
    }

    #[test]
    fn the_rules_of_the_demo_are_complete() {
        let grammar = Grammar::read(super::super::POSTS);
        let mut missing = grammar.missing();
        missing.sort_unstable();
        missing.dedup();
        // What the stream itself fills in.
        assert_eq!(missing, ["headline_slot", "url"]);
    }
}
