//! Golden files: the shapes of one version.

use std::fmt::Write as _;
use std::fs;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};

use crate::Shape;

/// The variable that lets a golden file be written.
const WRITE: &str = "SHOAL_SHAPES";
/// The words of the first line for a version that no release has.
const UNRELEASED: &str = "not released";

/// Something with a version, whose shapes lie in `FOLDER/NAME.vVERSION.txt`.
#[derive(Debug, Clone, Copy)]
pub struct Golden<'a> {
    /// The folder of the golden files.
    pub folder: &'a Path,
    /// The name of the golden file.
    pub name: &'a str,
    /// The version now.
    pub version: u32,
    /// The remedy when its shape must change: which constant to raise, and what else.
    pub remedy: &'a str,
}

/// A difference between the shapes of now and a golden file.
#[derive(Debug, PartialEq, Eq)]
enum Difference {
    Absent,
    Structure { released: bool },
    Names,
}

impl Golden<'_> {
    /// Compares the shapes, each with its title, with those of the golden file.
    ///
    /// # Panics
    /// Panics when they differ. The message says what to do.
    #[expect(clippy::panic, reason = "this is for tests")]
    pub fn check(&self, shapes: &[(&str, Shape)]) {
        let writes = std::env::var_os(WRITE).is_some_and(|value| value == "write");
        if let Err(message) = self.compare(shapes, writes) {
            panic!("{message}");
        }
    }

    fn compare(&self, shapes: &[(&str, Shape)], writes: bool) -> Result<(), String> {
        self.check_others()?;
        let path = self.path(self.version);
        let golden = fs::read_to_string(&path).ok();
        let now = self.text(shapes, golden.as_deref().map_or(UNRELEASED, status));
        let difference = match &golden {
            None => Difference::Absent,
            Some(golden) if *golden == now => return Ok(()),
            Some(golden) if structure(golden) != structure(&now) => {
                Difference::Structure { released: status(golden) != UNRELEASED }
            }
            Some(_) => Difference::Names,
        };
        if writes && difference != (Difference::Structure { released: true }) {
            return fs::write(&path, now).map_err(|error| format!("{}: {error}", path.display()));
        }
        Err(self.message(&difference, golden.as_deref().unwrap_or_default(), &now))
    }

    fn message(&self, difference: &Difference, golden: &str, now: &str) -> String {
        let Self { name, version, remedy, .. } = self;
        let file = format!("{name}.v{version}.txt");
        let write = format!("then run this test with {WRITE}=write");
        let advice = match difference {
            Difference::Absent => format!("there is no {file}: {write}, and commit the file"),
            Difference::Structure { released: true } => {
                format!(
                    "the shape of the {name} has changed, and version {version} of it is released: {remedy}; {write}, \
                     which makes {name}.v{}.txt; the rule is in docs/decisions.md, Versions",
                    version + 1
                )
            }
            Difference::Structure { released: false } => format!(
                "the shape of the {name} has changed; no release has version {version}, so it need not be raised: see \
                 that the version before can still be read ({remedy}), {write}, and commit {file}"
            ),
            Difference::Names => format!(
                "names in the {name} have changed, but nothing that is written: if fields or variants were renamed, \
                 {write}, and commit {file}; if two of one type have changed places, {remedy}"
            ),
        };
        format!("{advice}\n{}", first_difference(golden, now))
    }

    /// Older versions were released, and there are no newer ones.
    fn check_others(&self) -> Result<(), String> {
        let version = |path: &Path| {
            let name = path.file_name()?.to_str()?;
            name.strip_prefix(self.name)?.strip_prefix(".v")?.strip_suffix(".txt")?.parse::<u32>().ok()
        };
        let files = fs::read_dir(self.folder).map_err(|error| format!("{}: {error}", self.folder.display()))?;
        for path in files.flatten().map(|file| file.path()) {
            let Some(found) = version(&path) else { continue };
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            if found > self.version || (found < self.version && status(&text) == UNRELEASED) {
                let name = self.name;
                return Err(format!(
                    "{name}.v{found}.txt is of no release, and the version is {}: remove the file, or correct its first \
                     line",
                    self.version
                ));
            }
        }
        Ok(())
    }

    fn path(&self, version: u32) -> PathBuf {
        self.folder.join(format!("{}.v{version}.txt", self.name))
    }

    fn text(&self, shapes: &[(&str, Shape)], status: &str) -> String {
        let mut hash = Fnv::default();
        let mut text = String::new();
        for (title, shape) in shapes {
            hash.write(shape.structure().as_bytes());
            hash.write(b"\n");
            text.push('\n');
            shape.write(title, &mut text);
        }
        let mut head = String::new();
        _ = writeln!(head, "{} version {}: {status}", self.name, self.version);
        _ = writeln!(head, "structure {:016x}", hash.finish());
        head + &text
    }
}

