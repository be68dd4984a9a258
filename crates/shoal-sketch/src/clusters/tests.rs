use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::SLOTS;

/// A sketch whose first `shared` slots are common to all of them and the others its own.
fn sketch(own: u16, shared: usize) -> Sketch {
    Sketch(std::array::from_fn(|slot| if slot < shared { slot as u16 } else { 1_000 + own * 64 + slot as u16 }))
}

fn text(key: u64, born: i64, sketch: &Sketch) -> TextRef<'_> {
    TextRef { key, birth: (born, key), sketch }
}

#[test]
fn the_oldest_text_names_the_cluster() {
    let (mut clusters, alike) = (Clusters::new(ANCHOR_SIMILARITY), sketch(0, SLOTS));
    let linked = clusters.link(10, text(2, 10, &alike), text(1, 5, &alike));
    assert_eq!(linked, Linked { cluster: 1, joined: true, merged: None });
    // An older text comes late: the known cluster ends, and that is said.
    let linked = clusters.link(11, text(2, 10, &alike), text(3, 1, &alike));
    assert_eq!(linked, Linked { cluster: 3, joined: true, merged: Some(Merged { from: 1, into: 3 }) });
    assert_eq!([1, 2, 3, 4].map(|key| clusters.cluster_of(key)), [Some(3), Some(3), Some(3), None]);
    assert_eq!((clusters.texts(), clusters.clusters()), (3, 1));
}

#[test]
fn equal_births_are_decided_by_key() {
    let (mut clusters, alike) = (Clusters::new(ANCHOR_SIMILARITY), sketch(0, SLOTS));
    let same = |key| TextRef { key, birth: (0, 0), sketch: &alike };
    assert_eq!(clusters.link(0, same(8), same(9)).cluster, 8);
    assert_eq!(clusters.link(0, same(7), same(9)).merged, Some(Merged { from: 8, into: 7 }));
}

#[test]
fn clusters_do_not_chain() {
    let mut clusters = Clusters::new(ANCHOR_SIMILARITY);
    // 1 and 2 share 30 slots of 64, 3 shares 30 with 2 but only a few with 1.
    let one = sketch(1, 30);
    let two = sketch(2, 30);
    let mut three = two;
    three.0[..34].fill(9);
    assert!(clusters.link(0, text(2, 2, &two), text(1, 1, &one)).joined);
    let refused = clusters.link(0, text(3, 3, &three), text(2, 2, &two));
    assert_eq!(refused, Linked { cluster: 3, joined: false, merged: None });
    assert_eq!((clusters.cluster_of(3), clusters.cluster_of(2)), (Some(3), Some(1)));
    assert_eq!(clusters.link(0, text(3, 3, &three), text(2, 2, &two)), refused);
}

#[test]
fn admitted_texts_are_announced_when_they_merge() {
    let (mut clusters, alike) = (Clusters::new(ANCHOR_SIMILARITY), sketch(0, SLOTS));
    assert_eq!(clusters.admit(5, text(2, 5, &alike)), 2);
    let linked = clusters.link(6, text(2, 5, &alike), text(1, 1, &alike));
    assert_eq!(linked.merged, Some(Merged { from: 2, into: 1 }));
    assert_eq!(clusters.admit(7, text(2, 5, &alike)), 1);
}

#[test]
fn a_cluster_outlives_its_anchor_and_takes_it_back() {
    let (mut clusters, alike) = (Clusters::new(ANCHOR_SIMILARITY), sketch(0, SLOTS));
    clusters.link(0, text(2, 0, &alike), text(1, -5, &alike));
    clusters.touch(2, 10);
    clusters.expire(5);
    assert_eq!((clusters.cluster_of(1), clusters.cluster_of(2)), (None, Some(1)));
    // A text that comes now is measured against the forgotten anchor, and named after it.
    assert_eq!(clusters.link(11, text(3, 11, &alike), text(2, 0, &alike)).cluster, 1);
    let back = clusters.link(12, text(4, 12, &alike), text(1, 12, &alike));
    assert_eq!(back, Linked { cluster: 1, joined: true, merged: None });
    clusters.expire(100);
    assert_eq!([1, 2, 3, 4].map(|key| clusters.cluster_of(key)), [None; 4]);
    assert_eq!((clusters.texts(), clusters.clusters()), (0, 0));
}

#[test]
fn a_name_is_free_again_when_its_cluster_is_forgotten_but_in_memory() {
    let (mut clusters, alike) = (Clusters::new(ANCHOR_SIMILARITY), sketch(0, SLOTS));
    clusters.admit(1_000_000, text(9, 0, &alike));
    clusters.link(1, text(2, 1, &alike), text(1, 0, &alike));
    clusters.expire(2);
    assert_eq!((clusters.cluster_of(1), clusters.texts()), (None, 1));
    // Little of the span has passed since, so memory is not given back at once.
    clusters.link(3, text(2, 1, &alike), text(1, 0, &alike));
    clusters.expire(4);
    assert_eq!((clusters.cluster_of(1), clusters.texts()), (None, 3));
    assert_eq!(clusters.link(5, text(3, 5, &alike), text(1, 5, &alike)).cluster, 1);
    clusters.expire(i64::MAX);
    assert_eq!((clusters.texts(), clusters.clusters()), (0, 0));
}

