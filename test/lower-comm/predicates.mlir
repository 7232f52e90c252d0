// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Each condition, met and failed, with the remark that says so.

// RUN: symm-opt %s --lower-comm | FileCheck %s
// RUN: symm-opt %s --lower-comm --remarks-filter-missed=lower-comm -o /dev/null 2>&1 | FileCheck %s --check-prefix=MISSED --implicit-check-not="[Passed]"
// RUN: symm-opt %s --lower-comm --remarks-filter-passed=lower-comm -o /dev/null 2>&1 | FileCheck %s --check-prefix=PASSED --implicit-check-not="[Missed]"
// RUN: symm-opt %s --lower-comm 2>&1 | FileCheck %s --check-prefix=QUIET --implicit-check-not=remark

// QUIET: module

comm.group @tp size(4) {symm_mem}
comm.group @dp size(2) {symm_mem}
comm.group @plain size(4)

// The group has symmetric memory.

// CHECK-LABEL: func.func private @group(
func.func private @group(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @dp
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} on @plain
  // PASSED: [[#@LINE+1]]:8: remark: [Passed] one-shot | Category:lower-comm | Function=group | Bytes=32, Group=@tp, Protocol=pull, Reason="32 bytes are within one-shot-threshold-bytes", Threshold=131072
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  // PASSED: [[#@LINE+1]]:8: remark: [Passed] one-shot | Category:lower-comm | Function=group | Bytes=32, Group=@dp
  %1 = c10d.all_reduce<sum> %x on @dp : tensor<8xf32>
  // MISSED: [[#@LINE+1]]:8: remark: [Missed] kept | Category:lower-comm | Function=group | Group=@plain, Predicate=symm-mem-group, Reason="the group has no symmetric memory; declare it with {symm_mem}"
  %2 = c10d.all_reduce<sum> %x on @plain : tensor<8xf32>
  return %0, %1, %2 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// The size is known.

// CHECK-LABEL: func.func private @static(
func.func private @static(%x: tensor<?xf32>, %y: tensor<0x4xf32>, %z: tensor<f32>, %m: memref<8xf32>, %n: memref<?xf32>) {
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} : tensor<?xf32>
  // MISSED: [[#@LINE+1]]:8: remark: [Missed] kept | Category:lower-comm | Function=static | Group=@tp, Predicate=static-size, Reason="the size is not known at compile time"
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<?xf32>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} : tensor<?xf32> -> tensor<8xf32>
  // MISSED: [[#@LINE+1]]:8: remark: [Missed] kept {{.*}} Predicate=static-size
  %1 = c10d.all_reduce<sum> %x on @tp : tensor<?xf32> -> tensor<8xf32>
  // CHECK-NEXT: c10d.all_reduce<sum> ins(%{{.*}} : memref<8xf32>) outs(%{{.*}} : memref<?xf32>)
  // MISSED: [[#@LINE+1]]:3: remark: [Missed] kept {{.*}} Predicate=static-size
  c10d.all_reduce<sum> ins(%m : memref<8xf32>) outs(%n : memref<?xf32>) on @tp
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} : tensor<0x4xf32>
  // PASSED: [[#@LINE+1]]:8: remark: [Passed] one-shot {{.*}} Bytes=0
  %2 = c10d.all_reduce<sum> %y on @tp : tensor<0x4xf32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} : tensor<f32>
  // PASSED: [[#@LINE+1]]:8: remark: [Passed] one-shot {{.*}} Bytes=4
  %3 = c10d.all_reduce<sum> %z on @tp : tensor<f32>
  return
}

// The size is small enough, for one of the two.

