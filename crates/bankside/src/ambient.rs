//! The real clock and the system's randomness: the one place that reads them.

use std::sync::Arc;

use bankside_domain::{Ambient, Clock, Entropy};
use jiff::Timestamp;

struct System;

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that is passed in everywhere else")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

impl Entropy for System {
    #[expect(clippy::disallowed_methods, reason = "this is the randomness that is passed in everywhere else")]
    fn fill(&self, out: &mut [u8]) {
        // Without randomness there are no keys and no ids: going on would be worse than ending here.
        if let Err(error) = getrandom::fill(out) {
            eprintln!("bankside: the system gives no random bytes: {error}");
            std::process::abort();
        }
    }
}

/// The real clock and the system's randomness.
pub(crate) fn system() -> Ambient {
    let system = Arc::new(System);
    Ambient::new(system.clone(), system)
}
