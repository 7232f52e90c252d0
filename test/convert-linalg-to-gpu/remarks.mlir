// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What runs each op, and why the library does not take a sum of products; -v of symm-compile shows the same.

// RUN: symm-opt %s --convert-linalg-to-gpu --remarks-filter=convert-linalg-to-gpu -o /dev/null 2>&1 | FileCheck %s
// RUN: symm-compile %s --device=cuda --emit=ptx -v -o /dev/null 2>&1 | FileCheck %s --check-prefix=PLAN

// CHECK-DAG: [Passed] matmul | Category:convert-linalg-to-gpu | Function=product | Library=cuBLASLt, MxNxK=4x16x8, Type=f32
// CHECK-DAG: [Passed] matmul | {{.*}}Function=batch | Batch=2, Library=cuBLASLt, MxNxK=4x16x8, Type=bf16
// CHECK-DAG: [Missed] kernel | {{.*}}Function=integers | Op=linalg.matmul, Reason="the library has no products of these types", Threads="one per element"
// CHECK-DAG: [Missed] kernel | {{.*}}Function=offset | {{.*}}Reason="a matrix has unknown strides, or does not begin at a multiple of 16 bytes for sure"
// CHECK-DAG: [Missed] kernel | {{.*}}Function=gaps | {{.*}}Reason="a matrix has neither its rows nor its columns side by side"
// CHECK-DAG: [Missed] kernel | {{.*}}Function=steps | {{.*}}Reason="matrices of the batch are no multiples of 16 bytes apart"
// CHECK-DAG: [Missed] kernel | {{.*}}Function=empty | {{.*}}Reason="a size is unknown, or out of what 31 bits hold"
// CHECK-DAG: [Missed] kernel | {{.*}}Function=exponentials | Op=linalg.generic, Reason="it computes, or loops over, more than a matrix product does", Threads="a block per element"
// CHECK-DAG: [Passed] copy | {{.*}}Function=others
// CHECK-DAG: [Passed] kernel | {{.*}}Function=others | Op=linalg.exp, Threads="one per element"

// PLAN: decisions:
// PLAN: remarks.mlir:[[#@LINE+3]]:3: convert-linalg-to-gpu matmul; Library: cuBLASLt; Type: f32; MxNxK: 4x16x8{{$}}
// PLAN: convert-linalg-to-gpu kernel; Op: linalg.generic; Threads: a block per element; Reason: it computes, or loops over, more
func.func @product(%a: memref<4x8xf32>, %b: memref<8x16xf32>, %c: memref<4x16xf32>) {
  linalg.matmul ins(%a, %b : memref<4x8xf32>, memref<8x16xf32>) outs(%c : memref<4x16xf32>)
  return
}

func.func @batch(%a: memref<2x4x8xbf16>, %b: memref<2x8x16xbf16>, %c: memref<2x4x16xf32>) {
  linalg.batch_matmul ins(%a, %b : memref<2x4x8xbf16>, memref<2x8x16xbf16>) outs(%c : memref<2x4x16xf32>)
  return
}

func.func @integers(%a: memref<4x8xi32>, %b: memref<8x16xi32>, %c: memref<4x16xi32>) {
  linalg.matmul ins(%a, %b : memref<4x8xi32>, memref<8x16xi32>) outs(%c : memref<4x16xi32>)
  return
}

func.func @offset(%x: memref<33xf32>, %b: memref<8x16xf32>, %c: memref<4x16xf32>) {
  %a = memref.reinterpret_cast %x to offset: [1], sizes: [4, 8], strides: [8, 1] : memref<33xf32> to memref<4x8xf32, strided<[8, 1], offset: 1>>
  linalg.matmul ins(%a, %b : memref<4x8xf32, strided<[8, 1], offset: 1>>, memref<8x16xf32>) outs(%c : memref<4x16xf32>)
  return
}

func.func @gaps(%x: memref<64xf32>, %b: memref<8x16xf32>, %c: memref<4x16xf32>) {
  %a = memref.reinterpret_cast %x to offset: [0], sizes: [4, 8], strides: [16, 2] : memref<64xf32> to memref<4x8xf32, strided<[16, 2]>>
  linalg.matmul ins(%a, %b : memref<4x8xf32, strided<[16, 2]>>, memref<8x16xf32>) outs(%c : memref<4x16xf32>)
  return
}

func.func @steps(%a: memref<2x3x3xf32>, %b: memref<2x3x4xf32>, %c: memref<2x3x4xf32>) {
  linalg.batch_matmul ins(%a, %b : memref<2x3x3xf32>, memref<2x3x4xf32>) outs(%c : memref<2x3x4xf32>)
  return
}

func.func @empty(%a: memref<4x0xf32>, %b: memref<0x16xf32>, %c: memref<4x16xf32>) {
  linalg.matmul ins(%a, %b : memref<4x0xf32>, memref<0x16xf32>) outs(%c : memref<4x16xf32>)
  return
}

func.func @exponentials(%a: memref<4x8xf32>, %b: memref<8x16xf32>, %c: memref<4x16xf32>) {
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<4x8xf32>, memref<8x16xf32>) outs(%c : memref<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %exp = math.exp %x : f32
    %product = arith.mulf %exp, %y : f32
    %next = arith.addf %sum, %product : f32
    linalg.yield %next : f32
  }
  return
}

func.func @others(%a: memref<4xf32>, %b: memref<4xf32>, %c: memref<4xf32>) {
  memref.copy %a, %b : memref<4xf32> to memref<4xf32>
  linalg.exp ins(%b : memref<4xf32>) outs(%c : memref<4xf32>)
  return
}
