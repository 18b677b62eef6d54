//! The connector of GoCardless, wrapped: under another name, or with banks that send other rows.

use std::sync::Arc;

use async_trait::async_trait;
use bankside_connect::connector::{Checked, Connector, Cx, FetchEnd, Intent, Return};
use bankside_connect::{
    BankQuery, Descriptor, Fault, FetchEvent, FetchPlan, FlowState, Input, Institution, Known, MapContext, RawRow,
    Registry, RemoteRef, SavedAnswer, SavedRow, Shown, Sink, SinkClosed, Step,
};
use bankside_domain::row::MappedRow;

/// The connector of GoCardless.
pub(crate) fn inner() -> Arc<dyn Connector> {
    Arc::clone(Registry::all().get("gocardless").unwrap())
}

/// A connector around that of GoCardless, under any name, whose banks send rows as somebody has changed them.
pub(crate) struct Wrapped {
    pub(crate) descriptor: &'static Descriptor,
    /// Changes rows that came together.
    pub(crate) change: fn(&mut [RawRow]),
}

/// A sink before which rows are changed.
struct Changing<'a> {
    change: fn(&mut [RawRow]),
    sink: &'a mut dyn Sink,
}

#[async_trait]
impl Sink for Changing<'_> {
    async fn accept(&mut self, provider_account_id: &str, mut event: FetchEvent) -> Result<(), SinkClosed> {
        if let FetchEvent::Rows(rows) = &mut event {
            (self.change)(rows);
        }
        self.sink.accept(provider_account_id, event).await
    }
}

#[async_trait]
impl Connector for Wrapped {
    fn descriptor(&self) -> &'static Descriptor {
        self.descriptor
    }

    async fn check(&self, cx: &Cx<'_>) -> Result<Checked, Fault> {
        inner().check(cx).await
    }

    async fn institutions(&self, cx: &Cx<'_>, query: BankQuery<'_>) -> Result<Vec<Institution>, Fault> {
        inner().institutions(cx, query).await
    }

    async fn begin(&self, cx: &Cx<'_>, intent: Intent<'_>, back: &Return) -> Result<Step, Fault> {
        inner().begin(cx, intent, back).await
    }

    async fn resume(&self, cx: &Cx<'_>, state: &FlowState, input: Input) -> Result<Step, Fault> {
        inner().resume(cx, state, input).await
    }

    async fn revoke(&self, cx: &Cx<'_>, remote: &RemoteRef) -> Result<(), Fault> {
        inner().revoke(cx, remote).await
    }

    async fn abandon(&self, cx: &Cx<'_>, state: &FlowState) -> Result<(), Fault> {
        inner().abandon(cx, state).await
    }

    async fn accounts(&self, cx: &Cx<'_>, remote: &RemoteRef, known: &Known<'_>) -> Result<Shown, Fault> {
        inner().accounts(cx, remote, known).await
    }

    async fn fetch(
        &self,
        cx: &Cx<'_>,
        remote: &RemoteRef,
        plan: &FetchPlan,
        sink: &mut dyn Sink,
    ) -> Result<(), FetchEnd> {
        inner().fetch(cx, remote, plan, &mut Changing { change: self.change, sink }).await
    }

    fn map(&self, context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
        inner().map(context, raw)
    }

    fn read_saved(&self, saved: &SavedAnswer<'_>) -> Result<Vec<SavedRow>, Fault> {
        inner().read_saved(saved)
    }
}
