//! A Prometheus that watches processes, and what is asked of it.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::common::process::until;

/// A Prometheus. It is killed when it is dropped.
pub(crate) struct Prometheus {
    child: Child,
    address: String,
}

impl Prometheus {
    /// Starts one that asks `targets` once a second and works with `rules`.
    pub(crate) fn start(program: &Path, folder: &Path, rules: &Path, targets: &[&str]) -> Self {
        let config = format!(
            "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\nrule_files: ['{}']\nscrape_configs:\n  - \
             job_name: shoal\n    static_configs:\n      - targets: {targets:?}\n",
            rules.display()
        );
        fs::write(folder.join("prometheus.yml"), config).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let child = Command::new(program)
            .current_dir(folder)
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.join("prometheus.log")).unwrap())
            .spawn()
            .unwrap();
        let started = Self { child, address };
        until("Prometheus to be ready", || get(&started.address, "/-/ready").is_some());
        started
    }

    /// The answer to a query now: nothing where it cannot be asked. Fails when it is no query.
    pub(crate) fn ask(&self, question: &str) -> Vec<Value> {
        let answer = self.get(&format!("/api/v1/query?query={}", encoded(question)));
        assert_eq!(answer["status"], "success", "{question}: {answer}");
        match answer["data"]["resultType"].as_str().unwrap() {
            "vector" => answer["data"]["result"].as_array().unwrap().clone(),
            _ => vec![answer["data"]["result"].clone()],
        }
    }

    /// All rules as they are now.
    pub(crate) fn rules(&self) -> Vec<Value> {
        let answer = self.get("/api/v1/rules");
        let groups = answer["data"]["groups"].as_array().unwrap().iter();
        groups.flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
    }

    fn get(&self, path: &str) -> Value {
        let body = get(&self.address, path).unwrap_or_else(|| panic!("no answer from Prometheus to {path}"));
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The value that was asked for; `None` without an answer, or when it says something else.
pub(crate) fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // In version 1.0 no answer comes in chunks.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    (head.split(' ').nth(1) == Some("200")).then(|| body.to_owned())
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        write!(encoded, "%{byte:02X}").unwrap();
        encoded
    })
}
