//! Erasure of posts and accounts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tantivy::Term;

use super::WriterThread;
use super::alerts::naming;
use crate::Error;
use crate::contract::{Erasure, Subject};
use crate::erase::audit::AuditAction;
use crate::erase::redact::redact;
use crate::store::disk;

/// An erasure under way. It is kept in a file until it is done, so that an interrupted one is finished at the next
/// start; then only the audit log records it.
#[derive(Serialize, Deserialize)]
struct PendingErasure {
    subject: Subject,
    by: String,
    reason: String,
}

impl WriterThread {
    pub(super) fn erase(&mut self, subject: &Subject, by: &str, reason: &str) -> Result<Erasure, Error> {
        let request = PendingErasure { subject: subject.clone(), by: by.to_owned(), reason: reason.to_owned() };
        let json = serde_json::to_vec(&request).unwrap_or_default();
        disk::replace(&self.settings.path.join("erasing.json"), &json)?;
        self.carry_out(&request)
    }

    /// Finishes an erasure that was interrupted.
    pub(super) fn finish_erasure(&mut self) -> Result<(), Error> {
        let path = self.settings.path.join("erasing.json");
        disk::remove(&path.with_extension("new"))?;
        let Some(json) = disk::read(&path)? else { return Ok(()) };
        let request: PendingErasure = serde_json::from_slice(&json).map_err(|error| Error::Damaged {
            path: path.clone(),
            detail: error.to_string(),
            remedy: "an erasure was interrupted; delete the file and erase again".to_owned(),
        })?;
        tracing::warn!("an erasure was interrupted and is done now");
        self.carry_out(&request).map(drop)
    }

    fn carry_out(&mut self, request: &PendingErasure) -> Result<Erasure, Error> {
        let PendingErasure { subject, by, reason } = request;
        let hash = self.erased.add(subject)?;
        self.commit()?;
        let (posts, alerts) = self.delete(std::slice::from_ref(subject))?;
        self.publish();
        let (kind, reason) = (subject.kind().to_owned(), reason.clone());
        let entry = self.shared.audit(by, AuditAction::Erasure { kind, subject: hash, reason, posts, alerts })?;
        disk::remove(&self.settings.path.join("erasing.json"))?;
        if self.parts.damaged > 0 {
            tracing::warn!(
                "the index has parts that were damaged and set aside; what was erased may still stand in their files. \
                 Delete the directories with `.damaged-` in their names when you do not need them any more"
            );
        }
        Ok(Erasure { entry, posts, alerts })
    }

    /// Carries out deletions reported by sources, after everything handed over has been committed.
    pub(super) fn carry_out_deletions(&mut self) -> Result<(), Error> {
        let subjects = std::mem::take(&mut self.deletions);
        if subjects.is_empty() {
            return Ok(());
        }
        let (posts, alerts) = self.delete(&subjects)?;
        if posts + alerts > 0 {
            let subjects = subjects.len() as u64;
            self.shared.audit("stream", AuditAction::Deletions { subjects, posts, alerts })?;
        }
        Ok(())
    }

    /// Deletes posts and redacts alerts, and commits. Returns the number of each.
    fn delete(&mut self, subjects: &[Subject]) -> Result<(u64, u64), Error> {
        // Nobody has been told of these yet.
        for alert in &mut self.waiting {
            redact(alert, &self.erased);
        }
        let fields = &self.parts.post_fields;
        let term = |subject: &Subject| match subject {
            Subject::Account(id) => Term::from_field_text(fields.author, id),
            Subject::Post(id) => Term::from_field_text(fields.id, id),
        };
        let terms: Vec<Term> = subjects.iter().map(term).collect();
        let posts = self.posts.delete(&terms, &mut self.parts)?;
        self.shared.counters.deleted.add(posts);
        let mut cut = BTreeSet::new();
        for subject in subjects {
            self.cut_alerts(subject, &mut cut)?;
        }
        self.alerts.commit(&mut self.parts)?;
        Ok((posts, cut.len() as u64))
    }

    /// Rewrites alerts that name an erased subject, and adds their ids to `cut`.
    fn cut_alerts(&mut self, subject: &Subject, cut: &mut BTreeSet<String>) -> Result<(), Error> {
        let fields = &self.parts.alert_fields;
        let field = match subject {
            Subject::Account(_) => fields.mention,
            Subject::Post(_) => fields.post,
        };
        for mut alert in naming(&self.parts, field, subject.id())? {
            if redact(&mut alert, &self.erased) {
                self.alerts.put(&alert, &self.parts)?;
                cut.insert(alert.alert_id);
            }
        }
        Ok(())
    }
}
