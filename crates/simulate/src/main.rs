//! Random banks and people against an oracle that knows the truth.
//!
//! Each seed is a bank with its own bad habits, and a story: what is booked there, and when; syncs, some of them killed half
//! way; a person who edits, moves, splits, deletes, types and takes back. After every step that brings the books up to date they
//! must hold everything that happened, once, with what the person made of it; what is taken back must be as it was.

mod bank;
mod books;
mod house;
mod play;
mod provider;
mod real;
mod story;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bankside_testkit::Engine;
use clap::Parser;

use crate::bank::Habits;
use crate::play::Play;
use crate::real::RealHouse;
use crate::story::{Step, shrink, story};

/// For how long shorter stories are tried to find what a failure is about.
const SHRINKING: Duration = Duration::from_mins(2);

/// Plays random stories of banks and people, and says where the books are wrong.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// How many stories.
    #[arg(long, default_value_t = 300)]
    seeds: u64,
    /// How many steps in each.
    #[arg(long, default_value_t = 300)]
    steps: usize,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    first_seed: u64,
    /// On PostgreSQL, at the address in `BANKSIDE_TEST_POSTGRES`, instead of SQLite.
    #[arg(long)]
    postgres: bool,
    /// Stories at once; as many as there are cores, unless it is said.
    #[arg(long)]
    threads: Option<usize>,
}

/// A story that went wrong.
struct Failure {
    seed: u64,
    step: usize,
    error: anyhow::Error,
}

#[expect(clippy::disallowed_methods, reason = "it tells how long the stories took")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let began = Instant::now();
    let (next, steps_done) = (AtomicU64::new(arguments.first_seed), AtomicU64::new(0));
    let end = arguments.first_seed.saturating_add(arguments.seeds);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let on = if arguments.postgres { Engine::Postgres } else { Engine::Sqlite };
    let failures: Vec<Failure> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..arguments.threads.unwrap_or(cores).max(1))
            .map(|_| {
                scope.spawn(|| {
                    let mut failures = Vec::new();
                    loop {
                        let seed = next.fetch_add(1, Ordering::SeqCst);
                        if seed >= end {
                            return failures;
                        }
                        match play(seed, &story(seed, arguments.steps), on) {
                            Ok(()) => {
                                let steps = u64::try_from(arguments.steps).unwrap_or(u64::MAX);
                                let all = steps_done.fetch_add(steps, Ordering::SeqCst) + steps;
                                if (seed - arguments.first_seed + 1).is_multiple_of(25) {
                                    println!("seed {seed}: {all} steps in {:.0} s", began.elapsed().as_secs_f64());
                                }
                            }
                            Err(failure) => {
                                println!("seed {} fails at step {}: {:#}", failure.seed, failure.step, failure.error);
                                failures.push(failure);
                                // What follows would mostly fail of the same.
                                next.store(end, Ordering::SeqCst);
                            }
                        }
                    }
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    if let Some(first) = failures.into_iter().min_by_key(|failure| failure.seed) {
        tell(&first, &arguments, on);
        return ExitCode::FAILURE;
    }
    let steps = steps_done.load(Ordering::SeqCst);
    println!("{} stories, {steps} steps, nothing wrong, in {:.0} s", arguments.seeds, began.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}

/// Tells a failure as the shortest story that was found for it.
fn tell(failure: &Failure, arguments: &Arguments, on: Engine) {
    let whole = story(failure.seed, arguments.steps);
    let until = (failure.step + 1).min(whole.len());
    let short = shrink(&whole[..until], |steps| play(failure.seed, steps, on).is_err(), SHRINKING);
    println!("\nSeed {}: {}\n", failure.seed, Habits::of(failure.seed));
    for (number, step) in short.iter().enumerate() {
        println!("{:>3}. {step}", number + 1);
    }
    match play(failure.seed, &short, on) {
        Err(shorter) => println!("\nAfter step {}: {:#}", (shorter.step + 1).min(short.len()), shorter.error),
        Ok(()) => println!("\nTold once more, it goes well; the whole story failed with: {:#}", failure.error),
    }
    println!(
        "\nAgain: cargo run --release -p simulate -- --first-seed {} --seeds 1 --steps {}",
        failure.seed, arguments.steps
    );
}

/// Plays a story in a house of its own.
fn play(seed: u64, steps: &[Step], on: Engine) -> Result<(), Failure> {
    let mut at = 0;
    let mut played = || -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
        runtime.block_on(async {
            let mut play = Play::begin(RealHouse::open(seed, on).await?).await?;
            for (number, step) in steps.iter().enumerate() {
                at = number;
                play.take(*step).await.with_context(|| step.to_string())?;
            }
            at = steps.len();
            play.end().await.context("at the end of the story")
        })
    };
    let end = played();
    end.map_err(|error| Failure { seed, step: at, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kind of ids twice. Many more stories: `make proof`.
    #[test]
    fn a_few_stories_go_well() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        std::thread::scope(|scope| {
            for seeds in [1..6, 6..11] {
                scope.spawn(|| {
                    for seed in seeds {
                        if let Err(Failure { step, error, .. }) = play(seed, &story(seed, 120), Engine::Sqlite) {
                            panic!("seed {seed}, step {step}: {error:#}");
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn a_story_is_told_in_the_fewest_steps_that_still_fail() {
        let whole = story(1, 60);
        let needs = [whole[17], whole[40]];
        let fails = |steps: &[Step]| {
            let mut steps = steps.iter();
            needs.iter().all(|need| steps.any(|step| step == need))
        };
        let short = shrink(&whole, fails, SHRINKING);
        assert_eq!(short, needs);
    }
}
