//! Throughput in posts a second from a topic to alerts, beside a client that only consumes and decodes it; all in
//! one run against one broker on this machine.
//!
//! ```text
//! cargo bench -p shoal-stream --bench kafka_throughput [-- POSTS [ROUNDS]]
//! ```
//!
//! Reads the first POSTS (400,000) of `ira_dev` from the folder named by `SHOAL_DATA`. Needs a JDK and Maven.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement may panic and is read in a terminal")]

#[path = "../tests/common/mod.rs"]
mod common;
mod machine;

use std::time::Instant;

use common::kafka::{connection, create_topics, over_topics};
use machine::{Usage, fill_with_real_posts};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Message, Offset, TopicPartitionList};
use shoal_broker::Cluster;
use shoal_formats::{Format, Limits, Record, RecordKind};
use shoal_kafka::Purpose;
use shoal_stream::{Job, StageName, run, run_staged};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Partitions of the topic and of every sharded stage.
const PARTITIONS: u16 = 4;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let posts: usize = arguments.next().map_or(400_000, |posts| posts.parse().unwrap());
    let rounds: usize = arguments.next().map_or(2, |rounds| rounds.parse().unwrap());
    let Some(cluster) = Cluster::builder().start_or_skip() else { return };
    let base = job("source");
    let base = over_topics(base, &cluster, "source");
    create_topics(&base, 1);
    let Some(posts) = fill_with_real_posts(&cluster, "source.posts", posts) else { return };
    println!("{posts} posts of ira_dev, {PARTITIONS} partitions, {} threads", base.threads);
    for round in 1..=rounds {
        let alone = measure(&format!("{round}: consume and decode, one thread"), posts, || {
            assert_eq!(consume_and_decode(&cluster), posts);
        });
        let fused = measure(&format!("{round}: fused"), posts, || {
            let job = with_prefix(&base, &format!("fused{round}"));
            run(&job, &mut ()).unwrap();
        });
        let staged = measure(&format!("{round}: staged, one process"), posts, || {
            let job = with_prefix(&base, &format!("staged{round}"));
            run_staged(&job, &StageName::ALL.into(), &mut ()).unwrap();
        });
        println!(
            "{round}: fused / alone {:.2}; staged / alone {:.2}; processor time staged / fused {:.2}",
            fused.rate / alone.rate,
            staged.rate / alone.rate,
            staged.own / fused.own,
        );
    }
}

fn job(name: &str) -> Job {
    let mut config = shoal_detect::Config::default();
    config.order.lateness = shoal_model::Span::from_seconds(60);
    let four = PARTITIONS;
    config.partitions = shoal_detect::Partitions { prepare: four, matching: four, pair: four, tie: four, circle: four };
    let mut job = common::job(&["none".into()], name.into(), config);
    job.threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    job
}

/// A copy of the job with outputs and topics of its own, reading the same posts.
fn with_prefix(base: &Job, prefix: &str) -> Job {
    let mut job = base.clone();
    job.metrics = shoal_stream::Metrics::new().unwrap();
    prefix.clone_into(&mut job.kafka.as_mut().unwrap().prefix);
    job.outputs.alerts = Some(shoal_stream::Output::Topic(format!("{prefix}.alerts")));
    job.outputs.dead_letters = Some(shoal_stream::Output::Topic(format!("{prefix}.dead-letters")));
    create_topics(&job, 1);
    job
}

/// The cost of one way.
struct Measured {
    /// Posts a second.
    rate: f64,
    /// Processor seconds of this process.
    own: f64,
}

fn measure(what: &str, posts: usize, work: impl FnOnce()) -> Measured {
    let (before, started) = (Usage::now(), Instant::now());
    work();
    let (seconds, used) = (started.elapsed().as_secs_f64(), Usage::now().since(&before));
    let rate = posts as f64 / seconds;
    let per_post = |seconds: f64| seconds * 1e6 / posts as f64;
    println!(
        "{what}: {seconds:.1} s, {rate:.0} posts/s, {:.2} µs of processor a post, broker {:.2} µs, at most {} MB",
        per_post(used.own),
        per_post(used.broker),
        Usage::peak_megabytes(),
    );
    Measured { rate, own: used.own }
}

fn consume_and_decode(cluster: &Cluster) -> usize {
    let mut config = connection(cluster).client(&Purpose::Reader).unwrap();
    config.set("enable.partition.eof", "true");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut list = TopicPartitionList::new();
    for partition in 0..i32::from(PARTITIONS) {
        list.add_partition_offset("source.posts", partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    let (limits, mut posts, mut ended) = (Limits::default(), 0, 0);
    while ended < PARTITIONS {
        match consumer.poll(common::kafka::PATIENCE).unwrap() {
            Ok(message) => {
                let record = Record { offset: message.offset() as u64, number: posts as u64, kind: RecordKind::Whole };
                let post = Format::NATIVE.decode_record(&record, message.payload().unwrap(), &limits);
                std::hint::black_box(post.unwrap());
                posts += 1;
            }
            Err(KafkaError::PartitionEOF(_)) => ended += 1,
            Err(error) => panic!("{error}"),
        }
    }
    posts
}
