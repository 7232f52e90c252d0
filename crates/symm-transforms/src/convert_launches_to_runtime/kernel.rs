// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The kernels that launches name.

use super::{KERNELS, parameter};
use crate::builder::{Builder, erase};
use melior::ir::{
    Attribute, Block, BlockLike, BlockRef, OperationRef, Region, RegionLike, Type, Value,
    ValueLike,
    attribute::{StringAttribute, TypeAttribute},
    operation::OperationLike,
    r#type::FunctionType,
};
use mlir_sys::{
    MlirAttribute, mlirSymbolRefAttrGetLeafReference, mlirSymbolRefAttrGetRootReference,
};
use std::collections::{HashMap, HashSet};
use symm_ir::{
    context::context_of,
    diagnostics::{Failure, error},
    edit::{erase_argument, insert_argument, set_attribute},
    pass::PassResult,
    symbol::unique,
    text::{self, symbol_name},
    value::replace_all_uses,
    walk,
};

/// The new names of kernels, by module and old name.
pub(super) struct Kernels(HashMap<(String, String), String>);

impl Kernels {
    /// Moves the kernels of all modules that are launched from into one.
    pub(super) fn gather<'c: 'a, 'a>(
        module: OperationRef<'c, 'a>,
        launches: &[OperationRef<'c, 'a>],
        end: &Builder<'c, 'a>,
    ) -> Result<Self, Failure> {
        let launched = launches
            .iter()
            .map(|launch| Ok(target(*launch)?.0))
            .collect::<Result<HashSet<_>, Failure>>()?;
        let region = Region::new();
        let block = region.append_block(Block::new(&[]));
        // SAFETY: the region becomes part of an operation that is put into a block
        // of lifetime 'a.
        let block: BlockRef<'c, 'a> = unsafe { BlockRef::from_raw(block.to_raw()) };
        let name = StringAttribute::new(end.context(), KERNELS).into();
        let sources: Vec<_> = walk::children(module)
            .filter(|op| walk::is(*op, "gpu.module"))
            .filter(|op| symbol_name(*op).is_some_and(|name| launched.contains(&name)))
            .collect();
        end.op_with_regions("gpu.module", &[], &[], &[("sym_name", name)], vec![region]);
        let into = Builder::at_end(end.context(), end.location(), block);
        let (mut names, mut taken) = (HashMap::new(), HashSet::new());
        for source in sources {
            let outer = symbol_name(source).unwrap_or_default();
            for op in walk::children(source).collect::<Vec<_>>() {
                // Outlining copies the groups that types name; kernels find them in the
                // modules around.
                if !walk::is(op, "gpu.func") {
                    continue;
                }
                let inner = symbol_name(op).unwrap_or_default();
                let name = outer
                    .strip_suffix("_kernel")
                    .map_or(outer.clone(), str::to_owned);
                // The second kernel of @f and the first of @f_0 would have one name.
                let name = unique(
                    format!("symm_{}", name.replace("_kernel_", "_")),
                    &mut taken,
                );
                into.adopt(op);
                flatten(op)?;
                let attribute = StringAttribute::new(end.context(), &name);
                set_attribute(op, "sym_name", attribute.into());
                names.insert((outer.clone(), inner), name);
            }
            erase(source);
        }
        Ok(Self(names))
    }

    /// Returns the name of the kernel of a launch.
    pub(super) fn of<'c: 'a, 'a>(
        &mut self,
        launch: OperationRef<'c, 'a>,
    ) -> Result<String, Failure> {
        self.0
            .get(&target(launch)?)
            .cloned()
            .ok_or_else(|| error(&launch, "launches an unknown kernel").emit())
    }
}

/// Gives a kernel parameters that PTX has instead of buffers and of numbers of any width.
fn flatten<'c: 'a, 'a>(kernel: OperationRef<'c, 'a>) -> PassResult {
    if !kernel.has_attribute("gpu.kernel") {
        return Ok(());
    }
    let body = kernel.region(0)?.first_block();
    let body = body.ok_or("a kernel has no body".to_owned())?;
    let context = context_of(&kernel);
    let b = Builder::at_start(context, kernel.location(), body);
    let function = TypeAttribute::try_from(kernel.attribute("function_type")?)?.value();
    let mut all = Vec::new();
    for _ in 0..FunctionType::try_from(function)?.input_count() {
        let old: Value<'c, 'a> = body.argument(all.len())?.into();
        let types = parameter::types(&b, old.r#type());
        let types = types.ok_or_else(|| parameter::refuse(kernel, old.r#type()))?;
        let insert = |(at, r#type): (usize, &Type<'c>)| {
            insert_argument(body, all.len() + at, *r#type, b.location())
        };
        let parameters: Vec<_> = types.iter().enumerate().map(insert).collect();
        replace_all_uses(old, parameter::receive(&b, old.r#type(), &parameters));
        all.extend(types);
        erase_argument(body, all.len());
    }
    let function = FunctionType::new(context, &all, &[]);
    let function = TypeAttribute::new(function.into());
    set_attribute(kernel, "function_type", function.into());
    Ok(())
}

/// Returns the names of the module and of the kernel that are launched.
fn target(launch: OperationRef<'_, '_>) -> Result<(String, String), Failure> {
    let reference = launch.attribute("kernel")?;
    // SAFETY: the attribute is a reference to a symbol, says the op's verifier.
    Ok(unsafe {
        (
            text::from_raw(mlirSymbolRefAttrGetRootReference(raw(reference))),
            text::from_raw(mlirSymbolRefAttrGetLeafReference(raw(reference))),
        )
    })
}

fn raw(attribute: Attribute<'_>) -> MlirAttribute {
    use melior::ir::AttributeLike;
    attribute.to_raw()
}
