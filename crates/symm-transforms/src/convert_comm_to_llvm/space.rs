// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The memory space `#comm.symm_mem` leaves all types.

use melior::ir::{
    Attribute, BlockLike, OperationRef, Type, TypeLike, Value, ValueLike, attribute::TypeAttribute,
    operation::OperationLike, r#type::FunctionType,
};
use symm_ir::{
    context::context_of,
    dialect::symm_mem_group,
    edit::set_attribute,
    memref::{in_memory_space, memory_space},
    walk,
};

/// Strips the memory space from the types of all values and attributes inside an
/// op.
pub(super) fn strip<'c: 'a, 'a>(module: OperationRef<'c, 'a>) {
    for op in walk::collect(module) {
        for result in op.results() {
            strip_value(result.into());
        }
        for region in OperationLike::regions(&op) {
            for block in walk::blocks(region) {
                for index in 0..block.argument_count() {
                    if let Ok(argument) = block.argument(index) {
                        strip_value(argument.into());
                    }
                }
            }
        }
        strip_attributes(op);
    }
}

fn strip_value(value: Value<'_, '_>) {
    let r#type = value.r#type();
    let stripped = stripped(r#type);
    if stripped != r#type {
        // SAFETY: value and type are valid; the verifier sees the module only
        // when all types have changed alike.
        unsafe { mlir_sys::mlirValueSetType(value.to_raw(), stripped.to_raw()) }
    }
}

fn strip_attributes<'c: 'a, 'a>(op: OperationRef<'c, 'a>) {
    let changed: Vec<_> = op
        .attributes()
        .filter_map(|(name, attribute)| {
            let r#type = TypeAttribute::try_from(attribute).ok()?.value();
            let stripped = stripped_in(op, r#type);
            (stripped != r#type).then(|| (name, Attribute::from(TypeAttribute::new(stripped))))
        })
        .collect();
    for (name, attribute) in changed {
        let name = name.as_string_ref();
        set_attribute(op, name.as_str().unwrap_or_default(), attribute);
    }
}

/// Returns a type, or a function's types, without the memory space.
fn stripped_in<'c: 'a, 'a>(op: OperationRef<'c, 'a>, r#type: Type<'c>) -> Type<'c> {
    let Ok(function) = FunctionType::try_from(r#type) else {
        return stripped(r#type);
    };
    let inputs: Vec<_> = (0..function.input_count())
        .filter_map(|i| function.input(i).ok())
        .map(stripped)
        .collect();
    let results: Vec<_> = (0..function.result_count())
        .filter_map(|i| function.result(i).ok())
        .map(stripped)
        .collect();
    FunctionType::new(context_of(&op), &inputs, &results).into()
}

fn stripped(r#type: Type<'_>) -> Type<'_> {
    match memory_space(r#type).and_then(symm_mem_group) {
        Some(_) => in_memory_space(r#type, None),
        None => r#type,
    }
}
