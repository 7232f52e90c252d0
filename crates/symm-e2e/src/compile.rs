// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! From source text to a loaded program.

use melior::ir::Module;
use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::atomic::{AtomicU32, Ordering},
};
use symm_codegen::{
    compile::{Options, Stage, compile as compile_module},
    target::Cpu,
};
use symm_ir::{context::create_context, diagnostics};
use symm_runtime::Program;

/// Compiles a program, with options of `symm-cpu-pipeline`, and returns the
/// artifact's bytes.
///
/// # Errors
///
/// Returns the diagnostics where it does not compile.
pub fn artifact(source: &str, pipeline: &str) -> Result<Vec<u8>, String> {
    let context = create_context();
    let options = Options {
        cpu: Cpu::baseline(),
        gpu: None,
        pipeline: pipeline.to_owned(),
    };
    let (result, diagnostics) = diagnostics::collect(&context, || {
        let mut module = Module::parse(&context, source).ok_or("does not parse".to_owned())?;
        compile_module(&context, &mut module, &options, Stage::Artifact)
            .map_err(|error| error.to_string())
    });
    result
        .map(|compiled| compiled.bytes)
        .map_err(|error| format!("{error}\n{diagnostics}"))
}

/// Compiles and loads a program.
///
/// # Panics
///
/// Panics with the diagnostics where it does not compile or load.
pub fn compile(source: &str, pipeline: &str) -> Program {
    let bytes = artifact(source, pipeline).unwrap_or_else(|error| panic!("{error}"));
    let path = temporary_path();
    fs::write(&path, bytes).expect("the artifact can be written");
    let program = Program::load(&path).unwrap_or_else(|error| panic!("{error}"));
    fs::remove_file(&path).expect("the artifact was there");
    program
}

fn temporary_path() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    env::temp_dir().join(format!("symm-e2e-{}-{count}.so", process::id()))
}
