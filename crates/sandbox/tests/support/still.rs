//! Real time that stands still, for simulators whose own clock is turned by what the tests ask of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bankside_domain::{Ambient, Clock, Entropy};
use jiff::Timestamp;

/// A Friday noon in UTC that lasts, and randomness that repeats.
struct Still(AtomicU64);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }
}

impl Entropy for Still {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&number.to_be_bytes()[..chunk.len()]);
        }
    }
}

/// A clock and randomness of a test's own.
pub(crate) fn still() -> Ambient {
    let still = Arc::new(Still(AtomicU64::new(1)));
    Ambient::new(still.clone(), still)
}
