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
    ir::{BlockLike, Module, OperationRef, operation::OperationLike},
    pass::PassManager,
    utility::{parse_pass_pipeline, register_all_passes},
};
use std::{cell::RefCell, rc::Rc, sync::Once};

use super::{GpuError, Target};

const TRIPLE: &str = "nvptx64-nvidia-cuda";

/// Stock passes down to the LLVM and NVVM dialects.
const PIPELINE: &str = "builtin.module(gpu.module(canonicalize,cse,convert-scf-to-cf,convert-vector-to-llvm,\
    convert-arith-to-llvm,convert-nvvm-to-llvm),convert-cf-to-llvm,reconcile-unrealized-casts)";

/// Lowers a module with one `gpu.module` to PTX.
pub(super) fn to_ptx(
    context: &Context,
    module: Module,
    target: &Target,
) -> Result<String, GpuError> {
    let llvm_context = inkwell::context::Context::create();
    let llvm_module = to_llvm(context, module, &llvm_context)?;
    // What is to be unrolled was unrolled when it was built; the loops that are left are cold.
    emit(&llvm_module, target, false)
}

/// Writes a `gpu.module` of the LLVM dialect as PTX.
pub(super) fn module_to_ptx(
    context: &Context,
    kernels: OperationRef,
    target: &Target,
) -> Result<String, GpuError> {
    let llvm_context = inkwell::context::Context::create();
    let llvm_module = with_diagnostics(context, || translate(&kernels, &llvm_context))?;
    emit(&llvm_module, target, true)
}

/// Lowers a module with one `gpu.module` to LLVM IR that is not yet that of any machine.
pub(super) fn to_llvm<'l>(
    context: &Context,
    mut module: Module,
    llvm_context: &'l inkwell::context::Context,
) -> Result<LlvmModule<'l>, GpuError> {
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
    static REGISTER: Once = Once::new();
    REGISTER.call_once(register_all_passes);
    let manager = PassManager::new(context);
    parse_pass_pipeline(manager.as_operation_pass_manager(), PIPELINE)
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

fn emit(module: &LlvmModule, target: &Target, unroll: bool) -> Result<String, GpuError> {
    LlvmTarget::initialize_nvptx(&InitializationConfig::default());
    let machine = machine(target)?;
    module.set_triple(&TargetTriple::create(TRIPLE));
    module.set_data_layout(&machine.get_target_data().get_data_layout());
    let options = PassBuilderOptions::create();
    options.set_loop_unrolling(unroll);
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
