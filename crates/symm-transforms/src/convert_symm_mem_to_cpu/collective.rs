// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The ops of `symm_mem`: which algorithm each is, on which buffers.

use super::{
    Conversion,
    element::Element,
    kernel::{self, Algorithm, Role, Spec},
    layout::{Operands, normalize},
    overlap::may_overlap,
};
use crate::{
    builder::{Builder, dynamic, memref_type},
    group::Group,
    runtime::{ENTER, LEAVE},
};
use melior::ir::{
    Attribute, OperationRef, ShapedTypeLike, Value, ValueLike, attribute::FlatSymbolRefAttribute,
    operation::OperationLike, r#type::MemRefType,
};
use symm_abi::ReduceOp;
use symm_ir::{
    diagnostics::{Failure, error},
    dialect::{self, Protocol, symm_mem_attribute},
    pass::PassResult,
};

/// A buffer of a kernel: an operand of the op, or memory for the call.
enum Buffer<'c, 'a> {
    Operand(Value<'c, 'a>),
    Temporary,
}

use Buffer::{Operand, Temporary};

impl<'p, 'c: 'a, 'a> Conversion<'p, 'c, 'a> {
    pub(super) fn barrier(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let group = self.group(op, &symbol(op, "group")?)?;
        self.call(op, &group, &kernel::BARRIER, &[])
    }

    pub(super) fn one_shot(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let group = self.group(op, &symbol(op, "group")?)?;
        let (from, to) = (op.operand(0)?, op.operand(1)?);
        if protocol(op)? == Protocol::Push {
            let buffers = [Operand(from), Temporary, Operand(to)];
            return self.call(op, &group, &kernel::ONE_SHOT_PUSH, &buffers);
        }
        if may_overlap(from, to) {
            let buffers = [Operand(from), Temporary, Operand(to)];
            return self.call(op, &group, &kernel::ONE_SHOT_PULL_STAGED, &buffers);
        }
        self.call(
            op,
            &group,
            &kernel::ONE_SHOT_PULL,
            &[Operand(from), Operand(to)],
        )
    }

    pub(super) fn one_shot_copy(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let group = self.group(op, &symbol(op, "group")?)?;
        let (staging, from, to) = (op.operand(0)?, op.operand(1)?, op.operand(2)?);
        if may_overlap(staging, to) {
            let buffers = [Operand(staging), Operand(from), Temporary, Operand(to)];
            return self.call(op, &group, &kernel::COPY_STAGED, &buffers);
        }
        let buffers = [Operand(staging), Operand(from), Operand(to)];
        self.call(op, &group, &kernel::COPY, &buffers)
    }

    pub(super) fn two_shot(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let group = self.group(op, &symbol(op, "group")?)?;
        let buffer = op.operand(0)?;
        match protocol(op)? {
            Protocol::Pull => self.call(op, &group, &kernel::TWO_SHOT_PULL, &[Operand(buffer)]),
            Protocol::Push => {
                let buffers = [Operand(buffer), Temporary, Temporary];
                self.call(op, &group, &kernel::TWO_SHOT_PUSH, &buffers)
            }
        }
    }

    /// Replaces an op by a call of the kernel of an algorithm.
    fn call(
        &mut self,
        op: OperationRef<'c, 'a>,
        group: &Group,
        algorithm: &'static Algorithm,
        buffers: &[Buffer<'c, 'a>],
    ) -> PassResult {
        let b = Builder::before(op);
        let operands: Vec<_> = buffers
            .iter()
            .filter_map(|buffer| match buffer {
                Operand(value) => Some(*value),
                Temporary => None,
            })
            .collect();
        let (
            reduction,
            Operands {
                buffers: operands,
                code,
            },
        ) = match operands.first() {
            None => (
                None,
                Operands {
                    buffers: Vec::new(),
                    code: String::new(),
                },
            ),
            Some(first) => {
                check_space(op, group, algorithm, buffers)?;
                (Some(reduction(&b, op, *first)?), normalize(&b, &operands))
            }
        };
        let mut given = operands.iter().copied();
        let mut temporaries = Vec::new();
        let mut arguments: Vec<_> = buffers
            .iter()
            .zip(algorithm.roles)
            .filter_map(|(buffer, role)| match buffer {
                Operand(_) => given.next(),
                Temporary => {
                    let temporary = allocate(&b, group, algorithm, *role, operands[0]);
                    temporaries.push(temporary);
                    Some(temporary)
                }
            })
            .collect();
        self.declare(&[ENTER, LEAVE]);
        let layout = if code.is_empty() {
            code
        } else {
            format!(".{code}")
        };
        let spec = Spec {
            algorithm,
            group,
            reduction,
            layout: &layout,
        };
        let name = self.kernels.get(&b, &spec, &arguments);
        let phases = algorithm.phases().map(str::to_owned).collect();
        arguments.push(b.i32(self.record(op, group, algorithm.name, phases)));
        b.call(&name, &arguments, &[]);
        for temporary in temporaries {
            b.op("memref.dealloc", &[temporary], &[], &[]);
        }
        self.pass.count("kernels", 1);
        Ok(())
    }
}

/// Peers can reach the buffer of a pulling algorithm only in symmetric memory.
fn check_space<'c: 'a, 'a>(
    op: OperationRef<'c, 'a>,
    group: &Group,
    algorithm: &Algorithm,
    buffers: &[Buffer<'c, 'a>],
) -> PassResult {
    for (buffer, role) in buffers.iter().zip(algorithm.roles) {
        let (Operand(buffer), Role::Symmetric) = (buffer, role) else {
            continue;
        };
        let space = symm_ir::memref::memory_space(buffer.r#type());
        if space.and_then(dialect::symm_mem_group).as_ref() != Some(&group.name) {
            let message = format!(
                "expected a buffer in symmetric memory of @{}, got {}; run \
                 --place-symmetric-buffers first",
                group.name,
                buffer.r#type()
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
    group: &Group,
    algorithm: &Algorithm,
    role: Role,
    like: Value<'c, 'a>,
) -> Value<'c, 'a> {
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

/// Returns the symbol that an attribute of an op names.
pub(super) fn symbol<'c: 'a, 'a>(op: OperationRef<'c, 'a>, name: &str) -> Result<String, Failure> {
    Ok(FlatSymbolRefAttribute::try_from(op.attribute(name)?)?
        .value()
        .to_owned())
}

/// Returns the reduction of an op.
pub(super) fn reduce_op<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Result<ReduceOp, Failure> {
    let attribute = op.attribute("reduce_op")?;
    dialect::ReduceOp::from_attribute(attribute)
        .and_then(|reduce| {
            ReduceOp::ALL
                .into_iter()
                .find(|other| other.name() == reduce.as_str())
        })
        .ok_or_else(|| unknown(op, attribute))
}

fn protocol<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Result<Protocol, Failure> {
    let Ok(attribute) = op.attribute("protocol") else {
        return Ok(Protocol::Pull);
    };
    Protocol::from_attribute(attribute).ok_or_else(|| unknown(op, attribute))
}

fn unknown<'c: 'a, 'a>(op: OperationRef<'c, 'a>, attribute: Attribute<'c>) -> Failure {
    error(
        &op,
        format!("has an attribute that is not known on CPU: {attribute}"),
    )
    .emit()
}
