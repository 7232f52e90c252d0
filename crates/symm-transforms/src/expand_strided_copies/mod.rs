// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--expand-strided-copies`: copies of what is not contiguous become loops.

use crate::builder::{Builder, erase, memref_type};
use melior::ir::{
    OperationRef, ShapedTypeLike, TypeLike, Value, ValueLike, operation::OperationLike,
};
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__memref__, mlirGetDialectHandle__scf__,
};
use symm_ir::{
    memref::has_identity_layout,
    pass::{PassDef, PassResult, PassRun},
    walk,
};

/// Turns copies that LLVM's memcpy cannot do into loops.
pub static EXPAND_STRIDED_COPIES: PassDef = PassDef {
    argument: "expand-strided-copies",
    summary: "Expand copies between buffers that are not contiguous into loops",
    description: "
`--finalize-memref-to-llvm` turns a `memref.copy` into a memcpy where both sides are
contiguous, and otherwise into a call of a function of MLIR's runner library, which an
artifact does not have. This pass turns the latter into loops.
",
    anchor: None,
    options: &[],
    statistics: &[],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__memref__,
        mlirGetDialectHandle__scf__,
    ],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    for op in walk::collect_named(pass.operation(), "memref.copy") {
        let (from, to) = (op.operand(0)?, op.operand(1)?);
        let is_ranked = |value: &Value<'_, '_>| value.r#type().is_mem_ref();
        let is_contiguous = |value: &Value<'_, '_>| has_identity_layout(value.r#type());
        if [from, to].iter().all(is_ranked) && ![from, to].iter().all(is_contiguous) {
            expand(op, from, to);
        }
    }
    Ok(())
}

fn expand<'c: 'a, 'a>(op: OperationRef<'c, 'a>, from: Value<'c, 'a>, to: Value<'c, 'a>) {
    nest(&Builder::before(op), from, to, Vec::new());
    erase(op);
}

fn nest<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    from: Value<'c, 'a>,
    to: Value<'c, 'a>,
    place: Vec<Value<'c, 'a>>,
) {
    let dimension = place.len();
    if dimension == memref_type(from).rank() {
        return b.store(b.load(from, &place), to, &place);
    }
    let extent = b.dim(from, dimension);
    b.for_each([b.index(0), extent, b.index(1)], |b, index| {
        nest(b, from, to, [place, vec![index]].concat());
    });
}