// CHECK-LABEL: func.func private @size(
func.func private @size(%a: tensor<16x4096xbf16>, %b: tensor<65537xbf16>, %c: tensor<8388608xbf16>, %d: tensor<8388609xbf16>,
                        %huge: tensor<9223372036854775807x9223372036854775807xf64>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} : tensor<16x4096xbf16>
  // PASSED: [[#@LINE+1]]:8: remark: [Passed] one-shot {{.*}} Bytes=131072,
  %0 = c10d.all_reduce<sum> %a on @tp : tensor<16x4096xbf16>
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> %{{.*}} : tensor<65537xbf16>
  // PASSED: [[#@LINE+1]]:8: remark: [Passed] two-shot | Category:lower-comm | Function=size | Bytes=131074, Group=@tp, Protocol=pull, Reason="131074 bytes are within two-shot-threshold-bytes", Threshold=16777216
  %1 = c10d.all_reduce<sum> %b on @tp : tensor<65537xbf16>
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> %{{.*}} : tensor<8388608xbf16>
  // PASSED: [[#@LINE+1]]:8: remark: [Passed] two-shot {{.*}} Bytes=16777216,
  %2 = c10d.all_reduce<sum> %c on @tp : tensor<8388608xbf16>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} : tensor<8388609xbf16>
  // MISSED: [[#@LINE+1]]:8: remark: [Missed] kept | Category:lower-comm | Function=size | Bytes=16777218, Group=@tp, Predicate=size, Reason="16777218 bytes exceed one-shot-threshold-bytes=131072 and two-shot-threshold-bytes=16777216", one-shot-threshold-bytes=131072, two-shot-threshold-bytes=16777216
  %3 = c10d.all_reduce<sum> %d on @tp : tensor<8388609xbf16>
  // A size that no machine can count.
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} : tensor<9223372036854775807x9223372036854775807xf64>
  // MISSED: [[#@LINE+1]]:8: remark: [Missed] kept {{.*}} Predicate=size, Reason="18446744073709551615 bytes exceed
  %4 = c10d.all_reduce<sum> %huge on @tp : tensor<9223372036854775807x9223372036854775807xf64>
  return
}

// The buffers can be in symmetric memory of the group.

