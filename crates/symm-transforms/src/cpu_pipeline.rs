// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--symm-cpu-pipeline`: from `c10d` on tensors to the LLVM dialect.

use crate::{
    bound_reuse::BOUND_REUSE,
    check_bufferization::CHECK_BUFFERIZATION,
    check_program::CHECK_PROGRAM,
    convert_comm_to_llvm::CONVERT_COMM_TO_LLVM,
    convert_symm_mem_to_cpu::CONVERT_SYMM_MEM_TO_CPU,
    create_entry_points::CREATE_ENTRY_POINTS,
    decompose_aggregates::DECOMPOSE_AGGREGATES,
    expand_deallocations::EXPAND_DEALLOCATIONS,
    expand_functions::EXPAND_FUNCTIONS,
    expand_small_floats::EXPAND_SMALL_FLOATS,
    expand_strided_copies::EXPAND_STRIDED_COPIES,
    fill_splats::FILL_SPLATS,
    guard_bufferization::GUARD_BUFFERIZATION,
    keep_deallocations::KEEP_DEALLOCATIONS,
    lower_comm::LOWER_COMM,
    order_loops::ORDER_LOOPS,
    pipeline_options::{collect, count, forwarded},
    place_symmetric_buffers::PLACE_SYMMETRIC_BUFFERS,
    record_buffers::RECORD_BUFFERS,
    separate_results::SEPARATE_RESULTS,
    unpack_vector_accesses::UNPACK_VECTOR_ACCESSES,
};
use symm_ir::{
    diagnostics::Failure,
    pass::{OptionDef, OptionValues, PassDef, Pipeline, PipelineDef},
};

/// The passes whose options are options of the pipeline.
const CONFIGURED: [&PassDef; 4] = [
    &LOWER_COMM,
    &CREATE_ENTRY_POINTS,
    &CONVERT_SYMM_MEM_TO_CPU,
    &CONVERT_COMM_TO_LLVM,
];

/// Lowers a program to the LLVM dialect, ready to be made an artifact.
pub static SYMM_CPU_PIPELINE: PipelineDef = PipelineDef {
    argument: "symm-cpu-pipeline",
    summary: "Lower a program with collectives to the LLVM dialect for CPU ranks",
    description: "
`--check-program`, `--lift-cf-to-scf`, `--lower-comm`, `--decompose-aggregates`, bufferization with function boundaries,
`--place-symmetric-buffers`, ownership-based deallocation, `--expand-deallocations`,
`--create-entry-points`, `--convert-symm-mem-to-cpu`, `--convert-comm-to-llvm`, and then MLIR's own
conversions of
`linalg`, `scf`, `memref`, `arith`, `math`, `complex`, `vector` and `func`. It takes the
options of our passes among these.
",
    options: &OPTIONS,
    build,
};

static OPTIONS: [OptionDef; count(&CONFIGURED)] = collect(&CONFIGURED);

/// Branches between blocks as loops and branches of `scf`: deallocation knows no other
/// loops.
pub(crate) const STRUCTURE: &str = "lift-cf-to-scf";

/// Bufferization as `--place-symmetric-buffers` and the runtime expect it.
const BUFFERIZE: &str = "one-shot-bufferize{bufferize-function-boundaries \
    function-boundary-type-conversion=identity-layout-map \
    unknown-type-conversion=identity-layout-map allow-return-allocs-from-loops}";

/// Who frees what, as MLIR's `--buffer-deallocation-pipeline` finds it out.
const OWNERSHIP: &str = "expand-realloc{emit-deallocs=false},canonicalize,\
    ownership-based-buffer-deallocation,canonicalize,buffer-deallocation-simplification";

/// Ops of vectors that only passes of their own lower.
pub(crate) const VECTORS: &str = "func.func(lower-vector-mask,lower-vector-multi-reduction)";

