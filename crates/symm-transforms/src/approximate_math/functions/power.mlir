// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Powers and roots.

// a^(high + low), for a that is not negative.
llvm.func internal @symm.power(%a: f32, %high: f32, %low: f32) -> f32 {
  %c0.0 = arith.constant 0.0 : f32
  %-inf = arith.constant 0xFF800000 : f32
  %inf = arith.constant 0x7F800000 : f32
  %c160.0 = arith.constant 160.0 : f32
  %c1.0 = arith.constant 1.0 : f32
  %sum = llvm.call @symm.log2_sum(%a) : (f32) -> !llvm.struct<(f32, f32)>
  %l_high = llvm.extractvalue %sum[0] : !llvm.struct<(f32, f32)>
  %l_low = llvm.extractvalue %sum[1] : !llvm.struct<(f32, f32)>
  %is_zero = arith.cmpf oeq, %a, %c0.0 : f32
  %l_high.1 = arith.select %is_zero, %-inf, %l_high : f32
  %is_finite = arith.cmpf olt, %a, %inf : f32
  %l_high.2 = arith.select %is_finite, %l_high.1, %a : f32
  %t = arith.mulf %high, %l_high.2 : f32
  %minus_t = arith.negf %t : f32
  %t_rest = math.fma %high, %l_high.2, %minus_t : f32
  %t_more = math.fma %low, %l_high.2, %t_rest : f32
  %t_low = math.fma %high, %l_low, %t_more : f32
  // What would be too much or nothing anyway has no second part, as infinities have none.
  %size = math.absf %t : f32
  %is_bounded = arith.cmpf olt, %size, %c160.0 : f32
  %t_low.1 = arith.select %is_bounded, %t_low, %c0.0 : f32
  %y = llvm.call @symm.exp2_of_sum(%t, %t_low.1) : (f32, f32) -> f32
  %is_one = arith.cmpf oeq, %a, %c1.0 : f32
  %is_origin = arith.cmpf oeq, %high, %c0.0 : f32
  %is_1 = arith.ori %is_one, %is_origin : i1
  %y.1 = arith.select %is_1, %c1.0, %y : f32
  llvm.return %y.1 : f32
}

// Its signs and special cases are those of C's pow.
llvm.func internal @symm.powf(%x: f32, %y: f32) -> f32 {
  %c0.0 = arith.constant 0.0 : f32
  %c0.5 = arith.constant 0.5 : f32
  %c16777216.0 = arith.constant 16777216.0 : f32
  %c0_i32 = arith.constant 0 : i32
  %-inf = arith.constant 0xFF800000 : f32
  %true = arith.constant true
  %nan = arith.constant 0x7FC00000 : f32
  %c1.0 = arith.constant 1.0 : f32
  %a = math.absf %x : f32
  %size = llvm.call @symm.power(%a, %y, %c0.0) : (f32, f32, f32) -> f32
  %whole = math.floor %y : f32
  %is_whole = arith.cmpf oeq, %whole, %y : f32
  // From 2^24 on, all numbers are even.
  %half = arith.mulf %y, %c0.5 : f32
  %half_whole = math.floor %half : f32
  %is_uneven = arith.cmpf une, %half_whole, %half : f32
  %b = math.absf %y : f32
  %is_exact = arith.cmpf olt, %b, %c16777216.0 : f32
  %is_odd = arith.andi %is_whole, %is_uneven : i1
  %is_odd.1 = arith.andi %is_odd, %is_exact : i1
  %x_bits = arith.bitcast %x : f32 to i32
  %has_sign = arith.cmpi slt, %x_bits, %c0_i32 : i32
  %is_negative = arith.andi %has_sign, %is_odd.1 : i1
  %minus_size = arith.negf %size : f32
  %z = arith.select %is_negative, %minus_size, %size : f32
  %is_below = arith.cmpf olt, %x, %c0.0 : f32
  %is_number = arith.cmpf ogt, %x, %-inf : f32
  %is_below.1 = arith.andi %is_below, %is_number : i1
  %is_broken = arith.xori %is_whole, %true : i1
  %has_none = arith.andi %is_below.1, %is_broken : i1
  %z.1 = arith.select %has_none, %nan, %z : f32
  %are_numbers = arith.cmpf ord, %x, %y : f32
  %none = arith.addf %x, %y : f32
  %z.2 = arith.select %are_numbers, %z.1, %none : f32
  %is_one = arith.cmpf oeq, %x, %c1.0 : f32
  %is_origin = arith.cmpf oeq, %y, %c0.0 : f32
  %is_1 = arith.ori %is_one, %is_origin : i1
  %y.1 = arith.select %is_1, %c1.0, %z.2 : f32
  llvm.return %y.1 : f32
}

