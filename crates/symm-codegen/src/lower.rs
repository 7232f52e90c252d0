// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! From a program to the LLVM dialect.

use crate::error::{Error, Result};
use melior::{
    Context,
    ir::{Module, OperationRef, TypeLike, ValueLike, operation::OperationLike},
    pass::PassManager,
    utility::register_all_passes,
};
use std::sync::Once;
use symm_ir::{
    diagnostics::{error, error_at},
    flow::symbol_references,
    pass::Pipeline,
    text, walk,
};
use symm_transforms::{PASSES, PIPELINES, gpu_target::Target};

/// Registers every pass of MLIR and Symm, once per process.
pub fn register_passes() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        register_all_passes();
        symm_ir::tool::register(PASSES, PIPELINES);
    });
}

/// Runs a pipeline in its textual form on a module.
///
/// # Errors
///
/// Fails where the text does not parse and where a pass fails, after its
/// diagnostics.
pub fn run_pipeline(context: &Context, module: &mut Module<'_>, text: &str) -> Result<()> {
    register_passes();
    let manager = PassManager::new(context);
    Pipeline::new(manager.as_operation_pass_manager())
        .add_text(text)
        .map_err(|failure| Error::Options(failure.to_string()))?;
    manager.run(module).map_err(|_| Error::Diagnosed)
}

/// Where a program runs.
#[derive(Clone, Copy, Debug)]
pub enum Road<'t> {
    /// On CPU ranks.
    Cpu,
    /// On GPUs of a kind.
    Cuda(&'t Target),
}

/// Lowers a program to the LLVM dialect, with options of `symm-cpu-pipeline` or
/// `symm-cuda-pipeline` in textual form.
///
/// # Errors
///
/// Fails, after a diagnostic, where the program is not valid or has an op that
/// does not exist there.
pub fn lower_to_llvm(
    context: &Context,
    module: &mut Module<'_>,
    road: Road<'_>,
    options: &str,
) -> Result<()> {
    let pipeline = match road {
        Road::Cpu => format!("symm-cpu-pipeline{{{options}}}"),
        Road::Cuda(target) => format!(
            "symm-cuda-pipeline{{chip={} ptx-version={} {options}}}",
            target.chip(),
            target.ptx_version()
        ),
    };
    run_pipeline(context, module, &pipeline)?;
    check_lowered(module.as_operation(), road)
}

/// Takes away where things are in the source, when there is nothing left to report: the
/// description of a function for debuggers goes to all that is made of it, entries and
/// kernels too, and LLVM takes it for one function only.
///
/// # Errors
///
/// Fails where the pass does.
pub fn drop_places(context: &Context, module: &mut Module<'_>) -> Result<()> {
    run_pipeline(context, module, "strip-debuginfo")
}

/// Reports the first op that no pass lowered, and the first function without a
/// body.
fn check_lowered(module: OperationRef<'_, '_>, road: Road<'_>) -> Result<()> {
    let cast = "builtin.unrealized_conversion_cast";
    let ops = walk::collect(module);
    let left = |op: &&OperationRef<'_, '_>| {
        let name = op.name();
        let name = name.as_string_ref();
        let name = name.as_str().unwrap_or_default();
        let is_kernel_code = name.starts_with("nvvm.") || name == "gpu.module";
        !name.starts_with("llvm.") && name != "builtin.module" && !is_kernel_code
    };
    let is_cast = |op: &&OperationRef<'_, '_>| walk::is(**op, cast);
    if let Some(op) = ops
        .iter()
        .filter(left)
        .find(|op| !is_cast(op))
        .or_else(|| ops.iter().find(left))
    {
        error(op, code_for(*op, road)).emit();
        return Err(Error::Diagnosed);
    }
    if let Some(op) = ops.iter().find(|op| has_scalable_vector(**op)) {
        error(op, "expected vectors of a known size, got a scalable one").emit();
        return Err(Error::Diagnosed);
    }
    let external = |op: &&OperationRef<'_, '_>| {
        walk::is(**op, "llvm.func")
            && op.region(0).is_ok_and(|region| {
                use melior::ir::RegionLike;
                region.first_block().is_none()
            })
            && !crate::libm::is_known(**op)
    };
    if let Some(op) = ops.iter().find(external) {
        report_external(&ops, *op);
        return Err(Error::Diagnosed);
    }
    Ok(())
}

/// Says whether an op takes or makes a vector whose size the machine decides: LLVM ends
/// the process on these.
fn has_scalable_vector(op: OperationRef<'_, '_>) -> bool {
    let operands = op.operands().map(|operand| operand.r#type());
    let results = op.results().map(|result| result.r#type());
    operands.chain(results).any(|r#type| {
        // SAFETY: the type is a vector when it is asked.
        r#type.is_vector() && unsafe { mlir_sys::mlirVectorTypeIsScalable(r#type.to_raw()) }
    })
}

/// Reports a function without a body where it is called, or where it is declared.
fn report_external(ops: &[OperationRef<'_, '_>], function: OperationRef<'_, '_>) {
    let name = text::symbol_name(function).unwrap_or_default();
    let calls = |op: &&OperationRef<'_, '_>| {
        walk::is(**op, "llvm.call") && symbol_references(**op).contains(&name)
    };
    let site = ops.iter().find(calls).unwrap_or(&function);
    let message = format!(
        "calls @{name}, which has no body, and an artifact stands alone: define it in the module"
    );
    error_at(site.location(), message).emit();
}

/// Says what an op cannot become.
fn code_for(op: OperationRef<'_, '_>, road: Road<'_>) -> &'static str {
    match (walk::parent_named(op, "gpu.module"), road) {
        (Some(_), _) => {
            "cannot be lowered to code for GPUs; express it in ops that MLIR converts to NVVM"
        }
        (None, Road::Cpu) if op.name().as_string_ref().as_str().is_ok_and(is_of_gpus) => {
            "is for GPUs; compile with --device=cuda"
        }
        (None, Road::Cpu) => {
            "cannot be lowered to code for CPU; express it in ops that MLIR converts to LLVM"
        }
        (None, Road::Cuda(_)) => {
            "cannot be lowered to code for the host of a GPU; express it in ops that MLIR converts to LLVM"
        }
    }
}

fn is_of_gpus(name: &str) -> bool {
    name.starts_with("gpu.")
}
