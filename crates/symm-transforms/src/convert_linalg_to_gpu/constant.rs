// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! memref.global constant @c = dense<…>; %c = memref.get_global @c
//!   →   section .symm.const.N of the artifact; %c = descriptor of call @symm_rt.constant(N)
//! ```
//! The runtime puts sections into the memory of the GPU. Globals that may change, and ones of elements that lie otherwise
//! in an array of LLVM than in a buffer, are errors.

use super::element;
use crate::{
    attributes,
    builder::{Builder, erase, first_result, memref_type, shape},
    runtime::CONSTANT,
};
use melior::{
    dialect::llvm::{
        self,
        attributes::{Linkage, linkage},
    },
    ir::{
        Attribute, OperationRef, Region, ShapedTypeLike, Type, ValueLike,
        attribute::{DenseElementsAttribute, StringAttribute, TypeAttribute},
        operation::OperationLike,
        r#type::MemRefType,
    },
};
use std::collections::HashMap;
use symm_abi::cuda::{Constant, Cuda};
use symm_ir::{
    diagnostics::{Failure, error},
    memref::bytes,
    pass::PassResult,
    resource::is_resource,
    text,
    value::replace_all_uses,
    walk,
};

/// Prefix of the names of sections that hold constants.
pub const SECTION: &str = ".symm.const.";

/// Turns the constants of a module that it uses into sections.
pub(super) fn convert<'c: 'a, 'a>(module: OperationRef<'c, 'a>, cuda: &mut Cuda) -> PassResult {
    let mut numbers = HashMap::new();
    for op in walk::collect_named(module, "memref.get_global") {
        let name = attributes::symbol(op, "name")?;
        let number = match numbers.get(&name) {
            Some(number) => *number,
            None => {
                let number = enter(op, find(module, op, &name)?, cuda)?;
                numbers.insert(name, number);
                number
            }
        };
        replace(op, number);
    }
    for op in walk::collect_named(module, "memref.global") {
        erase(op);
    }
    Ok(())
}

fn find<'c: 'a, 'a>(
    module: OperationRef<'c, 'a>,
    user: OperationRef<'c, 'a>,
    name: &str,
) -> Result<OperationRef<'c, 'a>, Failure> {
    let is_named = |op: &OperationRef<'c, 'a>| {
        walk::is(*op, "memref.global") && text::symbol_name(*op).as_deref() == Some(name)
    };
    let found = walk::children(module).find(is_named);
    found.ok_or_else(|| error(&user, format!("uses unknown global @{name}")).emit())
}

/// Makes a constant a section; returns its number.
fn enter<'c: 'a, 'a>(
    user: OperationRef<'c, 'a>,
    global: OperationRef<'c, 'a>,
    cuda: &mut Cuda,
) -> Result<u32, Failure> {
    let r#type = memref_type(first_result(user));
    let value = values(global).ok_or_else(|| {
        let message = "is of a global that may change, which there are none of on a GPU; pass the \
                       buffer as an argument, or make the global a constant";
        error(&user, message).emit()
    })?;
    let b = Builder::before(global);
    let context = b.context();
    let element = element::of(context, r#type.element());
    let (element, bytes) = element.zip(bytes(r#type.into())).ok_or_else(|| {
        let message = format!(
            "is a constant of {}, of which an artifact has no arrays that lie as the buffers of a \
             GPU do; use elements of 1, 8, 16, 32 or 64 bits, and convert them",
            r#type.element()
        );
        error(&user, message).emit()
    })?;
    let number = cuda.constants.len() as u32;
    let section = format!("{SECTION}{number}");
    let attributes = [
        (
            "sym_name",
            StringAttribute::new(context, section.trim_start_matches('.')).into(),
        ),
        (
            "global_type",
            TypeAttribute::new(array(element, r#type)).into(),
        ),
        ("linkage", linkage(context, Linkage::Internal)),
        ("constant", Attribute::unit(context)),
        ("section", StringAttribute::new(context, &section).into()),
        ("addr_space", b.int_attr(32, 0)),
        ("value", value),
    ];
    b.op_with_regions(
        "llvm.mlir.global",
        &[],
        &[],
        &attributes,
        vec![Region::new()],
    );
    cuda.constants.push(Constant { section, bytes });
    Ok(number)
}

/// Replaces a use of a constant by its address on the GPU.
fn replace<'c: 'a, 'a>(op: OperationRef<'c, 'a>, number: u32) {
    let b = Builder::before(op);
    let result = first_result(op);
    let r#type = memref_type(result);
    let address = CONSTANT.call_value(&b, &[b.i32(i64::from(number))]);
    let wide = b.int_type(64);
    let extents = shape(r#type);
    let (strides, _) = r#type.strides_and_offset();
    let sizes: Vec<_> = extents.iter().map(|extent| b.int(wide, *extent)).collect();
    let strides: Vec<_> = strides.iter().map(|stride| b.int(wide, *stride)).collect();
    let descriptor = b.descriptor(address, &sizes, &strides);
    replace_all_uses(result, b.unrealized(descriptor, result.r#type()));
    erase(op);
}

/// Returns the values of a constant, which are in the program's text or beside it.
fn values<'c: 'a, 'a>(global: OperationRef<'c, 'a>) -> Option<Attribute<'c>> {
    let value = global.attribute("initial_value").ok()?;
    let is_dense = DenseElementsAttribute::try_from(value).is_ok() || is_resource(value);
    (global.has_attribute("constant") && is_dense).then_some(value)
}

/// Returns arrays of arrays, of the shape of a buffer.
fn array<'c>(element: Type<'c>, buffer: MemRefType<'c>) -> Type<'c> {
    let extents = shape(buffer).into_iter().rev();
    extents.fold(element, |of, extent| llvm::r#type::array(of, extent as u32))
}
