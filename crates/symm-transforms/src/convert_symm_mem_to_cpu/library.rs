// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The ops of `c10d` that stay: calls of the runtime's library, which takes
//! contiguous buffers.

use super::{
    Conversion,
    collective::{reduce_op, symbol},
    element::Element,
};
use crate::{
    builder::{Builder, memref_type},
    runtime::COLLECTIVE,
};
use melior::ir::{
    OperationRef, ShapedTypeLike, Value, ValueLike, attribute::IntegerAttribute,
    operation::OperationLike, r#type::MemRefType,
};
use symm_abi::CollectiveKind;
use symm_ir::{
    diagnostics::error,
    memref::{fresh, has_identity_layout},
    pass::PassResult,
};

/// Returns the collective of the library that an op is.
pub(super) fn kind(op_name: &str) -> Option<CollectiveKind> {
    Some(match op_name {
        "c10d.all_reduce" => CollectiveKind::AllReduce,
        "c10d.all_gather_into_tensor" => CollectiveKind::AllGather,
        "c10d.reduce_scatter_tensor" => CollectiveKind::ReduceScatter,
        "c10d.all_to_all_single" => CollectiveKind::AllToAll,
        "c10d.broadcast" => CollectiveKind::Broadcast,
        _ => return None,
    })
}

impl<'p, 'c: 'a, 'a> Conversion<'p, 'c, 'a> {
    /// Replaces an op by a call of the library.
    pub(super) fn library_call(
        &mut self,
        op: OperationRef<'c, 'a>,
        kind: CollectiveKind,
    ) -> PassResult {
        let group = self.group(op, &symbol(op, "group")?)?;
        let b = Builder::before(op);
        let (from, to) = (op.operand(0)?, op.operand(1)?);
        let stored = memref_type(from).element();
        let Some(element) = Element::of(&b, stored) else {
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
        self.declare(&[COLLECTIVE]);
        let number = self.record(op, &group, "library", Vec::new());
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
            element.dtype as i64,
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
        self.pass.count("library-calls", 1);
        Ok(())
    }
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
        let name = "memref.extract_aligned_pointer_as_index";
        let address = b.value(name, &[self.buffer], b.index_type(), &[]);
        b.index_cast(address, b.int_type(64))
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
