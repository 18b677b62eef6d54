//! Prints the report of each provider, or of those that are named: a table, or JSON with `--json`. Ends with 1 if a check
//! failed.

use std::process::ExitCode;

use bankside_conformance::run;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (options, named): (Vec<_>, Vec<_>) = arguments.into_iter().partition(|argument| argument.starts_with("--"));
    let mut reports = Vec::new();
    for simulators in bankside_conformance::all() {
        let id = simulators.connector().descriptor().id;
        if named.is_empty() || named.iter().any(|name| name == id) {
            reports.push(run(simulators).await);
        }
    }
    if options.iter().any(|option| option == "--json") {
        match serde_json::to_string_pretty(&reports) {
            Ok(json) => println!("{json}"),
            Err(error) => eprintln!("the reports cannot be written: {error}"),
        }
    } else {
        let tables: Vec<String> = reports.iter().map(ToString::to_string).collect();
        print!("{}", tables.join("\n"));
    }
    if reports.is_empty() || reports.iter().any(|report| report.failed().next().is_some()) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
