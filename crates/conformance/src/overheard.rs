//! Everything that is logged while a check runs, down to the finest level, as one text.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

/// What was logged. The simulator's own log is left out: it may know what it has been told.
#[derive(Clone, Default)]
pub(crate) struct Overheard(Arc<Mutex<Vec<u8>>>);

impl Overheard {
    /// Listens on this thread until the guard is dropped.
    pub(crate) fn listen(&self) -> DefaultGuard {
        let filter = tracing_subscriber::filter::Targets::new()
            .with_default(tracing::Level::TRACE)
            .with_target("bankside_sandbox", tracing::level_filters::LevelFilter::OFF);
        let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(self.clone());
        let subscriber = tracing_subscriber::registry().with(filter).with(layer);
        tracing::subscriber::set_default(subscriber)
    }

    /// What was heard so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
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
