// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Pipelines: named sequences of passes.

use super::{
    OptionDef, OptionValues, PassDef,
    option::{Source, lower_options},
};
use crate::{diagnostics::Failure, guard, text};
use melior::pass::OperationPassManager;
use mlir_sys::{
    MlirOpPassManager, MlirStringCallback, mlirOpPassManagerAddOwnedPass,
    mlirOpPassManagerAddPipeline, mlirOpPassManagerGetNestedUnder,
};
use std::{
    collections::HashMap,
    ffi::c_void,
    marker::PhantomData,
    sync::{Mutex, PoisonError},
};
use symm_sys::{SymmPipelineDesc, SymmPipelineOptionsRef, symmRegisterPipeline};

/// The declaration of a pipeline.
#[derive(Debug)]
pub struct PipelineDef {
    /// Its flag and its name in pipelines, such as `symm-cpu-pipeline`.
    pub argument: &'static str,
    /// What it does, in one sentence without a full stop.
    pub summary: &'static str,
    /// What it does, what it takes and what it leaves; Markdown.
    pub description: &'static str,
    /// Its options.
    pub options: &'static [OptionDef],
    /// Adds its passes.
    pub build: fn(Pipeline<'_>, &OptionValues<'_>) -> Result<(), Failure>,
}

/// A pass manager that passes are added to.
#[derive(Clone, Copy)]
pub struct Pipeline<'a> {
    raw: MlirOpPassManager,
    _manager: PhantomData<&'a ()>,
}

impl<'a> Pipeline<'a> {
    /// Wraps a pass manager of melior.
    pub fn new(manager: OperationPassManager<'_, 'a>) -> Self {
        Self {
            raw: manager.to_raw(),
            _manager: PhantomData,
        }
    }

    /// Adds one of our passes, with options in textual form.
    ///
    /// # Errors
    ///
    /// Returns MLIR's message where the options do not parse.
    pub fn add(self, pass: &'static PassDef, options: &str) -> Result<Self, Failure> {
        let pass = pass.create(options)?;
        // SAFETY: the manager is valid and takes the pass over.
        unsafe { mlirOpPassManagerAddOwnedPass(self.raw, pass.to_raw()) }
        Ok(self)
    }

    /// Adds registered passes in textual form, such as `canonicalize,cse`.
    ///
    /// # Errors
    ///
    /// Returns MLIR's message where the text does not parse.
    pub fn add_text(self, elements: &str) -> Result<Self, Failure> {
        let mut message = String::new();
        // SAFETY: the manager is valid; the callback gets the `String` that it
        // expects.
        let result = unsafe {
            mlirOpPassManagerAddPipeline(
                self.raw,
                text::to_raw(elements),
                Some(text::append),
                (&raw mut message).cast(),
            )
        };
        if result.value == 0 {
            Err(Failure::Message(message))
        } else {
            Ok(self)
        }
    }

    /// Returns the manager of passes that run on each nested op of that name.
    pub fn nest(self, op_name: &str) -> Self {
        // SAFETY: the manager is valid and owns the nested one.
        let raw = unsafe { mlirOpPassManagerGetNestedUnder(self.raw, text::to_raw(op_name)) };
        Self {
            raw,
            _manager: PhantomData,
        }
    }
}

impl PipelineDef {
    /// Registers the pipeline, so that tools and textual pipelines know it.
    pub fn register(&'static self) {
        // SAFETY: the descriptor lives as long as the program.
        unsafe { symmRegisterPipeline(self.lower()) }
    }

    /// Returns the descriptor that MLIR keeps: one per declaration, never freed.
    fn lower(&'static self) -> &'static SymmPipelineDesc {
        static LOWERED: Mutex<Option<HashMap<usize, &'static Desc>>> = Mutex::new(None);
        let mut lowered = LOWERED.lock().unwrap_or_else(PoisonError::into_inner);
        let lowered = lowered.get_or_insert_with(HashMap::new);
        let this: *const Self = self;
        &lowered
            .entry(this as usize)
            .or_insert_with(|| {
                let options = lower_options(self.options);
                Box::leak(Box::new(Desc(SymmPipelineDesc {
                    argument: text::to_raw(self.argument),
                    description: text::to_raw(self.summary),
                    options: options.as_ptr(),
                    nOptions: options.len() as isize,
                    build: Some(build_raw),
                    userData: this.cast(),
                })))
            })
            .0
    }
}

struct Desc(SymmPipelineDesc);

// SAFETY: a descriptor is never written after it is made, and all that it points
// to is static.
unsafe impl Send for Desc {}
// SAFETY: as above.
unsafe impl Sync for Desc {}

unsafe extern "C" fn build_raw(
    manager: MlirOpPassManager,
    options: SymmPipelineOptionsRef,
    on_error: MlirStringCallback,
    error_data: *mut c_void,
    def: *const c_void,
) -> bool {
    // SAFETY: `lower` passes the static declaration.
    let def: &'static PipelineDef = unsafe { &*def.cast() };
    let pipeline = Pipeline {
        raw: manager,
        _manager: PhantomData,
    };
    // SAFETY: the options were made from this declaration.
    let options = unsafe { OptionValues::new(def.options, Source::Pipeline(options)) };
    let message = match guard::run(|| (def.build)(pipeline, &options)) {
        Ok(Ok(())) => return true,
        Ok(Err(failure)) => failure.to_string(),
        Err(panic) => panic.message,
    };
    if let Some(on_error) = on_error {
        // SAFETY: the callback and its data belong together.
        unsafe { on_error(text::to_raw(&message), error_data) }
    }
    false
}
