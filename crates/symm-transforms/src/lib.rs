// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Passes over the dialects `comm`, `c10d` and `symm_mem`: one pass per folder,
//! one pattern per file.

mod action;
pub mod all_reduce_kernels;
pub mod approximate_math;
mod attributes;
pub mod bound_reuse;
mod branch;
pub mod buffer_table;
mod builder;
pub mod check_bufferization;
pub mod check_program;
pub mod convert_comm_to_llvm;
pub mod convert_comm_to_nvvm;
pub mod convert_launches_to_runtime;
pub mod convert_linalg_to_gpu;
pub mod convert_symm_mem_to_cpu;
pub mod convert_symm_mem_to_gpu;
pub mod cpu_pipeline;
pub mod create_entry_points;
pub mod cuda_pipeline;
pub mod cuda_table;
pub mod decompose_aggregates;
mod destination;
pub mod distribute_launches;
pub mod entry_table;
pub mod expand_deallocations;
pub mod expand_functions;
pub mod expand_small_floats;
pub mod expand_strided_copies;
pub mod fill_splats;
pub mod generalize_elementwise;
pub mod gpu_target;
pub mod group;
pub mod guard_bufferization;
pub mod keep_deallocations;
pub mod launch_host_code;
mod library;
pub mod lower_comm;
mod module_state;
mod number_type;
pub mod op_table;
pub mod order_loops;
pub mod outline_contractions;
mod overlap;
mod pipeline_options;
pub mod place_symmetric_buffers;
pub mod raise_vectors;
pub mod record_buffers;
mod records;
mod runtime;
pub mod separate_results;
mod tie;
pub mod unpack_vector_accesses;
pub mod unshare_inits;

use symm_ir::pass::{PassDef, PipelineDef};

/// Every pass of this crate, sorted by argument.
pub static PASSES: &[&PassDef] = &[
    &approximate_math::APPROXIMATE_MATH,
    &bound_reuse::BOUND_REUSE,
    &check_bufferization::CHECK_BUFFERIZATION,
    &check_program::CHECK_PROGRAM,
    &convert_comm_to_llvm::CONVERT_COMM_TO_LLVM,
    &convert_comm_to_nvvm::CONVERT_COMM_TO_NVVM,
    &convert_launches_to_runtime::CONVERT_LAUNCHES_TO_RUNTIME,
    &convert_linalg_to_gpu::CONVERT_LINALG_TO_GPU,
    &convert_symm_mem_to_cpu::CONVERT_SYMM_MEM_TO_CPU,
    &convert_symm_mem_to_gpu::CONVERT_SYMM_MEM_TO_GPU,
    &create_entry_points::CREATE_ENTRY_POINTS,
    &decompose_aggregates::DECOMPOSE_AGGREGATES,
    &distribute_launches::DISTRIBUTE_LAUNCHES,
    &expand_deallocations::EXPAND_DEALLOCATIONS,
    &expand_functions::EXPAND_FUNCTIONS,
    &expand_small_floats::EXPAND_SMALL_FLOATS,
    &expand_strided_copies::EXPAND_STRIDED_COPIES,
    &fill_splats::FILL_SPLATS,
    &generalize_elementwise::GENERALIZE_ELEMENTWISE,
    &guard_bufferization::GUARD_BUFFERIZATION,
    &keep_deallocations::KEEP_DEALLOCATIONS,
    &launch_host_code::LAUNCH_HOST_CODE,
    &lower_comm::LOWER_COMM,
    &order_loops::ORDER_LOOPS,
    &outline_contractions::OUTLINE_CONTRACTIONS,
    &place_symmetric_buffers::PLACE_SYMMETRIC_BUFFERS,
    &raise_vectors::RAISE_VECTORS,
    &record_buffers::RECORD_BUFFERS,
    &separate_results::SEPARATE_RESULTS,
    &unpack_vector_accesses::UNPACK_VECTOR_ACCESSES,
    &unshare_inits::UNSHARE_INITS,
];

/// Every pipeline of this crate, sorted by argument.
pub static PIPELINES: &[&PipelineDef] = &[
    &cpu_pipeline::SYMM_CPU_PIPELINE,
    &cuda_pipeline::SYMM_CUDA_PIPELINE,
];
