// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `cargo xtask test`: every test, with one closing line that counts them all.

mod install;
mod lit;
mod rust;
mod tally;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::{docs, setup};
use tally::Tally;

/// The options of `cargo xtask test`.
#[derive(clap::Args)]
pub struct Args {
    /// Run only these suites.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Suite>,
}

/// A part of the tests.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// Unit, integration and documentation tests of the crates.
    Rust,
    /// The lit tests under test/.
    Lit,
    /// An outside CMake project that finds and uses an installed Symm.
    Install,
    /// The book's reference pages are those that the declarations give.
    Docs,
}

impl Args {
    fn chooses(&self, suite: Suite) -> bool {
        self.only.is_empty() || self.only.contains(&suite)
    }
}

/// Sets the machine up, runs the suites and prints `N passed, N failed`, and `N skipped` if there are any.
///
/// # Errors
/// The set-up failed, or a test did, or none was run.
pub fn run(args: &Args) -> Result<()> {
    setup::run()?;
    let assembles = args.chooses(Suite::Rust) || args.chooses(Suite::Lit);
    let ptxas = if assembles {
        setup::gpu_tools::provide()
    } else {
        Ok(())
    };
    let mut total = Tally::default();
    for &suite in Suite::value_variants() {
        if args.chooses(suite) {
            total += run_suite(suite);
        }
    }
    if let Err(error) = ptxas {
        println!("SKIPPED: the tests that assemble PTX, for want of ptxas: {error:#}");
    }
    println!("{total}");
    if total.failed > 0 || total.passed == 0 {
        bail!("not all tests passed");
    }
    Ok(())
}

/// Runs a suite; one that can't be run counts as a failed test, so that the others still run.
fn run_suite(suite: Suite) -> Tally {
    let result = match suite {
        Suite::Rust => rust::run(),
        Suite::Lit => lit::run(),
        Suite::Install => install::run(),
        Suite::Docs => docs::run(&docs::Args { check: true }).map(|()| Tally::one_passed()),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        Tally {
            failed: 1,
            ..Tally::default()
        }
    })
}
