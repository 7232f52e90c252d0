// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Trigonometric functions. x is n pi / 2 + r with |r| at most a little over pi / 4; r is known as well as if x had
// been reduced by pi itself.

// Up to 100,000, pi / 2 is taken off in three parts, the first of which times n is exact.
llvm.func internal @symm.reduce_near(%x: f32) -> !llvm.struct<(f32, i32)> {
  %c0.636619772 = arith.constant 0.636619772 : f32
  %c12582912.0 = arith.constant 12582912.0 : f32
  %c-1.57079601 = arith.constant -1.57079601 : f32
  %c-3.13916473e-7 = arith.constant -3.13916473e-7 : f32
  %c-5.39030253e-15 = arith.constant -5.39030253e-15 : f32
  %t = math.fma %x, %c0.636619772, %c12582912.0 : f32
  %n = llvm.call @symm.rounded(%t) : (f32) -> i32
  %multiple = arith.subf %t, %c12582912.0 : f32
  %r = math.fma %multiple, %c-1.57079601, %x : f32
  %r.1 = math.fma %multiple, %c-3.13916473e-7, %r : f32
  %r.2 = math.fma %multiple, %c-5.39030253e-15, %r.1 : f32
  %nothing = llvm.mlir.poison : !llvm.struct<(f32, i32)>
  %half = llvm.insertvalue %r.2, %nothing[0] : !llvm.struct<(f32, i32)>
  %both = llvm.insertvalue %n, %half[1] : !llvm.struct<(f32, i32)>
  llvm.return %both : !llvm.struct<(f32, i32)>
}

// 64 bits of 2 / pi, which begin after that many words of 32 bits and one of zeros.
llvm.func internal @symm.two_over_pi(%word: i32) -> i64 {
  %c1_i32 = arith.constant 1 : i32
  %c2_i32 = arith.constant 2 : i32
  %c3_i32 = arith.constant 3 : i32
  %c4_i32 = arith.constant 4 : i32
  %c5_i32 = arith.constant 5 : i32
  %c6_i32 = arith.constant 6 : i32
  %c0xA2F9836E_i64 = arith.constant 0xA2F9836E : i64
  %c0xA2F9836E4E441529_i64 = arith.constant 0xA2F9836E4E441529 : i64
  %c0x4E441529FC2757D1_i64 = arith.constant 0x4E441529FC2757D1 : i64
  %c0xFC2757D1F534DDC0_i64 = arith.constant 0xFC2757D1F534DDC0 : i64
  %c0xF534DDC0DB629599_i64 = arith.constant 0xF534DDC0DB629599 : i64
  %c0xDB6295993C439041_i64 = arith.constant 0xDB6295993C439041 : i64
  %c0x3C439041FE5163AB_i64 = arith.constant 0x3C439041FE5163AB : i64
  %is_1 = arith.cmpi eq, %word, %c1_i32 : i32
  %is_2 = arith.cmpi eq, %word, %c2_i32 : i32
  %is_3 = arith.cmpi eq, %word, %c3_i32 : i32
  %is_4 = arith.cmpi eq, %word, %c4_i32 : i32
  %is_5 = arith.cmpi eq, %word, %c5_i32 : i32
  %is_6 = arith.cmpi eq, %word, %c6_i32 : i32
  %b = arith.select %is_1, %c0xA2F9836E4E441529_i64, %c0xA2F9836E_i64 : i64
  %b.1 = arith.select %is_2, %c0x4E441529FC2757D1_i64, %b : i64
  %b.2 = arith.select %is_3, %c0xFC2757D1F534DDC0_i64, %b.1 : i64
  %b.3 = arith.select %is_4, %c0xF534DDC0DB629599_i64, %b.2 : i64
  %b.4 = arith.select %is_5, %c0xDB6295993C439041_i64, %b.3 : i64
  %y = arith.select %is_6, %c0x3C439041FE5163AB_i64, %b.4 : i64
  llvm.return %y : i64
}

