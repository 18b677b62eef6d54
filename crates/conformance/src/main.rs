//! Prints the report: a table, or JSON with `--json`. Ends with 1 if a check failed.

use std::process::ExitCode;

use bankside_conformance::{GoCardlessSandbox, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let report = run(&GoCardlessSandbox).await;
    if std::env::args().any(|argument| argument == "--json") {
        match serde_json::to_string_pretty(&report) {
            Ok(json) => println!("{json}"),
            Err(error) => eprintln!("the report cannot be written: {error}"),
        }
    } else {
        print!("{report}");
    }
    if report.failed().next().is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