/// The words of the first line after the colon: a release, or that there is none.
fn status(text: &str) -> &str {
    text.lines().next().and_then(|line| line.split_once(": ")).map_or(UNRELEASED, |(_, status)| status)
}

fn structure(text: &str) -> Option<&str> {
    text.lines().nth(1)
}

fn first_difference(golden: &str, now: &str) -> String {
    let (mut golden, mut now) = (golden.lines().skip(2), now.lines().skip(2));
    let mut number = 2;
    loop {
        number += 1;
        match (golden.next(), now.next()) {
            (None, None) => return String::new(),
            (golden, now) if golden != now => {
                return format!("line {number}:\n- {}\n+ {}", golden.unwrap_or_default(), now.unwrap_or_default());
            }
            _ => {}
        }
    }
}

/// FNV-1a: the same on every machine and in every version.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl std::hash::Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden(folder: &Path, version: u32) -> Golden<'_> {
        Golden { folder, name: "state", version, remedy: "raise STATE_VERSION" }
    }

    fn of<T: serde::de::DeserializeOwned>() -> [(&'static str, Shape); 1] {
        [("counts", Shape::binary::<T>(&[]))]
    }

    fn release(folder: &Path, version: u32) {
        let path = golden(folder, version).path(version);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, text.replacen(UNRELEASED, "released in 0.1.0", 1)).unwrap();
    }

    #[test]
    fn a_released_shape_changes_only_with_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let third = golden(folder.path(), 3);
        assert!(third.compare(&of::<u64>(), false).unwrap_err().contains("there is no state.v3.txt"));
        third.compare(&of::<u64>(), true).unwrap();
        third.compare(&of::<u64>(), false).unwrap();
        release(folder.path(), 3);
        third.compare(&of::<u64>(), false).unwrap();
        for writes in [false, true] {
            let message = third.compare(&of::<(u64, u8)>(), writes).unwrap_err();
            assert!(message.contains("raise STATE_VERSION") && message.contains("state.v4.txt"), "{message}");
            assert!(message.ends_with("line 4:\n- counts: u64\n+ counts: (u64, u8)"), "{message}");
        }
        golden(folder.path(), 4).compare(&of::<(u64, u8)>(), true).unwrap();
    }

    #[test]
    fn an_unreleased_shape_may_change_and_must_not_be_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let third = golden(folder.path(), 3);
        third.compare(&of::<u64>(), true).unwrap();
        assert!(third.compare(&of::<u32>(), false).unwrap_err().contains("it need not be raised"));
        third.compare(&of::<u32>(), true).unwrap();
        assert!(golden(folder.path(), 4).compare(&of::<u32>(), true).unwrap_err().contains("of no release"));
        assert!(golden(folder.path(), 2).compare(&of::<u32>(), true).unwrap_err().contains("of no release"));
    }

    #[test]
    fn new_names_need_no_version() {
        #[derive(serde::Deserialize)]
        #[expect(dead_code, reason = "only its shape is looked at")]
        struct Before {
            old: u64,
        }
        #[derive(serde::Deserialize)]
        #[expect(dead_code, reason = "only its shape is looked at")]
        struct After {
            new: u64,
        }
        let folder = tempfile::tempdir().unwrap();
        let third = golden(folder.path(), 3);
        third.compare(&of::<Before>(), true).unwrap();
        release(folder.path(), 3);
        assert!(third.compare(&of::<After>(), false).unwrap_err().contains("nothing that is written"));
        third.compare(&of::<After>(), true).unwrap();
        third.compare(&of::<After>(), false).unwrap();
        assert!(fs::read_to_string(third.path(3)).unwrap().starts_with("state version 3: released in 0.1.0\n"));
    }
}
