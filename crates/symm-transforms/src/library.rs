// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The ops of `c10d` that stay: calls of the runtime's library, which takes
//! contiguous buffers.

use crate::{
    attributes::reduce_op,
    builder::{Builder, memref_type},
    group::Group,
    runtime::COLLECTIVE,
};
use melior::ir::{
    OperationRef, ShapedTypeLike, Value, ValueLike, attribute::IntegerAttribute,
    operation::OperationLike, r#type::MemRefType,
};
use symm_abi::{CollectiveKind, DType};
use symm_ir::{
    diagnostics::error,
    memref::{fresh, has_identity_layout},
    pass::PassResult,
};

/// Returns the collective of the library that an op is.
pub(crate) fn kind(op_name: &str) -> Option<CollectiveKind> {
    Some(match op_name {
        "c10d.all_reduce" => CollectiveKind::AllReduce,
        "c10d.all_gather_into_tensor" => CollectiveKind::AllGather,
        "c10d.reduce_scatter_tensor" => CollectiveKind::ReduceScatter,
        "c10d.all_to_all_single" => CollectiveKind::AllToAll,
        "c10d.broadcast" => CollectiveKind::Broadcast,
        _ => return None,
    })
}

/// Builds the call of the library that does what an op does, before it. The op has
/// the number `number` in the table of collectives.
///
/// # Errors
///
/// Fails, after a diagnostic, for elements that cannot be communicated.
pub(crate) fn call<'c: 'a, 'a>(
    op: OperationRef<'c, 'a>,
    group: &Group,
    kind: CollectiveKind,
    number: i64,
) -> PassResult {
    let b = Builder::before(op);
    let (from, to) = (op.operand(0)?, op.operand(1)?);
    let stored = memref_type(from).element();
    let Some(dtype) = DType::from_name(&stored.to_string()) else {
        let message = format!("cannot communicate elements of type {stored}");
        return Err(error(&op, message).emit());
    };
    let reduce = if kind.reduces() {
        reduce_op(op)? as i64
    } else {
        0
    };
    let root = match op.attribute("src") {
        Ok(src) => IntegerAttribute::try_from(src)?.signed_value(),
        Err(_) => 0,
    };
    let input = Contiguous::new(&b, from);
    let output = Contiguous::new(&b, to);
    if let Some(copy) = input.copy {
        b.copy(from, copy);
    }
    let numbers = [
        kind as i64,
        i64::from(group.index),
        number,
        reduce,
        dtype as i64,
        root,
    ];
    let mut operands: Vec<_> = numbers.into_iter().map(|number| b.i32(number)).collect();
    for (buffer, like) in [(&input, from), (&output, to)] {
        operands.push(buffer.address(&b));
        operands.push(count(&b, like));
    }
    COLLECTIVE.call(&b, &operands);
    if let Some(copy) = output.copy {
        b.copy(copy, to);
    }
    for copy in [input.copy, output.copy].into_iter().flatten() {
        b.op("memref.dealloc", &[copy], &[], &[]);
    }
    Ok(())
}

/// A buffer as the library takes it.
struct Contiguous<'c, 'a> {
    buffer: Value<'c, 'a>,
    copy: Option<Value<'c, 'a>>,
}

impl<'c: 'a, 'a> Contiguous<'c, 'a> {
    /// Takes a contiguous buffer as it is, and memory for a copy of any other.
    fn new(b: &Builder<'c, 'a>, buffer: Value<'c, 'a>) -> Self {
        if has_identity_layout(buffer.r#type()) {
            return Self { buffer, copy: None };
        }
        let sizes: Vec<_> = symm_ir::memref::dynamic_dimensions(buffer.r#type())
            .into_iter()
            .map(|dimension| b.dim(buffer, dimension))
            .collect();
        let r#type = MemRefType::try_from(fresh(buffer.r#type(), None)).expect("a ranked memref");
        let copy = b.allocate("memref.alloc", r#type, &sizes);
        Self {
            buffer: copy,
            copy: Some(copy),
        }
    }

    /// Builds the address of the first element: a contiguous buffer has no offset.
    fn address(&self, b: &Builder<'c, 'a>) -> Value<'c, 'a> {
        b.address(self.buffer)
    }
}

/// Builds the number of elements of a buffer.
fn count<'c: 'a, 'a>(b: &Builder<'c, 'a>, buffer: Value<'c, 'a>) -> Value<'c, 'a> {
    let count = (0..memref_type(buffer).rank())
        .map(|dimension| b.dim(buffer, dimension))
        .reduce(|product, extent| b.mul(product, extent))
        .unwrap_or_else(|| b.index(1));
    b.index_cast(count, b.int_type(64))
}
