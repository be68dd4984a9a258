use std::os::unix::fs::FileExt as _;

use super::*;
use crate::Error;
use crate::testing::{self, alert, documents, post, settings};

const DAY: i64 = 86_400;

fn stream() -> Vec<PostDocument> {
    documents(0, (0..30).map(|n| post(&format!("{n:02}"), "a", n / 10 * DAY + n, "words of a post")))
}

/// A closed index of three days.
fn closed() -> (tempfile::TempDir, Vec<PathBuf>) {
    let directory = testing::directory();
    let (_, mut writer) = Index::open(&settings(directory.path())).unwrap();
    let alert = alert(1, 1, &["a"], &[("01", "a", 1, 7)]);
    writer.add(Batch { posts: stream(), ..alerts(vec![alert]) }).unwrap();
    writer.close().unwrap();
    let mut buckets: Vec<PathBuf> =
        fs::read_dir(directory.path().join("posts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    buckets.sort();
    (directory, buckets)
}

fn flip(path: &Path, at: u64) {
    let file = fs::File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x55], at).unwrap();
}

/// Whatever is damaged: the rest is found, the damage is told, and what the input still has is indexed again.
fn heals(directory: &Path, found: usize) {
    let (index, mut writer) = Index::open(&settings(directory)).unwrap();
    assert_eq!(ids(&index).len(), found);
    assert_eq!(index.status().unwrap().damaged, 1);
    writer.add(posts(stream())).unwrap();
    writer.close().unwrap();
    assert_eq!(ids(&index).len(), 30);
    let (index, _writer) = Index::open(&settings(directory)).unwrap();
    assert_eq!((ids(&index).len(), index.status().unwrap().damaged), (30, 1));
}

#[test]
fn a_damaged_bucket_is_set_aside_and_can_be_filled_again() {
    for bucket in 0..3 {
        let (directory, buckets) = closed();
        fs::write(buckets[bucket].join("meta.json"), "{\"segments\": [").unwrap();
        let reader = Index::read(directory.path()).unwrap();
        assert_eq!((ids(&reader).len(), reader.status().unwrap().damaged), (20, 1));
        heals(directory.path(), 20);
        assert!(buckets[bucket].exists());
        assert!(PathBuf::from(format!("{}.damaged-1", buckets[bucket].display())).exists());
    }
}

#[test]
fn every_file_of_a_bucket_may_be_damaged_or_missing() {
    let (_directory, buckets) = closed();
    let names: Vec<_> = files(&buckets[1]).into_iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    let data = |name: &&std::ffi::OsString| !name.to_string_lossy().starts_with('.');
    let count = names.iter().filter(data).count();
    assert!(count >= 7, "{names:?}");
    for at in 0..count {
        for missing in [false, true] {
            let (directory, buckets) = closed();
            let file = &files(&buckets[1])
                .into_iter()
                .filter(|path| !path.file_name().unwrap().to_string_lossy().starts_with('.'))
                .collect::<Vec<_>>()[at];
            if missing {
                fs::remove_file(file).unwrap();
            } else {
                flip(file, fs::metadata(file).unwrap().len() / 3);
            }
            let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
            let left = ids(&index).len();
            writer.add(posts(stream())).unwrap();
            writer.close().unwrap();
            // A change of what `meta.json` says of itself is no damage.
            let whole = u64::from(left != 30);
            assert_eq!((ids(&index).len(), index.status().unwrap().damaged), (30, whole), "{}", file.display());
            assert!(left == 20 || file.ends_with("meta.json"), "{}: {left}", file.display());
        }
    }
}

#[test]
fn half_made_and_half_dropped_buckets_do_not_hurt() {
    let (directory, buckets) = closed();
    let posts_directory = directory.path().join("posts");
    fs::create_dir(posts_directory.join("2020-01-01T000000Z")).unwrap();
    fs::create_dir(posts_directory.join("2020-01-02T000000Z")).unwrap();
    fs::write(posts_directory.join("2020-01-02T000000Z/.managed.json"), "[\"meta.json\"]").unwrap();
    fs::write(posts_directory.join("2020-01-02T000000Z/.tmpAbCdEf"), "{").unwrap();
    fs::create_dir(posts_directory.join("notes")).unwrap();
    fs::rename(&buckets[0], format!("{}.dropped", buckets[0].display())).unwrap();
    fs::write(buckets[1].join(".tmpAbCdEf"), "{").unwrap();
    fs::write(buckets[1].join("0123456789abcdef0123456789abcdef.store"), "stray").unwrap();
    let reader = Index::read(directory.path()).unwrap();
    assert_eq!(ids(&reader).len(), 20);
    let (index, _writer) = Index::open(&settings(directory.path())).unwrap();
    assert_eq!((ids(&index).len(), index.status().unwrap().damaged), (20, 0));
    let left: Vec<_> = fs::read_dir(&posts_directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(!buckets[1].join(".tmpAbCdEf").exists());
}

#[test]
fn alerts_that_are_damaged_are_set_aside() {
    let (directory, _) = closed();
    fs::write(directory.path().join("alerts/meta.json"), "").unwrap();
    assert!(matches!(Index::read(directory.path()), Err(Error::Damaged { .. })));
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    let status = index.status().unwrap();
    assert_eq!((status.posts, status.alerts, status.damaged), (30, 0, 1));
    writer.add(alerts(vec![alert(1, 1, &["a"], &[("01", "a", 1, 7)])])).unwrap();
    writer.commit().unwrap();
    assert_eq!(index.status().unwrap().alerts, 1);
}

#[test]
fn a_bucket_of_another_version_is_set_aside() {
    let (directory, buckets) = closed();
    let meta = fs::read_to_string(buckets[2].join("meta.json")).unwrap();
    fs::write(buckets[2].join("meta.json"), meta.replace("\"handle\"", "\"nickname\"")).unwrap();
    heals(directory.path(), 20);
}

#[test]
fn an_audit_log_that_was_touched_shows() {
    let (directory, _) = closed();
    fs::write(directory.path().join("audit.ndjson"), "{\"entry\":1}\n").unwrap();
    for index in [Index::read(directory.path()).unwrap(), Index::open(&settings(directory.path())).unwrap().0] {
        let broken = index.status().unwrap().audit_broken.unwrap();
        assert!(broken.starts_with("line 1 of audit.ndjson"), "{broken}");
    }
}
