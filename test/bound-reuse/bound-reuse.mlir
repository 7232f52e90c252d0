// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// After 32 ops that each write over the result of the one before, the next writes over an empty tensor, or over a copy where it looks
// at what is there or changes a part of it.

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

// A view is a link of the chain, but changes nothing.
// CHECK-LABEL: func @changed
// CHECK-COUNT-30: tensor.insert
// CHECK: %[[VIEW:.*]] = tensor.expand_shape
// CHECK: tensor.insert %{{.*}} into %[[VIEW]]
// CHECK: tensor.collapse_shape
// CHECK: %[[COPY:.*]] = bufferization.alloc_tensor() copy(%{{.*}}) : tensor<8xf32>
// CHECK: tensor.insert %{{.*}} into %[[COPY]]
// CHECK-NOT: bufferization.alloc_tensor
// CHECK: return
func.func @changed(%0: tensor<8xf32>, %x: f32, %i: index) -> tensor<8xf32> {
  %1 = tensor.insert %x into %0[%i] : tensor<8xf32>
  %2 = tensor.insert %x into %1[%i] : tensor<8xf32>
  %3 = tensor.insert %x into %2[%i] : tensor<8xf32>
  %4 = tensor.insert %x into %3[%i] : tensor<8xf32>
  %5 = tensor.insert %x into %4[%i] : tensor<8xf32>
  %6 = tensor.insert %x into %5[%i] : tensor<8xf32>
  %7 = tensor.insert %x into %6[%i] : tensor<8xf32>
  %8 = tensor.insert %x into %7[%i] : tensor<8xf32>
  %9 = tensor.insert %x into %8[%i] : tensor<8xf32>
  %10 = tensor.insert %x into %9[%i] : tensor<8xf32>
  %11 = tensor.insert %x into %10[%i] : tensor<8xf32>
  %12 = tensor.insert %x into %11[%i] : tensor<8xf32>
  %13 = tensor.insert %x into %12[%i] : tensor<8xf32>
  %14 = tensor.insert %x into %13[%i] : tensor<8xf32>
  %15 = tensor.insert %x into %14[%i] : tensor<8xf32>
  %16 = tensor.insert %x into %15[%i] : tensor<8xf32>
  %17 = tensor.insert %x into %16[%i] : tensor<8xf32>
  %18 = tensor.insert %x into %17[%i] : tensor<8xf32>
  %19 = tensor.insert %x into %18[%i] : tensor<8xf32>
  %20 = tensor.insert %x into %19[%i] : tensor<8xf32>
  %21 = tensor.insert %x into %20[%i] : tensor<8xf32>
  %22 = tensor.insert %x into %21[%i] : tensor<8xf32>
  %23 = tensor.insert %x into %22[%i] : tensor<8xf32>
  %24 = tensor.insert %x into %23[%i] : tensor<8xf32>
  %25 = tensor.insert %x into %24[%i] : tensor<8xf32>
  %26 = tensor.insert %x into %25[%i] : tensor<8xf32>
  %27 = tensor.insert %x into %26[%i] : tensor<8xf32>
  %28 = tensor.insert %x into %27[%i] : tensor<8xf32>
  %29 = tensor.insert %x into %28[%i] : tensor<8xf32>
  %30 = tensor.insert %x into %29[%i] : tensor<8xf32>
  %31 = tensor.expand_shape %30 [[0, 1]] output_shape [2, 4] : tensor<8xf32> into tensor<2x4xf32>
  %32 = tensor.insert %x into %31[%i, %i] : tensor<2x4xf32>
  %33 = tensor.collapse_shape %32 [[0, 1]] : tensor<2x4xf32> into tensor<8xf32>
  %34 = tensor.insert %x into %33[%i] : tensor<8xf32>
  %35 = tensor.insert %x into %34[%i] : tensor<8xf32>
  return %35 : tensor<8xf32>
}

// CHECK-LABEL: func @added
// CHECK-COUNT-32: linalg.matmul
// CHECK: bufferization.alloc_tensor() copy
// CHECK-NOT: bufferization.alloc_tensor
// CHECK: return
func.func @added(%x: tensor<4x4xf32>, %0: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %1 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%0 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%1 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%2 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %4 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%3 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %5 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%4 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %6 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%5 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %7 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%6 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %8 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%7 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %9 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%8 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %10 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%9 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %11 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%10 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %12 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%11 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %13 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%12 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %14 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%13 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %15 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%14 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %16 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%15 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %17 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%16 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %18 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%17 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %19 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%18 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %20 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%19 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %21 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%20 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %22 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%21 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %23 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%22 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %24 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%23 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %25 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%24 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %26 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%25 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %27 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%26 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %28 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%27 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %29 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%28 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %30 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%29 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %31 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%30 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %32 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%31 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %33 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%32 : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %33 : tensor<4x4xf32>
}
