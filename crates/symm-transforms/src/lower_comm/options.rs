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

/// The threshold that leaves it to the launch table.
pub const AS_TABLE: i64 = -1;

/// The values of the options.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether to choose at all.
    pub auto_select: bool,
    /// The largest operand of a one-shot all-reduce, unless the launch table says it.
    pub one_shot_bytes: u64,
    /// Whether the launch table says it.
    pub as_table: bool,
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
        let as_table = options.int(ONE_SHOT_THRESHOLD) == AS_TABLE;
        if as_table && options.text(LAUNCH_TABLE).is_empty() {
            return Err(Failure::Message(format!(
                "expected {ONE_SHOT_THRESHOLD} to be 0 or more, got {AS_TABLE} without \
                 {LAUNCH_TABLE}"
            )));
        }
        Ok(Self {
            auto_select: options.bool(AUTO_SELECT),
            one_shot_bytes: if as_table {
                0
            } else {
                bytes(ONE_SHOT_THRESHOLD)?
            },
            as_table,
            two_shot_bytes: bytes(TWO_SHOT_THRESHOLD)?,
            protocol: Protocol::from_keyword(&protocol).ok_or_else(|| {
                Failure::Message(format!(
                    "expected {PROTOCOL} to be pull or push, got '{protocol}'"
                ))
            })?,
        })
    }
}
