//! Redaction: alerts without erased subjects.

use shoal_model::{Alert, AlertPost, AlertProfile};

use crate::documents::platform;
use crate::erase::erased::Erased;

/// The label of an object whose posts were erased.
const DELETED: &str = "[deleted]";

/// Removes erased subjects from an alert; returns `false` when there were none. Counts stay as they were judged: they
/// name nobody.
pub(crate) fn redact(alert: &mut Alert, erased: &Erased) -> bool {
    if erased.is_empty() {
        return false;
    }
    let gone = |post: &AlertPost| erased.has_post(&post.id) || erased.has_account(&post.account);
    let mut changed = objects_without_posts(alert, erased, &gone);
    let posts = &mut alert.observed.posts;
    let before = posts.len();
    posts.retain(|post| !gone(post));
    changed |= posts.len() < before;
    for account in &mut alert.observed.accounts {
        let is_erased = erased.has_account(&account.id);
        if let Some(arithmetic) = &mut account.arithmetic {
            let before = arithmetic.strongest.len();
            // The meetings of an account are made by its own posts.
            arithmetic.strongest.retain(|meeting| !is_erased && !erased.has_post(&meeting.post));
            changed |= arithmetic.strongest.len() < before;
        }
        let of_erased = |profile: &mut AlertProfile| is_erased || erased.has_post(&profile.post);
        changed |= account.profile.take_if(of_erased).is_some();
        changed |= is_erased && hide(&mut account.id);
    }
    for account in &mut alert.observed.context {
        changed |= erased.has_account(&account.id) && hide(&mut account.id);
    }
    for tie in &mut alert.observed.ties.strongest {
        for account in &mut tie.accounts {
            changed |= erased.has_account(account) && hide(account);
        }
        tie.accounts.sort_unstable();
    }
    changed
}

/// Replaces the labels of objects all of whose posts were erased, wherever they occur, and labels that are the id of an
/// erased post.
fn objects_without_posts(alert: &mut Alert, erased: &Erased, gone: &impl Fn(&AlertPost) -> bool) -> bool {
    let posts = &alert.observed.posts;
    let mut keys: Vec<String> = Vec::new();
    for object in &alert.observed.objects {
        let mut own = posts.iter().filter(|post| post.object == object.key).peekable();
        if own.peek().is_some() && own.all(gone) {
            keys.push(object.key.clone());
        }
    }
    let is_gone = |key: &str, label: &str| keys.iter().any(|gone| gone == key) || erased.has_post(label);
    let observed = &mut alert.observed;
    let meetings = observed.accounts.iter_mut().filter_map(|account| account.arithmetic.as_mut());
    let meetings = meetings.flat_map(|arithmetic| &mut arithmetic.strongest);
    let labels = observed.objects.iter_mut().map(|object| (&object.key, &mut object.label));
    let labels = labels.chain(meetings.map(|meeting| (&meeting.object, &mut meeting.label)));
    let mut changed = false;
    for (key, label) in labels {
        if label != DELETED && is_gone(key, label) {
            DELETED.clone_into(label);
            changed = true;
        }
    }
    changed
}

/// Replaces an account's id, but for its platform.
fn hide(id: &mut String) -> bool {
    let hidden = format!("{}:erased", platform(id));
    let changes = *id != hidden;
    *id = hidden;
    changes
}

#[cfg(test)]
mod tests {
    use shoal_model::Span;

    use super::*;
    use crate::contract::Subject;
    use crate::store::identity::IndexIdentity;
    use crate::testing;

    fn erased(subjects: &[Subject]) -> (tempfile::TempDir, Erased) {
        let directory = tempfile::tempdir().unwrap();
        let identity = IndexIdentity::create(directory.path(), Span::from_seconds(86_400)).unwrap();
        let mut erased = Erased::open(directory.path(), identity.key).unwrap();
        for subject in subjects {
            erased.add(subject).unwrap();
        }
        (directory, erased)
    }

    fn alert() -> Alert {
        testing::alert(1, 1, &["one", "two"], &[("p1", "one", 10, 7), ("p2", "two", 20, 7), ("p3", "two", 30, 8)])
    }

    #[test]
    fn nothing_of_an_erased_account_is_left() {
        let (_directory, erased) = erased(&[Subject::Account("test:two".to_owned())]);
        let mut alert = alert();
        assert!(redact(&mut alert, &erased));
        insta::assert_json_snapshot!(alert.observed);
        let text = serde_json::to_string(&alert).unwrap();
        assert!(!text.contains("test:two") && !text.contains("p2") && !text.contains("p3") && !text.contains("of 8"));
        let again = alert.clone();
        assert!(!redact(&mut alert, &erased));
        assert_eq!(alert, again);
    }

    #[test]
    fn an_object_loses_its_label_with_its_last_post() {
        let (_directory, first) = erased(&[Subject::Post("test:p1".to_owned())]);
        let mut alert = alert();
        assert!(redact(&mut alert, &first));
        assert_eq!(alert.observed.objects[0].label, "label of 7");
        assert_eq!(alert.observed.posts.len(), 2);
        assert!(alert.observed.accounts[0].arithmetic.as_ref().unwrap().strongest.is_empty());
        let (_directory, second) = erased(&[Subject::Post("test:p2".to_owned())]);
        assert!(redact(&mut alert, &second));
        assert_eq!(alert.observed.objects[0].label, DELETED);
        assert_eq!(alert.observed.objects[1].label, "label of 8");
    }

    #[test]
    fn what_names_nobody_erased_stays_as_it_is() {
        let (_directory, erased) = erased(&[Subject::Post("test:other".to_owned())]);
        let mut alert = alert();
        let before = alert.clone();
        assert!(!redact(&mut alert, &erased));
        assert_eq!(alert, before);
    }
}
