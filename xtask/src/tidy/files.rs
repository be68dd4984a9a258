//! Rules about files one by one.

use super::RepoFile;

const LONGEST: usize = 500;
const LARGEST: u64 = 2 * 1024 * 1024;

/// Source files that nobody reads in one sitting.
pub(super) fn long(sources: &[RepoFile]) -> Vec<String> {
    texts(sources)
        .filter(|(source, _)| source.is(&["rs"]))
        .map(|(source, text)| (source, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(source, lines)| format!("{}: {lines} lines: split it, one idea in each file", source.path))
        .collect()
}

/// Files that every clone would carry for ever.
pub(super) fn large(sources: &[RepoFile]) -> Vec<String> {
    sources
        .iter()
        .filter(|source| source.size > LARGEST)
        .map(|source| format!("{}: {} bytes: generate it, or keep it elsewhere", source.path, source.size))
        .collect()
}

/// Marks of work that was put off.
pub(super) fn unfinished(sources: &[RepoFile]) -> Vec<String> {
    // Put together here so that this file does not accuse itself.
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"]].map(|halves| halves.concat());
    lines(sources)
        .filter(|(source, ..)| source.is(&["rs", "toml", "sh", "yml", "yaml", "md"]))
        .filter(|(.., line)| words(line).any(|word| marks.iter().any(|mark| mark == word)))
        .map(|(source, number, _)| format!("{}:{number}: finish it, or file it", source.path))
        .collect()
}

/// Absolute paths that exist on one machine only.
pub(super) fn machine_paths(sources: &[RepoFile]) -> Vec<String> {
    let homes = ["home", "Users", "root", "work"].map(|folder| format!("/{folder}/"));
    lines(sources)
        .filter(|(.., line)| homes.iter().any(|home| starts_a_path(line, home)))
        .map(|(source, number, _)| format!("{}:{number}: say where it lies in the project", source.path))
        .collect()
}

/// Returns whether `home` starts a path in `line`, as opposed to standing inside a longer one or an address.
fn starts_a_path(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        before.is_none_or(|symbol| !symbol.is_alphanumeric() && !"/._-~}*".contains(symbol))
    })
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|symbol: char| !symbol.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn texts(sources: &[RepoFile]) -> impl Iterator<Item = (&RepoFile, &str)> {
    sources.iter().filter_map(|source| source.text.as_deref().map(|text| (source, text)))
}

/// Every line of every text, with its number.
fn lines(sources: &[RepoFile]) -> impl Iterator<Item = (&RepoFile, usize, &str)> {
    texts(sources).flat_map(|(source, text)| text.lines().enumerate().map(move |(i, line)| (source, i + 1, line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(path: &str, text: &str) -> [RepoFile; 1] {
        [RepoFile::made_up(path, text)]
    }

    #[test]
    fn a_source_file_may_have_500_lines() {
        assert!(long(&one("a.rs", &"x\n".repeat(500))).is_empty());
        assert_eq!(long(&one("a.rs", &"x\n".repeat(501))).len(), 1);
        assert!(long(&one("a.json", &"x\n".repeat(501))).is_empty());
    }

    #[test]
    fn a_file_may_have_2_mib() {
        let sized = |size| [RepoFile { path: "a.bin".to_owned(), size, text: None }];
        assert!(large(&sized(LARGEST)).is_empty());
        assert_eq!(large(&sized(LARGEST + 1)).len(), 1);
    }

    #[test]
    fn marks_of_unfinished_work_are_found_as_words() {
        let mark = ["TO", "DO"].concat();
        assert_eq!(unfinished(&one("a.rs", &format!("fine\n// {mark}: later"))), ["a.rs:2: finish it, or file it"]);
        assert!(unfinished(&one("a.rs", &format!("{mark}S and {}", mark.to_lowercase()))).is_empty());
        assert!(unfinished(&one("a.ndjson", &mark)).is_empty());
    }

    #[test]
    fn paths_of_machines_are_found_only_where_they_start() {
        let home = ["/ho", "me/"].concat();
        for bad in [format!("cd {home}ann/shoal"), format!("\"{home}ann\""), format!("{home}ann")] {
            assert_eq!(machine_paths(&one("a.md", &bad)).len(), 1, "{bad}");
        }
        for good in [format!("https://example.org{home}page"), format!("docs{home}page"), "at home/work".to_owned()] {
            assert!(machine_paths(&one("a.md", &good)).is_empty(), "{good}");
        }
    }
}