/// Magnitudes and quotients of complex numbers without the squares that overflow long before the result does: the
/// conversion to LLVM has them.
pub(crate) const COMPLEX: &str = "convert-complex-to-standard";

/// Floats that x86 and LLVM have no arithmetic for are computed in fp32.
pub(crate) const FLOATS: &str = "arith-emulate-unsupported-floats{\
    source-types=f16,bf16,f8E4M3FN,f8E5M2 target-type=f32},\
    math-extend-to-supported-types{target-type=f32}";

/// `--arith-expand` loses the sign of zero in `minimumf` and `maximumf`, so what
/// LLVM has an instruction for is converted before it. The logarithm of 1 + x is the C library's, which has all digits near 0.
pub(crate) const TO_LLVM: &str = "convert-vector-to-scf,expand-strided-metadata,lower-affine,convert-scf-to-cf,\
    convert-vector-to-llvm,convert-complex-to-llvm,convert-math-to-llvm{approximate-log1p=false},convert-math-to-libm,\
    convert-ub-to-llvm,convert-index-to-llvm,convert-arith-to-llvm,arith-expand,\
    convert-arith-to-llvm,finalize-memref-to-llvm{use-generic-functions},convert-cf-to-llvm,\
    convert-func-to-llvm,canonicalize,cse,reconcile-unrealized-casts";

/// Adds what turns tensors into buffers, each in its place and freed.
pub(crate) fn bufferize(pipeline: Pipeline<'_>) -> Result<(), Failure> {
    pipeline.add(&FILL_SPLATS, "")?;
    pipeline.add(&BOUND_REUSE, "")?;
    pipeline.add(&CHECK_BUFFERIZATION, "")?;
    pipeline.add(&GUARD_BUFFERIZATION, "")?;
    pipeline.add_text(BUFFERIZE)?;
    pipeline.add(&SEPARATE_RESULTS, "")?;
    pipeline.add(&PLACE_SYMMETRIC_BUFFERS, "")?;
    pipeline.add(&RECORD_BUFFERS, "")?;
    pipeline.add(&KEEP_DEALLOCATIONS, "")?;
    pipeline.add_text(OWNERSHIP)?;
    pipeline.add(&EXPAND_DEALLOCATIONS, "")?;
    pipeline.add_text("cse,canonicalize,convert-bufferization-to-memref")?;
    Ok(())
}

fn build(pipeline: Pipeline<'_>, options: &OptionValues<'_>) -> Result<(), Failure> {
    let configured = |pipeline: Pipeline<'_>, pass: &'static PassDef| {
        pipeline.add(pass, &forwarded(options, pass)).map(|_| ())
    };
    pipeline.add(&CHECK_PROGRAM, "")?;
    pipeline.add_text(STRUCTURE)?;
    configured(pipeline, &LOWER_COMM)?;
    pipeline.add(&DECOMPOSE_AGGREGATES, "")?;
    pipeline.add_text("canonicalize,cse,func.func(convert-elementwise-to-linalg)")?;
    bufferize(pipeline)?;
    configured(pipeline, &CREATE_ENTRY_POINTS)?;
    configured(pipeline, &CONVERT_SYMM_MEM_TO_CPU)?;
    configured(pipeline, &CONVERT_COMM_TO_LLVM)?;
    pipeline.add(&EXPAND_STRIDED_COPIES, "")?;
    pipeline.add(&ORDER_LOOPS, "")?;
    pipeline.add_text("symbol-dce,convert-linalg-to-loops,lower-affine")?;
    pipeline.add_text(VECTORS)?;
    pipeline.add(&UNPACK_VECTOR_ACCESSES, "")?;
    pipeline.add(&EXPAND_FUNCTIONS, "")?;
    pipeline.add_text(COMPLEX)?;
    pipeline.add_text(FLOATS)?;
    pipeline.add(&EXPAND_SMALL_FLOATS, "")?;
    pipeline.add_text(TO_LLVM)?;
    Ok(())
}