// Beyond, x is a whole number times a power of 2. That number times the 96 bits of 2 / pi which matter there, modulo 4, is
// a fixed-point number: two bits before the point are n, the rest is r over pi / 2.
llvm.func internal @symm.reduce_far(%x: f32) -> !llvm.struct<(f32, i32)> {
  %c0x7FFFFFFF_i32 = arith.constant 0x7FFFFFFF : i32
  %c23_i32 = arith.constant 23 : i32
  %c0x7FFFFF_i32 = arith.constant 0x7FFFFF : i32
  %c0x800000_i32 = arith.constant 0x800000 : i32
  %c120_i32 = arith.constant 120 : i32
  %c0_i32 = arith.constant 0 : i32
  %c5_i32 = arith.constant 5 : i32
  %c4_i32 = arith.constant 4 : i32
  %c2_i32 = arith.constant 2 : i32
  %c31_i32 = arith.constant 31 : i32
  %c63_i64 = arith.constant 63 : i64
  %c1_i64 = arith.constant 1 : i64
  %c32_i64 = arith.constant 32 : i64
  %c0x2000000000000000_i64 = arith.constant 0x2000000000000000 : i64
  %c62_i64 = arith.constant 62 : i64
  %c3.4061215800304256e-19 = arith.constant 3.4061215800304256e-19 : f64
  %inf = arith.constant 0x7F800000 : f32
  %b = arith.bitcast %x : f32 to i32
  %magnitude = arith.andi %b, %c0x7FFFFFFF_i32 : i32
  %biased = arith.shrui %magnitude, %c23_i32 : i32
  %fraction = arith.andi %b, %c0x7FFFFF_i32 : i32
  %mantissa = arith.ori %fraction, %c0x800000_i32 : i32
  %m = arith.extui %mantissa : i32 to i64
  // Where these bits begin.
  %from_0 = arith.subi %biased, %c120_i32 : i32
  %at = arith.maxsi %from_0, %c0_i32 : i32
  %word = arith.shrui %at, %c5_i32 : i32
  %word.1 = arith.minsi %word, %c4_i32 : i32
  %second = arith.addi %word.1, %c2_i32 : i32
  %shift = arith.andi %at, %c31_i32 : i32
  %s = arith.extui %shift : i32 to i64
  %a = llvm.call @symm.two_over_pi(%word.1) : (i32) -> i64
  %c = llvm.call @symm.two_over_pi(%second) : (i32) -> i64
  %a_shifted = arith.shli %a, %s : i64
  %rest = arith.subi %c63_i64, %s : i64
  %c_half = arith.shrui %c, %c1_i64 : i64
  %c_top = arith.shrui %c_half, %rest : i64
  %high = arith.ori %a_shifted, %c_top : i64
  %c_shifted = arith.shli %c, %s : i64
  %low = arith.shrui %c_shifted, %c32_i64 : i64
  // The product without what is before the two bits.
  %p_high = arith.muli %m, %high : i64
  %p_low = arith.muli %m, %low : i64
  %p_carry = arith.shrui %p_low, %c32_i64 : i64
  %p = arith.addi %p_high, %p_carry : i64
  // n is rounded, so that r has either sign.
  %p_half = arith.addi %p, %c0x2000000000000000_i64 : i64
  %n_long = arith.shrui %p_half, %c62_i64 : i64
  %n_whole = arith.shli %n_long, %c62_i64 : i64
  %f = arith.subi %p, %n_whole : i64
  %f_double = arith.sitofp %f : i64 to f64
  %r_double = arith.mulf %f_double, %c3.4061215800304256e-19 : f64
  %r = arith.truncf %r_double : f64 to f32
  %n = arith.trunci %n_long : i64 to i32
  // The same with the sign of x.
  %is_negative = arith.cmpi slt, %b, %c0_i32 : i32
  %minus_r = arith.negf %r : f32
  %minus_n = arith.subi %c0_i32, %n : i32
  %r.1 = arith.select %is_negative, %minus_r, %r : f32
  %n.1 = arith.select %is_negative, %minus_n, %n : i32
  // Of an infinite x, and of NaN, there is none.
  %a_x = math.absf %x : f32
  %is_finite = arith.cmpf olt, %a_x, %inf : f32
  %none = arith.subf %x, %x : f32
  %r.2 = arith.select %is_finite, %r.1, %none : f32
  %nothing = llvm.mlir.poison : !llvm.struct<(f32, i32)>
  %half = llvm.insertvalue %r.2, %nothing[0] : !llvm.struct<(f32, i32)>
  %both = llvm.insertvalue %n.1, %half[1] : !llvm.struct<(f32, i32)>
  llvm.return %both : !llvm.struct<(f32, i32)>
}

llvm.func internal @symm.reduce(%x: f32) -> !llvm.struct<(f32, i32)> {
  %c100000.0 = arith.constant 100000.0 : f32
  %a = math.absf %x : f32
  %is_near = arith.cmpf ole, %a, %c100000.0 : f32
  %y = scf.if %is_near -> (!llvm.struct<(f32, i32)>) {
    %near = llvm.call @symm.reduce_near(%x) : (f32) -> !llvm.struct<(f32, i32)>
    scf.yield %near : !llvm.struct<(f32, i32)>
  } else {
    %far = llvm.call @symm.reduce_far(%x) : (f32) -> !llvm.struct<(f32, i32)>
    scf.yield %far : !llvm.struct<(f32, i32)>
  }
  llvm.return %y : !llvm.struct<(f32, i32)>
}

