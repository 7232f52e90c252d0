// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Constants, which are in the artifact as they are.

use crate::{builder::first_result, number_type::element_type};
use melior::ir::{
    Attribute, OperationRef, Type, TypeLike, ValueLike, attribute::TypeAttribute,
    operation::OperationLike,
};
use mlir_sys::mlirIntegerTypeGetWidth;
use symm_ir::{
    diagnostics::{Failure, error},
    memref,
    pass::PassResult,
    resource::{self, is_resource},
    walk,
};

/// Most bytes of the constants and globals of a program. What code refers to has to be
/// within 2 GiB of it.
const MAX_BYTES: u64 = 1 << 30;

/// A global that bufferization takes for one of a tensor, whatever it is.
const TENSOR: &str = "ml_program.global";

/// Adds the bytes of a constant or a global to those so far, and refuses the first one
/// that is too much, or has its values in a resource that does not fit.
pub(super) fn check<'c: 'a, 'a>(op: OperationRef<'c, 'a>, so_far: &mut u64) -> PassResult {
    let (r#type, value) = if walk::is(op, "arith.constant") {
        (first_result(op).r#type(), "value")
    } else if walk::is(op, "memref.global") {
        (global_type(op)?, "initial_value")
    } else if walk::is(op, TENSOR) {
        (global_type(op)?, "value")
    } else {
        return Ok(());
    };
    if walk::is(op, TENSOR) && !(r#type.is_ranked_tensor() && memref::is_static(r#type)) {
        let message = format!("expected a tensor of a known size, got {type}; make it one");
        return Err(error(&op, message).emit());
    }
    let bytes = memref::bytes(r#type).unwrap_or(0);
    *so_far = so_far.saturating_add(bytes);
    if *so_far > MAX_BYTES {
        let message = format!(
            "has {bytes} bytes, with which the constants of the program are more than the \
             {MAX_BYTES} that an artifact holds; pass the values as an argument"
        );
        return Err(error(&op, message).emit());
    }
    let value = op.attribute(value).ok();
    let refusal = value.and_then(|value| misfit(value, r#type, bytes));
    refusal.map_or(Ok(()), |message| Err(error(&op, message).emit()))
}

fn global_type<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Result<Type<'c>, Failure> {
    Ok(TypeAttribute::try_from(op.attribute("type")?)?.value())
}

/// Says why a constant can't have its values in a resource, if it has. LLVM would find
/// out where nobody knows the place any more.
fn misfit(value: Attribute<'_>, r#type: Type<'_>, bytes: u64) -> Option<String> {
    if !is_resource(value) {
        return None;
    }
    if r#type.is_vector() {
        return Some("has a vector in a resource; give it in the text, as dense<...>".to_owned());
    }
    let element = element_type(r#type)?;
    // SAFETY: the type is an integer when it is asked.
    let width = || unsafe { mlirIntegerTypeGetWidth(element.to_raw()) };
    let is_integer = element.is_integer() && [8, 16, 32, 64].contains(&width());
    if !is_integer && !element.is_float() {
        return Some(format!(
            "has values of {element} in a resource; expected floats or integers of 8, 16, 32 or \
             64 bits there, or the values in the text, as dense<...>"
        ));
    }
    match resource::bytes(value) {
        Some(found) if found == bytes => None,
        Some(found) => Some(format!(
            "has its values in a resource of {found} bytes, expected {bytes}"
        )),
        None => Some(
            "has its values in a resource that is not there; give it in dialect_resources"
                .to_owned(),
        ),
    }
}
