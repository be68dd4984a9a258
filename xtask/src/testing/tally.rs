//! Counts the output of test programs.

use std::collections::BTreeSet;

/// Counts of tests, read from the lines of test programs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Tests that a test program calls passed, those among them that skipped their work included.
    pub(super) passed: usize,
    /// Tests that failed.
    pub(super) failed: usize,
    /// Tests marked `#[ignore]`.
    pub(super) ignored: usize,
    /// Tests that said that they skipped their work.
    pub(super) without: usize,
    /// Why, each reason once.
    pub(super) reasons: BTreeSet<String>,
    /// Set once the test whose output is being read has said so.
    pub(super) counted: bool,
}

impl Tally {
    /// Takes note of one line of output.
    pub(super) fn read(&mut self, line: &str) {
        if let Some(reason) = line.strip_prefix("SKIPPED:") {
            self.without += usize::from(!self.counted);
            self.counted = true;
            self.reasons.insert(reason.trim().to_owned());
        } else if let Some(result) = line.strip_prefix("test result: ") {
            self.passed += count(result, "passed");
            self.failed += count(result, "failed");
            self.ignored += count(result, "ignored");
            self.counted = false;
        } else if line.starts_with("---- ") {
            // The output of the next test.
            self.counted = false;
        }
    }

    /// Adds what another tally counted.
    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.without += other.without;
        self.reasons.extend(other.reasons);
    }

    /// The number of tests that did not do their work.
    pub(super) fn skipped(&self) -> usize {
        self.ignored + self.without
    }

    /// The number of tests that passed and did their work.
    pub(super) fn ran(&self) -> usize {
        self.passed.saturating_sub(self.without)
    }
}

/// The number that stands before `what` in a line such as `ok. 3 passed; 0 failed`.
fn count(result: &str, what: &str) -> usize {
    let words: Vec<&str> = result.split([' ', ';']).collect();
    words.windows(2).find(|pair| pair[1] == what).and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            tally.read(line);
        }
        tally
    }

    #[test]
    fn results_of_several_programs_add_up() {
        let tally = read(&[
            "running 2 tests",
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        ]);
        assert_eq!((tally.passed, tally.failed, tally.ignored), (8, 2, 1));
    }

    #[test]
    fn a_test_that_skips_counts_once_and_not_as_passed() {
        let tally = read(&[
            "---- one stdout ----",
            "SKIPPED: no ira_dev in ../shared/data",
            "SKIPPED: no labels in ../shared/data",
            "---- two stdout ----",
            "SKIPPED: no labels in ../shared/data",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        ]);
        assert_eq!((tally.ran(), tally.skipped()), (1, 2));
        assert_eq!(tally.reasons.len(), 2);
    }

    #[test]
    fn other_lines_mean_nothing() {
        assert_eq!(read(&["test a ... ok", "not SKIPPED: at the start", "", "5 passed"]), Tally::default());
    }
}
