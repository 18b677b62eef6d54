//! GoCardless against its simulator: every check of the kit passes.

use bankside_conformance::{GoCardlessSandbox, Outcome, run};

// One thread, so that all that is logged is overheard.
#[tokio::test(flavor = "current_thread")]
async fn gocardless_conforms() {
    let report = run(&GoCardlessSandbox).await;
    assert_eq!(report.failed().count(), 0, "{report}");
    let passed = report.lines.iter().filter(|line| line.outcome == Outcome::Passed).count();
    assert!(passed > 100, "{report}");
}
