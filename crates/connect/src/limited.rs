//! Calls under a limit that all calls with the same keys share: debited before they are made, corrected by their answer, and waited
//! with where the limit is over soon.

use std::time::Duration;

use bankside_domain::fault::FaultClass;
use bankside_domain::quota::{QuotaRule, QuotaStatement};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::connector::Cx;
use crate::fault::Fault;
use crate::http::{Answer, Call};

/// A page can wait this long for a limit; a sync as long as a limit of a minute, and a little.
const PATIENCE: SignedDuration = SignedDuration::from_secs(5);
const LONG_PATIENCE: SignedDuration = SignedDuration::from_secs(65);
/// How often one call waits for a limit.
const MAX_WAITS: u32 = 2;

/// How long whoever asks can wait for a limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience(SignedDuration);

impl Patience {
    /// Somebody holds a page open.
    pub(crate) const SHORT: Self = Self(PATIENCE);
    /// Nobody does: a sync.
    pub(crate) const LONG: Self = Self(LONG_PATIENCE);
}

/// A limit, in the words of its provider.
pub(crate) struct Limit<'a> {
    /// What is counted together, in the ledger.
    pub(crate) subject: &'a str,
    /// How much.
    pub(crate) rule: &'a QuotaRule,
    /// What any answer says of it.
    pub(crate) stated: fn(&Answer, Timestamp) -> Option<QuotaStatement>,
    /// What an answer that is no success says.
    pub(crate) fault: fn(&Answer, Timestamp) -> Fault,
    /// That the limit is used up until then.
    pub(crate) used_up: fn(Timestamp) -> Fault,
    /// Whether a fault says that.
    pub(crate) is_used_up: fn(&Fault) -> bool,
}

impl Limit<'_> {
    /// Makes a call, and once more after a limit that is over soon: a call that was refused has done nothing.
    pub(crate) async fn call(&self, cx: &Cx<'_>, call: &Call, patience: Patience) -> Result<Answer, Fault> {
        let mut waits = 0;
        loop {
            match self.once(cx, call).await {
                Err(fault) if (self.is_used_up)(&fault) && waits < MAX_WAITS => {
                    waits += 1;
                    wait(cx, fault, patience).await?;
                }
                result => return result,
            }
        }
    }

    async fn once(&self, cx: &Cx<'_>, call: &Call) -> Result<Answer, Fault> {
        if let Err(refused) = cx.quota.debit(self.subject, self.rule).await {
            return Err(match (refused.class(), refused.record().retry_at) {
                (FaultClass::RateLimited, Some(until)) => (self.used_up)(until),
                _ => refused,
            });
        }
        let answer = cx.http.call(call).await?;
        let now = cx.ambient.now();
        if let Some(statement) = (self.stated)(&answer, now) {
            cx.quota.correct(self.subject, self.rule, statement).await;
        }
        if answer.is_success() && !is_page(&answer.body) {
            return Ok(answer);
        }
        let fault = (self.fault)(&answer, now);
        if (self.is_used_up)(&fault) {
            // Other calls, and other runs, wait for it too.
            let statement = QuotaStatement { max: None, remaining: 0, resets_at: fault.record().retry_at };
            cx.quota.correct(self.subject, self.rule, statement).await;
        }
        Err(fault)
    }
}

/// Waits until a limit is over, where that is soon; otherwise the fault is the answer.
async fn wait(cx: &Cx<'_>, fault: Fault, patience: Patience) -> Result<(), Fault> {
    let length = fault.record().retry_at.map(|until| until.duration_since(cx.ambient.now()));
    match length {
        Some(length) if length <= patience.0 => {
            cx.http.pause(Duration::try_from(length).unwrap_or_default()).await;
            Ok(())
        }
        _ => Err(fault),
    }
}

/// Whether a web page stands where an answer should be.
pub(crate) fn is_page(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'<')
}

/// The address of a path below a provider's; each part is escaped. `None` where the provider's is no web address.
pub(crate) fn below<'p>(base_url: &Url, path: impl IntoIterator<Item = &'p str>) -> Option<Url> {
    let mut url = base_url.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(path);
    Some(url)
}
