//! The budget of a request: the time and memory it may use.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::{Error, SearchLimits};

/// Documents, or steps of like cost, between two checks of the clock.
const STRIDE: u32 = 1_024;

/// The time and memory of a request. Clones share their use.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    started: Instant,
    time: Duration,
    memory: u64,
    spent: Arc<Spent>,
}

#[derive(Debug, Default)]
struct Spent {
    time: AtomicBool,
    memory: AtomicBool,
}

impl Budget {
    /// A budget from now on.
    pub(crate) fn start(limits: &SearchLimits) -> Self {
        Self { started: Instant::now(), time: limits.time, memory: limits.memory, spent: Arc::default() }
    }

    /// Time was up at the last check of the clock.
    pub(crate) fn is_over(&self) -> bool {
        self.spent.time.load(Ordering::Relaxed)
    }

    /// Checks the clock; returns `true` when time is up.
    pub(crate) fn look(&self) -> bool {
        let over = self.is_over() || self.started.elapsed() >= self.time;
        if over {
            self.spent.time.store(true, Ordering::Relaxed);
        }
        over
    }

    /// Fails when time is up.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.look() { Err(Error::TimeOut(self.time)) } else { Ok(()) }
    }

    /// Tests whether this many bytes may be used.
    pub(crate) const fn fits(&self, bytes: u64) -> bool {
        bytes <= self.memory
    }

    /// Tests whether this many bytes may be used; if not, [`Budget::check_memory`] fails from now on.
    pub(crate) fn allows(&self, bytes: u64) -> bool {
        let allowed = self.fits(bytes);
        if !allowed {
            self.spent.memory.store(true, Ordering::Relaxed);
        }
        allowed
    }

    /// Fails when more memory would have been needed.
    pub(crate) fn check_memory(&self) -> Result<(), Error> {
        if self.spent.memory.load(Ordering::Relaxed) { Err(Error::Memory) } else { Ok(()) }
    }

    /// Milliseconds since the start.
    pub(crate) fn millis(&self) -> u64 {
        self.started.elapsed().as_millis().try_into().unwrap_or(u64::MAX)
    }

    /// Time is up now.
    #[cfg(test)]
    pub(super) fn spend(&self) {
        self.spent.time.store(true, Ordering::Relaxed);
    }

    pub(crate) fn time_out(&self) -> Error {
        Error::TimeOut(self.time)
    }
}

/// Counts steps, and checks the clock now and then.
#[derive(Debug, Clone)]
pub(crate) struct Ticker {
    budget: Budget,
    left: u32,
}

impl Ticker {
    pub(crate) fn new(budget: &Budget) -> Self {
        Self { budget: budget.clone(), left: STRIDE }
    }

    /// Counts a step; returns `true` when time is up.
    #[inline]
    pub(crate) fn tick(&mut self) -> bool {
        self.ticks(1)
    }

    /// Counts some steps; returns `true` when time is up.
    #[inline]
    pub(crate) fn ticks(&mut self, steps: u32) -> bool {
        if self.left > steps {
            self.left -= steps;
            return false;
        }
        self.left = STRIDE;
        self.budget.look()
    }
}
