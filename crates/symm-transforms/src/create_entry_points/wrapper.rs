// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The wrapper of one function.

use super::signature::{Signature, Value as Described};
use crate::builder::{Builder, shape};
use melior::ir::{
    ShapedTypeLike, Type, Value, attribute::StringAttribute, operation::OperationLike,
    r#type::MemRefType,
};
use symm_ir::edit::set_attribute;

/// Builds the wrapper `symbol` of the function `name`.
pub(super) fn build<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    name: &str,
    symbol: &str,
    signature: &Signature<'c>,
) {
    let wrapper = b.function(symbol, &[b.pointer_type()], &[], |b, arguments| {
        body(b, name, signature, arguments[0]);
        b.op("func.return", &[], &[], &[]);
    });
    let public = StringAttribute::new(b.context(), "public");
    set_attribute(wrapper, "sym_visibility", public.into());
}

fn body<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    name: &str,
    signature: &Signature<'c>,
    descriptors: Value<'c, 'a>,
) {
    let mut copies = Vec::new();
    let mut inputs = Vec::new();
    for (index, argument) in signature.arguments.iter().enumerate() {
        let given = buffer(b, descriptors, index, argument);
        if argument.r#type.memory_space().is_none() {
            inputs.push(given);
            continue;
        }
        let copy = b.allocate("memref.alloc", row_major(argument.r#type), &[]);
        b.copy(given, copy);
        inputs.push(b.cast(copy, argument.r#type));
        copies.push(copy);
    }
    let types: Vec<Type<'c>> = signature
        .results
        .iter()
        .map(|result| result.r#type.into())
        .collect();
    let call = b.call(name, &inputs, &types);
    for (index, (result, described)) in call.results().zip(&signature.results).enumerate() {
        let index = signature.arguments.len() + index;
        let result: Value<'c, 'a> = result.into();
        b.copy(result, buffer(b, descriptors, index, described));
        b.op("memref.dealloc", &[result], &[], &[]);
    }
    for copy in copies {
        b.op("memref.dealloc", &[copy], &[], &[]);
    }
}

/// Builds the buffer that the runtime gave at a position: in ordinary memory,
/// with the layout of the type where the function is called with it.
fn buffer<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    descriptors: Value<'c, 'a>,
    index: usize,
    described: &Described<'c>,
) -> Value<'c, 'a> {
    let r#type = described.r#type;
    let layout = (!symm_ir::memref::has_identity_layout(r#type.into())).then(|| r#type.layout());
    let r#type = MemRefType::new(r#type.element(), &shape(r#type), layout, None);
    let address = b.load_from(b.offset_by(descriptors, 8 * index), b.pointer_type());
    let descriptor = b.load_from(address, b.descriptor_type(r#type.rank()));
    b.unrealized(descriptor, r#type.into())
}

/// Returns the type of a row-major buffer in the memory space of a type.
fn row_major(r#type: MemRefType<'_>) -> MemRefType<'_> {
    MemRefType::new(
        r#type.element(),
        &shape(r#type),
        None,
        r#type.memory_space(),
    )
}
