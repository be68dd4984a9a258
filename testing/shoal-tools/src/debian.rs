//! Programs of Debian's packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{find, is_program, run};
use crate::missing::{Missing, io};
use crate::tool_folder::{lock, tools};

/// Time that `apt-get` waits for another one to finish.
const PATIENCE: &str = "DPkg::Lock::Timeout=300";

/// A program by the search path; otherwise, for root where there is `apt-get`, from a Debian package that is installed.
///
/// A package that comes with a service may start it: see [`debian_unpacked`].
///
/// # Errors
/// With the line to type, when the program is not there and cannot be installed.
pub fn debian(program: &str, package: &str) -> Result<PathBuf, Missing> {
    let missing = || missing(program, package);
    if let Some(path) = find(program) {
        return Ok(path);
    }
    if find("apt-get").is_none() || !rustix::process::geteuid().is_root() {
        return Err(missing());
    }
    let _lock = lock(&tools().join("debian"))?;
    if find(program).is_none() {
        update()?;
        run(apt_get(&["install", "--yes", "--no-install-recommends"]).arg(package), "")?;
    }
    find(program).ok_or_else(missing)
}

/// A program by the search path; otherwise from a Debian package that is unpacked and not installed: nothing of it runs,
/// and nothing that it depends on comes with it.
///
/// # Errors
/// With the line to type, when the program is not there and cannot be had.
pub fn debian_unpacked(program: &str, package: &str) -> Result<PathBuf, Missing> {
    if let Some(path) = find(program) {
        return Ok(path);
    }
    let folder = tools().join("debian").join(package);
    let unpacked = folder.join("files");
    let path = unpacked.join("usr/bin").join(program);
    if find("apt-get").is_none() || find("dpkg").is_none() {
        return Err(missing(program, package));
    }
    let _lock = lock(&folder)?;
    if !is_program(&path) {
        download(package, &folder)?;
        unpack(&folder, &unpacked)?;
    }
    if is_program(&path) { Ok(path) } else { Err(missing(program, package)) }
}

/// Fetches a package's file. Where no list of packages is known, root fetches that first.
fn download(package: &str, folder: &Path) -> Result<(), Missing> {
    let attempt = || run(apt_get(&["download"]).arg(package).current_dir(folder), "");
    match attempt() {
        Err(Missing::Command { .. }) if rustix::process::geteuid().is_root() => {
            update()?;
            attempt()
        }
        done => done,
    }
}

/// Unpacks the package file of a folder.
fn unpack(folder: &Path, to: &Path) -> Result<(), Missing> {
    let files = fs::read_dir(folder).map_err(io(format!("read {}", folder.display())))?;
    for file in files.filter_map(Result::ok).map(|entry| entry.path()) {
        if file.extension().is_some_and(|extension| extension == "deb") {
            run(Command::new("dpkg").arg("--extract").arg(&file).arg(to), "")?;
            fs::remove_file(&file).map_err(io(format!("remove {}", file.display())))?;
        }
    }
    Ok(())
}

/// Learns which packages there are.
fn update() -> Result<(), Missing> {
    run(&mut apt_get(&["update"]), "")
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments).args(["--quiet", "--option", PATIENCE]);
    command
}

fn missing(program: &str, package: &str) -> Missing {
    let remedy = format!("sudo apt-get install --no-install-recommends {package}, or the like elsewhere");
    Missing::Program { program: program.to_owned(), remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_there_is_found() {
        assert_eq!(debian("sh", "dash").unwrap(), find("sh").unwrap());
        assert_eq!(debian_unpacked("sh", "dash").unwrap(), find("sh").unwrap());
    }

    #[test]
    fn what_is_missing_says_what_to_type() {
        let said = missing("promtool", "prometheus").to_string();
        let expected = "promtool is not installed: sudo apt-get install --no-install-recommends prometheus, or the like \
                        elsewhere";
        assert_eq!(said, expected);
    }
}
