// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Places may describe functions for debuggers; artifacts have no such description, as nothing in them is a function of the source.

// RUN: symm-compile %s --emit=llvm -o - | FileCheck %s --implicit-check-not=DISubprogram
// RUN: symm-compile %s --device=cuda -v -o %t.so 2>&1 | FileCheck %s --check-prefix=PLACE
// RUN: symm-compile %s --device=cuda --emit=ptx -o - | FileCheck %s --check-prefix=PTX --implicit-check-not=.loc

// CHECK: define void @symm_entry_f(
// PLACE: a.c:2:3: @f, 16 bytes in private
// PTX: .entry symm_f(

#file = #llvm.di_file<"a.c" in "/tmp">
#unit = #llvm.di_compile_unit<id = distinct[0]<>, sourceLanguage = DW_LANG_C, file = #file, isOptimized = false, emissionKind = Full>
#f = #llvm.di_subprogram<id = distinct[1]<>, compileUnit = #unit, scope = #file, name = "f", file = #file, line = 1, subprogramFlags = "Definition">

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = arith.addf %x, %x : tensor<4xf32> loc(fused<#f>["a.c":2:3])
  return %y : tensor<4xf32> loc("a.c":3:3)
} loc(fused<#f>["a.c":1:1])
