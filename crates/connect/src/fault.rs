//! Faults: what a connector answers instead of a result, in the nine classes of `bankside_domain::fault`.

use std::error::Error;
use std::fmt;

use bankside_domain::fault::{FaultClass, FaultRecord, UserAction};
use jiff::Timestamp;
use jiff::civil::Date;

/// A fault. Its text is fit for a person and holds nothing secret; the provider's own error is its source.
#[derive(Debug)]
pub struct Fault {
    record: Box<FaultRecord>,
    first_day: Option<Date>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    /// A fault with a stable code of ours and one sentence for a person.
    pub fn new(class: FaultClass, code: impl Into<String>, message: impl Into<String>) -> Self {
        let record = FaultRecord {
            class,
            code: code.into(),
            message: message.into(),
            action: None,
            retry_at: None,
            reference: None,
            http_status: None,
        };
        Self { record: Box::new(record), first_day: None, source: None }
    }

    /// A way to come to a connection that a provider does not have.
    pub fn no_such_way(provider: &str) -> Self {
        let message = format!("{provider} has no such way to connect a bank.");
        Self::new(FaultClass::Unsupported, "connecting.no_such_way", message)
    }

    /// What the person can do.
    pub fn with_action(mut self, action: UserAction) -> Self {
        self.record.action = Some(action);
        self
    }

    /// When trying again makes sense.
    pub fn with_retry_at(mut self, at: Option<Timestamp>) -> Self {
        self.record.retry_at = at;
        self
    }

    /// What to tell the provider's support.
    pub fn with_reference(mut self, reference: Option<String>) -> Self {
        self.record.reference = reference;
        self
    }

    /// The HTTP status of the answer.
    pub fn with_status(mut self, status: u16) -> Self {
        self.record.http_status = Some(status);
        self
    }

    /// From which day on it would have worked, where the period was too long.
    pub fn with_first_day(mut self, day: Option<Date>) -> Self {
        self.first_day = day;
        self
    }

    /// What was behind it.
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The class, which alone decides how the engine reacts.
    pub fn class(&self) -> FaultClass {
        self.record.class
    }

    /// Our code.
    pub fn code(&self) -> &str {
        &self.record.code
    }

    /// The HTTP status of the answer, if there was one.
    pub fn http_status(&self) -> Option<u16> {
        self.record.http_status
    }

    /// From which day on it would have worked, where that is said.
    pub fn first_day(&self) -> Option<Date> {
        self.first_day
    }

    /// The fault as it is kept and shown.
    pub fn record(&self) -> &FaultRecord {
        &self.record
    }

    /// The fault as it is kept and shown.
    pub fn into_record(self) -> FaultRecord {
        *self.record
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.record.message, self.record.code)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_from_before_the_status_was_kept_are_read() {
        let old = r#"{"class":"retry_later","code":"bank.down","message":"The bank is down."}"#;
        let record: FaultRecord = serde_json::from_str(old).unwrap();
        assert_eq!(record.http_status, None);
        assert_eq!(serde_json::to_string(&record).unwrap(), old);
    }
}