llvm.func internal @symm.sin_near_0(%r: f32) -> f32 {
  %c-0.000195066037 = arith.constant -0.000195066037 : f32
  %c0.0083321007 = arith.constant 0.0083321007 : f32
  %c-0.166666538 = arith.constant -0.166666538 : f32
  %s = arith.mulf %r, %r : f32
  %p = math.fma %c-0.000195066037, %s, %c0.0083321007 : f32
  %p.1 = math.fma %p, %s, %c-0.166666538 : f32
  %cubic = arith.mulf %p.1, %s : f32
  %y = math.fma %cubic, %r, %r : f32
  llvm.return %y : f32
}

llvm.func internal @symm.cos_near_0(%r: f32) -> f32 {
  %c2.44302028e-5 = arith.constant 2.44302028e-5 : f32
  %c-0.0013887299 = arith.constant -0.0013887299 : f32
  %c0.0416666456 = arith.constant 0.0416666456 : f32
  %c-0.5 = arith.constant -0.5 : f32
  %c1.0 = arith.constant 1.0 : f32
  %s = arith.mulf %r, %r : f32
  %p = math.fma %c2.44302028e-5, %s, %c-0.0013887299 : f32
  %p.1 = math.fma %p, %s, %c0.0416666456 : f32
  %parabola = math.fma %s, %c-0.5, %c1.0 : f32
  %square = arith.mulf %p.1, %s : f32
  %y = math.fma %square, %s, %parabola : f32
  llvm.return %y : f32
}

// The sine of r + n pi / 2.
llvm.func internal @symm.sin_of_parts(%r: f32, %n: i32) -> f32 {
  %c1_i32 = arith.constant 1 : i32
  %c0_i32 = arith.constant 0 : i32
  %c2_i32 = arith.constant 2 : i32
  %sine = llvm.call @symm.sin_near_0(%r) : (f32) -> f32
  %cosine = llvm.call @symm.cos_near_0(%r) : (f32) -> f32
  %odd = arith.andi %n, %c1_i32 : i32
  %is_odd = arith.cmpi ne, %odd, %c0_i32 : i32
  %y = arith.select %is_odd, %cosine, %sine : f32
  %two = arith.andi %n, %c2_i32 : i32
  %is_lower = arith.cmpi ne, %two, %c0_i32 : i32
  %minus_y = arith.negf %y : f32
  %y.1 = arith.select %is_lower, %minus_y, %y : f32
  llvm.return %y.1 : f32
}

llvm.func internal @symm.sin(%x: f32) -> f32 {
  %c0.0 = arith.constant 0.0 : f32
  %parts = llvm.call @symm.reduce(%x) : (f32) -> !llvm.struct<(f32, i32)>
  %r = llvm.extractvalue %parts[0] : !llvm.struct<(f32, i32)>
  %n = llvm.extractvalue %parts[1] : !llvm.struct<(f32, i32)>
  %y = llvm.call @symm.sin_of_parts(%r, %n) : (f32, i32) -> f32
  // Keeps the sign of 0.
  %is_zero = arith.cmpf oeq, %x, %c0.0 : f32
  %y.1 = arith.select %is_zero, %x, %y : f32
  llvm.return %y.1 : f32
}

llvm.func internal @symm.cos(%x: f32) -> f32 {
  %c1_i32 = arith.constant 1 : i32
  %parts = llvm.call @symm.reduce(%x) : (f32) -> !llvm.struct<(f32, i32)>
  %r = llvm.extractvalue %parts[0] : !llvm.struct<(f32, i32)>
  %n = llvm.extractvalue %parts[1] : !llvm.struct<(f32, i32)>
  %next = arith.addi %n, %c1_i32 : i32
  %y = llvm.call @symm.sin_of_parts(%r, %next) : (f32, i32) -> f32
  llvm.return %y : f32
}

llvm.func internal @symm.tan(%x: f32) -> f32 {
  %c1_i32 = arith.constant 1 : i32
  %c0_i32 = arith.constant 0 : i32
  %c0.0 = arith.constant 0.0 : f32
  %parts = llvm.call @symm.reduce(%x) : (f32) -> !llvm.struct<(f32, i32)>
  %r = llvm.extractvalue %parts[0] : !llvm.struct<(f32, i32)>
  %n = llvm.extractvalue %parts[1] : !llvm.struct<(f32, i32)>
  %sine = llvm.call @symm.sin_near_0(%r) : (f32) -> f32
  %cosine = llvm.call @symm.cos_near_0(%r) : (f32) -> f32
  %odd = arith.andi %n, %c1_i32 : i32
  %is_odd = arith.cmpi ne, %odd, %c0_i32 : i32
  %minus_sine = arith.negf %sine : f32
  %above = arith.select %is_odd, %cosine, %sine : f32
  %below = arith.select %is_odd, %minus_sine, %cosine : f32
  %y = arith.divf %above, %below : f32
  %is_zero = arith.cmpf oeq, %x, %c0.0 : f32
  %y.1 = arith.select %is_zero, %x, %y : f32
  llvm.return %y.1 : f32
}
