//! Profiles of accounts, shared by the posts that show the same.

use shoal_model::{AccountKey, Interned, Post, Profile};

use super::page_address::page;

/// Accounts whose last profile is remembered.
const REMEMBERED: usize = 4_096;
/// Characters of a name that are kept.
const NAME_CHARS: usize = 200;

/// The last profiles that were made. Posts of an account mostly show the same profile; what is found here saves memory
/// and is otherwise like any other.
#[derive(Debug, Default)]
pub(super) struct Profiles {
    /// By the key of the account; made with the first profile.
    last: Vec<Option<(AccountKey, Interned<Profile>)>>,
}

impl Profiles {
    /// The profile that a post of the account with this key shows; `None` where it shows nothing.
    pub(super) fn of(&mut self, account: AccountKey, post: &Post) -> Option<Interned<Profile>> {
        if shows_nothing(post) {
            return None;
        }
        self.last.resize(REMEMBERED, None);
        let place = self.last.get_mut(account.raw() as usize % REMEMBERED)?;
        match place {
            Some((of, known)) if *of == account && is_shown(known, post) => Some(known.clone()),
            _ => {
                let profile = Some(profile(post)).filter(|profile| *profile != Profile::default())?;
                Some(place.insert((account, Interned::new(profile))).1.clone())
            }
        }
    }
}

fn shows_nothing(post: &Post) -> bool {
    let author = &post.author;
    let texts = [&author.handle, &author.display_name, &author.profile_url, &author.affiliation, &post.client];
    let flags = [author.automated, author.verified];
    texts.iter().all(|text| text.is_none()) && flags.iter().all(Option::is_none) && author.created_at.is_none()
}

/// Tells whether a post shows exactly this profile. Of one that had to be cut it does not say so.
fn is_shown(profile: &Profile, post: &Post) -> bool {
    let author = &post.author;
    let texts = [
        (&profile.handle, &author.handle),
        (&profile.display_name, &author.display_name),
        (&profile.url, &author.profile_url),
        (&profile.affiliation, &author.affiliation),
        (&profile.client, &post.client),
    ];
    texts.iter().all(|(known, shown)| known.as_deref() == shown.as_deref())
        && (profile.automated, profile.verified, profile.created_at)
            == (author.automated, author.verified, author.created_at)
}

fn profile(post: &Post) -> Profile {
    let author = &post.author;
    Profile {
        handle: author.handle.as_deref().map(name),
        display_name: author.display_name.as_deref().map(name),
        url: author.profile_url.as_deref().and_then(page),
        client: post.client.as_deref().map(name),
        automated: author.automated,
        verified: author.verified,
        affiliation: author.affiliation.as_deref().map(name),
        created_at: author.created_at,
    }
}

/// A name as it is kept: a long one ends in an ellipsis.
fn name(name: &str) -> Box<str> {
    match name.char_indices().nth(NAME_CHARS) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()).into(),
        None => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use shoal_model::{Action, Author, Timestamp};

    use super::*;

    fn key(number: u64) -> AccountKey {
        AccountKey::from_raw(number)
    }

    fn post(handle: Option<&str>, client: Option<&str>) -> Post {
        Post {
            id: "x:1".to_owned(),
            author: Author { id: "x:a".to_owned(), handle: handle.map(str::to_owned), ..Author::default() },
            observed_at: Timestamp::MIN,
            created_at: None,
            text: String::new(),
            lang: None,
            action: Action::default(),
            urls: Vec::new(),
            url: None,
            client: client.map(str::to_owned),
            media: Vec::new(),
        }
    }

    #[test]
    fn a_post_that_shows_nothing_has_no_profile() {
        assert_eq!(Profiles::default().of(key(1), &post(None, None)), None);
        assert!(Profiles::default().of(key(1), &post(None, Some("app"))).is_some());
    }

    #[test]
    fn an_unchanged_profile_is_shared_and_a_changed_one_is_not() {
        let mut profiles = Profiles::default();
        let first = profiles.of(key(1), &post(Some("a"), None)).unwrap();
        assert!(Interned::ptr_eq(&first, &profiles.of(key(1), &post(Some("a"), None)).unwrap()));
        assert_eq!(profiles.of(key(1), &post(Some("b"), None)).unwrap().handle.as_deref(), Some("b"));
        // Another account in the same place.
        let other = profiles.of(key(1 + REMEMBERED as u64), &post(Some("b"), None)).unwrap();
        assert_eq!(other.handle.as_deref(), Some("b"));
        assert!(!Interned::ptr_eq(&first, &other));
    }

    #[test]
    fn long_names_are_cut_and_addresses_lead_to_pages() {
        let mut long = post(Some(&"ж".repeat(1_000)), None);
        long.author.profile_url = Some("javascript:alert(1)".to_owned());
        let profile = Profiles::default().of(key(1), &long).unwrap();
        assert_eq!(profile.handle.as_deref().map(|handle| handle.chars().count()), Some(201));
        assert_eq!(profile.url, None);
    }
}