// x^n. Beyond 2^62, powers of all but 1 have run out of range long before.
llvm.func internal @symm.fpowi(%x: f32, %n: i64) -> f32 {
  %c0x4000000000000000_i64 = arith.constant 0x4000000000000000 : i64
  %c-4611686018427387904_i64 = arith.constant -4611686018427387904 : i64
  %c1_i64 = arith.constant 1 : i64
  %c0_i64 = arith.constant 0 : i64
  %c0_i32 = arith.constant 0 : i32
  %a = math.absf %x : f32
  %bounded = arith.minsi %n, %c0x4000000000000000_i64 : i64
  %bounded.1 = arith.maxsi %bounded, %c-4611686018427387904_i64 : i64
  %high = arith.sitofp %bounded.1 : i64 to f32
  %whole = arith.fptosi %high : f32 to i64
  %rest = arith.subi %bounded.1, %whole : i64
  %low = arith.sitofp %rest : i64 to f32
  %size = llvm.call @symm.power(%a, %high, %low) : (f32, f32, f32) -> f32
  %odd = arith.andi %n, %c1_i64 : i64
  %is_odd = arith.cmpi ne, %odd, %c0_i64 : i64
  %x_bits = arith.bitcast %x : f32 to i32
  %has_sign = arith.cmpi slt, %x_bits, %c0_i32 : i32
  %is_negative = arith.andi %has_sign, %is_odd : i1
  %minus_size = arith.negf %size : f32
  %z = arith.select %is_negative, %minus_size, %size : f32
  %is_number = arith.cmpf ord, %x, %x : f32
  %is_origin = arith.cmpi eq, %n, %c0_i64 : i64
  %is_defined = arith.ori %is_number, %is_origin : i1
  %y = arith.select %is_defined, %z, %x : f32
  llvm.return %y : f32
}

// A guess by a third of the exponent, a step of Halley's, and one of Newton's with the cube in two parts.
llvm.func internal @symm.cbrt(%x: f32) -> f32 {
  %c8.27180613e-25 = arith.constant 8.27180613e-25 : f32
  %c1.20892582e24 = arith.constant 1.20892582e24 : f32
  %c1.0 = arith.constant 1.0 : f32
  %c2.81474977e14 = arith.constant 2.81474977e14 : f32
  %c3.55271368e-15 = arith.constant 3.55271368e-15 : f32
  %c1.52587891e-5 = arith.constant 1.52587891e-5 : f32
  %c65536.0 = arith.constant 65536.0 : f32
  %c3_i32 = arith.constant 3 : i32
  %c0x2A5119F2_i32 = arith.constant 0x2A5119F2 : i32
  %c0.333333343 = arith.constant 0.333333343 : f32
  %c0.0 = arith.constant 0.0 : f32
  %inf = arith.constant 0x7F800000 : f32
  %a = math.absf %x : f32
  %is_tiny = arith.cmpf olt, %a, %c8.27180613e-25 : f32
  %is_huge = arith.cmpf ogt, %a, %c1.20892582e24 : f32
  %up = arith.select %is_tiny, %c2.81474977e14, %c1.0 : f32
  %factor = arith.select %is_huge, %c3.55271368e-15, %up : f32
  %down = arith.select %is_tiny, %c1.52587891e-5, %c1.0 : f32
  %inverse = arith.select %is_huge, %c65536.0, %down : f32
  %b = arith.mulf %a, %factor : f32
  %b_bits = arith.bitcast %b : f32 to i32
  %third = arith.divui %b_bits, %c3_i32 : i32
  %guess_bits = arith.addi %third, %c0x2A5119F2_i32 : i32
  %t = arith.bitcast %guess_bits : i32 to f32
  %square = arith.mulf %t, %t : f32
  %cube = arith.mulf %square, %t : f32
  %double = arith.addf %b, %b : f32
  %above = arith.addf %cube, %double : f32
  %cubes = arith.addf %cube, %cube : f32
  %below = arith.addf %cubes, %b : f32
  %quotient = arith.divf %above, %below : f32
  %t.1 = arith.mulf %t, %quotient : f32
  %q = arith.mulf %t.1, %t.1 : f32
  %minus_q = arith.negf %q : f32
  %q_low = math.fma %t.1, %t.1, %minus_q : f32
  %minus_t = arith.negf %t.1 : f32
  %lack = math.fma %q, %minus_t, %b : f32
  %minus_low = arith.negf %q_low : f32
  %lack.1 = math.fma %minus_low, %t.1, %lack : f32
  %slope = arith.divf %c0.333333343, %q : f32
  %y = math.fma %lack.1, %slope, %t.1 : f32
  %z = arith.mulf %y, %inverse : f32
  %w = math.copysign %z, %x : f32
  // 0 and what is no number is its own root.
  %is_positive = arith.cmpf ogt, %a, %c0.0 : f32
  %is_finite = arith.cmpf olt, %a, %inf : f32
  %has_root = arith.andi %is_positive, %is_finite : i1
  %y.1 = arith.select %has_root, %w, %x : f32
  llvm.return %y.1 : f32
}

llvm.func internal @symm.rsqrt(%x: f32) -> f32 {
  %c1.0 = arith.constant 1.0 : f32
  %root = math.sqrt %x : f32
  %y = arith.divf %c1.0, %root : f32
  llvm.return %y : f32
}
