//! The program as a process that goes on: asked how it is, slowed, killed, started again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::command;

/// Time after which a test that waits has failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Waits until `moment`: nothing but looking tells what other processes do. Fails when it does not come.
#[track_caller]
pub(crate) fn until(what: &str, mut moment: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !moment() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        thread::sleep(PAUSE);
    }
}

/// The program at work. It is killed when it is dropped.
pub(crate) struct Process {
    pub(crate) name: String,
    child: Arc<Mutex<Child>>,
    log: PathBuf,
    slowed: Option<Slowed>,
}

impl Process {
    /// Starts it in `directory` with its log in a file there. Metrics are served on a free port.
    pub(crate) fn start(directory: &Path, name: &str, arguments: &[&str]) -> Self {
        let log = directory.join(format!("{name}.log"));
        let all = [arguments, &["--set", "serve.listen=127.0.0.1:0"]].concat();
        let mut command = command(directory, &all);
        let child = command.env("RUST_LOG", "info").stderr(File::create(&log).unwrap()).stdout(Stdio::null()).spawn();
        let child = Arc::new(Mutex::new(child.unwrap()));
        Self { name: name.to_owned(), child, log, slowed: None }
    }

    /// The output so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Says whether it lives.
    pub(crate) fn lives(&self) -> bool {
        self.child.lock().unwrap().try_wait().unwrap().is_none()
    }

    /// Makes it stand still (STOP), go on (CONT), or end (TERM), if it lives.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Slows it for two minutes at most: it stands still four fifths of the time.
    pub(crate) fn slow(&mut self) {
        self.slowed = Some(Slowed::new(&self.child));
    }

    /// Lets it go on at its own speed.
    pub(crate) fn hurry(&mut self) {
        self.slowed = None;
    }

    /// Kills it as a power cut would.
    #[track_caller]
    pub(crate) fn kill(self) {
        assert!(self.lives(), "{} ended before it could be killed:\n{}", self.name, self.said());
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks it to stop, and waits until it has ended well.
    #[track_caller]
    pub(crate) fn stop(self) -> String {
        self.signal("TERM");
        self.ended()
    }

    /// Waits until it has ended well; gives what it said.
    #[track_caller]
    pub(crate) fn ended(self) -> String {
        let code = self.code();
        assert_eq!(code, Some(0), "{}:\n{}", self.name, self.said());
        self.said()
    }

    /// Waits until it has failed; gives what it said to people.
    #[track_caller]
    pub(crate) fn failed(self) -> String {
        let code = self.code();
        let said = self.said();
        assert_eq!(code, Some(1), "{}:\n{said}", self.name);
        said.rsplit_once("error: ").unwrap().1.to_owned()
    }

    #[track_caller]
    fn code(&self) -> Option<i32> {
        until(&format!("{} to end", self.name), || !self.lives());
        self.child.lock().unwrap().wait().unwrap().code()
    }

    /// The metrics now; none before they are served, nor after it has ended.
    pub(crate) fn metrics(&self) -> Option<Metrics> {
        let said = self.said();
        let (_, rest) = said.split_once("metrics at http://")?;
        let (address, _) = rest.split_once("/metrics")?;
        Metrics::get(address)
    }

    /// Waits for a moment that its metrics tell, while it lives.
    #[track_caller]
    pub(crate) fn tells(&self, what: &str, moment: impl Fn(&Metrics) -> bool) -> Metrics {
        let mut last = None;
        until(&format!("{} to tell {what}", self.name), || {
            assert!(self.lives(), "{} ended before it told {what}:\n{}", self.name, self.said());
            last = self.metrics().filter(|metrics| moment(metrics));
            last.is_some()
        });
        last.unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        // It may have ended and been waited for.
        if child.try_wait().is_ok_and(|ended| ended.is_none()) {
            _ = child.kill();
            _ = child.wait();
        }
    }
}

/// Sends a signal to a process, if it lives: its number may be another's by now otherwise.
fn signal(child: &Mutex<Child>, name: &str) {
    let mut child = child.lock().unwrap();
    if child.try_wait().unwrap().is_none() {
        let kill = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
        assert!(kill.success(), "kill -{name} {}", child.id());
    }
}

/// The metrics of a process, from `/metrics`.
#[derive(Debug, Clone)]
pub(crate) struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    fn get(address: &str) -> Option<Self> {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let lines = answer.lines().filter(|line| line.starts_with("shoal_"));
        let values = lines.filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        Some(Self(values.collect()))
    }

    /// The sum of all values of this name whose labels have these values.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let labels: Vec<String> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        let fits = |key: &str| {
            let (found, rest) = key.split_once('{').unwrap_or((key, ""));
            found == name && labels.iter().all(|label| rest.contains(label))
        };
        self.0.iter().filter(|(key, _)| fits(key)).map(|(_, value)| value).sum()
    }

    /// The same of what is counted.
    pub(crate) fn count(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        self.sum(name, labels) as u64
    }
}

/// The times for which a slowed process stands still, and works, in turn.
const STILL: Duration = Duration::from_millis(80);
const AT_WORK: Duration = Duration::from_millis(20);

/// Slows a process until it is dropped, two minutes at most.
struct Slowed {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Slowed {
    fn new(child: &Arc<Mutex<Child>>) -> Self {
        let (child, stop) = (Arc::clone(child), Arc::new(AtomicBool::new(false)));
        let stopped = Arc::clone(&stop);
        let work = move || {
            let deadline = Instant::now() + PATIENCE;
            while !stopped.load(Ordering::Relaxed) && Instant::now() < deadline {
                signal(&child, "STOP");
                thread::sleep(STILL);
                signal(&child, "CONT");
                thread::sleep(AT_WORK);
            }
        };
        Self { stop, thread: Some(thread::spawn(work)) }
    }
}

impl Drop for Slowed {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // Whatever went wrong with a signal has been said.
            _ = thread.join();
        }
    }
}
