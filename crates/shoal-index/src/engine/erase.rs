//! Making a post or an account disappear.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tantivy::Term;

use super::Engine;
use super::alerts::naming;
use crate::audit::Action;
use crate::index::{Erasure, Subject};
use crate::redact::redact;
use crate::{Error, disk};

/// An erasure under way. It stands in a file until it is done, so that one that was interrupted is done at the next
/// start; then nothing of it is left but what the audit log says.
#[derive(Serialize, Deserialize)]
struct Request {
    subject: Subject,
    by: String,
    reason: String,
}

impl Engine {
    pub(super) fn erase(&mut self, subject: &Subject, by: &str, reason: &str) -> Result<Erasure, Error> {
        let request = Request { subject: subject.clone(), by: by.to_owned(), reason: reason.to_owned() };
        let json = serde_json::to_vec(&request).unwrap_or_default();
        disk::replace(&self.settings.directory.join("erasing.json"), &json)?;
        self.carry_out(&request)
    }

    /// Does what was interrupted.
    pub(super) fn finish_erasure(&mut self) -> Result<(), Error> {
        let path = self.settings.directory.join("erasing.json");
        disk::remove(&path.with_extension("new"))?;
        let Some(json) = disk::read(&path)? else { return Ok(()) };
        let request: Request = serde_json::from_slice(&json).map_err(|error| Error::Damaged {
            path: path.clone(),
            detail: error.to_string(),
            remedy: "an erasure was interrupted; delete the file and erase again".to_owned(),
        })?;
        tracing::warn!("an erasure was interrupted and is done now");
        self.carry_out(&request).map(drop)
    }

    fn carry_out(&mut self, request: &Request) -> Result<Erasure, Error> {
        let Request { subject, by, reason } = request;
        let hash = self.erased.add(subject)?;
        for alert in &mut self.waiting {
            redact(alert, &self.erased);
        }
        self.commit()?;
        let fields = &self.shelf.post_fields;
        let field = match subject {
            Subject::Account(_) => fields.author,
            Subject::Post(_) => fields.id,
        };
        let posts = self.posts.delete(&Term::from_field_text(field, subject.id()), &mut self.shelf)?;
        let alerts = self.cut_alerts(subject)?;
        self.publish();
        self.shared.counters.deleted.add(posts);
        let action = Action::Erasure {
            kind: subject.kind().to_owned(),
            subject: hash,
            reason: reason.clone(),
            posts,
            alerts,
        };
        let entry = self.shared.audit(by, action)?;
        disk::remove(&self.settings.directory.join("erasing.json"))?;
        if self.shelf.damaged > 0 {
            tracing::warn!(
                "the index has parts that were damaged and set aside; what was erased may still stand in their files. \
                 Delete the directories with `.damaged-` in their names when you do not need them any more"
            );
        }
        Ok(Erasure { entry, posts, alerts })
    }

    /// Rewrites alerts that name what has been erased, committed. Gives how many there were.
    fn cut_alerts(&mut self, subject: &Subject) -> Result<u64, Error> {
        let fields = &self.shelf.alert_fields;
        let field = match subject {
            Subject::Account(_) => fields.mention,
            Subject::Post(_) => fields.post,
        };
        let mut cut = BTreeSet::new();
        for mut alert in naming(&self.shelf, field, subject.id())? {
            if redact(&mut alert, &self.erased) {
                self.alerts.put(&alert, &self.shelf)?;
                cut.insert(alert.alert_id);
            }
        }
        self.alerts.commit(&mut self.shelf)?;
        Ok(cut.len() as u64)
    }
}
