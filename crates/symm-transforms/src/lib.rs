// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Passes over the dialects `comm`, `c10d` and `symm_mem`: one pass per folder,
//! one pattern per file.

pub mod buffer_table;
mod builder;
mod library;
mod attributes;
pub mod convert_comm_to_llvm;
pub mod convert_symm_mem_to_cpu;
pub mod cpu_pipeline;
pub mod create_entry_points;
pub mod entry_table;
pub mod expand_small_floats;
pub mod expand_strided_copies;
pub mod group;
pub mod keep_deallocations;
pub mod lower_comm;
pub mod op_table;
mod overlap;
mod place;
pub mod place_symmetric_buffers;
pub mod record_buffers;
mod records;
mod runtime;

use symm_ir::pass::{PassDef, PipelineDef};

/// Every pass of this crate, sorted by argument.
pub static PASSES: &[&PassDef] = &[
    &convert_comm_to_llvm::CONVERT_COMM_TO_LLVM,
    &convert_symm_mem_to_cpu::CONVERT_SYMM_MEM_TO_CPU,
    &create_entry_points::CREATE_ENTRY_POINTS,
    &expand_small_floats::EXPAND_SMALL_FLOATS,
    &expand_strided_copies::EXPAND_STRIDED_COPIES,
    &keep_deallocations::KEEP_DEALLOCATIONS,
    &lower_comm::LOWER_COMM,
    &place_symmetric_buffers::PLACE_SYMMETRIC_BUFFERS,
    &record_buffers::RECORD_BUFFERS,
];

/// Every pipeline of this crate, sorted by argument.
pub static PIPELINES: &[&PipelineDef] = &[&cpu_pipeline::SYMM_CPU_PIPELINE];
