//! A broker: a process that comes and goes, and data that stays.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::error::{Error, io};
use crate::installation::Installation;
use crate::log::{Log, Waited};
use crate::watchdog::Watchdog;

/// Time that a broker may take to start; it takes 1 to 3 s when nothing else runs.
const START: Duration = Duration::from_secs(90);
/// Time that it may take to stop when asked to; it takes 2 s.
const STOP: Duration = Duration::from_secs(30);
/// Lines of the log in errors.
const QUOTED: usize = 60;
/// A broker's heap, in MiB. Less is enough for it to run, but not under load.
const HEAP: u16 = 256;

/// The part of the cluster that a broker's process needs.
#[derive(Debug)]
pub(crate) struct Launcher {
    pub(crate) installation: Installation,
    pub(crate) flags: Vec<String>,
    pub(crate) watchdog: Watchdog,
}

/// A broker of a cluster.
#[derive(Debug)]
pub(crate) struct Broker {
    id: u8,
    properties: PathBuf,
    process: Option<Child>,
    /// The log of the last start.
    log: Log,
}

impl Broker {
    /// A broker that does not run yet.
    pub(crate) fn new(id: u8, properties: PathBuf) -> Self {
        Self { id, properties, process: None, log: Log::default() }
    }

    /// Starts the broker's process, without waiting until it is ready.
    pub(crate) fn start(&mut self, launcher: &Launcher) -> Result<(), Error> {
        if self.process.is_some() {
            return Err(Error::Running { broker: self.id });
        }
        let mut command = launcher.installation.java(HEAP, "info");
        command.args(&launcher.flags).arg("kafka.Kafka").arg(&self.properties);
        let (log, mut child) = launch(command, launcher)?;
        if let Err(error) = launcher.watchdog.add(child.id()) {
            end(&mut child)?;
            return Err(error);
        }
        self.log = log;
        self.process = Some(child);
        Ok(())
    }

    /// Waits until the broker serves clients. One that does not get there is ended.
    pub(crate) fn wait_until_ready(&mut self, watchdog: &Watchdog) -> Result<(), Error> {
        self.running()?;
        let (broker, seconds) = (self.id, START.as_secs());
        let waited = self.log.wait_until_ready(START);
        if waited == Waited::Ready {
            return Ok(());
        }
        let log = self.log.tail(QUOTED);
        self.kill(watchdog)?;
        Err(match waited {
            Waited::Ended => Error::Ended { broker, log },
            Waited::AddressTaken => Error::AddressTaken { broker },
            Waited::Ready | Waited::TooLong => Error::NotReady { broker, seconds, log },
        })
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), Error> {
        let child = self.running()?;
        kill_process(Pid::from_child(child), signal)
            .map_err(|errno| io(format!("send a signal to broker {}", self.id))(errno.into()))
    }

    /// Ends the broker as a power cut would.
    pub(crate) fn kill(&mut self, watchdog: &Watchdog) -> Result<(), Error> {
        let mut child = self.process.take().ok_or(Error::NotRunning { broker: self.id })?;
        end(&mut child)?;
        watchdog.forget(child.id())
    }

    /// Asks the broker to stop, and waits until it has.
    pub(crate) fn stop(&mut self, watchdog: &Watchdog) -> Result<(), Error> {
        self.signal(Signal::TERM)?;
        match self.log.wait_until_ended(STOP) {
            // The log ends a moment before the process; nothing is left of it that a signal could cut short.
            Waited::Ended => self.kill(watchdog),
            Waited::Ready | Waited::AddressTaken | Waited::TooLong => {
                Err(Error::StillRunning { broker: self.id, seconds: STOP.as_secs() })
            }
        }
    }

    /// The end of its log.
    pub(crate) fn log(&self) -> String {
        self.log.tail(usize::MAX)
    }

    fn running(&self) -> Result<&Child, Error> {
        self.process.as_ref().ok_or(Error::NotRunning { broker: self.id })
    }
}

/// Starts Java with both of its outputs followed.
fn launch(mut command: Command, launcher: &Launcher) -> Result<(Log, Child), Error> {
    let (reader, writer) = std::io::pipe().map_err(io("make a pipe"))?;
    let second = writer.try_clone().map_err(io("make a pipe"))?;
    // What interrupts the tests must not interrupt the broker half way: the watchdog ends it.
    let spawned = command.stdout(writer).stderr(second).process_group(0).spawn();
    let child = spawned.map_err(|source| launcher.installation.java_tool().not_started(source))?;
    // The log ends when the last writer is gone, and the command holds two.
    drop(command);
    Ok((Log::follow(reader), child))
}

/// Kills a process and waits until it is gone.
fn end(child: &mut Child) -> Result<(), Error> {
    child.kill().map_err(io("kill a broker"))?;
    child.wait().map(drop).map_err(io("wait for a broker"))
}

/// Makes an empty data folder for the broker of a `server.properties`.
pub(crate) fn format(
    installation: &Installation,
    cluster_id: &str,
    properties: &Path,
    credentials: impl Iterator<Item = String>,
) -> Result<(), Error> {
    let mut command = installation.java(128, "warn");
    command.args(["kafka.tools.StorageTool", "format", "--cluster-id", cluster_id, "--config"]);
    command.arg(properties).args(credentials);
    installation.java_tool().run("kafka.tools.StorageTool", &mut command).map(drop)
}
