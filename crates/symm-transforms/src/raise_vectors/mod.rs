// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--raise-vectors`: vector code of the host becomes linalg on tensors.

mod combine;
mod compute;
mod raise;
mod reshape;
mod rule;
mod select;
mod transfer;

use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__bufferization__,
    mlirGetDialectHandle__linalg__, mlirGetDialectHandle__math__, mlirGetDialectHandle__memref__,
    mlirGetDialectHandle__tensor__,
};
use symm_ir::{
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    walk,
};

/// Turns vector code into linalg.
pub static RAISE_VECTORS: PassDef = PassDef {
    argument: "raise-vectors",
    summary: "Turn vector code of the host into linalg on tensors, where all of it can be",
    description: "
A vector of the host becomes a tensor of its shape, and what computes it ops of linalg, which
are fused with others and get a thread per element, or a block per sum, instead of one thread
for all. It takes

- elementwise ops of `arith` and `math` and `vector.fma`;
- `vector.broadcast`, `transpose`, `shape_cast`, `extract`, `insert`, `extract_strided_slice`
  and `insert_strided_slice` at known positions;
- `vector.reduction`, `multi_reduction` and `contract` (sums of products, which become matrix
  products), and numbers that come out of them, up to the vector or tensor that they are put into;
- `vector.load`, `store`, `transfer_read` and `transfer_write` of the last dimensions, in
  bounds and without a mask, of tensors and of buffers. What is read from a buffer is copied
  first, because the buffer may change.

Values that are connected are turned together or not at all: one that is handed around a loop, or
goes into any other op, leaves all of them to `--launch-host-code`. Code inside of `scf.forall`
and `scf.parallel` stays as it is: its iterations are what is spread over threads.

Runs on tensors, before fusion.
",
    anchor: Some("builtin.module"),
    options: &[],
    statistics: &[StatisticDef {
        name: "raised",
        description: "ops on vectors turned into ops on tensors",
    }],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__bufferization__,
        mlirGetDialectHandle__linalg__,
        mlirGetDialectHandle__math__,
        mlirGetDialectHandle__memref__,
        mlirGetDialectHandle__tensor__,
    ],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    for function in walk::collect_named(pass.operation(), "func.func") {
        let chosen = select::chosen(function);
        raise::all(&chosen)?;
        pass.count("raised", chosen.len() as u64);
    }
    Ok(())
}
