// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Compiles Symm's all-reduce kernels to a bundle: a folder of PTX with an index, for machines that have GPUs but no
//! compiler.

mod arguments;

use arguments::Arguments;
use clap::Parser;
use std::{
    error::Error,
    io::{self, ErrorKind, Write},
    process::ExitCode,
    time::Instant,
};
use symm_abi::gpu::{Bundle, BundleError, KernelImage, Soundness};
use symm_codegen::gpu::{Sabotage, compile_all_sabotaged};
use symm_ir::context::create_context;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where nobody reads it there is nobody to tell.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let mut specs = arguments.specs()?;
    let start = Instant::now();
    let mut images = match arguments.add {
        true => present(&Bundle::open(&arguments.output)?)?,
        false => Vec::new(),
    };
    specs.retain(|spec| !images.iter().any(|image| image.spec == *spec));
    let sabotage = arguments.sabotage();
    images.extend(compile_all_sabotaged(
        create_context,
        &specs,
        arguments.ptx_version,
        sabotage,
    )?);
    let soundness = if sabotage == Sabotage::default() {
        Soundness::Sound
    } else {
        Soundness::Sabotaged
    };
    Bundle::write_as(&arguments.output, &images, soundness)?;
    let bytes: usize = images.iter().map(|image| image.ptx.len()).sum();
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    let seconds = start.elapsed().as_secs_f64();
    out(&format!(
        "{}: {} kernels, {} of them new, {mebibytes:.1} MiB, {seconds:.1} s\n",
        arguments.output.display(),
        images.len(),
        specs.len()
    ))
}

/// Writes text to the standard output; whoever closed it has read enough.
fn out(text: &str) -> Result<(), Box<dyn Error>> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write to the standard output: {error}").into())
        }
        _ => Ok(()),
    }
}

/// Reads all kernels of a bundle.
fn present(bundle: &Bundle) -> Result<Vec<KernelImage>, BundleError> {
    let kernels = bundle.kernels().iter();
    kernels.map(|kernel| bundle.load(kernel)).collect()
}
