//! A folder for things that are brought once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::missing::{Missing, io};

/// A folder below `target/tools` that something is brought into.
#[derive(Debug)]
pub(crate) struct ToolFolder {
    folder: PathBuf,
}

impl ToolFolder {
    /// The place of what is asked for by `file` (which says what is needed), for a `kind` of things.
    pub(crate) fn of(kind: &str, file: &Path) -> Self {
        let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let within = file.strip_prefix(root()).unwrap_or(&file);
        let parts = within.iter().map(|part| part.to_string_lossy()).filter(|part| part != "/");
        Self { folder: tools().join(kind).join(parts.collect::<Vec<_>>().join("-")) }
    }

    /// The folder that things go to.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Brings what is `wanted`, a text, unless that is there and `works`. While one process brings, others wait.
    pub(crate) fn fill(
        &self,
        wanted: &[u8],
        works: impl Fn() -> bool,
        bring: impl FnOnce() -> Result<(), Missing>,
    ) -> Result<(), Missing> {
        let _lock = lock(&self.folder)?;
        let stamp = self.folder.join("wanted");
        if fs::read(&stamp).is_ok_and(|found| found == wanted) && works() {
            return Ok(());
        }
        if stamp.exists() {
            fs::remove_file(&stamp).map_err(io(format!("remove {}", stamp.display())))?;
        }
        bring()?;
        // Written last: what it says is there, is there.
        fs::write(&stamp, wanted).map_err(io(format!("write {}", stamp.display())))
    }
}

/// Waits until no other process works in a folder, and keeps others out until the lock is dropped.
pub(crate) fn lock(folder: &Path) -> Result<File, Missing> {
    fs::create_dir_all(folder).map_err(io(format!("make {}", folder.display())))?;
    let path = folder.join("lock");
    let file = File::create(&path).map_err(io(format!("make {}", path.display())))?;
    file.lock().map_err(io(format!("lock {}", path.display())))?;
    Ok(file)
}

/// The bytes that say what is needed.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Missing> {
    fs::read(file).map_err(io(format!("read {}", file.display())))
}

/// The folder of everything that is brought.
pub(crate) fn tools() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into())).join("tools")
}

/// The root of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn things_are_brought_when_wanted_changes_or_they_do_not_work() {
        let folder = tempfile::tempdir().unwrap();
        let place = ToolFolder { folder: folder.path().join("place") };
        let (brought, works) = (Cell::new(0), Cell::new(true));
        let bring = || {
            brought.set(brought.get() + 1);
            Ok(())
        };
        for (wanted, well, expected) in [("a", true, 1), ("a", true, 1), ("b", true, 2), ("b", false, 3)] {
            works.set(well);
            place.fill(wanted.as_bytes(), || works.get(), bring).unwrap();
            assert_eq!(brought.get(), expected);
        }
    }

    #[test]
    fn what_was_not_brought_to_its_end_is_brought_again() {
        let folder = tempfile::tempdir().unwrap();
        let place = ToolFolder { folder: folder.path().to_owned() };
        place.fill(b"a", || true, || Ok(())).unwrap();
        let failed = || Err(Missing::Command { command: "fetch".to_owned(), output: String::new() });
        assert!(place.fill(b"b", || true, failed).is_err());
        let again = Cell::new(false);
        place
            .fill(
                b"a",
                || true,
                || {
                    again.set(true);
                    Ok(())
                },
            )
            .unwrap();
        assert!(again.get());
    }

    #[test]
    fn a_place_is_named_after_what_asks_for_it() {
        let place = ToolFolder::of("python", &root().join("examples/python/requirements.txt"));
        assert_eq!(place.folder(), tools().join("python/examples-python-requirements.txt"));
        assert_eq!(ToolFolder::of("npm", Path::new("/no/such")).folder(), tools().join("npm/no-such"));
    }
}
