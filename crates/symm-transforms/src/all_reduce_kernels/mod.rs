// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! All-reduce kernels for NVIDIA GPUs, written in the primitives of `comm`.
//!
//! [`module`] builds the kernel that a [`KernelSpec`] names: protocols in `comm`, `scf` and `arith`, what only a GPU has in
//! `nvvm`. `--convert-comm-to-nvvm` and MLIR's own passes take it to PTX. [`symm_abi::gpu`] says how kernels are launched;
//! `push`, `pull` and `slots` argue why they are right.
//!
//! One kernel serves every alignment and every element count: whether a packet moves by one access of 128 bits or element by
//! element is a branch. It costs nothing, for the tail of a buffer needs it anyway, and no wrong variant can be chosen.

mod element;
mod emitter;
mod kernel;
mod memory;
mod pull;
mod push;
mod reduction;
mod sabotage;
mod slots;
mod small_float;
mod wait;

#[doc(hidden)]
pub use reduction::reduction;
pub use sabotage::{Law, Sabotage};

use melior::{
    Context,
    dialect::llvm,
    ir::{
        Attribute, Block, BlockLike, Identifier, Location, Operation, Region, RegionLike,
        attribute::{
            ArrayAttribute, DenseI32ArrayAttribute, DictionaryAttribute, IntegerAttribute,
            StringAttribute, TypeAttribute,
        },
        operation::OperationBuilder,
        r#type::IntegerType,
    },
};
use std::mem::{align_of, size_of};
use symm_abi::gpu::{Algorithm, KernelParams, KernelSpec};

use crate::gpu_target::Target;
use emitter::{Cmp, Emitter};
use kernel::Kernel;

/// Builds a `gpu.module` with one kernel, both under the name of the spec.
///
/// The spec is one that [`KernelSpec::check`] passes, of the chip of the target. The kernel is an `llvm.func`, because a
/// `gpu.func` loses that its parameter block is passed by value.
pub fn module<'c>(
    context: &'c Context,
    spec: &KernelSpec,
    target: &Target,
    sabotage: Sabotage,
) -> Operation<'c> {
    let location = Location::name(context, &spec.name(), Location::unknown(context));
    let kernel = function(context, location, spec, target, sabotage);
    enclose(context, location, &spec.name(), kernel)
}

/// Puts a function into a `gpu.module`.
fn enclose<'c>(
    context: &'c Context,
    location: Location<'c>,
    name: &str,
    function: Operation<'c>,
) -> Operation<'c> {
    let region = Region::new();
    region
        .append_block(Block::new(&[]))
        .append_operation(function);
    let name = StringAttribute::new(context, name);
    OperationBuilder::new("gpu.module", location)
        .add_attributes(&[(Identifier::new(context, "sym_name"), name.into())])
        .add_regions([region])
        .build()
        .expect("an operation without results is always built")
}

fn function<'c>(
    context: &'c Context,
    location: Location<'c>,
    spec: &KernelSpec,
    target: &Target,
    sabotage: Sabotage,
) -> Operation<'c> {
    let pointer = llvm::r#type::pointer(context, 0);
    let region = Region::new();
    let entry = region.append_block(Block::new(&[(pointer, location)]));
    let e = Emitter::at_end_of(context, location, &entry);
    let kernel = Kernel::new(&e, spec, target, sabotage, e.argument(0));
    kernel.begin(&e);
    // An empty call is no call: it exchanges nothing, so that it may not be counted either.
    let has_work = e.cmp(Cmp::Ne, kernel.count, e.i64(0));
    e.when(e.expect(has_work, true), |e| match spec.algorithm {
        Algorithm::OneShotPush => push::one_shot(e, &kernel),
        Algorithm::TwoShotPush => push::two_shot(e, &kernel),
        Algorithm::OneShotPull => pull::one_shot(e, &kernel),
        Algorithm::TwoShotPull => pull::two_shot(e, &kernel),
    });
    e.op("llvm.return", &[], &[], &[], Vec::new());
    let identifier = |name| Identifier::new(context, name);
    let attributes = attributes(context, spec).map(|(name, value)| (identifier(name), value));
    OperationBuilder::new("llvm.func", location)
        .add_attributes(&attributes)
        .add_regions([region])
        .build()
        .expect("an operation without results is always built")
}

fn attributes<'c>(context: &'c Context, spec: &KernelSpec) -> [(&'static str, Attribute<'c>); 7] {
    let byte = IntegerType::new(context, 8).into();
    let params = llvm::r#type::array(byte, size_of::<KernelParams>() as u32);
    let alignment = IntegerAttribute::new(
        IntegerType::new(context, 64).into(),
        align_of::<KernelParams>() as i64,
    );
    let argument = DictionaryAttribute::new(
        context,
        &[
            (Identifier::new(context, "llvm.align"), alignment.into()),
            (
                Identifier::new(context, "llvm.byval"),
                TypeAttribute::new(params).into(),
            ),
        ],
    );
    let pointer = llvm::r#type::pointer(context, 0);
    let r#type = llvm::r#type::function(llvm::r#type::void(context), &[pointer], false);
    let linkage = Attribute::parse(context, "#llvm.linkage<external>")
        .expect("an attribute of the LLVM dialect");
    [
        (
            "sym_name",
            StringAttribute::new(context, &spec.name()).into(),
        ),
        ("function_type", TypeAttribute::new(r#type).into()),
        ("linkage", linkage),
        (
            "arg_attrs",
            ArrayAttribute::new(context, &[argument.into()]).into(),
        ),
        ("nvvm.kernel", Attribute::unit(context)),
        (
            "nvvm.maxntid",
            DenseI32ArrayAttribute::new(context, &[spec.max_threads() as i32]).into(),
        ),
        // Else ptxas aims at several blocks on a multiprocessor, and rather spills than gives a thread its registers.
        (
            "nvvm.minctasm",
            IntegerAttribute::new(IntegerType::new(context, 32).into(), 1).into(),
        ),
    ]
}
