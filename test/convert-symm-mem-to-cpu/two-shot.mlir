// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --convert-symm-mem-to-cpu | FileCheck %s

comm.group @tp size(4) {symm_mem}

!symm = memref<10xi32, #comm.symm_mem<@tp>>

// CHECK-LABEL: func.func @pull
// CHECK:         call @symm.two_shot_pull.max.i32.tp.1dc(%{{.*}}, %{{.*}}) : (memref<?xi32, #comm.symm_mem<@tp>>, i32) -> ()
func.func @pull(%x: !symm) {
  symm_mem.two_shot_all_reduce_<max> inout(%x : !symm) on @tp
  return
}

// Each rank has a slot of a shard, rounded up: any element count will do.

// CHECK-LABEL: func.func @push
// CHECK:         %[[SHARD:.*]] = arith.ceildivui
// CHECK:         %[[SLOTS:.*]] = memref.alloc(%[[SHARD]]) : memref<4x?xi32, #comm.symm_mem<@tp>>
// CHECK:         %[[GATHERED:.*]] = memref.alloc(%{{.*}}) : memref<4x?xi32, #comm.symm_mem<@tp>>
// CHECK:         call @symm.two_shot_push.max.i32.tp.1dc(%{{.*}}, %[[SLOTS]], %[[GATHERED]], %{{.*}})
func.func @push(%x: memref<10xi32>) {
  symm_mem.two_shot_all_reduce_<max, push> inout(%x : memref<10xi32>) on @tp
  return
}

// Between the barriers of the pulling kernel, a rank reads and writes its shard only.

// CHECK-LABEL: func.func private @symm.two_shot_pull.max.i32.tp.1dc
// CHECK:         func.call @symm.arrive.tp.0()
// CHECK:         %[[RANK:.*]] = comm.rank on @tp
// CHECK:         %[[CHUNK:.*]] = arith.ceildivui
// CHECK:         %[[BEGIN:.*]] = arith.muli %[[RANK]], %[[CHUNK]]
// CHECK:         %[[LOWER:.*]] = arith.minui %[[BEGIN]]
// CHECK:         %[[END:.*]] = arith.addi %[[LOWER]], %[[CHUNK]]
// CHECK:         %[[UPPER:.*]] = arith.minui %[[END]]
// CHECK:         scf.for %{{.*}} = %[[LOWER]] to %[[UPPER]]
// CHECK:           func.call @symm.tile.begin.i32
// CHECK:           func.call @symm.tile.max.i32
// CHECK:           func.call @symm.tile.end.i32
// CHECK:         func.call @symm.arrive.tp.1()

// CHECK-LABEL: func.func private @symm.two_shot_push.max.i32.tp.1dc
// CHECK:         func.call @symm.arrive.tp.0()
// CHECK:         func.call @symm.arrive.tp.1()
// CHECK:         func.call @symm.arrive.tp.2()
// CHECK-NOT:     func.call @symm.arrive
// CHECK:         func.call @symm_rt.leave
