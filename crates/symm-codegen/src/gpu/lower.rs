// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! From MLIR to PTX.

use inkwell::{
    OptimizationLevel,
    llvm_sys::prelude::LLVMModuleRef,
    module::Module as LlvmModule,
    passes::PassBuilderOptions,
    targets::{
        CodeModel, FileType, InitializationConfig, RelocMode, Target as LlvmTarget, TargetMachine,
        TargetTriple,
    },
};
use melior::{
    Context,
    ir::{BlockLike, Module, Operation, OperationRef, operation::OperationLike},
    pass::PassManager,
    utility::parse_pass_pipeline,
};
use std::{cell::RefCell, rc::Rc};

use super::{GpuError, Target};
use crate::lower::register_passes;
use symm_transforms::cuda_pipeline::KERNELS_TO_LLVM;

const TRIPLE: &str = "nvptx64-nvidia-cuda";

/// How the kernels of a `gpu.module` were written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Loops {
    /// What is to be unrolled was unrolled when they were built; the loops that are left are cold.
    AsBuilt,
    /// As a program has them: the compiler may unroll them.
    OfProgram,
}

/// Lowers a `gpu.module` in the primitives of `comm` to PTX.
pub(super) fn to_ptx<'c>(
    context: &'c Context,
    kernels: Operation<'c>,
    target: &Target,
) -> Result<String, GpuError> {
    let llvm_context = inkwell::context::Context::create();
    let llvm_module = to_llvm(context, kernels, &llvm_context)?;
    emit(&llvm_module, target, Loops::AsBuilt)
}

/// Writes a `gpu.module` of the LLVM dialect as PTX.
pub(super) fn module_to_ptx(
    context: &Context,
    kernels: OperationRef,
    target: &Target,
    loops: Loops,
) -> Result<String, GpuError> {
    let llvm_context = inkwell::context::Context::create();
    let llvm_module = with_diagnostics(context, || translate(&kernels, &llvm_context))?;
    emit(&llvm_module, target, loops)
}

/// Lowers a `gpu.module` to LLVM IR that is not yet that of any machine.
fn to_llvm<'c, 'l>(
    context: &'c Context,
    kernels: Operation<'c>,
    llvm_context: &'l inkwell::context::Context,
) -> Result<LlvmModule<'l>, GpuError> {
    let mut module = Module::new(kernels.location());
    module.body().append_operation(kernels);
    let manager = pass_manager(context)?;
    with_diagnostics(context, || {
        let verified = module.as_operation().verify();
        (verified && manager.run(&mut module).is_ok()).then_some(())
    })?;
    let kernels = module
        .body()
        .first_operation()
        .ok_or_else(|| GpuError::Mlir("the module is empty".into()))?;
    with_diagnostics(context, || translate(&kernels, llvm_context))
}

fn pass_manager(context: &Context) -> Result<PassManager<'_>, GpuError> {
    register_passes();
    let manager = PassManager::new(context);
    let pipeline = format!("builtin.module(gpu.module(convert-comm-to-nvvm,{KERNELS_TO_LLVM}))");
    parse_pass_pipeline(manager.as_operation_pass_manager(), &pipeline)
        .map_err(|error| GpuError::Mlir(error.to_string()))?;
    Ok(manager)
}

/// Runs `body`; if it gives nothing, the error is what it made MLIR say.
fn with_diagnostics<T>(context: &Context, body: impl FnOnce() -> Option<T>) -> Result<T, GpuError> {
    let messages = Rc::new(RefCell::new(Vec::new()));
    let sink = messages.clone();
    let handler = context.attach_diagnostic_handler(move |diagnostic| {
        sink.borrow_mut().push(diagnostic.to_string());
        true
    });
    let result = body();
    context.detach_diagnostic_handler(handler);
    result.ok_or_else(|| GpuError::Mlir(messages.borrow().join("; ")))
}

fn translate<'l>(
    kernels: &OperationRef,
    context: &'l inkwell::context::Context,
) -> Option<LlvmModule<'l>> {
    // SAFETY: the operation and the context are alive; the result is a module that nobody else owns, or null.
    unsafe {
        let module = mlir_sys::mlirTranslateModuleToLLVMIR(kernels.to_raw(), context.raw().cast());
        (!module.is_null()).then(|| LlvmModule::new(module as LLVMModuleRef))
    }
}

fn emit(module: &LlvmModule, target: &Target, loops: Loops) -> Result<String, GpuError> {
    LlvmTarget::initialize_nvptx(&InitializationConfig::default());
    let machine = machine(target)?;
    module.set_triple(&TargetTriple::create(TRIPLE));
    module.set_data_layout(&machine.get_target_data().get_data_layout());
    let options = PassBuilderOptions::create();
    options.set_loop_unrolling(loops == Loops::OfProgram);
    options.set_loop_vectorization(false);
    options.set_loop_slp_vectorization(false);
    let llvm = |message: inkwell::support::LLVMString| GpuError::Llvm(message.to_string());
    module
        .run_passes("default<O3>", &machine, options)
        .map_err(llvm)?;
    let buffer = machine
        .write_to_memory_buffer(module, FileType::Assembly)
        .map_err(llvm)?;
    let text = buffer.as_slice();
    let text = text.strip_suffix(&[0]).unwrap_or(text);
    String::from_utf8(text.to_vec()).map_err(|_| GpuError::Llvm("the PTX is not text".into()))
}

fn machine(target: &Target) -> Result<TargetMachine, GpuError> {
    let triple = TargetTriple::create(TRIPLE);
    let features = format!("+ptx{}", target.ptx_version());
    LlvmTarget::from_triple(&triple)
        .map_err(|message| GpuError::Llvm(message.to_string()))?
        .create_target_machine(
            &triple,
            target.chip(),
            &features,
            OptimizationLevel::Aggressive,
            RelocMode::Default,
            CodeModel::Default,
        )
        .ok_or_else(|| GpuError::Llvm(format!("there is no target machine for {}", target.chip())))
}

#[cfg(test)]
mod tests;
