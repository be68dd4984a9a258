//! Ports that no other cluster takes.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Error, io};

/// Below the ports that systems give to clients: a client that knocks at the port of a killed broker must not be
/// given that very port, and so keep the broker out.
const FIRST: u16 = 20_000;
/// Ports of one cluster: three brokers with a controller's port and every listener there is.
pub(crate) const BLOCK: u16 = 40;
const BLOCKS: u32 = 319;

/// Blocks that this process has tried.
static TRIED: AtomicU32 = AtomicU32::new(0);

/// A block of ports, kept from other clusters of this workspace while it lives.
#[derive(Debug)]
pub(crate) struct Ports {
    next: u16,
    /// Locked; the lock goes when the process does.
    _lock: File,
}

impl Ports {
    /// Reserves a block of which `count` ports are free. The locks lie in `folder`.
    pub(crate) fn reserve(folder: &Path, count: u16) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(io(format!("make {}", folder.display())))?;
        for _ in 0..BLOCKS {
            // Every cluster of a process has another block, so that a client left over from the one before cannot
            // reach it; processes start at different places.
            let tried = TRIED.fetch_add(1, Ordering::Relaxed);
            let block = std::process::id().wrapping_mul(97).wrapping_add(tried) % BLOCKS;
            let first = FIRST + block as u16 * BLOCK;
            let path = folder.join(first.to_string());
            let lock = File::create(&path).map_err(io(format!("make {}", path.display())))?;
            if lock.try_lock().is_ok() && (first..first + count).all(is_free) {
                return Ok(Self { next: first, _lock: lock });
            }
        }
        Err(Error::NoPorts)
    }

    /// The next port of the block.
    pub(crate) fn take(&mut self) -> u16 {
        let port = self.next;
        self.next += 1;
        port
    }
}

/// Returns whether nobody listens on a port of 127.0.0.1.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
