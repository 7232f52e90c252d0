// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--symm-cuda-pipeline`: from `c10d` on tensors to the LLVM dialect, for host and
//! GPU.

use crate::{
    approximate_math::APPROXIMATE_MATH,
    check_program::CHECK_PROGRAM,
    convert_comm_to_llvm::CONVERT_COMM_TO_LLVM,
    convert_comm_to_nvvm::CONVERT_COMM_TO_NVVM,
    convert_launches_to_runtime::CONVERT_LAUNCHES_TO_RUNTIME,
    convert_linalg_to_gpu::CONVERT_LINALG_TO_GPU,
    convert_symm_mem_to_gpu::{CHIP, CONVERT_SYMM_MEM_TO_GPU, PTX_VERSION, target},
    cpu_pipeline::{COMPLEX, FLOATS, STRUCTURE, TO_LLVM, VECTORS, bufferize},
    create_entry_points::CREATE_ENTRY_POINTS,
    decompose_aggregates::DECOMPOSE_AGGREGATES,
    distribute_launches::DISTRIBUTE_LAUNCHES,
    expand_functions::EXPAND_FUNCTIONS,
    expand_small_floats::EXPAND_SMALL_FLOATS,
    generalize_elementwise::GENERALIZE_ELEMENTWISE,
    launch_host_code::LAUNCH_HOST_CODE,
    lower_comm::{
        AS_TABLE, LAUNCH_TABLE, LOWER_COMM, ONE_SHOT_THRESHOLD, PROTOCOL, TWO_SHOT_THRESHOLD,
    },
    outline_contractions::OUTLINE_CONTRACTIONS,
    pipeline_options::{collect, count, forwarded, with_default},
    raise_vectors::RAISE_VECTORS,
    unpack_vector_accesses::UNPACK_VECTOR_ACCESSES,
    unshare_inits::UNSHARE_INITS,
};
use symm_ir::{
    diagnostics::Failure,
    pass::{OptionDef, OptionDefault, OptionValues, PassDef, Pipeline, PipelineDef},
};

/// The passes whose options are options of the pipeline.
const CONFIGURED: [&PassDef; 4] = [
    &LOWER_COMM,
    &CREATE_ENTRY_POINTS,
    &CONVERT_SYMM_MEM_TO_GPU,
    &DISTRIBUTE_LAUNCHES,
];

/// Lowers a program to the LLVM dialect, ready to be made an artifact for CUDA.
pub static SYMM_CUDA_PIPELINE: PipelineDef = PipelineDef {
    argument: "symm-cuda-pipeline",
    summary: "Lower a program with collectives to host code and kernels for NVIDIA GPUs",
    description: "
`--check-program`, `--lift-cf-to-scf`, `--lower-comm` (by push, unless told otherwise), `--decompose-aggregates`, inlining,
`--raise-vectors`, fusion of elementwise ops, bufferization with function boundaries,
`--place-symmetric-buffers`, ownership-based deallocation, `--expand-deallocations`, `--create-entry-points`,
`--convert-symm-mem-to-gpu`, `--convert-comm-to-nvvm`, `--launch-host-code`,
`--convert-linalg-to-gpu`, `--distribute-launches`, `--gpu-kernel-outlining`,
`--convert-launches-to-runtime`, and then MLIR's own conversions to NVVM and LLVM. It takes the
options of our passes among these.

The host code is left in the LLVM dialect. The kernels of the program are in the `gpu.module`
`@symm_kernels`, those of collectives in one each, all with the chip as their target:
`--gpu-module-to-binary=format=isa` shows their PTX.
",
    options: &OPTIONS,
    build,
};

static OPTIONS: [OptionDef; count(&CONFIGURED)] = {
    let options = with_default(collect(&CONFIGURED), PROTOCOL, OptionDefault::Text("push"));
    let options = with_default(options, ONE_SHOT_THRESHOLD, OptionDefault::Int(AS_TABLE));
    with_default(options, TWO_SHOT_THRESHOLD, OptionDefault::Int(AS_TABLE))
};

/// Fusion, and back to one function.
const FUSE: &str = "linalg-fuse-elementwise-ops,inline,symbol-dce,canonicalize,cse";

/// Parallel loops in one form.
const LOOPS: &str = "lower-affine,scf-forall-to-parallel,cse";

