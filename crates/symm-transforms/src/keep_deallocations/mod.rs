// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--keep-deallocations`: what a program frees itself is left to it.

use crate::overlap::allocation;
use melior::ir::{Attribute, OperationRef, operation::OperationLike};
use mlir_sys::mlirGetDialectHandle__bufferization__;
use symm_ir::{
    diagnostics::error,
    edit::set_attribute,
    pass::{PassDef, PassResult, PassRun},
    walk,
};

/// Marks buffers that a program frees itself.
pub static KEEP_DEALLOCATIONS: PassDef = PassDef {
    argument: "keep-deallocations",
    summary: "Mark buffers that the program frees itself, so that they are not freed again",
    description: "
`--ownership-based-buffer-deallocation` refuses programs that have a `memref.dealloc`,
unless it and its allocation carry `bufferization.manual_deallocation`. This pass puts
the attribute on both. A buffer that no `memref.dealloc` frees stays the compiler's to
free. A `memref.dealloc` of something whose allocation is not seen, such as an argument,
is an error.
",
    anchor: None,
    options: &[],
    statistics: &[],
    dependent_dialects: &[mlirGetDialectHandle__bufferization__],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    for op in walk::collect_named(pass.operation(), "memref.dealloc") {
        let Some(allocation) = allocation(op.operand(0)?) else {
            let message = "frees a buffer whose allocation is not in the same function; drop it: \
                           the compiler frees what the program does not";
            return Err(error(&op, message).emit());
        };
        mark(pass, op);
        mark(pass, allocation);
    }
    Ok(())
}

fn mark<'c: 'a, 'a>(pass: &PassRun<'c, 'a>, op: OperationRef<'c, 'a>) {
    set_attribute(
        op,
        "bufferization.manual_deallocation",
        Attribute::unit(pass.context()),
    );
}
