// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The reduction of the kernels alone, for tests that run it where they are.

use melior::{
    Context,
    dialect::llvm,
    ir::{
        Attribute, Block, Identifier, Location, Operation, Region, RegionLike,
        attribute::{StringAttribute, TypeAttribute},
        operation::OperationBuilder,
    },
};
use symm_abi::gpu::Reduction;

use super::{element::Reducer, emitter::Emitter, enclose, memory::load_parameter};

/// Builds a `gpu.module` with a function `reduce(words, result)`: it reads a word of each rank and writes their reduction, in
/// the form for chips that do not convert f8.
pub fn reduction<'c>(context: &'c Context, form: Reduction, world_size: u32) -> Operation<'c> {
    let reducer = Reducer {
        dtype: form.dtype,
        op: form.op,
        world_size,
        converts_f8: false,
    };
    let location = Location::unknown(context);
    let pointer = llvm::r#type::pointer(context, 0);
    let region = Region::new();
    let entry = region.append_block(Block::new(&[(pointer, location), (pointer, location)]));
    let e = Emitter::at_end_of(context, location, &entry);
    let words: Vec<_> = (0..world_size as usize)
        .map(|rank| load_parameter(&e, e.argument(0), rank * size_of::<u64>(), 64))
        .collect();
    let reduced = reducer.reduce(&e, &words);
    e.op(
        "llvm.store",
        &[reduced, e.argument(1)],
        &[],
        &[],
        Vec::new(),
    );
    e.op("llvm.return", &[], &[], &[], Vec::new());
    enclose(context, location, "kernels", function(context, region))
}

fn function<'c>(context: &'c Context, body: Region<'c>) -> Operation<'c> {
    let pointer = llvm::r#type::pointer(context, 0);
    let r#type = llvm::r#type::function(llvm::r#type::void(context), &[pointer, pointer], false);
    let linkage = Attribute::parse(context, "#llvm.linkage<external>")
        .expect("an attribute of the LLVM dialect");
    let attributes = [
        ("sym_name", StringAttribute::new(context, "reduce").into()),
        ("function_type", TypeAttribute::new(r#type).into()),
        ("linkage", linkage),
    ];
    let attributes = attributes.map(|(name, value)| (Identifier::new(context, name), value));
    OperationBuilder::new("llvm.func", Location::unknown(context))
        .add_attributes(&attributes)
        .add_regions([body])
        .build()
        .expect("an operation without results is always built")
}
