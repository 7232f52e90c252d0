// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What has not been lowered is refused.
//
// RUN: not symm-translate --mlir-to-llvmir %s 2>&1 | FileCheck %s

// CHECK: error: cannot be converted to LLVM IR: {{.*}}comm.group
comm.group @tp size(4)
