// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What a function takes and returns, where the runtime can give and take it.

use crate::{
    builder::{dynamic, shape},
    entry_table,
};
use melior::ir::{
    BlockLike, OperationRef, RegionLike, ShapedTypeLike, Type,
    attribute::TypeAttribute,
    operation::OperationLike,
    r#type::{FunctionType, MemRefType},
};
use symm_abi::DType;
use symm_ir::{
    diagnostics::{Failure, error_at},
    memref, place, text,
};

/// An argument or a result.
pub(super) struct Value<'c> {
    /// Its name for people.
    pub(super) name: String,
    /// Its type in the function.
    pub(super) r#type: MemRefType<'c>,
    dtype: DType,
    shape: Vec<i64>,
}

/// What a function takes and returns.
pub(super) struct Signature<'c> {
    pub(super) arguments: Vec<Value<'c>>,
    pub(super) results: Vec<Value<'c>>,
}

impl From<&Value<'_>> for entry_table::Value {
    fn from(value: &Value<'_>) -> Self {
        Self {
            name: value.name.clone(),
            dtype: value.dtype,
            shape: value.shape.clone(),
        }
    }
}

impl<'c> Signature<'c> {
    /// Returns the signature of a function.
    ///
    /// # Errors
    ///
    /// Reports the first argument or result that the runtime cannot give or take.
    pub(super) fn of<'a>(function: OperationRef<'c, 'a>) -> Result<Self, Failure>
    where
        'c: 'a,
    {
        let r#type = FunctionType::try_from(
            TypeAttribute::try_from(function.attribute("function_type")?)?.value(),
        )?;
        let mut arguments = Vec::new();
        for index in 0..r#type.input_count() {
            let (what, name) = match argument_name(function, index) {
                Some(name) => (format!("argument #{index} '{name}'"), name),
                None => (format!("argument #{index}"), format!("arg{index}")),
            };
            arguments.push(Value::of(function, &what, name, r#type.input(index)?)?);
        }
        let mut results = Vec::new();
        for index in 0..r#type.result_count() {
            let what = format!("result #{index}");
            let name = format!("out{index}");
            results.push(Value::of(function, &what, name, r#type.result(index)?)?);
        }
        number_repeated(&mut arguments);
        Ok(Self { arguments, results })
    }
}

/// Names by position the arguments whose names are not their own.
fn number_repeated(arguments: &mut [Value<'_>]) {
    let names: Vec<_> = arguments
        .iter()
        .map(|argument| argument.name.clone())
        .collect();
    for (index, argument) in arguments.iter_mut().enumerate() {
        if names.iter().filter(|name| **name == argument.name).count() > 1 {
            argument.name = format!("arg{index}");
        }
    }
}

/// Returns the name that the location of an argument gives it.
fn argument_name<'c: 'a, 'a>(function: OperationRef<'c, 'a>, index: usize) -> Option<String> {
    let block = function.region(0).ok()?.first_block()?;
    let argument = block.argument(index).ok()?;
    // SAFETY: the argument is valid.
    let location = unsafe {
        use melior::ir::{Location, ValueLike};
        Location::from_raw(mlir_sys::mlirValueGetLocation(argument.to_raw()))
    };
    place::name(location).filter(|name| !name.is_empty())
}

impl<'c> Value<'c> {
    fn of<'a>(
        function: OperationRef<'c, 'a>,
        what: &str,
        name: String,
        r#type: Type<'c>,
    ) -> Result<Self, Failure>
    where
        'c: 'a,
    {
        let refuse = |expected: &str| {
            let entry = text::symbol_name(function).unwrap_or_default();
            let message =
                format!("@{entry} is an entry: expected {what} to be {expected}, got {type}");
            error_at(function.location(), message).emit()
        };
        let Ok(buffer) = MemRefType::try_from(r#type) else {
            return Err(refuse("a ranked tensor or memref"));
        };
        let Some(dtype) = DType::from_name(&buffer.element().to_string()) else {
            return Err(refuse("of an element type that collectives can move"));
        };
        let shape = shape(buffer);
        if shape.contains(&dynamic()) {
            return Err(refuse("of static shape"));
        }
        if memref::bytes(r#type).is_none_or(|bytes| i64::try_from(bytes).is_err()) {
            return Err(refuse("of less than 2^63 bytes"));
        }
        if !may_be_contiguous(buffer) {
            return Err(refuse("row-major and contiguous"));
        }
        Ok(Self {
            name,
            r#type: buffer,
            dtype,
            shape,
        })
    }
}

/// Says whether a type can describe a row-major buffer without gaps.
pub(crate) fn may_be_contiguous(r#type: MemRefType<'_>) -> bool {
    let (strides, offset) = r#type.strides_and_offset();
    let mut expected: i64 = 1;
    let mut matches = offset == 0 || offset == dynamic();
    for (extent, stride) in shape(r#type).iter().zip(&strides).rev() {
        matches &= *extent == 1 || *stride == expected || *stride == dynamic();
        expected = expected.saturating_mul(*extent);
    }
    matches
}
