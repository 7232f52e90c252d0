// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef SYMM_COMM_BASE
#define SYMM_COMM_BASE

include "mlir/IR/OpBase.td"

def Comm_Dialect : Dialect {
  let name = "comm";
  let cppNamespace = "::symm::comm";
  let summary = "Where: process groups, symmetric memory, peers and signals";
  let description = [{
    The substrate of the two dialects above it. It has process groups
    (`comm.group`), the attribute that places a buffer in memory that every peer
    can address (`#comm.symm_mem`), and the primitives that kernels are written
    in: peers, signals, waits and epochs.

    `#comm.symm_mem<@group>` appears in two places. On an allocation, as the
    discardable attribute `comm.symm_mem`, it is a *request*. As the memory space
    of a memref type it is the *proof*: it survives views, casts and function
    boundaries, and the verifiers check it. `--place-symmetric-buffers` turns
    requests and needs into proofs and then sets `comm.placed` on the module; from
    then on, an operand that must be symmetric and isn't is an error.

    Attributes of a module that the dialect checks:
    - `comm.world_size = 8 : i64`: the number of ranks; group ranks must be below it;
    - `comm.placed`: symmetric buffers have been placed.
  }];
  // What folds and bufferization of collectives create.
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
}

#endif // SYMM_COMM_BASE
