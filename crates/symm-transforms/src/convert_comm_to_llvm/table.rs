// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The functions of the runtime get bodies that go through its table.

use crate::{
    builder::{Builder, erase, first_result},
    runtime::{self, Function, Structure},
};
use melior::{
    Context,
    dialect::llvm::{
        self,
        attributes::{Linkage, linkage},
    },
    ir::{
        BlockRef, OperationRef, Region, RegionLike, Type, Value,
        attribute::{DenseI32ArrayAttribute, StringAttribute, TypeAttribute},
        operation::OperationLike,
    },
};
use std::mem::offset_of;
use symm_abi::{RUNTIME_SYMBOL, RuntimeTable};
use symm_ir::{diagnostics::Failure, flow::symbol_references, text::symbol_name, walk};

/// What `--finalize-memref-to-llvm` calls for ordinary buffers.
const ALLOCATE: &str = "_mlir_memref_to_llvm_alloc";
const FREE: &str = "_mlir_memref_to_llvm_free";

/// Alignment of ordinary buffers: a cache line.
const ALIGNMENT: i64 = 64;

/// Defines the pointer to the table and the functions that are used.
pub(super) fn define<'c: 'a, 'a>(
    context: &'c Context,
    module: OperationRef<'c, 'a>,
) -> Result<(), Failure> {
    let body = module
        .region(0)?
        .first_block()
        .ok_or("the module has no body".to_owned())?;
    let b = Builder::at_end(context, module.location(), body);
    let is_symbol =
        |name: &str| walk::children(module).any(|op| symbol_name(op).as_deref() == Some(name));
    if !is_symbol(RUNTIME_SYMBOL) {
        global(&b);
    }
    if !is_symbol(ALLOCATE) {
        host_memory(&b);
    }
    let used: Vec<String> = walk::collect(module)
        .into_iter()
        .filter(|op| walk::is(*op, "func.call"))
        .flat_map(symbol_references)
        .collect();
    for function in runtime::FUNCTIONS {
        if used.iter().any(|name| name == function.name) {
            define_function(&b, body, &function);
        }
    }
    Ok(())
}

fn define_function<'c: 'a, 'a>(b: &Builder<'c, 'a>, body: BlockRef<'c, 'a>, function: &Function) {
    for op in walk::operations(body) {
        if symbol_name(op).as_deref() == Some(function.name) {
            let is_defined = op
                .region(0)
                .is_ok_and(|region| region.first_block().is_some());
            if is_defined {
                return;
            }
            erase(op);
        }
    }
    let (inputs, results) = function.types(b);
    b.function(function.name, &inputs, &results, |b, arguments| {
        let entry = entry(b, function.offset);
        let result = match function.structure {
            Some(layout) => call(b, entry, &[structure(b, layout, arguments)], &results),
            None => call(b, entry, arguments, &results),
        };
        b.op("func.return", result.as_slice(), &[], &[]);
    });
}

/// Builds the address of a function of the table.
fn entry<'c: 'a, 'a>(b: &Builder<'c, 'a>, offset: usize) -> Value<'c, 'a> {
    let pointer = b.pointer_type();
    let table = b.load_from(b.address_of(RUNTIME_SYMBOL), pointer);
    b.load_from(b.offset_by(table, offset), pointer)
}

fn call<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    callee: Value<'c, 'a>,
    arguments: &[Value<'c, 'a>],
    results: &[Type<'c>],
) -> Option<Value<'c, 'a>> {
    let operands: Vec<_> = [callee]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect();
    let segments = DenseI32ArrayAttribute::new(b.context(), &[operands.len() as i32, 0]);
    let bundles = DenseI32ArrayAttribute::new(b.context(), &[]);
    let op = b.op(
        "llvm.call",
        &operands,
        results,
        &[
            ("operandSegmentSizes", segments.into()),
            ("op_bundle_sizes", bundles.into()),
        ],
    );
    (!results.is_empty()).then(|| first_result(op))
}

/// Builds a structure of arguments on the stack.
fn structure<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    layout: Structure,
    arguments: &[Value<'c, 'a>],
) -> Value<'c, 'a> {
    let memory = b.stack(layout.size);
    for (argument, offset) in arguments.iter().zip(layout.offsets) {
        b.store_to(*argument, b.offset_by(memory, *offset));
    }
    memory
}

/// Builds the pointer that the runtime sets.
fn global<'c: 'a, 'a>(b: &Builder<'c, 'a>) {
    let pointer = b.pointer_type();
    let initial = b.nested(&[], |b, _| {
        let null = b.value("llvm.mlir.zero", &[], pointer, &[]);
        b.op("llvm.return", &[null], &[], &[]);
    });
    let attributes = [
        (
            "sym_name",
            StringAttribute::new(b.context(), RUNTIME_SYMBOL).into(),
        ),
        ("global_type", TypeAttribute::new(pointer).into()),
        ("linkage", linkage(b.context(), Linkage::External)),
        ("addr_space", b.int_attr(32, 0)),
    ];
    b.op_with_regions("llvm.mlir.global", &[], &[], &attributes, vec![initial]);
}

/// Builds the functions that allocate and free ordinary buffers.
fn host_memory<'c: 'a, 'a>(b: &Builder<'c, 'a>) {
    let (pointer, wide) = (b.pointer_type(), b.int_type(64));
    let body = b.nested(&[wide], |b, arguments| {
        let entry = entry(b, offset_of!(RuntimeTable, host_alloc));
        let result = call(
            b,
            entry,
            &[arguments[0], b.int(wide, ALIGNMENT)],
            &[pointer],
        );
        b.op("llvm.return", result.as_slice(), &[], &[]);
    });
    llvm_function(
        b,
        ALLOCATE,
        llvm::r#type::function(pointer, &[wide], false),
        body,
    );
    let body = b.nested(&[pointer], |b, arguments| {
        call(
            b,
            entry(b, offset_of!(RuntimeTable, host_free)),
            arguments,
            &[],
        );
        b.op("llvm.return", &[], &[], &[]);
    });
    let r#type = llvm::r#type::function(llvm::r#type::void(b.context()), &[pointer], false);
    llvm_function(b, FREE, r#type, body);
}

fn llvm_function<'c: 'a, 'a>(b: &Builder<'c, 'a>, name: &str, r#type: Type<'c>, body: Region<'c>) {
    let attributes = [
        ("sym_name", StringAttribute::new(b.context(), name).into()),
        ("function_type", TypeAttribute::new(r#type).into()),
        ("linkage", linkage(b.context(), Linkage::Internal)),
    ];
    b.op_with_regions("llvm.func", &[], &[], &attributes, vec![body]);
}
