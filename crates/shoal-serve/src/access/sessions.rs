//! Browsers that have signed in.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::Caller;

/// Time that a session lasts.
pub(super) const SESSION_LIFETIME: Duration = Duration::from_hours(12);
/// Sessions at once; the oldest goes for a new one.
const MAX_SESSIONS: usize = 1_024;

/// Sessions by the hash of their secret: how long a look-up takes says nothing about one.
#[derive(Debug, Default)]
pub(super) struct Sessions(HashMap<[u8; 32], Session>);

#[derive(Debug)]
struct Session {
    caller: Caller,
    began: Instant,
}

impl Sessions {
    /// Begins a session and gives its secret.
    pub(super) fn begin(&mut self, caller: Caller, now: Instant) -> Result<String, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        let secret = secret.iter().fold(String::new(), |mut text, byte| {
            _ = write!(text, "{byte:02x}");
            text
        });
        self.0.retain(|_, session| now.duration_since(session.began) < SESSION_LIFETIME);
        if self.0.len() >= MAX_SESSIONS {
            let oldest = self.0.iter().min_by_key(|(_, session)| session.began).map(|(&key, _)| key);
            oldest.map(|key| self.0.remove(&key));
        }
        self.0.insert(key(&secret), Session { caller, began: now });
        Ok(secret)
    }

    /// The caller of a session.
    pub(super) fn caller(&self, secret: &str, now: Instant) -> Option<&Caller> {
        let session = self.0.get(&key(secret))?;
        (now.duration_since(session.began) < SESSION_LIFETIME).then_some(&session.caller)
    }

    /// Ends a session.
    pub(super) fn end(&mut self, secret: &str) {
        self.0.remove(&key(secret));
    }
}

fn key(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    fn caller(name: &str) -> Caller {
        Caller { name: name.to_owned(), role: Role::Read, signed_in: true }
    }

    #[test]
    fn a_session_lasts_until_it_ends_or_expires() {
        let (mut sessions, start) = (Sessions::default(), Instant::now());
        let (first, second) =
            (sessions.begin(caller("a"), start).unwrap(), sessions.begin(caller("b"), start).unwrap());
        assert_eq!((first.len(), sessions.caller(&first, start)), (64, Some(&caller("a"))));
        assert_ne!(first, second);
        let late = start + SESSION_LIFETIME;
        assert_eq!(sessions.caller(&second, late), None);
        sessions.end(&first);
        assert_eq!(sessions.caller(&first, start), None);
        assert_eq!(sessions.caller("", start), None);
        assert_eq!(sessions.caller(&second, start), Some(&caller("b")));
    }

    #[test]
    fn the_oldest_session_goes_for_a_new_one() {
        let (mut sessions, start) = (Sessions::default(), Instant::now());
        let mut begin = |second| {
            let at = start + Duration::from_secs(second);
            (sessions.begin(caller("x"), at).unwrap(), at)
        };
        let all: Vec<(String, Instant)> = (0..=MAX_SESSIONS as u64).map(&mut begin).collect();
        let last = all[MAX_SESSIONS].1;
        assert_eq!(sessions.0.len(), MAX_SESSIONS);
        assert_eq!(sessions.caller(&all[0].0, last), None);
        assert!(all[1..].iter().all(|(secret, _)| sessions.caller(secret, last).is_some()));
    }
}
