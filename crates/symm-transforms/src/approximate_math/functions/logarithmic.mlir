// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Logarithms. x is 2^n m with m between the root of 1/2 and that of 2.

// n: as many times as the bits of the root of 1/2 fit into those of x.
llvm.func internal @symm.log_exponent(%x: f32) -> i32 {
  %c0x3F3504F3_i32 = arith.constant 0x3F3504F3 : i32
  %c23_i32 = arith.constant 23 : i32
  %b = arith.bitcast %x : f32 to i32
  %above = arith.subi %b, %c0x3F3504F3_i32 : i32
  %y = arith.shrsi %above, %c23_i32 : i32
  llvm.return %y : i32
}

// m.
llvm.func internal @symm.log_mantissa(%x: f32) -> f32 {
  %c23_i32 = arith.constant 23 : i32
  %b = arith.bitcast %x : f32 to i32
  %n = llvm.call @symm.log_exponent(%x) : (f32) -> i32
  %shift = arith.shli %n, %c23_i32 : i32
  %rest = arith.subi %b, %shift : i32
  %y = arith.bitcast %rest : i32 to f32
  llvm.return %y : f32
}

// x times 2^24 if it is subnormal.
llvm.func internal @symm.log_normal(%x: f32) -> f32 {
  %c1.17549435e-38 = arith.constant 1.17549435e-38 : f32
  %c16777216.0 = arith.constant 16777216.0 : f32
  %is_small = arith.cmpf olt, %x, %c1.17549435e-38 : f32
  %scaled = arith.mulf %x, %c16777216.0 : f32
  %y = arith.select %is_small, %scaled, %x : f32
  llvm.return %y : f32
}

// What that adds to n.
llvm.func internal @symm.log_offset(%x: f32) -> f32 {
  %c1.17549435e-38 = arith.constant 1.17549435e-38 : f32
  %c0.0 = arith.constant 0.0 : f32
  %c-24.0 = arith.constant -24.0 : f32
  %is_small = arith.cmpf olt, %x, %c1.17549435e-38 : f32
  %y = arith.select %is_small, %c-24.0, %c0.0 : f32
  llvm.return %y : f32
}

// n ln 2 + ln(1 + f), for f between -0.3 and 0.42.
llvm.func internal @symm.log_of_parts(%n: f32, %f: f32) -> f32 {
  %c0.0692221671 = arith.constant 0.0692221671 : f32
  %c-0.117982261 = arith.constant -0.117982261 : f32
  %c0.1187433 = arith.constant 0.1187433 : f32
  %c-0.123831242 = arith.constant -0.123831242 : f32
  %c0.142183647 = arith.constant 0.142183647 : f32
  %c-0.166693062 = arith.constant -0.166693062 : f32
  %c0.200022399 = arith.constant 0.200022399 : f32
  %c-0.249999851 = arith.constant -0.249999851 : f32
  %c0.333333105 = arith.constant 0.333333105 : f32
  %c-0.000212194442 = arith.constant -0.000212194442 : f32
  %c-0.5 = arith.constant -0.5 : f32
  %c0.693359375 = arith.constant 0.693359375 : f32
  %p = math.fma %c0.0692221671, %f, %c-0.117982261 : f32
  %p.1 = math.fma %p, %f, %c0.1187433 : f32
  %p.2 = math.fma %p.1, %f, %c-0.123831242 : f32
  %p.3 = math.fma %p.2, %f, %c0.142183647 : f32
  %p.4 = math.fma %p.3, %f, %c-0.166693062 : f32
  %p.5 = math.fma %p.4, %f, %c0.200022399 : f32
  %p.6 = math.fma %p.5, %f, %c-0.249999851 : f32
  %p.7 = math.fma %p.6, %f, %c0.333333105 : f32
  %square = arith.mulf %f, %f : f32
  %cubic = arith.mulf %p.7, %f : f32
  %n_low = arith.mulf %n, %c-0.000212194442 : f32
  %rest = math.fma %cubic, %square, %n_low : f32
  %half = math.fma %c-0.5, %square, %rest : f32
  %sum = arith.addf %f, %half : f32
  %y = math.fma %n, %c0.693359375, %sum : f32
  llvm.return %y : f32
}

