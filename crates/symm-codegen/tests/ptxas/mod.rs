// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! NVIDIA's assembler, where it is installed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};
use symm_abi::gpu::KernelImage;

/// The assembler.
#[derive(Clone)]
pub struct Ptxas {
    program: PathBuf,
}

/// What a kernel needs of each thread.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Registers of 32 bits.
    pub registers: u32,
    /// Bytes of stack.
    pub stack: u32,
    /// Bytes stored to and loaded from the stack because registers ran out.
    pub spilled: u32,
}

impl Ptxas {
    /// Returns the assembler that `cargo xtask setup --gpu-tools` fetched, or the one on the path, if there is one.
    pub fn find() -> Option<Self> {
        let fetched = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .with_file_name("gpu-tools/nvidia/cuda_nvcc/bin/ptxas");
        let paths = env::var_os("PATH").unwrap_or_default();
        let on_path = env::split_paths(&paths).map(|folder| folder.join("ptxas"));
        let program = [fetched]
            .into_iter()
            .chain(on_path)
            .find(|program| program.is_file())?;
        Some(Self { program })
    }

    /// Assembles kernels on all cores; the results are in the order of the kernels.
    pub fn assemble_all(&self, images: &[KernelImage]) -> Vec<Result<Usage, String>> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut results = Vec::new();
            while let Some((index, image)) = {
                let index = next.fetch_add(1, Ordering::Relaxed);
                images.get(index).map(|image| (index, image))
            } {
                results.push((index, self.assemble(image)));
            }
            results
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let mut results: Vec<_> = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            workers
                .into_iter()
                .flat_map(|worker| worker.join().expect("no panic"))
                .collect()
        });
        results.sort_by_key(|&(index, _)| index);
        results.into_iter().map(|(_, result)| result).collect()
    }

    fn assemble(&self, image: &KernelImage) -> Result<Usage, String> {
        let thread = format!("{:?}", thread::current().id()).replace(['(', ')'], "-");
        let name = format!("{}-{thread}", image.spec.name());
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.ptx"));
        let cubin = file.with_extension("cubin");
        fs::write(&file, &image.ptx).map_err(|error| error.to_string())?;
        let chip = format!("-arch={}", image.spec.chip);
        let output = Command::new(&self.program)
            .args([&chip, "-v", "-o"])
            .arg(&cubin)
            .arg(&file)
            .output();
        let output = output.map_err(|error| error.to_string())?;
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        // Nobody needs the files; those of a kernel that failed stay.
        if !output.status.success() {
            return Err(messages);
        }
        let _ = (fs::remove_file(&file), fs::remove_file(&cubin));
        let number = |before: &str, after: &str| number_between(&messages, before, after);
        Ok(Usage {
            registers: number("Used ", " registers").ok_or(&messages)?,
            stack: number("", " bytes stack frame").ok_or(&messages)?,
            spilled: number("", " bytes spill stores").ok_or(&messages)?
                + number("", " bytes spill loads").ok_or(&messages)?,
        })
    }
}

/// Returns the number that stands before a text, after another one if that is not empty.
fn number_between(text: &str, before: &str, after: &str) -> Option<u32> {
    let end = text.find(after)?;
    let head = &text[..end];
    let digits = head
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |last| last + 1);
    head[..digits]
        .ends_with(before)
        .then(|| head[digits..].parse().ok())?
}
