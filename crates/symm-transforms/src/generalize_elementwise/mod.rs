// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--generalize-elementwise`: named ops that fusion has to see become generic.

use melior::ir::{OperationRef, operation::OperationLike};
use mlir_sys::mlirGetDialectHandle__linalg__;
use symm_ir::{
    linalg::{generalize, is_contraction, is_structured},
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    walk,
};

/// Turns named ops of linalg into generic ones, but not matrix products.
pub static GENERALIZE_ELEMENTWISE: PassDef = PassDef {
    argument: "generalize-elementwise",
    summary: "Turn named ops of linalg into generic ones, but not matrix products and fills",
    description: "
`--linalg-fuse-elementwise-ops` fuses `linalg.generic` only.
`--linalg-generalize-named-ops` would give it matrix products to fuse as well, which a
library is to run. This pass leaves these, and `linalg.fill`, as they are.
",
    anchor: None,
    options: &[],
    statistics: &[StatisticDef {
        name: "generalized",
        description: "named ops made generic",
    }],
    dependent_dialects: &[mlirGetDialectHandle__linalg__],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    for op in walk::collect(pass.operation()) {
        if is_structured(op) && !stays(op) && generalize(op) {
            pass.count("generalized", 1);
        }
    }
    Ok(())
}

fn stays(op: OperationRef<'_, '_>) -> bool {
    let name = op.name();
    let name = name.as_string_ref();
    matches!(
        name.as_str().unwrap_or_default(),
        "linalg.generic" | "linalg.fill"
    ) || is_contraction(op)
}