// The result where the argument is 0, infinite or NaN, or less than 0.
llvm.func internal @symm.log_special(%x: f32, %y: f32) -> f32 {
  %inf = arith.constant 0x7F800000 : f32
  %c0.0 = arith.constant 0.0 : f32
  %-inf = arith.constant 0xFF800000 : f32
  %nan = arith.constant 0x7FC00000 : f32
  %is_finite = arith.cmpf olt, %x, %inf : f32
  %z = arith.select %is_finite, %y, %x : f32
  %is_zero = arith.cmpf oeq, %x, %c0.0 : f32
  %w = arith.select %is_zero, %-inf, %z : f32
  %is_negative = arith.cmpf olt, %x, %c0.0 : f32
  %y.1 = arith.select %is_negative, %nan, %w : f32
  llvm.return %y.1 : f32
}

llvm.func internal @symm.log(%x: f32) -> f32 {
  %c1.0 = arith.constant 1.0 : f32
  %a = llvm.call @symm.log_normal(%x) : (f32) -> f32
  %whole = llvm.call @symm.log_exponent(%a) : (f32) -> i32
  %offset = llvm.call @symm.log_offset(%x) : (f32) -> f32
  %exponent = arith.sitofp %whole : i32 to f32
  %n = arith.addf %exponent, %offset : f32
  %m = llvm.call @symm.log_mantissa(%a) : (f32) -> f32
  %f = arith.subf %m, %c1.0 : f32
  %y = llvm.call @symm.log_of_parts(%n, %f) : (f32, f32) -> f32
  %y.1 = llvm.call @symm.log_special(%x, %y) : (f32, f32) -> f32
  llvm.return %y.1 : f32
}

// 1 + x is 2^n (1 + f), where f does not suffer from the rounding of 1 + x.
llvm.func internal @symm.log1p(%x: f32) -> f32 {
  %c1.0 = arith.constant 1.0 : f32
  %c0_i32 = arith.constant 0 : i32
  %c-30_i32 = arith.constant -30 : i32
  %c30_i32 = arith.constant 30 : i32
  %c2.98023224e-8 = arith.constant 2.98023224e-8 : f32
  %u = arith.addf %x, %c1.0 : f32
  %whole = llvm.call @symm.log_exponent(%u) : (f32) -> i32
  %n = arith.sitofp %whole : i32 to f32
  %negated = arith.subi %c0_i32, %whole : i32
  %s_n = arith.maxsi %negated, %c-30_i32 : i32
  %s = llvm.call @symm.power_of_2(%s_n) : (i32) -> f32
  %s1 = arith.subf %s, %c1.0 : f32
  %exact = math.fma %x, %s, %s1 : f32
  %m = llvm.call @symm.log_mantissa(%u) : (f32) -> f32
  %m1 = arith.subf %m, %c1.0 : f32
  %is_far = arith.cmpi sgt, %whole, %c30_i32 : i32
  %f = arith.select %is_far, %m1, %exact : f32
  %y = llvm.call @symm.log_of_parts(%n, %f) : (f32, f32) -> f32
  %z = llvm.call @symm.log_special(%u, %y) : (f32, f32) -> f32
  %a = math.absf %x : f32
  %is_small = arith.cmpf olt, %a, %c2.98023224e-8 : f32
  %y.1 = arith.select %is_small, %x, %z : f32
  llvm.return %y.1 : f32
}

