// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What the passes of this process counted.
//!
//! LLVM compiles its own statistics out of release builds, Debian's among them:
//! `--mlir-pass-statistics` prints an empty report there.

use super::StatisticDef;
use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Mutex, PoisonError},
};

struct Total {
    description: &'static str,
    value: u64,
}

static TOTALS: Mutex<BTreeMap<(&str, &str), Total>> = Mutex::new(BTreeMap::new());

/// Adds to the total of a statistic.
pub(super) fn add(pass: &'static str, statistic: &StatisticDef, amount: u64) {
    let mut totals = TOTALS.lock().unwrap_or_else(PoisonError::into_inner);
    let total = totals.entry((pass, statistic.name)).or_insert(Total {
        description: statistic.description,
        value: 0,
    });
    total.value += amount;
}

/// Returns what the passes of this process counted so far, for people, in the
/// form of MLIR's own report.
pub fn report() -> String {
    let totals = TOTALS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut text = String::new();
    let mut last_pass = "";
    for ((pass, name), Total { description, value }) in &*totals {
        if *pass != last_pass {
            let _ = writeln!(text, "{pass}");
            last_pass = pass;
        }
        let _ = writeln!(text, "  (S) {value:8} {name} - {description}");
    }
    text
}
