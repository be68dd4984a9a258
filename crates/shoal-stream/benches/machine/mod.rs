//! The machine as benches measure it: processor time, memory; and real posts.

#![allow(dead_code, reason = "each bench uses a part")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;

use shoal_broker::Cluster;

use crate::common::kafka::{PARTITIONS, produce};

/// Processor seconds of this process, and of the brokers that it started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) own: f64,
    pub(crate) broker: f64,
}

impl Usage {
    /// The usage until now.
    pub(crate) fn now() -> Self {
        let own = std::process::id();
        let java = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
            (name.trim() == "java").then_some(pid)
        });
        Self { own: seconds(own), broker: java.map(seconds).sum() }
    }

    /// The usage since.
    pub(crate) fn since(&self, before: &Self) -> Self {
        Self { own: self.own - before.own, broker: self.broker - before.broker }
    }

    /// The most that this process has had in memory.
    pub(crate) fn peak_megabytes() -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
    }
}

/// User and system time of a process; the kernel counts in hundredths.
fn seconds(pid: u32) -> f64 {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return 0.0 };
    let after = stat.rsplit_once(") ").unwrap().1;
    let ticks = |field: usize| after.split(' ').nth(field).unwrap().parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

/// The first `count` real posts, as they stand in the data.
pub(crate) fn real_posts(count: usize) -> Option<Vec<String>> {
    let folder = std::env::var("SHOAL_DATA").unwrap_or_else(|_| "../../../shared/data".to_owned());
    let path = Path::new(&folder).join("ira_dev.jsonl.zst");
    let Ok(file) = fs::File::open(&path) else {
        println!("SKIPPED: {} is not there: set SHOAL_DATA to the folder of the real posts", path.display());
        return None;
    };
    let lines = BufReader::new(zstd::Decoder::new(file).unwrap()).lines();
    Some(lines.take(count).map(Result::unwrap).collect())
}

/// Writes real posts to a topic, by author; gives how many.
pub(crate) fn fill_with_real_posts(cluster: &Cluster, topic: &str, count: usize) -> Option<usize> {
    let posts = real_posts(count)?;
    let home = |line: &str| {
        let post: serde_json::Value = serde_json::from_str(line).unwrap();
        (crc32fast::hash(post["author"].as_str().unwrap().as_bytes()) % PARTITIONS.unsigned_abs()) as i32
    };
    produce(cluster, topic, posts.iter().map(|line| (home(line), line.as_bytes())));
    Some(posts.len())
}
