//! Clock and randomness, as things that are passed in.
//!
//! No crate below the binary reads the clock or the random source itself (a lint says so), therefore every test can turn
//! the clock and repeat a run from its seed.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::id::Id;

/// Answers what time it is.
pub trait Clock: Send + Sync {
    /// The current instant, UTC.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes fit for keys and nonces.
pub trait Entropy: Send + Sync {
    /// Fills the whole slice.
    fn fill(&self, out: &mut [u8]);
}

/// The clock and the random source of one program, handed down from its composition root.
#[derive(Clone)]
pub struct Ambient {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Ambient {
    /// Bundles a clock and a random source.
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy }
    }

    /// The current instant, UTC.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// `N` random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.entropy.fill(&mut out);
        out
    }

    /// A new id: UUID version 7, so ids made later sort later.
    pub fn id<I: Id>(&self) -> I {
        let millis = u64::try_from(self.now().as_millisecond()).unwrap_or(0);
        I::from(uuid::Builder::from_unix_timestamp_millis(millis, &self.random()).into_uuid())
    }
}

impl fmt::Debug for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ambient")
    }
}
