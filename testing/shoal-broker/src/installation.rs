//! Kafka's jars, brought by Maven once for all test processes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, io};
use crate::tool::{Tool, said};

/// Everything needed to start a broker.
#[derive(Clone, Debug)]
pub(crate) struct Installation {
    java: Tool,
    openssl: Tool,
    /// Everything that is kept between runs.
    folder: PathBuf,
}

impl Installation {
    /// Finds Kafka's jars in `target/kafka`, or has Maven bring them; then `archive` may write what starts brokers
    /// faster to [`Installation::archive`].
    ///
    /// Any number of processes may call this at the same time: one works, the others wait.
    ///
    /// # Errors
    /// [`Error::Missing`] without Maven, [`Error::Jars`] when it cannot bring the jars, [`Error::Io`] for files.
    pub(crate) fn find(archive: impl FnOnce(&Self) -> Result<(), Error>) -> Result<Self, Error> {
        let found = Self { java: Tool::java(), openssl: Tool::openssl(), folder: target().join("kafka") };
        found.complete(&Tool::maven(), archive)?;
        Ok(found)
    }

    /// A machine that lacks `java`.
    #[cfg(test)]
    pub(crate) fn without_java() -> Self {
        Self { java: Tool::java().named("no-such-java"), openssl: Tool::openssl(), folder: target().join("kafka") }
    }

    fn complete(&self, maven: &Tool, archive: impl FnOnce(&Self) -> Result<(), Error>) -> Result<(), Error> {
        let project = project().join("pom.xml");
        let wanted = fs::read(&project).map_err(io(format!("read {}", project.display())))?;
        if self.is_complete(&wanted) {
            return Ok(());
        }
        fs::create_dir_all(&self.folder).map_err(io(format!("make {}", self.folder.display())))?;
        let lock = self.folder.join("lock");
        let file = File::create(&lock).map_err(io(format!("make {}", lock.display())))?;
        file.lock().map_err(io(format!("lock {}", lock.display())))?;
        if !self.is_complete(&wanted) {
            self.bring_jars(maven, &project)?;
            if let Err(error) = archive(self) {
                tracing::warn!(%error, "Kafka's classes are not archived: brokers start a second later");
            }
            // Written last: what it says is there, is there.
            fs::write(self.stamp(), wanted).map_err(io(format!("write {}", self.stamp().display())))?;
        }
        Ok(())
    }

    /// Has Maven copy the jars into a folder of its own, which then takes the place of `lib`.
    fn bring_jars(&self, maven: &Tool, project: &Path) -> Result<(), Error> {
        let temporary = tempfile::tempdir_in(&self.folder).map_err(io("make a temporary folder"))?;
        let mut command = maven.command();
        command
            .args(["--batch-mode", "--quiet", "--file"])
            .arg(project)
            .args(["dependency:copy-dependencies", "-DincludeScope=runtime"])
            .arg(format!("-DoutputDirectory={}", temporary.path().display()));
        let output = maven.output(&mut command)?;
        if !output.status.success() {
            return Err(Error::Jars { output: said(&output) });
        }
        let (lib, archive) = (self.lib(), self.archive());
        if archive.exists() {
            fs::remove_file(&archive).map_err(io(format!("remove {}", archive.display())))?;
        }
        if lib.exists() {
            fs::remove_dir_all(&lib).map_err(io(format!("remove {}", lib.display())))?;
        }
        fs::rename(temporary.path(), &lib).map_err(io(format!("make {}", lib.display())))
    }

    fn is_complete(&self, wanted: &[u8]) -> bool {
        fs::read(self.stamp()).is_ok_and(|stamp| stamp == wanted)
    }

    /// A copy of the project that the jars were brought for.
    fn stamp(&self) -> PathBuf {
        self.folder.join("pom.xml")
    }

    fn lib(&self) -> PathBuf {
        self.folder.join("lib")
    }

    /// The archive of classes as Java wants them in memory. Another Java than the one that wrote it does without.
    pub(crate) fn archive(&self) -> PathBuf {
        self.folder.join("kafka.jsa")
    }

    /// The folder in which ports are reserved.
    pub(crate) fn ports(&self) -> PathBuf {
        self.folder.join("ports")
    }

    /// Java with Kafka's jars, set for a short life, a heap of `heap` MiB and a log on stderr. The class to run comes
    /// next.
    pub(crate) fn java(&self, heap: u16, level: &str) -> Command {
        let mut command = self.java.command();
        command
            .arg(format!("-Xmx{heap}m"))
            // Halves the memory and the time to start, and costs a broker on one machine no throughput.
            .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            .arg(format!("-Dlog4j2.configurationFile={}", project().join("log4j2.properties").display()))
            .arg(format!("-Dshoal.level={level}"))
            // Java's own warnings, such as that the archive is another Java's.
            .arg("-Xlog:disable");
        if self.archive().exists() {
            command.arg(format!("-XX:SharedArchiveFile={}", self.archive().display()));
        }
        command.arg("-cp").arg(self.lib().join("*"));
        command
    }

    /// The program that runs [`Installation::java`].
    pub(crate) fn java_tool(&self) -> &Tool {
        &self.java
    }

    pub(crate) fn openssl(&self) -> &Tool {
        &self.openssl
    }
}

/// The Maven project.
fn project() -> PathBuf {
    root().join("deploy/kafka")
}

/// The root of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Cargo's target folder. Java's class path takes an absolute one.
fn target() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}
