// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Options of passes written in Rust are checked by MLIR itself.
//
// RUN: not symm-opt %s --pass-pipeline='builtin.module(place-symmetric-buffers{nosuch=1})' 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: symm-opt %s --place-symmetric-buffers --dump-pass-pipeline -o /dev/null 2>&1 | FileCheck %s --check-prefix=DUMP
// RUN: symm-opt %s --place-symmetric-buffers --mlir-timing -o /dev/null 2>&1 | FileCheck %s --check-prefix=TIMING
// RUN: symm-opt %s --place-symmetric-buffers --mlir-print-ir-after=place-symmetric-buffers -o /dev/null 2>&1 | FileCheck %s --check-prefix=AFTER

// UNKNOWN: no such option nosuch
// DUMP: builtin.module(
// DUMP-NEXT: place-symmetric-buffers
// TIMING: PlaceSymmetricBuffers
// AFTER: IR Dump After PlaceSymmetricBuffers (place-symmetric-buffers)
module {}
