// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The module and the function around a kernel.

use melior::{
    Context,
    dialect::llvm,
    ir::{
        Attribute, Block, BlockLike, Identifier, Location, Module, Region, RegionLike,
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

use super::{
    emitter::{Cmp, Emitter},
    kernel::Kernel,
    pull, push,
    sabotage::Sabotage,
    target::Target,
};

/// Name of the `gpu.module` that holds the kernel.
const MODULE: &str = "symm";

/// Builds a module with one `gpu.module` with one kernel.
pub(super) fn module<'c>(
    context: &'c Context,
    spec: &KernelSpec,
    target: &Target,
    sabotage: Sabotage,
) -> Module<'c> {
    let location = Location::name(context, &spec.name(), Location::unknown(context));
    let module = Module::new(location);
    let region = Region::new();
    let body = region.append_block(Block::new(&[]));
    body.append_operation(function(context, location, spec, target, sabotage));
    let name = StringAttribute::new(context, MODULE);
    let kernels = OperationBuilder::new("gpu.module", location)
        .add_attributes(&[(Identifier::new(context, "sym_name"), name.into())])
        .add_regions([region])
        .build()
        .expect("an operation without results is always built");
    module.body().append_operation(kernels);
    module
}

fn function<'c>(
    context: &'c Context,
    location: Location<'c>,
    spec: &KernelSpec,
    target: &Target,
    sabotage: Sabotage,
) -> melior::ir::Operation<'c> {
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
