// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Reductions: which ops are ones that the threads of a block can share.

use melior::{
    Context,
    ir::{
        Attribute, BlockLike, BlockRef, OperationRef, RegionLike, Type, Value,
        attribute::DenseI32ArrayAttribute, operation::OperationLike, r#type::RankedTensorType,
    },
};
use mlir_sys::{mlirDenseElementsAttrGetSplatValue, mlirDenseElementsAttrRawBufferGet};
use symm_abi::DType;
use symm_ir::{
    linalg::{Position, parallel_loops, positions},
    value::{defining_op, operand, uses},
    walk,
};

/// A `linalg.generic` that combines many values into each element of its result.
pub(super) struct Reduction<'c, 'a> {
    /// What it is computed by: one block.
    pub(super) body: BlockRef<'c, 'a>,
    /// The op that combines.
    pub(super) combiner: OperationRef<'c, 'a>,
    /// What is combined with what there is already.
    pub(super) combined: Value<'c, 'a>,
    /// Inputs and where an iteration is in them.
    pub(super) inputs: Vec<(Value<'c, 'a>, Vec<Position<'c>>)>,
    /// The result and where an iteration is in it.
    pub(super) result: (Value<'c, 'a>, Vec<Position<'c>>),
    /// For each loop, whether it is parallel.
    pub(super) is_parallel: Vec<bool>,
}

/// Ops that combine, in any order, with the value that changes nothing.
const COMBINERS: [(&str, &str); 15] = [
    // Not +0.0, which would lose the sign of a sum of negative zeros.
    ("arith.addf", "-0.0"),
    ("arith.addi", "0"),
    ("arith.andi", "-1"),
    ("arith.maximumf", "-inf"),
    // Not -inf, which would win over a row of NaNs.
    ("arith.maxnumf", "NaN"),
    ("arith.maxsi", "min"),
    ("arith.maxui", "0"),
    ("arith.minimumf", "inf"),
    ("arith.minnumf", "NaN"),
    ("arith.minsi", "max"),
    ("arith.minui", "-1"),
    ("arith.mulf", "1.0"),
    ("arith.muli", "1"),
    ("arith.ori", "0"),
    ("arith.xori", "0"),
];

impl<'c: 'a, 'a> Reduction<'c, 'a> {
    /// Returns an op as a reduction, where it is one.
    pub(super) fn of(op: OperationRef<'c, 'a>) -> Option<Self> {
        if !walk::is(op, "linalg.generic") {
            return None;
        }
        let is_parallel = parallel_loops(op)?;
        if is_parallel.iter().all(|parallel| *parallel) || inputs_and_results(op)?.1 != 1 {
            return None;
        }
        let body = op.region(0).ok()?.first_block()?;
        let (combiner, combined) = combiner(body)?;
        let mut operands = Vec::new();
        for (index, positions) in positions(op)?.into_iter().enumerate() {
            operands.push((operand(op, index)?, positions));
        }
        let result = operands.pop()?;
        let keeps = |position: &Position<'c>| match position {
            Position::Loop(of) => is_parallel[*of],
            Position::Map(_) => false,
        };
        // Else two blocks would write one element, or none would write some.
        let parallel = is_parallel.iter().filter(|is| **is).count();
        let is_written_once = result.1.len() == parallel
            && (1..parallel).all(|at| !result.1[..at].contains(&result.1[at]));
        let has_neutral = COMBINERS.iter().any(|(name, _)| walk::is(combiner, name));
        (has_neutral && is_written_once && result.1.iter().all(keeps)).then_some(Self {
            body,
            combiner,
            combined,
            inputs: operands,
            result,
            is_parallel,
        })
    }

    /// Returns the value that changes nothing.
    pub(super) fn neutral(&self, context: &'c Context, of: Type<'c>) -> Option<Attribute<'c>> {
        neutral(
            self.combiner.name().as_string_ref().as_str().ok()?,
            context,
            of,
        )
    }
}

/// Returns the value that changes nothing where it is combined by an op.
pub(crate) fn neutral<'c>(
    combiner: &str,
    context: &'c Context,
    of: Type<'c>,
) -> Option<Attribute<'c>> {
    use melior::ir::{TypeLike, attribute::FloatAttribute, r#type::IntegerType};
    let (_, text) = COMBINERS.iter().find(|(name, _)| *name == combiner)?;
    if of.is_float() {
        let value = within(of, text.parse().ok()?)?;
        return Some(FloatAttribute::new(context, of, value).into());
    }
    let width = IntegerType::try_from(of).ok()?.width();
    Some(integer(of, &bits(text, width)?))
}

/// Returns a value as a float type has it, if the type is one that buffers of programs hold.
/// One without infinities has a largest number instead, which infinity would not become: MLIR
/// makes it NaN.
fn within(of: Type<'_>, value: f64) -> Option<f64> {
    Some(match DType::from_name(&of.to_string())? {
        DType::F8E4M3FN if value.is_infinite() => f64::copysign(448.0, value),
        _ => value,
    })
}

