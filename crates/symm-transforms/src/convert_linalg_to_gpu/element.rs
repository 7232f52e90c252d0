// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Elements of constants, as LLVM has them in arrays.

use melior::{
    Context,
    dialect::llvm,
    ir::{Type, TypeLike, r#type::IntegerType},
};
use mlir_sys::{mlirComplexTypeGetElementType, mlirIntegerTypeGetWidth};

/// Floats of LLVM.
const FLOATS: [&str; 4] = ["f16", "bf16", "f32", "f64"];

/// Floats that LLVM has as bytes.
const SMALL_FLOATS: [&str; 2] = ["f8E4M3FN", "f8E5M2"];

/// Returns what an element is in LLVM, if it takes as many bytes there as in a buffer of
/// the GPU.
pub(super) fn of<'c>(context: &'c Context, element: Type<'c>) -> Option<Type<'c>> {
    let integer = |width| Some(IntegerType::new(context, width).into());
    let name = element.to_string();
    if element.is_index() {
        return integer(64);
    }
    if SMALL_FLOATS.contains(&name.as_str()) {
        return integer(8);
    }
    if element.is_integer() {
        // SAFETY: the type is an integer.
        let width = unsafe { mlirIntegerTypeGetWidth(element.to_raw()) };
        return [1, 8, 16, 32, 64]
            .contains(&width)
            .then(|| integer(width))?;
    }
    if element.is_complex() {
        // SAFETY: the type is that of complex numbers.
        let part = unsafe { Type::from_raw(mlirComplexTypeGetElementType(element.to_raw())) };
        let part = is_float(part).then_some(part)?;
        return Some(llvm::r#type::r#struct(context, &[part, part], false));
    }
    is_float(element).then_some(element)
}

fn is_float(r#type: Type<'_>) -> bool {
    FLOATS.contains(&r#type.to_string().as_str())
}
