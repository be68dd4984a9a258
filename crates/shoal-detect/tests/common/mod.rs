//! Common parts of tests of several stages: a driver without a runtime, and the real data where it is.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "each test file uses a part; a test may panic, and says aloud what it skips"
)]

use std::path::PathBuf;

use shoal_detect::{
    Analysed, Circle, Cluster, Config, Group, Match, Outbox, Pair, Prepare, PrepareIn, Record, Stage, Tie, Trigger,
};
use shoal_formats::{Format, Limits, Reader};
use shoal_model::{Post, Timestamp};

/// Takes one partition to `at`, through the records that others sent it.
pub(crate) fn step<S: Stage>(stage: &mut S, mut input: Vec<(Trigger, S::In)>, at: Timestamp, out: &mut Outbox) {
    input.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.order().cmp(&y.order())));
    let mut input = input.into_iter().peekable();
    loop {
        let limit = input.peek().map_or(at, |(trigger, _)| trigger.at);
        if let Some(due) = stage.next_timer().filter(|due| *due <= limit) {
            stage.timer(due, &mut out.emitter());
            continue;
        }
        let Some((trigger, record)) = input.next() else { break };
        let mut records = vec![record];
        while let Some((_, more)) = input.next_if(|(other, _)| *other == trigger) {
            records.push(more);
        }
        stage.process(&trigger, &mut records, &mut out.emitter());
    }
}

/// The stages up to circle, one partition each.
pub(crate) struct Stages {
    prepare: Prepare,
    matching: Match,
    cluster: Cluster,
    pair: Pair,
    pub(crate) circle: Circle,
    out: Outbox,
}

impl Stages {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            prepare: Prepare::new(config, 0),
            matching: Match::new(config).unwrap(),
            cluster: Cluster::new(config),
            pair: Pair::new(config),
            circle: Circle::new(config, 0),
            out: Outbox::new(&config.partitions),
        }
    }

    /// Drives posts, in order, through the stages.
    pub(crate) fn drive(&mut self, posts: Vec<Analysed>) {
        let Some(at) = posts.last().map(|post| post.reference.at) else { return };
        let input = posts.into_iter().map(|post| {
            let trigger = Trigger { at: post.reference.at, post: Some(post.reference.clone()) };
            (trigger, PrepareIn::Post(Box::new(post)))
        });
        let out = &mut self.out;
        step(&mut self.prepare, input.collect(), at, out);
        let input = out.take::<Match>(0);
        step(&mut self.matching, input, at, out);
        let input = out.take::<Cluster>(0);
        step(&mut self.cluster, input, at, out);
        let input = out.take::<Pair>(0);
        step(&mut self.pair, input, at, out);
        let input = out.take::<Circle>(0);
        step(&mut self.circle, input, at, out);
        out.take::<Tie>(0);
        out.take::<Group>(0);
    }
}

/// A file of the real data; `None`, said loudly, where there is none.
pub(crate) fn data(file: &str) -> Option<PathBuf> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("SHOAL_DATA").map_or_else(|| workspace.join("../shared/data"), PathBuf::from);
    let path = folder.join(file);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {file} is not in the data folder; set SHOAL_DATA to where it is");
    None
}

/// The posts of a file, as read.
pub(crate) fn posts(file: &str) -> Option<Vec<Post>> {
    let limits = Limits::default();
    let mut reader = Reader::open(data(file)?, &limits).unwrap();
    let (mut line, mut posts) = (Vec::new(), Vec::new());
    while let Some(record) = reader.next(&mut line).unwrap() {
        posts.push(Format::NATIVE.decode_record(&record, &line, &limits).unwrap().posts().next().unwrap());
    }
    Some(posts)
}
