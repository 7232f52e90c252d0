// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The tests of the crates.

use anyhow::Result;

use crate::{process, test::tally::Tally};

/// Builds the workspace and runs `cargo test` on all of it.
///
/// # Errors
/// Something does not build, or cargo can't be run.
pub fn run() -> Result<Tally> {
    // Tests run the workspace's programs, which cargo does not build for tests of other packages.
    process::run(process::cargo().args(["build", "--workspace"]))?;
    let mut total = Tally::default();
    let mut command = process::cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]);
    let status = process::run_inspecting(&mut command, |line| {
        total += summary(line).unwrap_or_default();
    })?;
    if !status.success() && total.failed == 0 {
        // A test binary did not build, or died before it could count.
        total.failed = 1;
    }
    Ok(total)
}

/// Reads libtest's closing line: `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
fn summary(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word: &str| {
        let mut fields = counts.split("; ").filter_map(|field| field.split_once(' '));
        fields.find(|(_, name)| *name == word)?.0.parse().ok()
    };
    Some(Tally {
        passed: count("passed")?,
        failed: count("failed")?,
        skipped: count("ignored")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted() {
        let line = "test result: FAILED. 15 passed; 2 failed; 1 ignored; 0 measured; \
                    3 filtered out; finished in 0.09s";
        assert_eq!(
            summary(line),
            Some(Tally {
                passed: 15,
                failed: 2,
                skipped: 1
            })
        );
    }

    #[test]
    fn other_lines_are_not() {
        assert_eq!(summary("test reduce::sums ... ok"), None);
        assert_eq!(summary("test result: strange"), None);
    }
}
