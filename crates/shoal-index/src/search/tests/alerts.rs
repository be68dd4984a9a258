//! Alerts, by examples.

use shoal_model::{Alert, AlertState, Layer, Timestamp};

use super::refused;
use crate::search::{AlertPage, AlertRequest, AlertSort};
use crate::testing::{alert, documents, index, post};
use crate::{Batch, Index, SearchLimits};

/// Ten alerts, the number of whose accounts and bits grow; two revisions of the first.
fn ten() -> (tempfile::TempDir, Index, Vec<Alert>) {
    let names: Vec<String> = (0..20).map(|at| format!("a{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut alerts: Vec<Alert> = (0..10_u8)
        .map(|id| {
            let start = i64::from(id / 2) * 1_000;
            let posts = [("p1", "a0", start, u64::from(id)), ("p2", "a1", start + 500, u64::from(id))];
            let mut alert = alert(id, 1, &names[..usize::from(id) + 2], &posts);
            alert.strength.bits = Some(f64::from(id / 3) - 1.0);
            alert
        })
        .collect();
    alerts[3].shadow = true;
    alerts[4].state = AlertState::Resolved;
    alerts[5].observed.objects[0].lang = Some("ar".into());
    alerts[5].observed.objects[0].label = "صوتوا الآن".into();
    alerts[6].observed.accounts[0].id = "other:x".into();
    alerts[7].observed.layers[0].layer = Layer::Link;
    let mut again = alerts[0].clone();
    again.revision = 2;
    again.state = AlertState::Updated;
    again.raised_at = Timestamp::from_seconds(9_999);
    alerts.push(again);
    let posts =
        documents(0, [post("p1", "a0", 0, "first"), post("p2", "a1", 500, "second"), post("p2", "a9", 500, "other")]);
    let (directory, index) = index(Batch { posts, alerts: alerts.clone(), ..Batch::default() });
    (directory, index, alerts)
}

fn page(index: &Index, request: AlertRequest) -> AlertPage {
    let limit = if request.limit == 0 { 100 } else { request.limit };
    index.alerts(&AlertRequest { limit, ..request }, &SearchLimits::default()).unwrap()
}

fn numbers(page: &AlertPage) -> Vec<u8> {
    page.alerts.iter().map(|alert| u8::from_str_radix(&alert.alert_id, 16).unwrap()).collect()
}

#[test]
fn every_filter_filters() {
    let (_directory, index, alerts) = ten();
    let all = AlertRequest::default;
    let seconds = |seconds| Some(Timestamp::from_seconds(seconds));
    for (request, expected) in [
        (all(), vec![0, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        (AlertRequest { states: vec![AlertState::Updated], ..all() }, vec![0]),
        (AlertRequest { states: vec![AlertState::Updated, AlertState::Resolved], ..all() }, vec![0, 4]),
        (AlertRequest { shadow: Some(true), ..all() }, vec![3]),
        (AlertRequest { shadow: Some(false), since: seconds(4_000), ..all() }, vec![9, 8]),
        (AlertRequest { language: Some("AR-eg".into()), ..all() }, vec![5]),
        (AlertRequest { platform: Some("other".into()), ..all() }, vec![6]),
        (AlertRequest { account: Some("test:a10".into()), ..all() }, vec![9]),
        (AlertRequest { layer: Some(Layer::Link), ..all() }, vec![7]),
        (AlertRequest { object: Some("8".into()), ..all() }, vec![8]),
        (AlertRequest { min_bits: Some(2.0), ..all() }, vec![9]),
        (AlertRequest { min_accounts: Some(10), ..all() }, vec![9, 8]),
        (AlertRequest { since: seconds(500), until: seconds(1_000), ..all() }, vec![0, 1]),
        (AlertRequest { since: seconds(501), until: seconds(1_001), ..all() }, vec![3, 2]),
        (AlertRequest { query: "الآن OR صوتوا".into(), ..all() }, vec![5]),
        (AlertRequest { query: "\"label of 7\"".into(), ..all() }, vec![7]),
        (AlertRequest { query: "acc* -lang:en".into(), ..all() }, vec![5]),
        (
            AlertRequest { query: "since:1970-01-01T00:00:04Z OR object:4".into(), ..all() },
            vec![9, 8, 7, 6, 5, 4, 3, 2, 0, 1],
        ),
        (
            AlertRequest {
                query: "since:1970-01-01T01:06:40Z author:test:a1 platform:test layer:text".into(),
                ..all()
            },
            vec![9, 8],
        ),
        (AlertRequest { query: "id:test:p1 cluster:2".into(), ..all() }, vec![2]),
        (AlertRequest { query: format!("alert:{}", alerts[2].alert_id), ..all() }, vec![2]),
    ] {
        let mut found = numbers(&page(&index, request.clone()));
        let mut expected = expected;
        if !request.query.is_empty() {
            found.sort_unstable();
            expected.sort_unstable();
        }
        assert_eq!(found, expected, "{request:?}");
    }
}

#[test]
fn pages_follow_one_another_in_every_order() {
    let (_directory, index, _) = ten();
    for (sort, expected) in [
        (AlertSort::Newest, [0, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        (AlertSort::Strongest, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        (AlertSort::Largest, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
    ] {
        for limit in [1, 3, 10] {
            let mut request = AlertRequest { sort, limit, ..AlertRequest::default() };
            let mut found = Vec::new();
            loop {
                let part = page(&index, request.clone());
                assert_eq!((part.total.count, part.total.exact), (10, true));
                found.extend(numbers(&part));
                let Some(next) = part.next else { break };
                request.cursor = Some(next);
            }
            assert_eq!(found, expected, "{sort:?} {limit}");
        }
    }
}

#[test]
fn questions_that_alerts_do_not_know_are_refused() {
    let (_directory, index, _) = ten();
    let asked = |request: AlertRequest| refused(index.alerts(&request, &SearchLimits::default()));
    let one = || AlertRequest { limit: 1, ..AlertRequest::default() };
    assert_eq!(asked(AlertRequest { limit: 0, ..one() }).0, "limit");
    assert_eq!(asked(AlertRequest { object: Some("x".into()), ..one() }).0, "object");
    assert_eq!(asked(AlertRequest { query: "kind:post".into(), ..one() }).0, "query");
    assert_eq!(asked(AlertRequest { query: "#tag".into(), ..one() }).0, "query");
    assert_eq!(asked(AlertRequest { cursor: Some("ff".into()), ..one() }).0, "cursor");
    let next = page(&index, one()).next;
    assert_eq!(asked(AlertRequest { cursor: next, sort: AlertSort::Largest, ..one() }).0, "cursor");
}

#[test]
fn an_alert_has_its_revisions_and_its_evidence() {
    let (_directory, index, alerts) = ten();
    let id = &alerts[0].alert_id;
    let revisions = index.alert(id).unwrap();
    assert_eq!(revisions, [alerts[0].clone(), alerts[10].clone()]);
    assert_eq!(index.alert("none").unwrap(), []);
    assert_eq!(index.alert(&format!("{id}#1")).unwrap(), []);
    let short = &page(&index, AlertRequest::default()).alerts[0];
    assert_eq!((short.revision, short.state, short.accounts, short.objects), (2, AlertState::Updated, 2, 1));
    assert_eq!((short.opened_at, short.raised_at), (alerts[0].raised_at, alerts[10].raised_at));
    assert_eq!(
        (short.labels.as_slice(), short.layers.as_slice()),
        (["label of 0".to_owned()].as_slice(), [Layer::Text].as_slice())
    );
    assert_eq!(short.timeline[0].count, 2);
    let evidence = index.evidence(id, None).unwrap().unwrap();
    assert_eq!((evidence.revision, evidence.objects.len()), (2, 1));
    let texts: Vec<&str> =
        evidence.objects[0].posts.iter().map(|post| post.post.as_ref().map_or("", |post| &post.text)).collect();
    assert_eq!(texts, ["first", "second"], "the post of the account, not its namesake");
    assert_eq!(index.evidence(id, Some(1)).unwrap().unwrap().revision, 1);
    assert_eq!(index.evidence(id, Some(3)).unwrap(), None);
    let absent = index.evidence(&alerts[9].alert_id, None).unwrap().unwrap();
    assert!(absent.objects[0].posts.iter().all(|post| post.post.is_none()), "they never were there");
    let request = crate::SearchRequest { alert: Some(id.clone()), ..super::request("") };
    let mut posts = super::ids(&super::search(&index, &request)).len();
    posts += super::ids(&super::search(&index, &super::request(&format!("alert:{id} first")))).len();
    assert_eq!(posts, 4);
}
