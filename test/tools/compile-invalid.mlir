// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What symm-compile refuses, and that it leaves nothing behind then.

// RUN: rm -rf %t && mkdir %t
// RUN: not symm-compile %s -o %t/f.so --entry=nope 2>&1 | FileCheck %s --check-prefix=ENTRY
// RUN: not symm-compile %s -o %t/f.so --mcpu=i386 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: not symm-compile %s -o %t/f.so --chip=sm_90 2>&1 | FileCheck %s --check-prefix=CHIP
// RUN: not symm-compile %s -o %t/f.ptx --emit=ptx 2>&1 | FileCheck %s --check-prefix=PTX
// RUN: not symm-compile %s -o %t/none/f.so 2>&1 | FileCheck %s --check-prefix=FOLDER
// RUN: not symm-compile %s --emit=llvm -o - 2>&1 > /dev/full | FileCheck %s --check-prefix=FULL
// RUN: not symm-compile - < %s 2>&1 | FileCheck %s --check-prefix=OUTPUT
// RUN: not symm-compile %t/none.mlir 2>&1 | FileCheck %s --check-prefix=INPUT
// RUN: env CC=%t/none not symm-compile %s -o %t/f.so 2>&1 | FileCheck %s --check-prefix=CC
// RUN: env CC=false not symm-compile %s -o %t/f.so 2>&1 | FileCheck %s --check-prefix=LINK
// RUN: not symm-compile %S/../c10d/invalid.mlir -o %t/f.so 2>&1 | FileCheck %s --check-prefix=PROGRAM
// RUN: ls %t | count 0

// ENTRY: error: no public function @nope with a body; there is: @f
// CPU: error: unknown CPU 'i386'; expected one of: x86-64,
// CHIP: error: --chip: expected --device=cuda
// PTX: error: --emit=ptx: expected --device=cuda
// FOLDER: error: cannot write '{{.*}}none/f.so': No such file or directory
// FULL: error: cannot write to the standard output: No space left
// OUTPUT: error: expected -o FILE for a program from the standard input
// INPUT: error: cannot open '{{.*}}none.mlir':
// CC: error: cannot run the C compiler '{{.*}}none', which links programs: {{.*}}apt-get install gcc
// LINK: error: the C compiler could not link the program
// PROGRAM: invalid.mlir:{{.*}}: error:
// PROGRAM: error: '{{.*}}invalid.mlir' is not a valid program

func.func @f() {
  return
}
