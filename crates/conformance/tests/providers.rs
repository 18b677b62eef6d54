//! Each provider against its simulator: every check of the kit passes.

use bankside_conformance::{
    EnableBankingSandbox, FinApiSandbox, GoCardlessSandbox, Outcome, PluggySandbox, SimpleFinSandbox, Simulators,
    SophtronSandbox, run,
};

async fn conforms(simulators: &dyn Simulators, fewest: usize) {
    let report = run(simulators).await;
    assert_eq!(report.failed().count(), 0, "{report}");
    let passed = report.lines.iter().filter(|line| line.outcome == Outcome::Passed).count();
    assert!(passed > fewest, "only {passed} checks passed, which is too few to be true:\n{report}");
}

// One thread for each, so that all that is logged there is overheard.
#[tokio::test(flavor = "current_thread")]
async fn enablebanking_conforms() {
    conforms(&EnableBankingSandbox, 60).await;
}

#[tokio::test(flavor = "current_thread")]
async fn finapi_conforms() {
    conforms(&FinApiSandbox, 40).await;
}

#[tokio::test(flavor = "current_thread")]
async fn gocardless_conforms() {
    conforms(&GoCardlessSandbox, 80).await;
}

#[tokio::test(flavor = "current_thread")]
async fn pluggy_conforms() {
    conforms(&PluggySandbox, 80).await;
}

#[tokio::test(flavor = "current_thread")]
async fn simplefin_conforms() {
    conforms(&SimpleFinSandbox, 50).await;
}

#[tokio::test(flavor = "current_thread")]
async fn sophtron_conforms() {
    conforms(&SophtronSandbox, 80).await;
}
