// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--separate-results`: no two results of a function share memory.

use crate::{
    builder::{Builder, memref_type},
    overlap::{is_function_argument, root},
};
use melior::ir::{
    OperationRef, TypeLike, Value, ValueLike, operation::OperationLike, r#type::MemRefType,
};
use mlir_sys::mlirGetDialectHandle__memref__;
use symm_ir::{
    edit::set_operand,
    memref::{dynamic_dimensions, fresh, is_memref, memory_space},
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    value::{Origin, origin},
    walk,
};

/// Copies results that may share memory with one before them.
pub static SEPARATE_RESULTS: PassDef = PassDef {
    argument: "separate-results",
    summary: "Copy results of functions that may share memory with one another",
    description: "
`--ownership-based-buffer-deallocation` makes the caller free each memref that a function
returns, and frees a buffer twice that is returned twice. This pass copies a returned
memref where it may share memory with one that is returned before it: where both are the
same value, views of one allocation, or come out of control flow.

Runs on bufferized IR, before deallocations are inserted.
",
    anchor: None,
    options: &[],
    statistics: &[StatisticDef {
        name: "copies",
        description: "results that were copied",
    }],
    dependent_dialects: &[mlirGetDialectHandle__memref__],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    for op in walk::collect_named(pass.operation(), "func.return") {
        let returned: Vec<_> = op.operands().collect();
        let owners: Vec<_> = returned.iter().map(|value| owner(*value)).collect();
        for index in 1..returned.len() {
            let shares = owners[..index]
                .iter()
                .any(|other| owners[index].may_share(other));
            if shares && returned[index].r#type().is_mem_ref() {
                let copy = copy(op, returned[index]);
                set_operand(op, index, copy);
                pass.count("copies", 1);
            }
        }
    }
    Ok(())
}

/// Who is to free a returned value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// Nobody: it is no memref, or an argument, of which the caller gets a copy.
    Nobody,
    /// Whoever has this allocation, which nothing else is part of.
    Allocation(usize),
    /// It is not seen.
    Unknown,
}

impl Owner {
    fn may_share(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nobody, _) | (_, Self::Nobody) => false,
            (Self::Allocation(one), Self::Allocation(other)) => one == other,
            _ => true,
        }
    }
}

fn owner<'c: 'a, 'a>(value: Value<'c, 'a>) -> Owner {
    if !is_memref(value.r#type()) {
        return Owner::Nobody;
    }
    let root = root(value);
    match origin(root) {
        // Results of calls belong to this function, each by itself.
        Origin::Result(op, _) if is_allocation(op) || walk::is(op, "func.call") => {
            Owner::Allocation(root.to_raw().ptr as usize)
        }
        Origin::Argument(..) if is_function_argument(root) => Owner::Nobody,
        _ => Owner::Unknown,
    }
}

fn is_allocation(op: OperationRef<'_, '_>) -> bool {
    walk::is(op, "memref.alloc") || walk::is(op, "memref.alloca")
}

/// Builds a copy before an op, of the same type.
fn copy<'c: 'a, 'a>(op: OperationRef<'c, 'a>, buffer: Value<'c, 'a>) -> Value<'c, 'a> {
    let b = Builder::before(op);
    let r#type = fresh(buffer.r#type(), memory_space(buffer.r#type()));
    let r#type = MemRefType::try_from(r#type).expect("a ranked memref");
    let sizes: Vec<_> = dynamic_dimensions(buffer.r#type())
        .into_iter()
        .map(|dimension| b.dim(buffer, dimension))
        .collect();
    let copy = b.allocate("memref.alloc", r#type, &sizes);
    b.copy(buffer, copy);
    b.cast(copy, memref_type(buffer))
}
