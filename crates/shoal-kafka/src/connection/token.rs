//! Tokens for OAUTHBEARER: what the client must know of a token beside the token.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rdkafka::client::OAuthToken;
use serde::Deserialize;

/// After this a token that does not say how long it lives is read again.
const DEFAULT_LIFETIME: Duration = Duration::from_mins(5);

/// The claims of a JWT that matter here.
#[derive(Debug, Default, Deserialize)]
struct Claims {
    /// Seconds since 1970; RFC 7519 allows fractions.
    exp: Option<f64>,
    sub: Option<String>,
}

/// The token with its lifetime and its owner. The client renews it after four fifths of its time. A token that is no
/// JWT, or does not say, is read again after five minutes. The error never holds any of the token.
pub(crate) fn describe(token: &str, now: SystemTime) -> Result<OAuthToken, String> {
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("it holds characters that no token has".to_owned());
    }
    let claims = claims(token).unwrap_or_default();
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let expires = claims.exp.map_or(now + DEFAULT_LIFETIME, |exp| Duration::try_from_secs_f64(exp).unwrap_or_default());
    if expires <= now {
        let ago = now.saturating_sub(expires).as_secs();
        return Err(format!("it expired {ago} seconds ago"));
    }
    let lifetime_ms = i64::try_from(expires.as_millis()).unwrap_or(i64::MAX);
    let owner = claims.sub.filter(|sub| !sub.is_empty() && !sub.contains('\0'));
    let principal_name = owner.unwrap_or_else(|| "shoal".to_owned());
    Ok(OAuthToken { token: token.to_owned(), principal_name, lifetime_ms })
}

fn claims(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(payload: &str) -> String {
        format!("eyJhbGciOiJub25lIn0.{}.", URL_SAFE_NO_PAD.encode(payload))
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_jwt_says_how_long_it_lives_and_whose_it_is() {
        let token = describe(&jwt(r#"{"sub":"shoal-1","exp":1000.5,"aud":["kafka"]}"#), at(900)).expect("lives");
        assert_eq!((token.principal_name.as_str(), token.lifetime_ms), ("shoal-1", 1_000_500));
    }

    #[test]
    fn a_token_that_says_nothing_is_read_again_soon() {
        for token in [jwt(r#"{"aud":1}"#), "opaque".to_owned(), "a.b.c".to_owned(), jwt("[]")] {
            let token = describe(&token, at(900)).expect("lives");
            assert_eq!((token.principal_name.as_str(), token.lifetime_ms), ("shoal", 1_200_000));
        }
    }

    #[test]
    fn an_expired_or_broken_token_is_refused_without_showing_it() {
        let refusal = |token: &str| describe(token, at(900)).err().expect("refused");
        assert_eq!(refusal(&jwt(r#"{"exp":840}"#)), "it expired 60 seconds ago");
        assert_eq!(refusal(&jwt(r#"{"exp":-1e300}"#)), "it expired 900 seconds ago");
        assert_eq!(refusal("two words"), "it holds characters that no token has");
        assert_eq!(describe(&jwt(r#"{"exp":1e300}"#), at(900)).err(), Some("it expired 900 seconds ago".to_owned()));
    }
}