/// Returns the bits of an integer, the least first: 0, 1, -1, or the least or largest that there is.
fn bits(text: &str, width: u32) -> Option<Vec<bool>> {
    let (first, middle, last) = match text {
        "min" => (false, false, true),
        "max" => (true, true, false),
        "-1" => (true, true, true),
        "0" => (false, false, false),
        "1" => (true, false, false),
        _ => return None,
    };
    let width = width as usize;
    let mut bits = vec![middle; width];
    *bits.first_mut()? = first;
    // The sign of an integer of one bit is all there is of it.
    if width > 1 || text == "min" || text == "max" {
        bits[width - 1] = last;
    }
    Some(bits)
}

/// Returns an integer of any width.
fn integer<'c>(of: Type<'c>, bits: &[bool]) -> Attribute<'c> {
    use melior::ir::TypeLike;
    let byte = |bits: &[bool]| {
        bits.iter()
            .rev()
            .fold(0, |byte, bit| byte << 1 | u8::from(*bit))
    };
    let bytes: Vec<u8> = bits.chunks(8).map(byte).collect();
    let one = RankedTensorType::new(&[1], of, None);
    // SAFETY: the type is that of one integer, and has as many bytes as are given.
    unsafe {
        let elements =
            mlirDenseElementsAttrRawBufferGet(one.to_raw(), bytes.len(), bytes.as_ptr().cast());
        Attribute::from_raw(mlirDenseElementsAttrGetSplatValue(elements))
    }
}

/// Returns the op that a body ends with, if it combines the element that is there
/// with a value that does not depend on it.
fn combiner<'c: 'a, 'a>(body: BlockRef<'c, 'a>) -> Option<(OperationRef<'c, 'a>, Value<'c, 'a>)> {
    let end = walk::operations(body)
        .last()
        .filter(|op| walk::is(*op, "linalg.yield"))?;
    let there: Value<'c, 'a> = body
        .argument(body.argument_count().checked_sub(1)?)
        .ok()?
        .into();
    let combiner = defining_op(operand(end, 0)?)?;
    let simple = walk::operations(body).all(|op| op.region_count() == 0);
    let [left, right] = [operand(combiner, 0)?, operand(combiner, 1)?];
    let combined = if left == there { right } else { left };
    let is_used_once = uses(there).count() == 1 && (left == there || right == there);
    (simple && is_used_once && combiner.block() == Some(body)).then_some((combiner, combined))
}

fn inputs_and_results(op: OperationRef<'_, '_>) -> Option<(i32, i32)> {
    let segments = DenseI32ArrayAttribute::try_from(op.attribute("operandSegmentSizes").ok()?);
    let segments = segments.ok()?;
    Some((segments.element(0).ok()?, segments.element(1).ok()?))
}

#[cfg(test)]
mod tests {
    use super::neutral;
    use melior::{Context, ir::Type};

    #[test]
    fn floats_have_neutral_values() {
        let context = Context::new();
        let cases = [
            ("arith.addf", "f16", "-0.000000e+00 : f16"),
            ("arith.maximumf", "bf16", "0xFF80 : bf16"),
            ("arith.minimumf", "f32", "0x7F800000 : f32"),
            ("arith.maxnumf", "f32", "0x7FC00000 : f32"),
            ("arith.minnumf", "f64", "0x7FF8000000000000 : f64"),
            ("arith.maximumf", "f8E5M2", "0xFC : f8E5M2"),
            ("arith.maximumf", "f8E4M3FN", "-4.480000e+02 : f8E4M3FN"),
            ("arith.minimumf", "f8E4M3FN", "4.480000e+02 : f8E4M3FN"),
            ("arith.minnumf", "f8E4M3FN", "0x7F : f8E4M3FN"),
        ];
        for (combiner, of, expected) in cases {
            let r#type = Type::parse(&context, of).expect("a type");
            let value = neutral(combiner, &context, r#type).expect("a neutral value");
            assert_eq!(value.to_string(), expected, "{combiner} of {of}");
        }
        let unknown = Type::parse(&context, "f4E2M1FN").expect("a type");
        assert_eq!(neutral("arith.maximumf", &context, unknown), None);
    }

    #[test]
    fn integers_of_any_width_have_neutral_values() {
        let context = Context::new();
        let cases = [
            ("arith.addi", "i1", "false"),
            ("arith.andi", "i1", "true"),
            ("arith.muli", "i1", "true"),
            ("arith.maxsi", "i1", "true"),
            ("arith.minsi", "i1", "false"),
            ("arith.minui", "i3", "-1 : i3"),
            ("arith.maxsi", "i8", "-128 : i8"),
            ("arith.minsi", "i8", "127 : i8"),
            ("arith.muli", "i8", "1 : i8"),
            ("arith.maxsi", "i64", "-9223372036854775808 : i64"),
            ("arith.minsi", "i64", "9223372036854775807 : i64"),
            ("arith.minui", "i128", "-1 : i128"),
            ("arith.ori", "i128", "0 : i128"),
            (
                "arith.maxsi",
                "i128",
                "-170141183460469231731687303715884105728 : i128",
            ),
            ("arith.minsi", "i65", "18446744073709551615 : i65"),
        ];
        for (combiner, of, expected) in cases {
            let r#type = Type::parse(&context, of).expect("a type");
            let value = neutral(combiner, &context, r#type).expect("a neutral value");
            assert_eq!(value.to_string(), expected, "{combiner} of {of}");
        }
    }
}