// CHECK-LABEL: func.func private @spaces(
func.func private @spaces(%own: memref<8xf32, #comm.symm_mem<@tp>>, %other: memref<8xf32, #comm.symm_mem<@dp>>,
                          %shared: memref<8xf32, 3>, %m: memref<8xf32>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%{{.*}} : memref<8xf32, #comm.symm_mem<@tp>>) outs(%{{.*}} : memref<8xf32>) on @tp
  // PASSED: [[#@LINE+1]]:3: remark: [Passed] one-shot | Category:lower-comm | Function=spaces
  c10d.all_reduce<sum> ins(%own : memref<8xf32, #comm.symm_mem<@tp>>) outs(%m : memref<8xf32>) on @tp
  // Peers cannot read what is in memory of another group, but what is copied from there.
  // CHECK-NEXT: memref.copy %{{.*}}, %{{.*}} : memref<8xf32, #comm.symm_mem<@dp>> to memref<8xf32>
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout(%{{.*}} : memref<8xf32>) on @tp
  // PASSED: [[#@LINE+1]]:3: remark: [Passed] two-shot | Category:lower-comm | Function=spaces | Bytes=32, Copied="two-shot works in place", Copies=1,
  c10d.all_reduce<sum> ins(%other : memref<8xf32, #comm.symm_mem<@dp>>) outs(%m : memref<8xf32>) on @tp
  // The output of one-shot may be anywhere.
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%{{.*}} : memref<8xf32>) outs(%{{.*}} : memref<8xf32, #comm.symm_mem<@dp>>) on @tp
  // PASSED: [[#@LINE+1]]:3: remark: [Passed] one-shot
  c10d.all_reduce<sum> ins(%m : memref<8xf32>) outs(%other : memref<8xf32, #comm.symm_mem<@dp>>) on @tp
  // CHECK-NEXT: c10d.all_reduce<sum> ins(%{{.*}} : memref<8xf32, #comm.symm_mem<@dp>>) outs(%{{.*}} : memref<8xf32, #comm.symm_mem<@dp>>) on @tp
  // MISSED: [[#@LINE+1]]:3: remark: [Missed] kept | Category:lower-comm | Function=spaces | Group=@tp, Predicate=memory-space, Reason="a buffer is in memory space #comm.symm_mem<@dp>, which its peers cannot use"
  c10d.all_reduce<sum> ins(%other : memref<8xf32, #comm.symm_mem<@dp>>) outs(%other : memref<8xf32, #comm.symm_mem<@dp>>) on @tp
  // CHECK-NEXT: c10d.all_reduce<sum> ins(%{{.*}} : memref<8xf32, 3>)
  // MISSED: [[#@LINE+1]]:3: remark: [Missed] kept {{.*}} Predicate=memory-space, Reason="a buffer is in memory space 3 : i64,
  c10d.all_reduce<sum> ins(%shared : memref<8xf32, 3>) outs(%m : memref<8xf32>) on @tp
  return
}

// The other collectives have no form in symm_mem yet.

// CHECK-LABEL: func.func private @others(
func.func private @others(%x: tensor<8xf32>) {
  // CHECK-NEXT: c10d.all_gather_into_tensor
  // MISSED: [[#@LINE+1]]:8: remark: [Missed] kept | Category:lower-comm | Function=others | Group=@tp, Predicate=algorithm, Reason="no op of symm_mem does the same"
  %0 = c10d.all_gather_into_tensor %x on @tp : tensor<8xf32> -> tensor<32xf32>
  // CHECK-NEXT: c10d.reduce_scatter_tensor
  // MISSED: [[#@LINE+1]]:8: remark: [Missed] kept {{.*}} Predicate=algorithm
  %1 = c10d.reduce_scatter_tensor<sum> %x on @tp : tensor<8xf32> -> tensor<2xf32>
  // CHECK-NEXT: c10d.all_to_all_single
  // MISSED: [[#@LINE+1]]:8: remark: [Missed] kept {{.*}} Predicate=algorithm
  %2 = c10d.all_to_all_single %x on @tp : tensor<8xf32>
  // CHECK-NEXT: c10d.broadcast
  // MISSED: [[#@LINE+1]]:8: remark: [Missed] kept {{.*}} Predicate=algorithm
  %3 = c10d.broadcast src(0) %x on @tp : tensor<8xf32>
  return
}

// Written by hand: as written.

// CHECK-LABEL: func.func private @by_hand(
func.func private @by_hand(%x: tensor<16777216xf32>, %b: tensor<16777216xf32>, %m: memref<8xf32>, %n: memref<8xf32>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<16777216xf32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum, push> %{{.*}} on @tp : tensor<16777216xf32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce_copy<sum> %{{.*}} on @tp : tensor<16777216xf32>
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout(%{{.*}} : memref<8xf32>) on @tp
  // CHECK-NEXT: symm_mem.barrier on @tp
  // CHECK-NEXT: return
  %0 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<16777216xf32>
  %1 = symm_mem.one_shot_all_reduce<sum, push> %x on @tp : tensor<16777216xf32>
  %2 = symm_mem.one_shot_all_reduce_copy<sum> %b, %x on @tp : tensor<16777216xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%m : memref<8xf32>) on @tp
  symm_mem.barrier on @tp
  return
}

// After placement nothing can be placed any more.

module attributes {comm.placed} {
  comm.group @tp size(4) {symm_mem}
  // CHECK-LABEL: func.func private @placed(
  func.func private @placed(%own: memref<8xf32, #comm.symm_mem<@tp>>, %m: memref<8xf32>, %n: memref<8xf32>) {
    // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins
    // PASSED: [[#@LINE+1]]:5: remark: [Passed] one-shot | Category:lower-comm | Function=placed
    c10d.all_reduce<sum> ins(%own : memref<8xf32, #comm.symm_mem<@tp>>) outs(%m : memref<8xf32>) on @tp
    // CHECK-NEXT: c10d.all_reduce<sum> ins
    // MISSED: [[#@LINE+1]]:5: remark: [Missed] kept | Category:lower-comm | Function=placed | Group=@tp, Predicate=memory-space, Reason="the buffer is in ordinary memory, and symmetric buffers have been placed"
    c10d.all_reduce<sum> ins(%m : memref<8xf32>) outs(%n : memref<8xf32>) on @tp
    return
  }
}
