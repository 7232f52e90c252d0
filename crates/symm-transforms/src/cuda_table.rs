// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What a program asks of the GPU, which the module carries as the attribute
//! `symm.cuda` until it becomes part of the artifact's manifest.
//!
//! The attribute is [`symm_abi::cuda::Cuda`] in MLIR's spelling: structures are
//! dictionaries, lists arrays, numbers integers of 64 bits.

use melior::{
    Context,
    ir::{
        Attribute, Identifier, OperationRef,
        attribute::{
            ArrayAttribute, BoolAttribute, DictionaryAttribute, IntegerAttribute, StringAttribute,
        },
        operation::OperationLike,
        r#type::IntegerType,
    },
};
use serde_json::{Map, Number, Value};
use symm_abi::cuda::Cuda;
use symm_ir::{diagnostics::Failure, edit::set_attribute, text};

/// The name of the attribute.
pub const ATTRIBUTE: &str = "symm.cuda";

/// Returns what a module asks of the GPU; nothing yet, of a chip, where it has no
/// such attribute.
///
/// # Errors
///
/// Fails where the attribute has another form.
pub fn read<'c: 'a, 'a>(module: OperationRef<'c, 'a>, chip: &str) -> Result<Cuda, Failure> {
    let Ok(attribute) = module.attribute(ATTRIBUTE) else {
        return Ok(Cuda {
            chip: chip.to_owned(),
            modules: Vec::new(),
            kernels: Vec::new(),
            all_reduces: Vec::new(),
            matmuls: Vec::new(),
            constants: Vec::new(),
            arena_bytes: None,
        });
    };
    serde_json::from_value(from_attribute(attribute)).map_err(|reason| {
        Failure::Message(format!(
            "has a malformed {ATTRIBUTE}, the compiler's own attribute: {reason}; take it away"
        ))
    })
}

/// Gives a module what it asks of the GPU.
pub fn write<'c: 'a, 'a>(context: &'c Context, module: OperationRef<'c, 'a>, cuda: &Cuda) {
    let value = serde_json::to_value(cuda).expect("its keys are strings");
    set_attribute(module, ATTRIBUTE, to_attribute(context, &value));
}

fn to_attribute<'c>(context: &'c Context, value: &Value) -> Attribute<'c> {
    match value {
        Value::Null => Attribute::unit(context),
        Value::Bool(value) => BoolAttribute::new(context, *value).into(),
        Value::Number(number) => {
            let wide = IntegerType::new(context, 64).into();
            IntegerAttribute::new(wide, number.as_i64().unwrap_or(i64::MAX)).into()
        }
        Value::String(text) => StringAttribute::new(context, text).into(),
        Value::Array(values) => {
            let values: Vec<_> = values
                .iter()
                .map(|value| to_attribute(context, value))
                .collect();
            ArrayAttribute::new(context, &values).into()
        }
        Value::Object(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (Identifier::new(context, name), to_attribute(context, value)))
                .collect();
            DictionaryAttribute::new(context, &fields).into()
        }
    }
}

fn from_attribute(attribute: Attribute<'_>) -> Value {
    if let Ok(fields) = DictionaryAttribute::try_from(attribute) {
        return Value::Object(fields_of(fields));
    }
    if let Ok(list) = ArrayAttribute::try_from(attribute) {
        let elements = (0..list.len()).filter_map(|index| list.element(index).ok());
        return Value::Array(elements.map(from_attribute).collect());
    }
    if let Some(text) = text::of(attribute) {
        return Value::String(text);
    }
    // A boolean is an integer of one bit.
    if let Ok(value) = BoolAttribute::try_from(attribute) {
        return Value::Bool(value.value());
    }
    match IntegerAttribute::try_from(attribute) {
        Ok(integer) => Value::Number(Number::from(integer.value())),
        Err(_) => Value::Null,
    }
}

fn fields_of(fields: DictionaryAttribute<'_>) -> Map<String, Value> {
    (0..fields.len())
        .filter_map(|index| fields.element(index).ok())
        .map(|(name, value)| {
            // SAFETY: the identifier is one of the attribute's.
            let name = unsafe { text::identifier(name.to_raw()) };
            (name, from_attribute(value))
        })
        .collect()
}
