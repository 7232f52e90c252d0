// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--unpack-vector-accesses`: vectors of i1 and the like are read and written as
//! buffers hold them.

mod access;

use crate::builder::{Builder, first_result, memref_type, shape, with_element};
use access::Access;
use melior::ir::{
    OperationRef, ShapedTypeLike, Type, TypeLike, Value, ValueLike, r#type::MemRefType,
};
use mlir_sys::{mlirGetDialectHandle__arith__, mlirGetDialectHandle__llvm__};
use symm_ir::{
    diagnostics::error,
    edit::set_operand,
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    rewriter::Rewriter,
    value::{operand, replace_all_uses_except, result},
    walk,
};

/// Gives vectors in memory the bytes that their elements have there by themselves.
pub static UNPACK_VECTOR_ACCESSES: PassDef = PassDef {
    argument: "unpack-vector-accesses",
    summary: "Read and write vectors of i1 and the like as buffers hold them",
    description: "
A buffer holds each element in whole bytes, 1, 2, 4, 8 or 16 of them: an `i1` in one, an `i24` in
four. LLVM packs the elements of a vector: it reads a `vector<8xi1>` from one byte. This
pass makes each read and write of such a vector, be it a `vector.load`, a transfer or one
of the masked ones, one of integers that fill their bytes, which are extended before a write
and truncated after a read.

Floats of odd sizes, and `vector.type_cast`, which would give such a buffer packed
elements, are refused. Runs on buffers in ordinary memory, before vectors are lowered.
",
    anchor: None,
    options: &[],
    statistics: &[StatisticDef {
        name: "accesses",
        description: "reads and writes unpacked",
    }],
    dependent_dialects: &[mlirGetDialectHandle__arith__, mlirGetDialectHandle__llvm__],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let rewriter = Rewriter::new(pass.context());
    for op in walk::collect(pass.operation()) {
        if let Some(access) = Access::of(op)
            && let Some(bits) = access.unpacked_bits()
        {
            check(op, access.buffer)?;
            unpack(&rewriter, op, &access, bits);
            pass.count("accesses", 1);
        }
    }
    Ok(())
}

/// Refuses what cannot be unpacked.
fn check<'c: 'a, 'a>(op: OperationRef<'c, 'a>, buffer: Value<'c, 'a>) -> PassResult {
    let r#type = memref_type(buffer);
    let element = r#type.element();
    let message = if walk::is(op, "vector.type_cast") {
        format!(
            "would pack elements of {element}, which have bytes of their own in a buffer; read \
             them by vector.transfer_read"
        )
    } else if !element.is_integer() {
        format!(
            "accesses a vector of {element}, which does not fill its bytes in a buffer; access \
             it element by element, by memref.load and memref.store"
        )
    } else if let Some(space) = r#type.memory_space() {
        format!("expected a buffer in ordinary memory, got one in {space}")
    } else {
        return Ok(());
    };
    Err(error(&op, message).emit())
}

/// Has an op access a buffer of integers that fill their bytes.
fn unpack<'c: 'a, 'a>(
    rewriter: &Rewriter<'c, 'a>,
    op: OperationRef<'c, 'a>,
    access: &Access<'c, 'a>,
    bits: u32,
) {
    let b = Builder::before(op);
    let wide = b.int_type(bits);
    set_operand(op, access.at, view(&b, access.buffer, wide));
    if let Some((at, value)) = access.value.and_then(|at| Some((at, operand(op, at)?))) {
        let extended = b.convert("arith.extui", value, with_element(value.r#type(), wide));
        set_operand(op, at, extended);
    }
    if let Some(read) = result(op, 0) {
        let narrow = read.r#type();
        rewriter.set_type(read, with_element(narrow, wide));
        let truncated = Builder::after(op).op("arith.trunci", &[read], &[narrow], &[]);
        replace_all_uses_except(read, first_result(truncated), truncated);
    }
}

/// Builds a view of a buffer with other elements of the same size in memory: its
/// descriptor says nothing of elements.
fn view<'c: 'a, 'a>(b: &Builder<'c, 'a>, buffer: Value<'c, 'a>, wide: Type<'c>) -> Value<'c, 'a> {
    let r#type = memref_type(buffer);
    let to = MemRefType::new(wide, &shape(r#type), Some(r#type.layout()), None);
    b.unrealized(b.descriptor_of(buffer, r#type), to.into())
}
