// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --convert-symm-mem-to-gpu="chip=sm_90" | FileCheck %s
// RUN: symm-opt %s --convert-symm-mem-to-gpu="chip=sm_80" | FileCheck %s --check-prefix=SM80
// RUN: %mlir_opt_symm --pass-pipeline='builtin.module(symm-cuda-pipeline,gpu-module-to-binary{format=isa})' %s | FileCheck %s --check-prefix=PTX

// The kernels are there to be read: one gpu.module for each kind, behind what was in the module.

comm.group @tp size(2) {symm_mem}

// CHECK-LABEL: func.func @f(
func.func @f(%x: memref<64xf32, #comm.symm_mem<@tp>>) {
  %y = memref.alloc() : memref<64xf32>
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<64xf32, #comm.symm_mem<@tp>>) outs(%y : memref<64xf32>) on @tp
  symm_mem.one_shot_all_reduce<sum> ins(%x : memref<64xf32, #comm.symm_mem<@tp>>) outs(%y : memref<64xf32>) on @tp
  symm_mem.one_shot_all_reduce<sum, push> ins(%y : memref<64xf32>) outs(%x : memref<64xf32, #comm.symm_mem<@tp>>) on @tp
  memref.dealloc %y : memref<64xf32>
  return
}

// Push: a packet to both ranks at once, ours last; then a poll of both words of each packet.
// CHECK: gpu.module @symm_one_shot_push_f32_sum_w2_u1_sm_90 {
// CHECK-NEXT: llvm.func @symm_one_shot_push_f32_sum_w2_u1_sm_90(%{{.*}}: !llvm.ptr {llvm.align = 8 : i64, llvm.byval = !llvm.array<144 x i8>}) attributes {nvvm.kernel
// CHECK: %[[OPERAND_FIELD:.*]] = llvm.getelementptr %{{.*}}[72] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT: %[[OPERAND:.*]] = llvm.load %[[OPERAND_FIELD]] : !llvm.ptr -> i64
// CHECK: %[[RESULT_FIELD:.*]] = llvm.getelementptr %{{.*}}[80] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT: %[[RESULT:.*]] = llvm.load %[[RESULT_FIELD]] : !llvm.ptr -> i64
// CHECK: nvvm.inline_ptx "griddepcontrol.wait;"
// CHECK: comm.load<volatile> %{{.*}} : i32, i32, i32, i32
// CHECK: comm.store<relaxed> %{{.*}}, %{{.*}} to %{{.*}}, %{{.*}} : i64, i64
// CHECK: scf.while
// CHECK: comm.load<relaxed> %{{.*}} : i64, i64
// CHECK: comm.load<relaxed> %{{.*}} : i64, i64
// CHECK: scf.condition
// What a wait does that ran out.
// CHECK: comm.compare_exchange %{{.*}}, %{{.*}}, %{{.*}} : i32
// CHECK: comm.store<release>
// Where they are not aligned both, operand and result are looked at each by itself.
// CHECK: } else {
// CHECK: arith.andi %[[OPERAND]], %c15_i64{{.*}} : i64
// CHECK: arith.andi %[[RESULT]], %c15_i64{{.*}} : i64
// CHECK-NOT: comm.load<acquire>

// Pull: signals around the reads.
// CHECK: gpu.module @symm_one_shot_pull_f32_sum_w2_u1_sm_90 {
// CHECK: comm.store<release> %{{.*}} to %{{.*}} : i32
// CHECK: comm.load<acquire> %{{.*}} : i32
// CHECK: nvvm.barrier
// CHECK: llvm.load %{{.*}} : !llvm.ptr<1> -> vector<2xi64>
// CHECK: comm.store<release> %{{.*}} to %{{.*}} : i32
// CHECK: comm.load<acquire> %{{.*}} : i32

// Ops of one kind share a kernel.
// CHECK-NOT: gpu.module

// Chips before sm_90 have no programmatic dependent launch, and no kernel is launched as if it had.
// SM80-NOT: trigger = "late"
// SM80: trigger = "none"
// SM80-NOT: trigger = "late"
// SM80: gpu.module @symm_one_shot_push_f32_sum_w2_u1_sm_80
// SM80-NOT: griddepcontrol

// Whoever has MLIR only gets the PTX of the kernels all the same.
// PTX: gpu.binary @symm_one_shot_push_f32_sum_w2_u1_sm_90
// PTX-SAME: chip = "sm_90"
// PTX-SAME: .visible .entry symm_one_shot_push_f32_sum_w2_u1_sm_90(
// PTX-SAME: st.relaxed.sys.global.v2.b64
