// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Functions that LLVM's code generator calls and C compilers need not have.

use inkwell::{
    GlobalVisibility, IntPredicate,
    builder::BuilderError,
    context::Context,
    module::{Linkage, Module},
    types::{AnyTypeEnum, BasicTypeEnum},
    values::{FunctionValue, InstructionValue},
};

/// From f32 to bf16, of which libgcc has none before 13.
const TRUNCATE: &str = "__truncsfbf2";

/// Adds the function by which x86 rounds f32 to bf16, where a module has bf16. No op asks for it,
/// since `--expand-small-floats` has been there: LLVM keeps a bf16 that goes from block to block
/// as f32.
///
/// Comes after the optimizer, which would take away what nothing calls yet.
pub(crate) fn add<'l>(context: &'l Context, module: &Module<'l>) -> Result<(), BuilderError> {
    let is_x86 = module
        .get_triple()
        .as_str()
        .to_bytes()
        .starts_with(b"x86_64");
    if is_x86 && module.get_functions().any(has_bf16) {
        truncate(context, module)?;
    }
    Ok(())
}

fn has_bf16(function: FunctionValue<'_>) -> bool {
    let mut instructions = function
        .get_basic_block_iter()
        .flat_map(|block| block.get_instructions());
    instructions.any(makes_bf16)
}

fn makes_bf16(instruction: InstructionValue<'_>) -> bool {
    let is_bf16 = |r#type: BasicTypeEnum<'_>| match r#type {
        BasicTypeEnum::FloatType(r#type) => r#type == r#type.get_context().bf16_type(),
        _ => false,
    };
    match instruction.get_type() {
        AnyTypeEnum::FloatType(r#type) => is_bf16(r#type.into()),
        AnyTypeEnum::VectorType(r#type) => is_bf16(r#type.get_element_type()),
        _ => false,
    }
}

/// Rounds to nearest, ties to even; a NaN stays one. The result is where the calling convention has
/// an f16, as LLVM wants it.
fn truncate<'l>(context: &'l Context, module: &Module<'l>) -> Result<(), BuilderError> {
    let (single, int, half) = (context.f32_type(), context.i32_type(), context.f16_type());
    let constant = |value| int.const_int(value, false);
    let function = half.fn_type(&[single.into()], false);
    let function = module.add_function(TRUNCATE, function, Some(Linkage::External));
    function
        .as_global_value()
        .set_visibility(GlobalVisibility::Hidden);
    let b = context.create_builder();
    b.position_at_end(context.append_basic_block(function, ""));
    let x = function
        .get_nth_param(0)
        .expect("the number")
        .into_float_value();
    let bits = b.build_bit_cast(x, int, "")?.into_int_value();
    let magnitude = b.build_and(bits, constant(0x7fff_ffff), "")?;
    let is_nan = b.build_int_compare(IntPredicate::UGT, magnitude, constant(0x7f80_0000), "")?;
    let quiet = b.build_or(bits, constant(0x0040_0000), "")?;
    // Half of what is cut off, less one where the last bit that stays is even.
    let last = b.build_right_shift(bits, constant(16), false, "")?;
    let last = b.build_and(last, constant(1), "")?;
    let half_less = b.build_int_add(last, constant(0x7fff), "")?;
    let rounded = b.build_int_add(bits, half_less, "")?;
    let result = b.build_select(is_nan, quiet, rounded, "")?.into_int_value();
    let result = b.build_right_shift(result, constant(16), false, "")?;
    let result = b.build_int_truncate(result, context.i16_type(), "")?;
    let result = b.build_bit_cast(result, half, "")?;
    b.build_return(Some(&result))?;
    Ok(())
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::{TRUNCATE, add, truncate};
    use inkwell::{OptimizationLevel, context::Context, targets::TargetMachine};

    #[test]
    fn rounds_to_nearest_even_and_keeps_nans() {
        let context = Context::create();
        let module = context.create_module("builtins");
        truncate(&context, &module).unwrap();
        let (half, short) = (context.f16_type(), context.i16_type());
        let wrapper = module.add_function(
            "bits",
            short.fn_type(&[context.f32_type().into()], false),
            None,
        );
        let b = context.create_builder();
        b.position_at_end(context.append_basic_block(wrapper, ""));
        let function = module.get_function(TRUNCATE).unwrap();
        let x = wrapper.get_nth_param(0).unwrap();
        let call = b.build_call(function, &[x.into()], "").unwrap();
        let result = call.try_as_basic_value().unwrap_basic();
        assert_eq!(result.get_type(), half.into());
        let result = b.build_bit_cast(result, short, "").unwrap();
        b.build_return(Some(&result)).unwrap();
        let engine = module
            .create_jit_execution_engine(OptimizationLevel::None)
            .unwrap();
        // SAFETY: the function has this type.
        let bits = unsafe { engine.get_function::<unsafe extern "C" fn(f32) -> u16>("bits") };
        let bits = bits.unwrap();
        // SAFETY: as above, and it touches nothing.
        let of = |x: u32| unsafe { bits.call(f32::from_bits(x)) };
        let rounded = [
            (0x3f80_0000, 0x3f80),
            (0x3f80_7fff, 0x3f80),
            (0x3f80_8000, 0x3f80),
            (0x3f80_8001, 0x3f81),
            (0x3f81_8000, 0x3f82),
            (0x8000_0000, 0x8000),
            (0x0000_8001, 0x0001),
            (0x7f7f_ffff, 0x7f80),
            (0xff80_0000, 0xff80),
        ];
        for (x, expected) in rounded {
            assert_eq!(of(x), expected, "{x:#x}");
        }
        for nan in [0x7f80_0001, 0xffff_ffff, 0x7fc0_0000] {
            assert!(of(nan) & 0x7fff > 0x7f80, "{nan:#x}: {:#x}", of(nan));
        }
    }

    #[test]
    fn only_modules_with_bf16_get_it() {
        let context = Context::create();
        for (r#type, expected) in [(context.f32_type(), false), (context.bf16_type(), true)] {
            let module = context.create_module("program");
            module.set_triple(&TargetMachine::get_default_triple());
            let pointer = context.ptr_type(Default::default());
            let function = module.add_function("f", r#type.fn_type(&[pointer.into()], false), None);
            let b = context.create_builder();
            b.position_at_end(context.append_basic_block(function, ""));
            let pointer = function.get_nth_param(0).unwrap().into_pointer_value();
            let value = b.build_load(r#type, pointer, "").unwrap();
            b.build_return(Some(&value)).unwrap();
            add(&context, &module).unwrap();
            assert_eq!(module.get_function(TRUNCATE).is_some(), expected);
        }
    }
}
