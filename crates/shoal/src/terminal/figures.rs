//! Figures for people.

use std::time::Duration;

/// The most memory that this process ever had resident, in bytes; `None` where the system does not tell.
pub(crate) fn peak_memory() -> Option<u64> {
    high_water(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// A rate.
pub(crate) fn per_second(count: u64, time: Duration) -> f64 {
    // The clock can stand still over a very short run.
    count as f64 / time.as_secs_f64().max(1e-6)
}

/// A number with commas between the thousands.
pub(crate) fn grouped(number: u64) -> String {
    shoal_model::display::grouped(number, ',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_the_peak() {
        assert_eq!(high_water("Name:\tshoal\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2_097_152));
        assert_eq!(high_water("Name:\tshoal\n"), None);
    }
}
