//! Everything that is logged while a check runs, down to the finest level, as one text.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

/// What was logged. The simulator's own log is left out: it may know what it has been told.
#[derive(Clone, Default)]
pub(crate) struct Overheard(Arc<Mutex<Vec<u8>>>);

/// Takes an interest in everything for as long as the process lives, and writes nothing.
///
/// Whether anybody is interested in a place that logs is asked once, when it is first passed, and as long as there is a single
/// listener in the process only the thread that passes is asked. A thread that does not listen would answer for all of them.
static ALWAYS: OnceLock<Dispatch> = OnceLock::new();

impl Overheard {
    /// Listens on this thread until the guard is dropped.
    pub(crate) fn listen(&self) -> DefaultGuard {
        ALWAYS.get_or_init(|| Dispatch::new(subscriber(io::sink)));
        tracing::subscriber::set_default(subscriber(self.clone()))
    }

    /// What was heard so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

fn subscriber<W>(writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = tracing_subscriber::filter::Targets::new()
        .with_default(tracing::Level::TRACE)
        .with_target("bankside_sandbox", tracing::level_filters::LevelFilter::OFF);
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer);
    tracing_subscriber::registry().with(filter).with(layer)
}

impl Write for Overheard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Overheard {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() {
        tracing::info!("a provider answered");
    }

    #[test]
    fn a_thread_that_does_not_listen_makes_nobody_deaf() {
        let overheard = Overheard::default();
        let _listening = overheard.listen();
        std::thread::spawn(log).join().unwrap();
        assert_eq!(overheard.text(), "", "another thread's");
        log();
        assert!(overheard.text().contains("a provider answered"));
    }
}
