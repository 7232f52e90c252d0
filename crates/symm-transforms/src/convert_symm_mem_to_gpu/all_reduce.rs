// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The ops of `symm_mem`: which algorithm each is, on which buffers.

use super::{Conversion, shape::Work};
use crate::{
    attributes::{protocol, reduce_op},
    builder::{Builder, memref_type, shape},
    group::Group,
    runtime::ALL_REDUCE,
};
use melior::ir::{
    Attribute, OperationRef, ShapedTypeLike, Type, Value, ValueLike, operation::OperationLike,
    r#type::MemRefType,
};
use symm_abi::{DType, ReduceOp, gpu::Algorithm};
use symm_ir::{
    diagnostics::{Failure, error},
    dialect::{Protocol, symm_mem_attribute, symm_mem_group},
    memref::{has_identity_layout, is_static, memory_space},
    pass::PassResult,
};

impl<'p, 'c: 'a, 'a> Conversion<'p, 'c, 'a> {
    pub(super) fn one_shot(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let algorithm = match protocol(op)? {
            Protocol::Push => Algorithm::OneShotPush,
            Protocol::Pull => Algorithm::OneShotPull,
        };
        self.reduce(op, algorithm, op.operand(0)?, op.operand(1)?)
    }

    pub(super) fn one_shot_copy(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let (staging, from, to) = (op.operand(0)?, op.operand(1)?, op.operand(2)?);
        Builder::before(op).copy(from, staging);
        self.reduce(op, Algorithm::OneShotPull, staging, to)
    }

    pub(super) fn two_shot(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let algorithm = match protocol(op)? {
            Protocol::Push => Algorithm::TwoShotPush,
            Protocol::Pull => Algorithm::TwoShotPull,
        };
        let buffer = op.operand(0)?;
        self.reduce(op, algorithm, buffer, buffer)
    }

    /// Builds an all-reduce of one element, which no rank leaves before all have
    /// entered.
    pub(super) fn barrier(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let group = self.module.group(op)?;
        if group.size == 1 {
            return Ok(());
        }
        let b = Builder::before(op);
        let space = symm_mem_attribute(b.context(), &group.name);
        let word = b.int_type(32);
        let from = b.allocate("memref.alloc", buffer_type(word, &[1], Some(space)), &[]);
        let to = b.allocate("memref.alloc", buffer_type(word, &[1], None), &[]);
        self.call(
            op,
            &group,
            Algorithm::OneShotPull,
            ReduceOp::Sum,
            [from, to],
        )?;
        for buffer in [from, to] {
            b.op("memref.dealloc", &[buffer], &[], &[]);
        }
        Ok(())
    }

    /// Builds an all-reduce from one buffer to another, or within one, with copies
    /// of what the kernel cannot work on.
    fn reduce(
        &mut self,
        op: OperationRef<'c, 'a>,
        algorithm: Algorithm,
        from: Value<'c, 'a>,
        to: Value<'c, 'a>,
    ) -> PassResult {
        let group = self.module.group(op)?;
        for buffer in [from, to] {
            if !is_static(buffer.r#type()) {
                let message = format!("expected a static shape, got {}", buffer.r#type());
                return Err(error(&op, message).emit());
            }
        }
        let in_place = from == to;
        check_space(op, &group, algorithm.operand_is_symmetric(), from)?;
        check_space(op, &group, algorithm.result_is_symmetric(), to)?;
        let b = Builder::before(op);
        if group.size == 1 {
            if !in_place {
                b.copy(from, to);
            }
            return Ok(());
        }
        let mut copies = Vec::new();
        let mut input = from;
        if !has_identity_layout(from.r#type()) {
            input = self.contiguous(&b, &group, algorithm.operand_is_symmetric(), from);
            b.copy(from, input);
            copies.push(input);
        }
        let is_free = if in_place {
            algorithm.works_in_place()
        } else {
            !self.overlap.may_be(from, to)
        };
        let mut output = if in_place && is_free { input } else { to };
        if !is_free || !has_identity_layout(output.r#type()) {
            output = self.contiguous(&b, &group, algorithm.result_is_symmetric(), to);
            copies.push(output);
        }
        self.call(op, &group, algorithm, reduce_op(op)?, [input, output])?;
        if output != to {
            b.copy(output, to);
        }
        for copy in copies {
            b.op("memref.dealloc", &[copy], &[], &[]);
        }
        Ok(())
    }

    /// Builds memory for a copy of a buffer.
    fn contiguous(
        &mut self,
        b: &Builder<'c, 'a>,
        group: &Group,
        symmetric: bool,
        like: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        let space = symmetric.then(|| symm_mem_attribute(b.context(), &group.name));
        self.module.pass.count("staging-copies", 1);
        let like = memref_type(like);
        b.allocate(
            "memref.alloc",
            buffer_type(like.element(), &shape(like), space),
            &[],
        )
    }

    /// Builds the call of the runtime.
    fn call(
        &mut self,
        op: OperationRef<'c, 'a>,
        group: &Group,
        algorithm: Algorithm,
        reduce: ReduceOp,
        [input, output]: [Value<'c, 'a>; 2],
    ) -> PassResult {
        let stored = memref_type(input).element();
        let Some(dtype) = DType::from_name(&stored.to_string()) else {
            let message = format!("cannot reduce elements of type {stored}");
            return Err(error(&op, message).emit());
        };
        let extents = shape(memref_type(input));
        if extents.contains(&0) {
            return Ok(());
        }
        let elements = extents.iter().fold(1u64, |product, &extent| {
            product.saturating_mul(extent as u64)
        });
        let (number, count) = self.enter(
            op,
            group,
            &Work {
                algorithm,
                dtype,
                reduce,
                elements,
            },
        )?;
        self.module.declare(&[ALL_REDUCE]);
        let b = Builder::before(op);
        let wide = b.int_type(64);
        let operands = [
            b.i32(number),
            b.i32(0),
            b.address(input),
            b.address(output),
            b.int(wide, count as i64),
        ];
        ALL_REDUCE.call(&b, &operands);
        self.module.pass.count("kernels", 1);
        Ok(())
    }
}

fn buffer_type<'c>(
    element: Type<'c>,
    extents: &[i64],
    space: Option<Attribute<'c>>,
) -> MemRefType<'c> {
    MemRefType::new(element, extents, None, space)
}

/// Peers reach the buffer of a pulling algorithm only in symmetric memory.
fn check_space<'c: 'a, 'a>(
    op: OperationRef<'c, 'a>,
    group: &Group,
    needed: bool,
    buffer: Value<'c, 'a>,
) -> Result<(), Failure> {
    let space = memory_space(buffer.r#type());
    if !needed || space.and_then(symm_mem_group).as_ref() == Some(&group.name) {
        return Ok(());
    }
    let message = format!(
        "expected a buffer in symmetric memory of @{}, got {}; run --place-symmetric-buffers first",
        group.name,
        buffer.r#type()
    );
    Err(error(&op, message).emit())
}
