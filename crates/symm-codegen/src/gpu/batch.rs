// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Many kernels at once.

use melior::Context;
use std::{
    num::NonZero,
    panic,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};
use symm_abi::gpu::{KernelImage, KernelSpec};

use super::{GpuError, Sabotage, compile_sabotaged};

/// Compiles kernels on all cores, each thread in a context of its own, and returns them in the order of their specs.
///
/// # Errors
///
/// Returns the first error that [`compile`](super::compile) gives; what is left is not compiled then.
pub fn compile_all(
    new_context: impl Fn() -> Context + Sync,
    specs: &[KernelSpec],
    ptx_version: Option<u32>,
) -> Result<Vec<KernelImage>, GpuError> {
    compile_all_sabotaged(new_context, specs, ptx_version, Sabotage::default())
}

/// Compiles kernels as [`compile_all`] does, but for what is wrong with them on purpose: for tests.
///
/// # Errors
///
/// Returns the first error that [`compile_sabotaged`] gives; what is left is not compiled then.
pub fn compile_all_sabotaged(
    new_context: impl Fn() -> Context + Sync,
    specs: &[KernelSpec],
    ptx_version: Option<u32>,
    sabotage: Sabotage,
) -> Result<Vec<KernelImage>, GpuError> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        let context = new_context();
        let mut images = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(spec) = specs.get(index) else { break };
            let image = compile_sabotaged(&context, spec, ptx_version, sabotage);
            failed.fetch_or(image.is_err(), Ordering::Relaxed);
            images.push((index, image));
        }
        images
    };
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(specs.len());
    let mut images: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| panic::resume_unwind(panic))
            })
            .collect()
    });
    images.sort_by_key(|&(index, _)| index);
    images.into_iter().map(|(_, image)| image).collect()
}
