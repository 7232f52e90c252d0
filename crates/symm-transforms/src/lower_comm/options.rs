// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The options of the pass.

use symm_ir::{diagnostics::Failure, dialect::Protocol, pass::PassRun};

/// Says whether to choose.
pub const AUTO_SELECT: &str = "auto-select";
/// Says up to which size to choose one-shot.
pub const ONE_SHOT_THRESHOLD: &str = "one-shot-threshold-bytes";
/// Says up to which size to choose two-shot.
pub const TWO_SHOT_THRESHOLD: &str = "two-shot-threshold-bytes";
/// Says who moves the data.
pub const PROTOCOL: &str = "protocol";
/// Names the chip whose launch table decides.
pub const LAUNCH_TABLE: &str = "launch-table";

/// The value of a threshold that leaves it to the launch table.
pub const AS_TABLE: i64 = -1;

/// The values of the options.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether to choose at all.
    pub auto_select: bool,
    /// The largest operand of a one-shot all-reduce, unless the launch table says it.
    pub one_shot_bytes: u64,
    /// Whether the launch table says it.
    pub one_shot_as_table: bool,
    /// The largest operand of a two-shot all-reduce, unless the launch table says it.
    pub two_shot_bytes: u64,
    /// Whether the launch table says it.
    pub two_shot_as_table: bool,
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
        let has_table = !options.text(LAUNCH_TABLE).is_empty();
        let threshold = |name| match options.int(name) {
            AS_TABLE if has_table => Ok((0, true)),
            AS_TABLE => Err(Failure::Message(format!(
                "expected {name} to be 0 or more, got {AS_TABLE} without {LAUNCH_TABLE}"
            ))),
            value => match u64::try_from(value) {
                Ok(bytes) => Ok((bytes, false)),
                Err(_) => Err(Failure::Message(format!(
                    "expected {name} to be 0 or more, got {value}"
                ))),
            },
        };
        let protocol = options.text(PROTOCOL);
        let (one_shot_bytes, one_shot_as_table) = threshold(ONE_SHOT_THRESHOLD)?;
        let (two_shot_bytes, two_shot_as_table) = threshold(TWO_SHOT_THRESHOLD)?;
        Ok(Self {
            auto_select: options.bool(AUTO_SELECT),
            one_shot_bytes,
            one_shot_as_table,
            two_shot_bytes,
            two_shot_as_table,
            protocol: Protocol::from_keyword(&protocol).ok_or_else(|| {
                Failure::Message(format!(
                    "expected {PROTOCOL} to be pull or push, got '{protocol}'"
                ))
            })?,
        })
    }
}
