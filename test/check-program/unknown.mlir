// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --allow-unregistered-dialect --check-program --verify-diagnostics
// RUN: not symm-opt %s --allow-unregistered-dialect --symm-cuda-pipeline 2>&1 | FileCheck %s
// RUN: not symm-opt %s --allow-unregistered-dialect --symm-cpu-pipeline 2>&1 | FileCheck %s

// The inliner does not survive it.
func.func @region(%x: memref<8xf32>) {
  // CHECK: 'my.op' op is no op that is known here; express it in ops that are
  // expected-error@+1 {{is no op that is known here; express it in ops that are}}
  "my.op"(%x) ({
  ^bb0(%y: memref<?xf32>):
    "my.yield"(%y) : (memref<?xf32>) -> ()
  }) : (memref<8xf32>) -> ()
  return
}
