// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The functions of the C library that lowered programs may call.

use melior::ir::OperationRef;
use symm_ir::text;

/// What `--convert-math-to-libm` and the conversions of `memref` call, without
/// the `f` of the single-precision variants.
const NAMES: [&str; 36] = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "ceil",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "fabs",
    "floor",
    "fma",
    "fmod",
    "log",
    "log10",
    "log1p",
    "log2",
    "memcpy",
    "memmove",
    "memset",
    "pow",
    "round",
    "roundeven",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "trunc",
];

/// Says whether a function without a body is one of the C library's.
pub(crate) fn is_known<'c: 'a, 'a>(function: OperationRef<'c, 'a>) -> bool {
    text::symbol_name(function).is_some_and(|name| is_name(&name))
}

fn is_name(name: &str) -> bool {
    let base = name.strip_suffix('f').unwrap_or(name);
    [name, base].iter().any(|name| NAMES.contains(name))
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn knows_both_precisions_and_nothing_else() {
        assert!(is_name("exp") && is_name("expf") && is_name("truncf") && is_name("erff"));
        assert!(!is_name("malloc") && !is_name("rsqrtf") && !is_name("main") && !is_name("f"));
    }
}