// The binary logarithm as a sum: 2 / ln 2 times the artanh of (m - 1) / (m + 1), in about 40 bits. x is not negative.
llvm.func internal @symm.log2_sum(%x: f32) -> !llvm.struct<(f32, f32)> {
  %c1.0 = arith.constant 1.0 : f32
  %c0.121360958 = arith.constant 0.121360958 : f32
  %c0.142494708 = arith.constant 0.142494708 : f32
  %c0.200004861 = arith.constant 0.200004861 : f32
  %c0.333333313 = arith.constant 0.333333313 : f32
  %c2.88539004 = arith.constant 2.88539004 : f32
  %c3.851926e-8 = arith.constant 3.851926e-8 : f32
  %a = llvm.call @symm.log_normal(%x) : (f32) -> f32
  %whole = llvm.call @symm.log_exponent(%a) : (f32) -> i32
  %offset = llvm.call @symm.log_offset(%x) : (f32) -> f32
  %exponent = arith.sitofp %whole : i32 to f32
  %n = arith.addf %exponent, %offset : f32
  %m = llvm.call @symm.log_mantissa(%a) : (f32) -> f32
  %p = arith.subf %m, %c1.0 : f32
  %d = arith.addf %m, %c1.0 : f32
  %d1 = arith.subf %d, %c1.0 : f32
  %d_low = arith.subf %m, %d1 : f32
  // The quotient q and what it lacks.
  %inverse = arith.divf %c1.0, %d : f32
  %q = arith.mulf %p, %inverse : f32
  %minus_d = arith.negf %d : f32
  %rest = math.fma %q, %minus_d, %p : f32
  %minus_d_low = arith.negf %d_low : f32
  %lack = math.fma %q, %minus_d_low, %rest : f32
  %q_low = arith.mulf %lack, %inverse : f32
  // Its square.
  %s = arith.mulf %q, %q : f32
  %minus_s = arith.negf %s : f32
  %s_rest = math.fma %q, %q, %minus_s : f32
  %double = arith.addf %q, %q : f32
  %s_low = math.fma %double, %q_low, %s_rest : f32
  // The series after its first term, over s q.
  %r = math.fma %c0.121360958, %s, %c0.142494708 : f32
  %r.1 = math.fma %r, %s, %c0.200004861 : f32
  %t = arith.mulf %r.1, %s : f32
  %c = arith.addf %t, %c0.333333313 : f32
  %c_found = arith.subf %c, %c0.333333313 : f32
  %c_low = arith.subf %t, %c_found : f32
  // Times s, then q; q is added.
  %v = arith.mulf %s, %c : f32
  %minus_v = arith.negf %v : f32
  %v_rest = math.fma %s, %c, %minus_v : f32
  %v_more = math.fma %s, %c_low, %v_rest : f32
  %v_low = math.fma %s_low, %c, %v_more : f32
  %w = arith.mulf %q, %v : f32
  %minus_w = arith.negf %w : f32
  %w_rest = math.fma %q, %v, %minus_w : f32
  %w_more = math.fma %q_low, %v, %w_rest : f32
  %w_low = math.fma %q, %v_low, %w_more : f32
  %sum = arith.addf %q, %w : f32
  %sum_found = arith.subf %sum, %q : f32
  %sum_rest = arith.subf %w, %sum_found : f32
  %lows = arith.addf %w_low, %q_low : f32
  %sum_low = arith.addf %sum_rest, %lows : f32
  // Times 2 / ln 2.
  %h = arith.mulf %sum, %c2.88539004 : f32
  %minus_h = arith.negf %h : f32
  %l = math.fma %sum, %c2.88539004, %minus_h : f32
  %l.1 = math.fma %sum, %c3.851926e-8, %l : f32
  %l.2 = math.fma %sum_low, %c2.88539004, %l.1 : f32
  %high = arith.addf %n, %h : f32
  %high_found = arith.subf %high, %n : f32
  %high_rest = arith.subf %h, %high_found : f32
  %low = arith.addf %high_rest, %l.2 : f32
  %nothing = llvm.mlir.poison : !llvm.struct<(f32, f32)>
  %half = llvm.insertvalue %high, %nothing[0] : !llvm.struct<(f32, f32)>
  %both = llvm.insertvalue %low, %half[1] : !llvm.struct<(f32, f32)>
  llvm.return %both : !llvm.struct<(f32, f32)>
}

llvm.func internal @symm.log2(%x: f32) -> f32 {
  %sum = llvm.call @symm.log2_sum(%x) : (f32) -> !llvm.struct<(f32, f32)>
  %high = llvm.extractvalue %sum[0] : !llvm.struct<(f32, f32)>
  %low = llvm.extractvalue %sum[1] : !llvm.struct<(f32, f32)>
  %y = arith.addf %high, %low : f32
  %y.1 = llvm.call @symm.log_special(%x, %y) : (f32, f32) -> f32
  llvm.return %y.1 : f32
}

llvm.func internal @symm.log10(%x: f32) -> f32 {
  %c0.30103001 = arith.constant 0.30103001 : f32
  %c-1.43209889e-8 = arith.constant -1.43209889e-8 : f32
  %sum = llvm.call @symm.log2_sum(%x) : (f32) -> !llvm.struct<(f32, f32)>
  %high = llvm.extractvalue %sum[0] : !llvm.struct<(f32, f32)>
  %low = llvm.extractvalue %sum[1] : !llvm.struct<(f32, f32)>
  %p = arith.mulf %low, %c0.30103001 : f32
  %q = math.fma %high, %c-1.43209889e-8, %p : f32
  %y = math.fma %high, %c0.30103001, %q : f32
  %y.1 = llvm.call @symm.log_special(%x, %y) : (f32, f32) -> f32
  llvm.return %y.1 : f32
}