#[test]
fn unknown_texts_and_old_times_change_nothing() {
    let (mut clusters, alike) = (Clusters::new(ANCHOR_SIMILARITY), sketch(0, SLOTS));
    clusters.touch(1, 5);
    assert_eq!(clusters.cluster_of(1), None);
    clusters.expire(10);
    clusters.link(3, text(2, 1, &alike), text(1, 0, &alike));
    clusters.touch(2, 4);
    clusters.expire(10);
    assert_eq!(clusters.cluster_of(2), Some(1));
    clusters.expire(11);
    assert_eq!(clusters.cluster_of(2), None);
}

#[test]
fn damaged_snapshots_are_refused() {
    let (mut clusters, alike) = (Clusters::new(ANCHOR_SIMILARITY), sketch(0, SLOTS));
    clusters.link(3, text(2, 1, &alike), text(1, 0, &alike));
    let bytes = postcard::to_stdvec(&clusters).unwrap();
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x55;
        if let Ok(mut clusters) = postcard::from_bytes::<Clusters>(&damaged) {
            clusters.link(4, text(2, 1, &alike), text(1, 0, &alike));
            clusters.expire(i64::MAX);
        }
    }
}

#[derive(Debug, Clone)]
enum Call {
    Link(u64, u64, i64),
    Admit(u64, i64),
    Touch(u64, i64),
    Expire(i64),
}

fn call() -> impl Strategy<Value = Call> {
    let (key, step) = (0u64..40, 0i64..30);
    prop_oneof![
        6 => (key.clone(), key.clone(), step.clone()).prop_map(|(a, b, at)| Call::Link(a, b, at)),
        1 => (key.clone(), step.clone()).prop_map(|(a, at)| Call::Admit(a, at)),
        2 => (key, step.clone()).prop_map(|(a, at)| Call::Touch(a, at)),
        2 => step.prop_map(Call::Expire),
    ]
}

/// Makes the call at a time that moves on; what it says, and where all texts are then.
fn make(clusters: &mut Clusters, now: i64, call: &Call) -> (Option<Linked>, Vec<Option<u64>>) {
    // Two families, in which neighbours share slots.
    let look = |key: u64| sketch((key % 5) as u16, if key.is_multiple_of(2) { 40 } else { 10 });
    let mut linked = None;
    match *call {
        Call::Link(a, b, at) => {
            let (one, two) = (look(a), look(b));
            let born = |key: u64| (mix(key) % 100) as i64;
            let (one, two) = (text(a, born(a), &one), text(b, born(b), &two));
            linked = Some(clusters.link(now + at, one, two));
            let now_linked = clusters.link(now + at, one, two);
            assert_eq!(now_linked, Linked { merged: None, ..linked.unwrap() }, "a link given again changes nothing");
        }
        Call::Admit(a, at) => _ = clusters.admit(now + at, text(a, now, &look(a))),
        Call::Touch(a, at) => clusters.touch(a, now + at),
        Call::Expire(at) => clusters.expire(now + at - 40),
    }
    (linked, (0..40).map(|key| clusters.cluster_of(key)).collect())
}

proptest! {
    #[test]
    fn a_restored_snapshot_goes_on_as_the_original(calls in prop::collection::vec(call(), 1..120), cut: prop::sample::Index) {
        let cut = cut.index(calls.len());
        let mut clusters = Clusters::new(ANCHOR_SIMILARITY);
        for (now, call) in calls[..cut].iter().enumerate() {
            make(&mut clusters, now as i64 * 5, call);
        }
        let bytes = postcard::to_stdvec(&clusters).unwrap();
        let mut restored: Clusters = postcard::from_bytes(&bytes).unwrap();
        for (now, call) in calls.iter().enumerate().skip(cut) {
            let at = now as i64 * 5;
            prop_assert_eq!(make(&mut clusters, at, call), make(&mut restored, at, call));
        }
        prop_assert_eq!(postcard::to_stdvec(&clusters).unwrap(), postcard::to_stdvec(&restored).unwrap());
    }

    /// Merges that were announced lead to every text's cluster.
    #[test]
    fn merges_tell_the_whole_story(links in prop::collection::vec((0u64..30, 0u64..30), 1..100)) {
        let (mut clusters, mut told) = (Clusters::new(ANCHOR_SIMILARITY), BTreeMap::new());
        for (at, &(a, b)) in links.iter().enumerate() {
            let (linked, places) = make(&mut clusters, at as i64, &Call::Link(a, b, 0));
            let linked = linked.unwrap();
            if let Some(Merged { from, into }) = linked.merged {
                told.values_mut().filter(|name| **name == from).for_each(|name| *name = into);
            }
            told.insert(a, linked.cluster);
            told.insert(b, places[b as usize].unwrap());
            for (&key, &name) in &told {
                prop_assert_eq!(places[key as usize], Some(name));
            }
        }
    }

    #[test]
    fn memory_is_bounded_by_what_lives(step in 1i64..50) {
        let (mut clusters, alike) = (Clusters::new(ANCHOR_SIMILARITY), sketch(0, SLOTS));
        let mut most = 0;
        for n in 0..3_000u64 {
            let at = n as i64 * step;
            clusters.link(at, text(n + 1, at, &alike), text(n, at - step, &alike));
            clusters.expire(at - 100 * step);
            most = most.max(clusters.texts());
        }
        prop_assert!(most <= 130, "{} texts", most);
        prop_assert!(clusters.bytes() < 100_000);
        prop_assert_eq!(clusters.clusters(), 1);
        clusters.expire(i64::MAX);
        prop_assert_eq!((clusters.texts(), clusters.clusters()), (0, 0));
    }
}
