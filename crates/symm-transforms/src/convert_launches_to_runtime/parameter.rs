// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What a kernel gets of a value: of a buffer its address and what its type does not tell, of a
//! number as many bytes as PTX has parameters of.

use crate::builder::{Builder, Field, dynamic, memref_type, shape};
use melior::ir::{
    OperationRef, ShapedTypeLike, Type, TypeLike, Value, ValueLike, r#type::MemRefType,
};
use symm_ir::{
    diagnostics::{Failure, error},
    memref::{number_bits, stored_bits},
};

/// Bits of the widest number that a parameter is.
const WORD: u32 = 64;

/// A field of a buffer's descriptor, and the number that it is where the type tells.
type FieldOf = (Field, Option<usize>, Option<i64>);

/// Returns the types of the parameters of a value; fails for what no kernel takes.
pub(super) fn types<'c: 'a, 'a>(b: &Builder<'c, 'a>, of: Type<'c>) -> Option<Vec<Type<'c>>> {
    if let Ok(memref) = MemRefType::try_from(of) {
        let numbers = fields(memref).filter(|(.., known)| known.is_none()).count();
        let mut types = vec![b.pointer_type()];
        types.resize(1 + numbers, b.int_type(WORD));
        return Some(types);
    }
    match number_bits(of) {
        _ if of.is_index() => Some(vec![of]),
        Some(16 | 32 | 64) if of.is_float() => Some(vec![of]),
        Some(8) if of.is_float() => Some(vec![b.int_type(8)]),
        Some(bits) if of.is_integer() && bits <= WORD => Some(vec![b.int_type(stored_bits(bits))]),
        Some(bits) if of.is_integer() => Some(vec![b.int_type(WORD); bits.div_ceil(WORD) as usize]),
        _ => None,
    }
}

/// Reports a value that no kernel takes.
pub(super) fn refuse<'c: 'a, 'a>(op: OperationRef<'c, 'a>, r#type: Type<'c>) -> Failure {
    let message = format!(
        "cannot pass {type} to a kernel; pass integers, floats of up to {WORD} bits or ranked buffers"
    );
    error(&op, message).emit()
}

/// Returns the bytes of parameters, each of which is aligned to its size.
pub(super) fn bytes(types: &[Type<'_>]) -> usize {
    types.iter().fold(0, |before, r#type| {
        let own = number_bits(*r#type).map_or(8, |bits| bits as usize / 8);
        before.next_multiple_of(own) + own
    })
}

/// Builds the parameters of a value, which have these types, in the host code.
pub(super) fn pass<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    value: Value<'c, 'a>,
    types: &[Type<'c>],
) -> Vec<Value<'c, 'a>> {
    let of = value.r#type();
    if of.is_mem_ref() {
        let memref = memref_type(value);
        let descriptor = b.descriptor_of(value, memref);
        let numbers = fields(memref).filter(|(.., known)| known.is_none());
        let numbers = numbers.map(|(field, dimension, _)| b.field(descriptor, field, dimension));
        return [b.field(descriptor, Field::Aligned, None)]
            .into_iter()
            .chain(numbers)
            .collect();
    }
    if of.is_index() {
        return vec![b.index_cast(value, b.int_type(WORD))];
    }
    if of.is_float() {
        return vec![b.convert("arith.bitcast", value, types[0])];
    }
    if let [r#type] = types {
        return vec![b.convert("arith.extui", value, *r#type)];
    }
    let wide = b.int_type(WORD * types.len() as u32);
    let value = b.convert("arith.extui", value, wide);
    let word = |(index, r#type): (usize, &Type<'c>)| {
        let distance = b.int(wide, index as i64 * i64::from(WORD));
        b.convert(
            "arith.trunci",
            b.binary("arith.shrui", value, distance),
            *r#type,
        )
    };
    types.iter().enumerate().map(word).collect()
}

/// Builds a value out of its parameters, in the kernel.
pub(super) fn receive<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    of: Type<'c>,
    parameters: &[Value<'c, 'a>],
) -> Value<'c, 'a> {
    if let Ok(memref) = MemRefType::try_from(of) {
        return b.unrealized(descriptor(b, memref, parameters), of);
    }
    if of.is_float() {
        return b.convert("arith.bitcast", parameters[0], of);
    }
    if let [parameter] = parameters {
        return b.convert("arith.trunci", *parameter, of);
    }
    let wide = b.int_type(WORD * parameters.len() as u32);
    let word = |(index, parameter): (usize, &Value<'c, 'a>)| {
        let distance = b.int(wide, index as i64 * i64::from(WORD));
        b.binary(
            "arith.shli",
            b.convert("arith.extui", *parameter, wide),
            distance,
        )
    };
    let words = parameters.iter().enumerate().map(word);
    let value = words.reduce(|all, word| b.binary("arith.ori", all, word));
    b.convert("arith.trunci", value.unwrap_or_else(|| b.int(wide, 0)), of)
}

fn descriptor<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    memref: MemRefType<'c>,
    parameters: &[Value<'c, 'a>],
) -> Value<'c, 'a> {
    let (address, mut numbers) = (parameters[0], parameters[1..].iter());
    let r#type = b.descriptor_type(memref.rank());
    let mut descriptor = b.value("llvm.mlir.poison", &[], r#type, &[]);
    for field in [Field::Allocated, Field::Aligned] {
        descriptor = b.with_field(descriptor, field, None, address);
    }
    for (field, dimension, known) in fields(memref) {
        let number = match known {
            Some(known) => b.int(b.int_type(WORD), known),
            None => *numbers
                .next()
                .expect("a parameter for each that is not known"),
        };
        descriptor = b.with_field(descriptor, field, dimension, number);
    }
    descriptor
}

/// Returns the fields of a buffer's descriptor that are numbers.
fn fields(memref: MemRefType<'_>) -> impl Iterator<Item = FieldOf> {
    let (strides, offset) = memref.strides_and_offset();
    let of = |field, numbers: Vec<i64>| {
        let numbers = numbers.into_iter().enumerate();
        numbers.map(move |(dimension, number)| (field, Some(dimension), number))
    };
    [(Field::Offset, None, offset)]
        .into_iter()
        .chain(of(Field::Sizes, shape(memref)))
        .chain(of(Field::Strides, strides))
        .map(|(field, dimension, number)| {
            (field, dimension, (number != dynamic()).then_some(number))
        })
}
