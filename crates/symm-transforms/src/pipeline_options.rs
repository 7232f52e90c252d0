// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Options of pipelines that are those of their passes.

use symm_ir::pass::{OptionDef, OptionDefault, OptionValues, PassDef};

/// Returns how many options some passes have.
pub const fn count(passes: &[&PassDef]) -> usize {
    let (mut count, mut pass) = (0, 0);
    while pass < passes.len() {
        count += passes[pass].options.len();
        pass += 1;
    }
    count
}

/// Returns the options of some passes, one pass after another.
pub const fn collect<const COUNT: usize>(passes: &[&PassDef]) -> [OptionDef; COUNT] {
    let mut all = [OptionDef::bool("", false, ""); COUNT];
    let (mut at, mut pass) = (0, 0);
    while pass < passes.len() {
        let mut option = 0;
        while option < passes[pass].options.len() {
            all[at] = passes[pass].options[option];
            at += 1;
            option += 1;
        }
        pass += 1;
    }
    all
}

/// Returns options with another default for one of them.
///
/// # Panics
///
/// Panics, while it is compiled, where there is no such option.
pub const fn with_default<const COUNT: usize>(
    mut options: [OptionDef; COUNT],
    name: &str,
    default: OptionDefault,
) -> [OptionDef; COUNT] {
    let mut at = 0;
    while !same(options[at].name, name) {
        at += 1;
    }
    options[at].default = default;
    options
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// Returns the options of a pass in textual form, with the pipeline's values.
pub fn forwarded(options: &OptionValues<'_>, pass: &PassDef) -> String {
    let values = pass.options.iter().map(|option| {
        let name = option.name;
        match option.default {
            OptionDefault::Bool(_) => format!("{name}={}", options.bool(name)),
            OptionDefault::Int(_) => format!("{name}={}", options.int(name)),
            OptionDefault::Text(_) => format!("{name}={}", options.text(name)),
        }
    });
    values.collect::<Vec<_>>().join(" ")
}
