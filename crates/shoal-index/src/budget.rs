//! What a question may cost, while it is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::{Error, SearchLimits};

/// Documents, or steps of like cost, between two looks at the clock.
const STRIDE: u32 = 1_024;

/// The time and memory that are left for a question. Clones share what was used.
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
    /// From now on.
    pub(crate) fn start(limits: &SearchLimits) -> Self {
        Self { started: Instant::now(), time: limits.time, memory: limits.memory, spent: Arc::default() }
    }

    /// Whether time was up at the last look.
    pub(crate) fn is_over(&self) -> bool {
        self.spent.time.load(Ordering::Relaxed)
    }

    /// Looks at the clock: whether time is up.
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

    /// Whether so many bytes may be used.
    pub(crate) const fn fits(&self, bytes: u64) -> bool {
        bytes <= self.memory
    }

    /// Whether so many bytes may be used; otherwise the question is marked as one that takes too much.
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

/// Counts steps, and looks at the clock now and then.
#[derive(Debug, Clone)]
pub(crate) struct Ticker {
    budget: Budget,
    left: u32,
}

impl Ticker {
    pub(crate) fn new(budget: &Budget) -> Self {
        Self { budget: budget.clone(), left: STRIDE }
    }

    /// One step more. Whether time is up.
    #[inline]
    pub(crate) fn tick(&mut self) -> bool {
        self.ticks(1)
    }

    /// Some steps more. Whether time is up.
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
