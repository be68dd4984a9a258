use axum::http::HeaderValue;
use axum::http::header::HOST;

use super::*;

const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn token(name: &str, role: Role, secret: &str) -> AccessToken {
    AccessToken { name: name.to_owned(), role, sha256: TokenHash::of(secret) }
}

fn access(tokens: Vec<AccessToken>) -> Access {
    Access::new(&Settings { tokens, ..Settings::default() })
}

fn with_tokens() -> Access {
    access(vec![token("reader", Role::Read, "one"), token("judge", Role::Feedback, "two")])
}

fn ask(access: &Access, path: &'static str, headers: &[(&'static str, &str)]) -> Result<Option<String>, ProblemKind> {
    let mut all = HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost:9464"))]);
    for &(name, value) in headers {
        all.insert(name, HeaderValue::from_str(value).unwrap());
    }
    let caller = access.admit(&Method::GET, &Uri::from_static(path), &all, CLIENT);
    caller.map(|caller| caller.map(|caller| caller.name)).map_err(|problem| problem.kind)
}

#[test]
fn without_tokens_everybody_here_is_admin() {
    let access = access(Vec::new());
    assert_eq!(ask(&access, "/", &[]), Ok(Some("local".to_owned())));
    assert_eq!(ask(&access, "/", &[("host", "evil.example")]), Err(ProblemKind::Foreign));
    assert_eq!(ask(&access, "/login", &[("host", "evil.example")]), Err(ProblemKind::Foreign));
    assert_eq!(ask(&access, "/", &[("sec-fetch-site", "cross-site")]), Err(ProblemKind::Foreign));
}

#[test]
fn a_token_says_who_asks() {
    let access = with_tokens();
    for (authorization, expected) in [
        ("Bearer one", Ok("reader")),
        ("bearer two", Ok("judge")),
        ("Bearer  one ", Ok("reader")),
        ("Bearer One", Err(ProblemKind::SignIn)),
        ("Bearer onee", Err(ProblemKind::SignIn)),
        ("Bearer ", Err(ProblemKind::SignIn)),
        ("Bearer", Err(ProblemKind::SignIn)),
        ("Basic b25lOm9uZQ==", Err(ProblemKind::SignIn)),
        ("one", Err(ProblemKind::SignIn)),
        ("", Err(ProblemKind::SignIn)),
    ] {
        let expected = expected.map(|name| Some(name.to_owned()));
        assert_eq!(ask(&access, "/metrics", &[("authorization", authorization)]), expected, "{authorization}");
    }
    assert_eq!(ask(&access, "/metrics", &[]), Err(ProblemKind::SignIn));
    // Names are for browsers; whoever shows a token may use any.
    let proxied = [("host", "shoal.example"), ("authorization", "Bearer one")];
    assert_eq!(ask(&access, "/metrics", &proxied), Ok(Some("reader".to_owned())));
    for path in ["/login", "/assets/shoal.css"] {
        assert_eq!(ask(&access, path, &[]), Ok(None), "{path}");
        assert_eq!(ask(&access, path, &[("authorization", "Bearer nonsense")]), Ok(None), "{path}");
    }
    for path in ["/login/", "/logout", "/assets", "/x/assets/y", "//login"] {
        assert_eq!(ask(&access, path, &[]), Err(ProblemKind::SignIn), "{path}");
    }
}

#[test]
fn a_session_says_who_asks() {
    let access = with_tokens();
    let secret = access.sign_in("two", CLIENT).unwrap();
    let caller = access.sessions.lock().unwrap().caller(&secret, Instant::now()).cloned().unwrap();
    assert_eq!((caller.role, caller.signed_in), (Role::Feedback, true));
    let cookie = format!("a=b; {SESSION_COOKIE}={secret}; c=d");
    assert_eq!(ask(&access, "/", &[("cookie", &cookie)]), Ok(Some("judge".to_owned())));
    for cookie in [
        SESSION_COOKIE.to_owned(),
        format!("{SESSION_COOKIE}="),
        format!("{SESSION_COOKIE}={}", "0".repeat(64)),
        format!("x{SESSION_COOKIE}={secret}"),
    ] {
        assert_eq!(ask(&access, "/", &[("cookie", &cookie)]), Err(ProblemKind::SignIn), "{cookie}");
    }
    // A cookie that has expired hides no token.
    let both = [("cookie", "shoal_session=x"), ("authorization", "Bearer one")];
    assert_eq!(ask(&access, "/", &both), Ok(Some("reader".to_owned())));
    access.sessions.lock().unwrap().end(&secret);
    assert_eq!(ask(&access, "/", &[("cookie", &format!("{SESSION_COOKIE}={secret}"))]), Err(ProblemKind::SignIn));
}

#[test]
fn guessing_comes_to_an_end() {
    let access = with_tokens();
    let guess = || ask(&access, "/", &[("authorization", "Bearer guess")]);
    let guesses: Vec<Result<Option<String>, ProblemKind>> = (0..30).map(|_| guess()).collect();
    assert_eq!(guesses[0], Err(ProblemKind::SignIn));
    assert_eq!(guesses[29], Err(ProblemKind::SignIns));
    // Nobody can sign in from there now, be it with a right token, so that none is found out in this way.
    assert_eq!(access.sign_in("one", CLIENT).unwrap_err().kind, ProblemKind::SignIns);
    let elsewhere = "192.0.2.2".parse().unwrap();
    assert!(access.sign_in("one", elsewhere).is_ok());
    // Programs that have the right one are not to suffer.
    assert_eq!(ask(&access, "/", &[("authorization", "Bearer one")]), Ok(Some("reader".to_owned())));
}

#[test]
fn roles_include_those_before() {
    let caller = |role| Caller { name: String::new(), role, signed_in: false };
    let may = |role: Role| [Role::Read, Role::Feedback, Role::Admin].map(|needed| caller(role).needs(needed).is_ok());
    assert_eq!(may(Role::Read), [true, false, false]);
    assert_eq!(may(Role::Feedback), [true, true, false]);
    assert_eq!(may(Role::Admin), [true, true, true]);
    let refused = caller(Role::Read).needs(Role::Admin).unwrap_err();
    assert!(refused.detail.contains("the role admin"), "{}", refused.detail);
}