/// The kernels of collectives, down to the LLVM and NVVM dialects.
pub const KERNELS_TO_LLVM: &str = "canonicalize,cse,convert-scf-to-cf,convert-vector-to-llvm,convert-arith-to-llvm,\
    convert-gpu-to-nvvm,convert-nvvm-to-llvm,reconcile-unrealized-casts";

/// Kernels without loops of `scf`, as `--convert-gpu-to-nvvm` takes them.
const TO_NVVM: &str = "convert-vector-to-scf{full-unroll},expand-strided-metadata,lower-affine,\
    scf-parallel-for-to-nested-fors,convert-scf-to-cf,convert-complex-to-llvm,\
    convert-math-to-llvm,convert-vector-to-llvm,convert-gpu-to-nvvm,\
    canonicalize,cse,reconcile-unrealized-casts";

fn build(pipeline: Pipeline<'_>, options: &OptionValues<'_>) -> Result<(), Failure> {
    let target = target(&options.text(CHIP.name), options.int(PTX_VERSION.name))?;
    let configured =
        |pass: &'static PassDef| pipeline.add(pass, &forwarded(options, pass)).map(|_| ());
    pipeline.add(&CHECK_PROGRAM, "device=cuda")?;
    pipeline.add_text(STRUCTURE)?;
    pipeline.add(&LOWER_COMM, &lower_comm_options(options, target.chip()))?;
    pipeline.add(&DECOMPOSE_AGGREGATES, "")?;
    pipeline.add_text("inline,symbol-dce,canonicalize,cse")?;
    pipeline.add(&RAISE_VECTORS, "")?;
    pipeline.add_text("convert-elementwise-to-linalg")?;
    pipeline.add(&GENERALIZE_ELEMENTWISE, "")?;
    pipeline.add(&OUTLINE_CONTRACTIONS, "")?;
    pipeline.add_text(FUSE)?;
    pipeline.add(&UNSHARE_INITS, "")?;
    bufferize(pipeline)?;
    configured(&CREATE_ENTRY_POINTS)?;
    configured(&CONVERT_SYMM_MEM_TO_GPU)?;
    // The kernels of collectives are all that is in a gpu.module yet: they are done before any pass that is meant for the
    // program's sees them.
    let all_reduces = pipeline.nest("gpu.module");
    all_reduces.add(&CONVERT_COMM_TO_NVVM, "")?;
    all_reduces.add_text(KERNELS_TO_LLVM)?;
    pipeline.add_text(LOOPS)?;
    pipeline.add(&LAUNCH_HOST_CODE, "")?;
    configured(&CONVERT_LINALG_TO_GPU)?;
    pipeline.add_text("convert-linalg-to-parallel-loops")?;
    configured(&DISTRIBUTE_LAUNCHES)?;
    pipeline.add_text("lower-affine,canonicalize,cse")?;
    pipeline.add_text(VECTORS)?;
    pipeline.add_text("gpu-launch-sink-index-computations,gpu-kernel-outlining")?;
    pipeline.add(&EXPAND_FUNCTIONS, "")?;
    pipeline.add_text(COMPLEX)?;
    pipeline.add_text(FLOATS)?;
    pipeline.add(&EXPAND_SMALL_FLOATS, "")?;
    configured(&CONVERT_LAUNCHES_TO_RUNTIME)?;
    pipeline.add_text("symbol-dce")?;
    pipeline.add(&CONVERT_COMM_TO_LLVM, "")?;
    pipeline.add(&UNPACK_VECTOR_ACCESSES, "")?;
    let kernels = pipeline.nest("gpu.module");
    kernels.add(&APPROXIMATE_MATH, "")?;
    kernels.add_text(TO_NVVM)?;
    pipeline.add_text(&format!(
        "nvvm-attach-target{{chip={} features=+ptx{} O=3}}",
        target.chip(),
        target.ptx_version()
    ))?;
    pipeline.add_text(TO_LLVM)?;
    Ok(())
}

/// Returns the options of `--lower-comm`; the launch table is that of the chip,
/// unless another one is named.
fn lower_comm_options(options: &OptionValues<'_>, chip: &str) -> String {
    let mut text = forwarded(options, &LOWER_COMM);
    if options.text(LAUNCH_TABLE).is_empty() {
        text = text.replace(
            &format!("{LAUNCH_TABLE}="),
            &format!("{LAUNCH_TABLE}={chip}"),
        );
    }
    text
}
