// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// After 32 ops that each write over the result of the one before, the next writes over an empty tensor. Where it looks at what is there or
// changes a part of it, see copies.test.

// RUN: symm-opt %s --bound-reuse | FileCheck %s
// RUN: symm-opt %s --bound-reuse --bound-reuse | FileCheck %s

// CHECK-LABEL: func @unread
// CHECK-COUNT-32: linalg.exp
// CHECK: %[[N:.*]] = tensor.dim %[[LAST:.*]], %{{.*}} : tensor<?xf32>
// CHECK: %[[EMPTY:.*]] = tensor.empty(%[[N]]) : tensor<?xf32>
// CHECK: linalg.exp ins(%[[LAST]] : tensor<?xf32>) outs(%[[EMPTY]] : tensor<?xf32>)
// CHECK-NOT: tensor.empty
// CHECK: return
func.func @unread(%0: tensor<?xf32>) -> tensor<?xf32> {
  %1 = linalg.exp ins(%0 : tensor<?xf32>) outs(%0 : tensor<?xf32>) -> tensor<?xf32>
  %2 = linalg.exp ins(%1 : tensor<?xf32>) outs(%1 : tensor<?xf32>) -> tensor<?xf32>
  %3 = linalg.exp ins(%2 : tensor<?xf32>) outs(%2 : tensor<?xf32>) -> tensor<?xf32>
  %4 = linalg.exp ins(%3 : tensor<?xf32>) outs(%3 : tensor<?xf32>) -> tensor<?xf32>
  %5 = linalg.exp ins(%4 : tensor<?xf32>) outs(%4 : tensor<?xf32>) -> tensor<?xf32>
  %6 = linalg.exp ins(%5 : tensor<?xf32>) outs(%5 : tensor<?xf32>) -> tensor<?xf32>
  %7 = linalg.exp ins(%6 : tensor<?xf32>) outs(%6 : tensor<?xf32>) -> tensor<?xf32>
  %8 = linalg.exp ins(%7 : tensor<?xf32>) outs(%7 : tensor<?xf32>) -> tensor<?xf32>
  %9 = linalg.exp ins(%8 : tensor<?xf32>) outs(%8 : tensor<?xf32>) -> tensor<?xf32>
  %10 = linalg.exp ins(%9 : tensor<?xf32>) outs(%9 : tensor<?xf32>) -> tensor<?xf32>
  %11 = linalg.exp ins(%10 : tensor<?xf32>) outs(%10 : tensor<?xf32>) -> tensor<?xf32>
  %12 = linalg.exp ins(%11 : tensor<?xf32>) outs(%11 : tensor<?xf32>) -> tensor<?xf32>
  %13 = linalg.exp ins(%12 : tensor<?xf32>) outs(%12 : tensor<?xf32>) -> tensor<?xf32>
  %14 = linalg.exp ins(%13 : tensor<?xf32>) outs(%13 : tensor<?xf32>) -> tensor<?xf32>
  %15 = linalg.exp ins(%14 : tensor<?xf32>) outs(%14 : tensor<?xf32>) -> tensor<?xf32>
  %16 = linalg.exp ins(%15 : tensor<?xf32>) outs(%15 : tensor<?xf32>) -> tensor<?xf32>
  %17 = linalg.exp ins(%16 : tensor<?xf32>) outs(%16 : tensor<?xf32>) -> tensor<?xf32>
  %18 = linalg.exp ins(%17 : tensor<?xf32>) outs(%17 : tensor<?xf32>) -> tensor<?xf32>
  %19 = linalg.exp ins(%18 : tensor<?xf32>) outs(%18 : tensor<?xf32>) -> tensor<?xf32>
  %20 = linalg.exp ins(%19 : tensor<?xf32>) outs(%19 : tensor<?xf32>) -> tensor<?xf32>
  %21 = linalg.exp ins(%20 : tensor<?xf32>) outs(%20 : tensor<?xf32>) -> tensor<?xf32>
  %22 = linalg.exp ins(%21 : tensor<?xf32>) outs(%21 : tensor<?xf32>) -> tensor<?xf32>
  %23 = linalg.exp ins(%22 : tensor<?xf32>) outs(%22 : tensor<?xf32>) -> tensor<?xf32>
  %24 = linalg.exp ins(%23 : tensor<?xf32>) outs(%23 : tensor<?xf32>) -> tensor<?xf32>
  %25 = linalg.exp ins(%24 : tensor<?xf32>) outs(%24 : tensor<?xf32>) -> tensor<?xf32>
  %26 = linalg.exp ins(%25 : tensor<?xf32>) outs(%25 : tensor<?xf32>) -> tensor<?xf32>
  %27 = linalg.exp ins(%26 : tensor<?xf32>) outs(%26 : tensor<?xf32>) -> tensor<?xf32>
  %28 = linalg.exp ins(%27 : tensor<?xf32>) outs(%27 : tensor<?xf32>) -> tensor<?xf32>
  %29 = linalg.exp ins(%28 : tensor<?xf32>) outs(%28 : tensor<?xf32>) -> tensor<?xf32>
  %30 = linalg.exp ins(%29 : tensor<?xf32>) outs(%29 : tensor<?xf32>) -> tensor<?xf32>
  %31 = linalg.exp ins(%30 : tensor<?xf32>) outs(%30 : tensor<?xf32>) -> tensor<?xf32>
  %32 = linalg.exp ins(%31 : tensor<?xf32>) outs(%31 : tensor<?xf32>) -> tensor<?xf32>
  %33 = linalg.exp ins(%32 : tensor<?xf32>) outs(%32 : tensor<?xf32>) -> tensor<?xf32>
  %34 = linalg.exp ins(%33 : tensor<?xf32>) outs(%33 : tensor<?xf32>) -> tensor<?xf32>
  return %34 : tensor<?xf32>
}
