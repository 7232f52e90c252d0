// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The options of the pass.

use symm_ir::{diagnostics::Failure, dialect::Protocol, pass::PassRun};

pub const AUTO_SELECT: &str = "auto-select";
pub const ONE_SHOT_THRESHOLD: &str = "one-shot-threshold-bytes";
pub const TWO_SHOT_THRESHOLD: &str = "two-shot-threshold-bytes";
pub const PROTOCOL: &str = "protocol";

/// The values of the options.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether to choose at all.
    pub auto_select: bool,
    /// The largest operand of a one-shot all-reduce.
    pub one_shot_bytes: u64,
    /// The largest operand of a two-shot all-reduce.
    pub two_shot_bytes: u64,
    /// Who moves the data.
    pub protocol: Protocol,
}

impl Options {
    /// Reads the options of a run.
    ///
    /// # Errors
    ///
    /// Fails where a value means nothing.
    pub fn of(pass: &PassRun<'_, '_>) -> Result<Self, Failure> {
        let options = pass.options();
        let bytes = |name| {
            let value = options.int(name);
            u64::try_from(value).map_err(|_| {
                Failure::Message(format!("expected {name} to be 0 or more, got {value}"))
            })
        };
        let protocol = options.text(PROTOCOL);
        Ok(Self {
            auto_select: options.bool(AUTO_SELECT),
            one_shot_bytes: bytes(ONE_SHOT_THRESHOLD)?,
            two_shot_bytes: bytes(TWO_SHOT_THRESHOLD)?,
            protocol: Protocol::from_keyword(&protocol).ok_or_else(|| {
                Failure::Message(format!("expected {PROTOCOL} to be pull or push, got '{protocol}'"))
            })?,
        })
    }
}
