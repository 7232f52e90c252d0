// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! From the LLVM dialect to an optimized object file.

use crate::{
    builtins,
    error::{Error, Result},
    target::Cpu,
};
use inkwell::{
    context::Context as LlvmContext,
    module::{Linkage, Module as LlvmModule},
    passes::PassBuilderOptions,
    targets::{FileType, TargetMachine},
    values::GlobalValue,
};
use melior::ir::Module;
use symm_abi::{
    DIGEST_BYTES, DIGEST_SECTION, ENTRY_PREFIX, MANIFEST_SECTION, Manifest, RUNTIME_SYMBOL,
};
use symm_transforms::convert_linalg_to_gpu::constant;

/// A program as LLVM sees it.
pub struct Program<'l> {
    context: &'l LlvmContext,
    module: LlvmModule<'l>,
    machine: TargetMachine,
}

impl<'l> Program<'l> {
    /// Translates a module of the LLVM dialect. Only its entries and the pointer
    /// to the runtime stay visible.
    ///
    /// # Errors
    ///
    /// Fails where the translation or LLVM's verifier refuses the module.
    pub fn translate(context: &'l LlvmContext, module: &Module<'_>, cpu: &Cpu) -> Result<Self> {
        // SAFETY: both are valid; a module that is not null is owned by us.
        let module = unsafe {
            let raw = mlir_sys::mlirTranslateModuleToLLVMIR(
                module.as_operation().to_raw(),
                context.raw().cast(),
            );
            if raw.is_null() {
                return Err(Error::Diagnosed);
            }
            LlvmModule::new(raw.cast())
        };
        let (triple, machine) = cpu.machine()?;
        module.set_triple(&triple);
        module.set_data_layout(&machine.get_target_data().get_data_layout());
        let program = Self {
            context,
            module,
            machine,
        };
        program.hide_symbols();
        program
            .module
            .verify()
            .map_err(|message| Error::Llvm(message.to_string()))?;
        Ok(program)
    }

    /// Says whether the program has globals that it may write, the pointer to the
    /// runtime aside.
    pub fn has_mutable_globals(&self) -> bool {
        self.module
            .get_globals()
            .any(|global| !global.is_constant() && name(global) != RUNTIME_SYMBOL)
    }

    /// Optimizes the program, and adds what the code generator is going to call.
    ///
    /// # Errors
    ///
    /// Fails where LLVM does.
    pub fn optimize(&self) -> Result<()> {
        let options = PassBuilderOptions::create();
        // Shapes are static, so LLVM would unroll whole products: of a hundred it made a minute's work for the code generator, and saved a
        // twentieth of the time that they take to run. Loops are still vectorized.
        options.set_loop_unrolling(false);
        self.module
            .run_passes("default<O3>", &self.machine, options)
            .map_err(|message| Error::Llvm(message.to_string()))?;
        builtins::add(self.context, &self.module).map_err(|error| Error::Llvm(error.to_string()))
    }

    /// Puts the manifest into the program, further sections by name, and room for
    /// the digest.
    pub fn embed<'s>(
        &self,
        manifest: &Manifest,
        sections: impl Iterator<Item = (&'s str, &'s [u8])>,
    ) {
        let manifest = self.section("symm.manifest", MANIFEST_SECTION, &manifest.to_json());
        let digest = self.section("symm.digest", DIGEST_SECTION, &[0; DIGEST_BYTES]);
        let sections = sections
            .map(|(section, bytes)| self.section(section.trim_start_matches('.'), section, bytes));
        let constants = self.module.get_globals().filter(|global| {
            let section = global
                .get_section()
                .map(|section| section.to_string_lossy());
            section.is_some_and(|section| section.starts_with(constant::SECTION))
        });
        let kept = [manifest, digest]
            .into_iter()
            .chain(constants)
            .chain(sections);
        let pointers: Vec<_> = kept.map(|global| global.as_pointer_value()).collect();
        let pointer = self.context.ptr_type(Default::default());
        let used = pointer.const_array(&pointers);
        let global = self.module.add_global(used.get_type(), None, "llvm.used");
        global.set_initializer(&used);
        global.set_linkage(Linkage::Appending);
        global.set_section(Some("llvm.metadata"));
    }

    /// Returns the program as an object file.
    ///
    /// # Errors
    ///
    /// Fails where LLVM does.
    pub fn object(&self) -> Result<Vec<u8>> {
        self.machine
            .write_to_memory_buffer(&self.module, FileType::Object)
            .map(|buffer| buffer.as_slice().to_vec())
            .map_err(|message| Error::Llvm(message.to_string()))
    }

    /// Returns the program as LLVM prints it.
    pub fn text(&self) -> String {
        self.module.print_to_string().to_string()
    }

    fn hide_symbols(&self) {
        for function in self.module.get_functions() {
            let is_entry = function
                .get_name()
                .to_bytes()
                .starts_with(ENTRY_PREFIX.as_bytes());
            if function.count_basic_blocks() > 0 && !is_entry {
                function.set_linkage(Linkage::Internal);
            }
        }
        for global in self.module.get_globals() {
            if name(global) != RUNTIME_SYMBOL {
                global.set_linkage(Linkage::Internal);
            }
        }
    }

    fn section(&self, name: &str, section: &str, bytes: &[u8]) -> GlobalValue<'l> {
        let value = self.context.const_string(bytes, false);
        let global = self.module.add_global(value.get_type(), None, name);
        global.set_initializer(&value);
        global.set_constant(true);
        global.set_linkage(Linkage::Internal);
        global.set_section(Some(section));
        global
    }
}

fn name(global: GlobalValue<'_>) -> String {
    global.get_name().to_string_lossy().into_owned()
}
