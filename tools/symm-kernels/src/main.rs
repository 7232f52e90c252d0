// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Compiles Symm's all-reduce kernels to a bundle: a folder of PTX with an index, for machines that have GPUs but no
//! compiler.

mod arguments;

use arguments::Arguments;
use clap::Parser;
use std::{
    error::Error,
    fmt::Display,
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::Path,
    process::ExitCode,
    time::Instant,
};
use symm_abi::gpu::{Bundle, BundleError, INDEX_FILE, KernelImage, Soundness};
use symm_cli::out;
use symm_codegen::gpu::{Sabotage, compile_all_sabotaged};
use symm_ir::context::create_context;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(format_args!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let mut specs = arguments.specs()?;
    let start = Instant::now();
    let _lock = lock(arguments)?;
    let mut images = match arguments.add {
        true => present(&arguments.output)?,
        false => Vec::new(),
    };
    if let Some(version) = arguments.ptx_version {
        // Kernels in another version are not what is asked for.
        images.retain(|image| image.ptx_version == version || !specs.contains(&image.spec));
    }
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
    ))?;
    Ok(())
}

/// Keeps the bundle from other processes until the lock is dropped: of two that read the same index, one would lose kernels.
fn lock(arguments: &Arguments) -> Result<File, String> {
    let folder = &arguments.output;
    let name = |error: io::Error| format!("{}: {error}", folder.display());
    if !arguments.add {
        fs::create_dir_all(folder).map_err(name)?;
    }
    // The folder itself: a file for it would stay, and be carried along.
    let file = File::open(folder).map_err(name)?;
    let locked = match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let folder = folder.display();
            tell(format_args!(
                "note: {folder}: waiting for another symm-kernels"
            ));
            file.lock()
        }
        Err(TryLockError::Error(error)) => Err(error),
        Ok(()) => Ok(()),
    };
    if let Err(error) = locked {
        // Some file systems have no locks of folders.
        let folder = folder.display();
        tell(format_args!(
            "note: {folder}: can't be locked, let no other symm-kernels write to it: {error}"
        ));
    }
    Ok(file)
}

/// Reads all kernels of the bundle in a folder.
fn present(folder: &Path) -> Result<Vec<KernelImage>, String> {
    let read = || -> Result<Vec<KernelImage>, BundleError> {
        let bundle = Bundle::open(folder)?;
        let kernels = bundle.kernels().iter();
        kernels.map(|kernel| bundle.load(kernel)).collect()
    };
    read().map_err(|error| match error {
        BundleError::Json(_) | BundleError::Version { .. } => {
            format!("{}: {error}", folder.join(INDEX_FILE).display())
        }
        _ => error.to_string(),
    })
}

/// Prints a line beside the output by one write.
fn tell(message: impl Display) {
    let line = format!("{message}\n");
    // Where nobody reads it there is nobody to tell.
    let _ = io::stderr().write_all(line.as_bytes());
}
