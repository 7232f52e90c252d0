// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The ops of `symm_mem`: which algorithm each is, on which buffers.

use super::{
    Conversion,
    element::Element,
    kernel::{self, Algorithm, Role, Spec},
    layout::{Operands, normalize},
    mismatch::Mismatch,
};
use crate::{
    attributes::{protocol, reduce_op},
    buffer_table,
    builder::{Builder, dynamic, memref_type},
    group::Group,
    runtime::{COLLECTIVE, ENTER, LEAVE},
};
use melior::ir::{
    OperationRef, ShapedTypeLike, Value, ValueLike, operation::OperationLike, r#type::MemRefType,
};
use symm_abi::{Buffer, ReduceOp};
use symm_ir::{
    diagnostics::{Failure, error},
    dialect::{self, Protocol, symm_mem_attribute},
    memref,
    pass::PassResult,
    place,
};

impl<'p, 'c: 'a, 'a> Conversion<'p, 'c, 'a> {
    pub(super) fn barrier(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let group = self.module.group(op)?;
        let spec = Spec {
            algorithm: &kernel::BARRIER,
            group: &group,
            reduction: None,
            layout: "",
        };
        let number = self.record(op, &spec);
        self.launch(&Builder::before(op), &spec, number, &[]);
        Ok(())
    }

    pub(super) fn one_shot(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let (from, to) = (op.operand(0)?, op.operand(1)?);
        let algorithm = match protocol(op)? {
            Protocol::Push => &kernel::ONE_SHOT_PUSH,
            Protocol::Pull if self.overlap.may_be(from, to) => &kernel::ONE_SHOT_PULL_STAGED,
            Protocol::Pull => &kernel::ONE_SHOT_PULL,
        };
        self.reduce(op, algorithm, &[from, to])
    }

    pub(super) fn one_shot_copy(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let (staging, from, to) = (op.operand(0)?, op.operand(1)?, op.operand(2)?);
        let algorithm = if self.overlap.may_be(staging, to) {
            &kernel::COPY_STAGED
        } else {
            &kernel::COPY
        };
        self.reduce(op, algorithm, &[staging, from, to])
    }

    pub(super) fn two_shot(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let algorithm = match protocol(op)? {
            Protocol::Pull => &kernel::TWO_SHOT_PULL,
            Protocol::Push => &kernel::TWO_SHOT_PUSH,
        };
        self.reduce(op, algorithm, &[op.operand(0)?])
    }

    /// Replaces an op that reduces by a call of the kernel of an algorithm.
    fn reduce(
        &mut self,
        op: OperationRef<'c, 'a>,
        algorithm: &'static Algorithm,
        operands: &[Value<'c, 'a>],
    ) -> PassResult {
        let group = self.module.group(op)?;
        check_space(op, &group, algorithm, operands)?;
        let b = Builder::before(op);
        let reduction = reduction(&b, op, operands[0])?;
        let Operands { mut buffers, code } = normalize(&b, operands);
        let spec = Spec {
            algorithm,
            group: &group,
            reduction: Some(reduction),
            layout: &format!(".{code}"),
        };
        let number = self.record(op, &spec);
        if let Some(mismatch) = Mismatch::of(&b, operands) {
            self.module.declare(&[COLLECTIVE]);
            mismatch.report(&b, &group, number, reduction);
        }
        let roles = algorithm.roles.iter().filter(|role| !role.is_temporary());
        for (buffer, _) in buffers
            .iter_mut()
            .zip(roles)
            .filter(|(_, role)| **role != Role::Symmetric)
        {
            *buffer = in_ordinary_memory(&b, *buffer);
        }
        self.record_temporaries(op, &group, algorithm, operands[0]);
        self.launch(&b, &spec, number, &buffers);
        Ok(())
    }

    /// Enters an op into the table of collectives and returns its number.
    fn record(&mut self, op: OperationRef<'c, 'a>, spec: &Spec<'_, 'c>) -> i64 {
        let phases = spec.algorithm.phases().map(str::to_owned).collect();
        self.module
            .record(op, spec.group, spec.algorithm.name, phases)
    }

    /// Builds the call of a kernel, with the memory that it needs besides its
    /// operands.
    fn launch(
        &mut self,
        b: &Builder<'c, 'a>,
        spec: &Spec<'_, 'c>,
        number: i64,
        operands: &[Value<'c, 'a>],
    ) {
        let mut given = operands.iter().copied();
        let mut temporaries = Vec::new();
        let mut arguments = Vec::new();
        for role in spec.algorithm.roles {
            if role.is_temporary() {
                temporaries.push(allocate(b, spec, *role, operands[0]));
                arguments.extend(temporaries.last());
            } else {
                arguments.extend(given.next());
            }
        }
        self.module.declare(&[ENTER, LEAVE]);
        let name = self.kernels.get(b, spec, &arguments);
        arguments.push(b.i32(number));
        b.call(&name, &arguments, &[]);
        for temporary in temporaries {
            b.op("memref.dealloc", &[temporary], &[], &[]);
        }
        self.module.pass.count("kernels", 1);
    }

    /// Enters the memory that a call needs into the table of buffers, where its
    /// size is known.
    fn record_temporaries(
        &mut self,
        op: OperationRef<'c, 'a>,
        group: &Group,
        algorithm: &Algorithm,
        operand: Value<'c, 'a>,
    ) {
        let r#type = operand.r#type();
        let element = MemRefType::new(memref_type(operand).element(), &[], None, None);
        let sizes = memref::bytes(r#type).zip(memref::bytes(element.into()));
        let Some((bytes, element)) = sizes.filter(|_| memref::has_identity_layout(r#type)) else {
            return;
        };
        for role in algorithm.roles.iter().filter(|role| role.is_temporary()) {
            let ranks = group.size as u64;
            let (bytes, space) = match role {
                Role::Staging => (bytes, buffer_table::space(None)),
                _ if algorithm.shards => {
                    let slot = (bytes / element.max(1)).div_ceil(ranks) * element;
                    (slot * ranks, buffer_table::space(Some(&group.name)))
                }
                _ => (bytes * ranks, buffer_table::space(Some(&group.name))),
            };
            let name = format!("{role} of {}", algorithm.name);
            self.buffers.push(Buffer {
                name,
                loc: place::of(op.location()),
                bytes,
                space,
            });
        }
    }
}

/// Builds the view of a buffer that says nothing of symmetric memory, so that
/// kernels do not differ in where private data happens to be.
fn in_ordinary_memory<'c: 'a, 'a>(b: &Builder<'c, 'a>, buffer: Value<'c, 'a>) -> Value<'c, 'a> {
    let r#type = memref::in_memory_space(buffer.r#type(), None);
    b.convert("memref.memory_space_cast", buffer, r#type)
}

/// Peers can reach the buffer of a pulling algorithm only in symmetric memory.
fn check_space<'c: 'a, 'a>(
    op: OperationRef<'c, 'a>,
    group: &Group,
    algorithm: &Algorithm,
    operands: &[Value<'c, 'a>],
) -> PassResult {
    let roles = algorithm.roles.iter().filter(|role| !role.is_temporary());
    for (buffer, _) in operands
        .iter()
        .zip(roles)
        .filter(|(_, role)| **role == Role::Symmetric)
    {
        let r#type = buffer.r#type();
        let space = memref::memory_space(r#type).and_then(dialect::symm_mem_group);
        if space.as_ref() != Some(&group.name) {
            let message = format!(
                "expected a buffer in symmetric memory of @{}, got {type}; run \
                 --place-symmetric-buffers first",
                group.name,
            );
            return Err(error(&op, message).emit());
        }
    }
    Ok(())
}

fn reduction<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
    buffer: Value<'c, 'a>,
) -> Result<(Element<'c>, ReduceOp), Failure> {
    let stored = memref_type(buffer).element();
    let element = Element::of(b, stored)
        .ok_or_else(|| error(&op, format!("cannot reduce elements of type {stored}")).emit())?;
    Ok((element, reduce_op(op)?))
}

/// Builds memory for one call, of the extents of `like`.
fn allocate<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    spec: &Spec<'_, 'c>,
    role: Role,
    like: Value<'c, 'a>,
) -> Value<'c, 'a> {
    let (group, algorithm) = (spec.group, spec.algorithm);
    let of = memref_type(like);
    let mut sizes: Vec<_> = (0..of.rank())
        .map(|dimension| b.dim(like, dimension))
        .collect();
    let mut extents = vec![dynamic(); of.rank()];
    if role == Role::Staging {
        let r#type = MemRefType::new(of.element(), &extents, None, None);
        return b.allocate("memref.alloc", r#type, &sizes);
    }
    if algorithm.shards {
        sizes[0] = b.binary("arith.ceildivui", sizes[0], b.index(group.size));
    }
    extents.insert(0, group.size);
    let space = symm_mem_attribute(b.context(), &group.name);
    let r#type = MemRefType::new(of.element(), &extents, None, Some(space));
    b.allocate("memref.alloc", r#type, &sizes)
}
