//! Packages of npm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::run;
use crate::missing::{Missing, io};
use crate::tool_folder::{ToolFolder, read};

/// The files that say which packages.
const FILES: [&str; 2] = ["package.json", "package-lock.json"];

/// A folder with the `node_modules` that the `package.json` and `package-lock.json` of `folder` ask for.
///
/// The packages' own install scripts do not run: they would fetch things from elsewhere.
///
/// # Errors
/// Fails without `npm`, or when it cannot bring the packages.
pub fn npm(folder: &Path) -> Result<PathBuf, Missing> {
    let files = FILES.map(|name| (name, read(&folder.join(name))));
    let place = ToolFolder::of("npm", folder);
    let mut wanted = Vec::new();
    for (name, file) in files {
        wanted.push((place.folder().join(name), file?));
    }
    let texts: Vec<u8> = wanted.iter().flat_map(|(_, text)| text).copied().collect();
    let works = || place.folder().join("node_modules").is_dir();
    place.fill(&texts, works, || {
        for (path, text) in &wanted {
            fs::write(path, text).map_err(io(format!("write {}", path.display())))?;
        }
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        run(Command::new("npm").args(install).current_dir(place.folder()), "install Node.js (Debian: nodejs and npm)")
    })?;
    Ok(place.folder().to_owned())
}
