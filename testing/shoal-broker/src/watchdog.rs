//! Ends the brokers of a process that was killed.

use std::io::{PipeWriter, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::error::{Error, io};

/// Keeps a list of process ids that it reads from stdin. When stdin closes, which it does when its other end dies, it
/// kills what is on the list and removes the folder.
const SCRIPT: &str = r#"
while read -r verb id; do
    case $verb in
    add) ids="$ids $id" ;;
    forget)
        kept=
        for each in $ids; do
            [ "$each" = "$id" ] || kept="$kept $each"
        done
        ids=$kept
        ;;
    esac
done
for each in $ids; do
    kill -KILL "$each" 2>/dev/null
done
for try in 1 2 3 4 5; do
    rm -rf -- "$1" 2>/dev/null && exit
    sleep 1
done
"#;

/// A shell that outlives this process for a moment and tidies up after it.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    /// Closed first when it is dropped.
    list: Option<PipeWriter>,
}

impl Watchdog {
    /// Starts a watchdog that removes `folder` in the end.
    pub(crate) fn start(folder: &Path) -> Result<Self, Error> {
        let (reader, list) = std::io::pipe().map_err(io("make a pipe"))?;
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "shoal-kafka-watchdog"])
            .arg(folder)
            .stdin(reader)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What kills the tests' process group must not kill it.
            .process_group(0)
            .spawn()
            .map_err(io("start sh"))?;
        Ok(Self { shell, list: Some(list) })
    }

    /// Has the process killed in the end.
    pub(crate) fn add(&self, id: u32) -> Result<(), Error> {
        self.tell(&format!("add {id}\n"))
    }

    /// Lets a process go: it has ended, and its id may become another's.
    pub(crate) fn forget(&self, id: u32) -> Result<(), Error> {
        self.tell(&format!("forget {id}\n"))
    }

    fn tell(&self, line: &str) -> Result<(), Error> {
        let Some(mut list) = self.list.as_ref() else { return Ok(()) };
        list.write_all(line.as_bytes()).map_err(io("write to the watchdog"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.list.take());
        if let Err(error) = self.shell.wait() {
            tracing::warn!(%error, "the watchdog of a Kafka cluster cannot be waited for");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep").arg("600").spawn().unwrap()
    }

    #[test]
    fn what_is_on_the_list_ends_with_the_watchdog_and_the_folder_goes() {
        let folder = tempfile::tempdir().unwrap().keep();
        fs::write(folder.join("data"), "data").unwrap();
        let watchdog = Watchdog::start(&folder).unwrap();
        let (mut left, mut forgotten) = (sleeper(), sleeper());
        for child in [&left, &forgotten] {
            watchdog.add(child.id()).unwrap();
        }
        watchdog.forget(forgotten.id()).unwrap();
        drop(watchdog);
        assert!(!folder.exists());
        assert!(!left.wait().unwrap().success());
        assert!(forgotten.try_wait().unwrap().is_none());
        forgotten.kill().unwrap();
        forgotten.wait().unwrap();
    }
}
