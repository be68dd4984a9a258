//! `cargo xtask kafka`: one Kafka broker to try things out with, gone when the task ends.

use std::io;

use anyhow::{Context, Result};
use shoal_broker::Cluster;

/// The port at which clients look for a broker by default.
pub(crate) const PORT: u16 = 9092;

/// Runs a broker on a port of 127.0.0.1 until stdin ends or the task is interrupted.
///
/// An interrupt needs no handler: the broker's watchdog ends it and removes its folder once this process is gone.
pub(crate) fn run(port: u16) -> Result<()> {
    println!("starting Kafka (the first time Maven brings its jars, 54 MB)");
    let cluster = Cluster::builder().port(port).start()?;
    let address = cluster.bootstrap();
    println!("Kafka is ready at {address}; Ctrl-C ends it and removes its data");
    println!("for tests: KAFKA_BOOTSTRAP={address} cargo test");
    io::copy(&mut io::stdin(), &mut io::sink()).context("cannot read stdin")?;
    Ok(())
}

/// The port that an argument names.
pub(crate) fn port(argument: &str) -> Result<u16> {
    let port: u16 = argument.parse().with_context(|| format!("--port {argument}: not a port (1 to 65535)"))?;
    anyhow::ensure!(port > 0, "--port 0: not a port (1 to 65535)");
    Ok(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_number_above_zero() {
        assert_eq!(port("19092").unwrap(), 19092);
        for bad in ["0", "65536", "-1", "", "broker"] {
            assert!(port(bad).unwrap_err().to_string().contains("not a port"), "{bad}");
        }
    }
}
