use super::*;
use crate::Sketcher;

const SEED: u64 = 11;

fn config() -> Config {
    Config::for_threshold(SEED, 0.7).unwrap()
}

/// `len` shingles of family `family`, of which the first `changed` are its member `member`'s own.
fn shingles(family: u64, member: u64, len: u64, changed: u64) -> Vec<u32> {
    let mut list: Vec<u32> = (0..len)
        .map(|n| if n < changed { draw(member + 1_000, (family << 32) | n) } else { draw(family, n) } as u32)
        .collect();
    list.sort_unstable();
    list.dedup();
    list
}

fn add(window: &mut Window, at: i64, list: &[u32]) -> (DocId, Vec<Neighbour>) {
    let mut found = Vec::new();
    let doc = window.insert(at, list, &Sketcher::new(SEED).sketch(list), &mut found);
    (doc, found)
}

#[test]
fn neighbours_have_their_exact_similarity() {
    let mut window = Window::new(config()).unwrap();
    let (first, none) = add(&mut window, 0, &shingles(1, 0, 50, 0));
    assert!(none.is_empty());
    add(&mut window, 1, &shingles(2, 0, 50, 0));
    let (_, found) = add(&mut window, 2, &shingles(1, 7, 50, 3));
    assert_eq!(found, [Neighbour { doc: first, jaccard: 47.0 / 53.0 }]);
    assert_eq!((window.len(), window.counters().neighbours), (3, 1));
}

#[test]
fn one_neighbour_per_local_cluster_strongest_first() {
    let mut window = Window::new(config()).unwrap();
    // Two texts that are not similar enough to each other, and one between them.
    let sorted = |mut list: Vec<u32>| {
        list.sort_unstable();
        list
    };
    let word = |n: u64| draw(1, n) as u32;
    let left = sorted((0..60).map(word).collect());
    let between = sorted((6..66).map(word).collect());
    let right = sorted((12..72).map(word).collect());
    let (first, _) = add(&mut window, 0, &left);
    add(&mut window, 0, &left);
    let (other, apart) = add(&mut window, 0, &right);
    assert!(apart.is_empty());
    let (_, found) = add(&mut window, 0, &between);
    let docs: Vec<u64> = found.iter().map(|neighbour| neighbour.doc.0).collect();
    assert_eq!(docs, [first.0 + 1, other.0]);
    assert_eq!(window.counters().skipped, 1);
}

#[test]
fn texts_without_shingles_are_nobodys_neighbours() {
    let mut window = Window::new(config()).unwrap();
    for _ in 0..3 {
        let (_, found) = add(&mut window, 5, &[]);
        assert!(found.is_empty());
    }
    assert_eq!((window.len(), window.counters().candidates), (3, 0));
}

#[test]
fn time_never_goes_back() {
    let mut window = Window::new(config()).unwrap();
    let (first, _) = add(&mut window, 100, &[1, 2, 3]);
    let (late, _) = add(&mut window, 50, &[4, 5, 6]);
    assert_eq!(window.time(late), Some(100));
    window.expire(100);
    assert_eq!((window.len(), window.oldest()), (2, first));
    window.expire(101);
    assert!(window.is_empty());
    assert_eq!((window.time(late), window.shingles(first), window.oldest()), (None, None, DocId(2)));
    assert_eq!(window.counters().expired, 2);
}

#[test]
fn the_dead_are_not_found() {
    let mut window = Window::new(config()).unwrap();
    let text = shingles(1, 0, 50, 0);
    add(&mut window, 0, &text);
    window.expire(1);
    assert!(add(&mut window, 1, &text).1.is_empty());
    assert_eq!(add(&mut window, 2, &text).1.len(), 1);
}

#[test]
fn a_full_window_gives_up_the_oldest() {
    let mut window = Window::new(Config { max_documents: 10, ..config() }).unwrap();
    for n in 0..25 {
        add(&mut window, 0, &shingles(n, 0, 40, 0));
    }
    assert_eq!((window.len(), window.counters().displaced, window.oldest()), (10, 15, DocId(15)));
}

#[test]
fn caps_bite_and_are_counted() {
    let mut window = Window::new(Config { bucket: 3, checks: 2, ..config() }).unwrap();
    // Equal sketches put texts that share nothing in the same buckets, and shingles of one range defeat the bitmaps, as
    // a crafted flood would.
    let (sketch, mut found) = (Sketch([7; 64]), Vec::new());
    for n in 0..9u32 {
        let list: Vec<u32> = (n * 30..n * 30 + 30).collect();
        window.insert(0, &list, &sketch, &mut found);
        assert!(found.is_empty());
    }
    let counters = window.counters();
    assert_eq!(counters.candidates, 1 + 2 + 6 * 3);
    assert_eq!((counters.verifications, counters.bounded), (1 + 7 * 2, 0));
    assert_eq!((counters.capped, counters.evictions), (6, 6 * 16));
}

#[test]
fn bounds_spare_verifications() {
    let mut window = Window::new(config()).unwrap();
    let (sketch, mut found) = (Sketch([7; 64]), Vec::new());
    for n in 0..5 {
        window.insert(0, &shingles(n, 0, 50, 0), &sketch, &mut found);
    }
    window.insert(0, &[1], &sketch, &mut found);
    let counters = window.counters();
    assert_eq!((counters.candidates, counters.bounded, counters.verifications), (15, 15, 0));
}

/// Numbers whose lower half wraps, and the purge on the way there, must not be seen from outside.
#[test]
fn results_do_not_depend_on_where_numbers_start() {
    let run = |first: u64| {
        let mut window = Window::starting_at(config(), first);
        let origin = window.oldest().0;
        let mut log = Vec::new();
        for n in 0..4_000u64 {
            let (_, found) = add(&mut window, n as i64, &shingles(n % 300, n, 40, n % 6));
            log.extend(found.into_iter().map(|hit| (n, hit.doc.0 - origin, hit.jaccard.to_bits())));
            window.expire(n as i64 - 700);
        }
        (log, window.counters())
    };
    let plain = run(0);
    assert!(plain.0.len() > 3_000);
    assert_eq!(run((1 << 31) - 2_000), plain);
    assert_eq!(run((1 << 32) - 2_000), plain);
    assert_eq!(run((5 << 32) - 3_000), plain);
}

#[test]
fn damaged_snapshots_are_refused() {
    let mut window = Window::new(config()).unwrap();
    for n in 0..40 {
        add(&mut window, 0, &shingles(n, 0, 30, 0));
    }
    let bytes = postcard::to_stdvec(&window).unwrap();
    assert!(postcard::from_bytes::<Window>(&bytes[..bytes.len() / 2]).is_err());
    // Whatever one byte is changed to, reading either fails or gives a window that works.
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x55;
        if let Ok(mut window) = postcard::from_bytes::<Window>(&damaged) {
            add(&mut window, 0, &shingles(3, 1, 30, 2));
            window.expire(i64::MAX);
        }
    }
}
