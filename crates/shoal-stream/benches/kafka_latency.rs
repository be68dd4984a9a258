//! Latency from a post to the alert that it makes due, at a steady rate of posts, staged, against one broker
//! on this machine.
//!
//! ```text
//! cargo bench -p shoal-stream --bench kafka_latency [-- SECONDS [POSTS_PER_SECOND]]
//! ```
//!
//! Posts are made up: 20,000 ordinary accounts and 60 groups that move together and grow. An alert is judged at whole
//! seconds of the posts' time, so the post that made it due is at most a second older than `raised_at`: what is
//! measured is from that second's beginning to the alert's arrival at a consumer of the topic, which is never too
//! short. Needs a JDK and Maven.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement may panic and is read in a terminal")]

#[path = "../tests/common/mod.rs"]
mod common;
mod machine;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use common::Numbers;
use common::kafka::{PARTITIONS, connection, create_topics, over_topics};
use machine::Usage;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{Message, Offset, TopicPartitionList};
use shoal_broker::Cluster;
use shoal_kafka::Purpose;
use shoal_model::{Alert, Span, Timestamp};
use shoal_stream::{Follow, Job, StageName, run_staged};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Time between two judgements.
const EVERY: Span = Span::from_seconds(1);
/// Groups that move together, and the most that one has.
const GROUPS: u64 = 60;
const MEMBERS: u64 = 40;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let seconds: u64 = arguments.next().map_or(120, |seconds| seconds.parse().unwrap());
    let rate: u64 = arguments.next().map_or(5_000, |rate| rate.parse().unwrap());
    let Some(cluster) = Cluster::builder().start_or_skip() else { return };
    let job = job(&cluster);
    create_topics(&job, 1);
    let over = Arc::new(AtomicBool::new(false));
    let before = Usage::now();
    let run = {
        let job = job.clone();
        thread::spawn(move || run_staged(&job, &StageName::ALL.into(), &mut ()).unwrap())
    };
    let arrivals = {
        let (connection, over) = (connection(&cluster), Arc::clone(&over));
        thread::spawn(move || arrivals(&connection, &over))
    };
    let sent = produce_steadily(&cluster, seconds, rate);
    // What is judged once the posts have ended waits for them to be thought idle: that is no steady rate any more.
    let last = now().minus(Span::from_seconds(2));
    // What is still under way belongs to the measurement; idle sources let the last seconds go.
    thread::sleep(Duration::from_secs(15));
    over.store(true, Ordering::Relaxed);
    job.stop.store(true, Ordering::Relaxed);
    let (arrivals, summary) = (arrivals.join().unwrap(), run.join().unwrap());
    let steady = arrivals.iter().filter(|(raised_at, _)| *raised_at < last);
    let mut latencies: Vec<f64> = steady.map(|(_, latency)| *latency).collect();
    let used = Usage::now().since(&before);
    latencies.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    println!(
        "{sent} posts at {rate} a second for {seconds} s, lateness {}, judged every {EVERY}",
        job.detect.order.lateness
    );
    println!("{} late; {} of {} alerts counted", summary.late, latencies.len(), arrivals.len());
    println!("post to alert: p50 {:.2} s, p90 {:.2} s, p99 {:.2} s, max {:.2} s", at(0.5), at(0.9), at(0.99), at(1.0));
    let per_post = 1e6 / sent as f64;
    println!("processor: {:.1} µs a post, broker {:.1} µs", used.own * per_post, used.broker * per_post);
}

fn job(cluster: &Cluster) -> Job {
    let mut config = shoal_detect::Config::default();
    config.judge.every = EVERY;
    config.judge.growth = 1.02;
    config.partitions = shoal_detect::Partitions { prepare: 4, matching: 4, pair: 4, tie: 4, circle: 4 };
    let mut job = common::job(&["none".into()], "none".into(), config);
    job.threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    job.follow = Some(Follow { idle: Duration::from_secs(5), poll: Duration::from_millis(200) });
    over_topics(job, cluster, "live")
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(since.as_micros() as i64)
}

/// Writes posts of this moment, so many a second; gives how many.
fn produce_steadily(cluster: &Cluster, seconds: u64, rate: u64) -> u64 {
    let config = connection(cluster).client(&Purpose::Producer).unwrap();
    let producer: ThreadedProducer<DefaultProducerContext> = config.create().unwrap();
    let (mut numbers, started, mut sent) = (Numbers(1), Instant::now(), 0);
    while started.elapsed() < Duration::from_secs(seconds) {
        let due = (started.elapsed().as_secs_f64() * rate as f64) as u64;
        while sent < due {
            let (author, rest) = post(&mut numbers, started.elapsed().as_secs());
            let line = format!(r#"{{"id":"p{sent}","platform":"made","author":"{author}","ts":"{}",{rest}}}"#, now());
            let partition = (crc32fast::hash(author.as_bytes()) % PARTITIONS.unsigned_abs()) as i32;
            let record = BaseRecord::<str, str>::to("live.posts").partition(partition).payload(&line);
            producer.send(record).map_err(|(error, _)| error).unwrap();
            sent += 1;
        }
        thread::sleep(Duration::from_millis(2));
    }
    producer.flush(Duration::from_secs(30)).unwrap();
    sent
}

/// An author, and what it does: one post in ten is of a group, whose members repeat one fresh post every two seconds.
fn post(numbers: &mut Numbers, second: u64) -> (String, String) {
    match numbers.below(10) {
        0 => {
            let group = numbers.below(GROUPS);
            let member = numbers.below((3 + second / 3).min(MEMBERS));
            let target = format!("g{group}s{}", second / 2);
            (format!("g{group}m{member}"), format!(r#""text":"look","repost":true,"repost_of":"{target}""#))
        }
        1..=3 => {
            let popular = numbers.below(50) * numbers.below(50) + second / 10 * 2_500;
            let author = format!("u{}", numbers.below(20_000));
            (author, format!(r#""text":"look","repost":true,"repost_of":"v{popular}""#))
        }
        _ => {
            let words = [numbers.next(), numbers.next(), numbers.next()];
            let author = format!("u{}", numbers.below(20_000));
            (
                author,
                format!(r#""text":"{:x} said {:x} about {:x} today","repost":false"#, words[0], words[1], words[2]),
            )
        }
    }
}

/// The moment when each alert was raised, and the seconds from the beginning of the second that made it due to its
/// arrival.
fn arrivals(connection: &shoal_kafka::Connection, over: &AtomicBool) -> Vec<(Timestamp, f64)> {
    let consumer: BaseConsumer = connection.client(&Purpose::Reader).unwrap().create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset("live.alerts", 0, Offset::Beginning).unwrap();
    consumer.assign(&list).unwrap();
    let mut latencies = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
        let (message, arrived) = (message.unwrap(), now());
        let alert: Alert = serde_json::from_slice(message.payload().unwrap()).unwrap();
        latencies.push((alert.raised_at, arrived.distance(alert.raised_at.minus(EVERY)).seconds()));
    }
    latencies
}
