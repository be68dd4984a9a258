//! Findings of a look at a cluster.

use std::fmt;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// As it should be.
    Ok,
    /// It works, and may not be what is wanted.
    Warning,
    /// It will not work.
    Error,
}

/// A finding about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The severity.
    pub grade: Grade,
    /// The subject, such as "topic `posts`".
    pub about: String,
    /// The finding.
    pub what: String,
    /// The remedy; empty where nothing is to be done.
    pub remedy: String,
}

impl Finding {
    pub(crate) fn ok(about: impl Into<String>, what: impl Into<String>) -> Self {
        Self { grade: Grade::Ok, about: about.into(), what: what.into(), remedy: String::new() }
    }

    pub(crate) fn warning(about: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { grade: Grade::Warning, about: about.into(), what: what.into(), remedy: remedy.into() }
    }

    pub(crate) fn error(about: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { grade: Grade::Error, about: about.into(), what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = match self.grade {
            Grade::Ok => "ok     ",
            Grade::Warning => "warning",
            Grade::Error => "error  ",
        };
        write!(f, "{grade}  {}: {}", self.about, self.what)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, "\n           {}", self.remedy) }
    }
}

/// A number of things, as a text.
pub(crate) fn count(number: i32, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// Everything that was looked at, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// The findings, in order.
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// The worst grade in it.
    pub fn grade(&self) -> Grade {
        self.findings.iter().map(|finding| finding.grade).max().unwrap_or(Grade::Ok)
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, finding) in self.findings.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            write!(f, "{finding}")?;
        }
        Ok(())
    }
}
