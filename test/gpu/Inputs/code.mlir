// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What GPUs compute beside collectives: entries that ../code.sh runs on a GPU and on a CPU rank.

func.func @softmax(%x: tensor<33x257xf32>) -> tensor<33x257xf32> {
  %empty = tensor.empty() : tensor<33x257xf32>
  %y = linalg.softmax dimension(1) ins(%x : tensor<33x257xf32>) outs(%empty : tensor<33x257xf32>) -> tensor<33x257xf32>
  return %y : tensor<33x257xf32>
}

// Without the subtraction of the largest element, all of this overflows.
func.func @softmax_large(%x: tensor<33x257xf32>) -> tensor<33x257xf32> {
  %thousands = arith.constant dense<1.0e+04> : tensor<33x257xf32>
  %large = arith.mulf %x, %thousands : tensor<33x257xf32>
  %empty = tensor.empty() : tensor<33x257xf32>
  %y = linalg.softmax dimension(1) ins(%large : tensor<33x257xf32>) outs(%empty : tensor<33x257xf32>) -> tensor<33x257xf32>
  return %y : tensor<33x257xf32>
}

func.func @softmax_bf16(%x: tensor<33x257xf32>) -> tensor<33x257xbf16> {
  %narrow = arith.truncf %x : tensor<33x257xf32> to tensor<33x257xbf16>
  %empty = tensor.empty() : tensor<33x257xbf16>
  %y = linalg.softmax dimension(0) ins(%narrow : tensor<33x257xbf16>) outs(%empty : tensor<33x257xbf16>) -> tensor<33x257xbf16>
  return %y : tensor<33x257xbf16>
}

func.func @softmax_in_place(%x: memref<33x257xf32>) -> memref<33x257xf32> {
  %y = memref.alloc() : memref<33x257xf32>
  memref.copy %x, %y : memref<33x257xf32> to memref<33x257xf32>
  linalg.softmax dimension(1) ins(%y : memref<33x257xf32>) outs(%y : memref<33x257xf32>)
  return %y : memref<33x257xf32>
}

// A thread per iteration, each with a vector.
func.func @forall(%x: tensor<1000xf32>) -> tensor<1000xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<1000xf32>
  %y = scf.forall (%i) = (0) to (1000) step (4) shared_outs(%out = %empty) -> tensor<1000xf32> {
    %part = tensor.extract_slice %x[%i] [4] [1] : tensor<1000xf32> to tensor<4xf32>
    %v = vector.transfer_read %part[%c0], %zero {in_bounds = [true]} : tensor<4xf32>, vector<4xf32>
    %exp = math.exp %v : vector<4xf32>
    %root = math.sqrt %exp : vector<4xf32>
    %sum = vector.reduction <add>, %root : vector<4xf32> into f32
    %all = vector.broadcast %sum : f32 to vector<4xf32>
    %quotient = arith.divf %root, %all : vector<4xf32>
    %to = tensor.extract_slice %out[%i] [4] [1] : tensor<1000xf32> to tensor<4xf32>
    %written = vector.transfer_write %quotient, %to[%c0] {in_bounds = [true]} : vector<4xf32>, tensor<4xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %written into %out[%i] [4] [1] : tensor<4xf32> into tensor<1000xf32>
    }
  }
  return %y : tensor<1000xf32>
}

// Loops, reductions and a buffer of its own in each thread; rows of vectors of two dimensions.
func.func @parallel(%x: memref<60x8xf32>) -> memref<60x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %c60 = arith.constant 60 : index
  %zero = arith.constant 0.0 : f32
  %y = memref.alloc() : memref<60x8xf32>
  scf.parallel (%i) = (%c0) to (%c60) step (%c2) {
    %tile = memref.alloc() : memref<2x8xf32>
    %v = vector.transfer_read %x[%i, %c0], %zero {in_bounds = [true, true]} : memref<60x8xf32>, vector<2x8xf32>
    %scaled = math.floor %v : vector<2x8xf32>
    vector.transfer_write %scaled, %tile[%c0, %c0] {in_bounds = [true, true]} : vector<2x8xf32>, memref<2x8xf32>
    scf.for %row = %c0 to %c2 step %c1 {
      %r = arith.addi %i, %row : index
      %largest = scf.parallel (%j) = (%c0) to (%c8) step (%c1) init (%zero) -> f32 {
        %e = memref.load %tile[%row, %j] : memref<2x8xf32>
        scf.reduce(%e : f32) {
        ^bb0(%a: f32, %b: f32):
          %max = arith.maximumf %a, %b : f32
          scf.reduce.return %max : f32
        }
      }
      scf.for %j = %c0 to %c8 step %c1 {
        %e = memref.load %x[%r, %j] : memref<60x8xf32>
        %d = arith.subf %e, %largest : f32
        memref.store %d, %y[%r, %j] : memref<60x8xf32>
      }
    }
    memref.dealloc %tile : memref<2x8xf32>
  }
  return %y : memref<60x8xf32>
}

// Vectors of i1 that are written for other code to read element by element, and read where that has written.
func.func @bits(%x: memref<16x8xf32>) -> memref<16x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %no = arith.constant false
  %yes = arith.constant true
  %zeros = arith.constant dense<0.0> : vector<8xf32>
  %positive = memref.alloc() : memref<16x8xi1>
  %others = memref.alloc() : memref<16x8xi1>
  %y = memref.alloc() : memref<16x8xf32>
  scf.parallel (%i) = (%c0) to (%c16) step (%c1) {
    %v = vector.load %x[%i, %c0] : memref<16x8xf32>, vector<8xf32>
    %is = arith.cmpf ogt, %v, %zeros : vector<8xf32>
    vector.store %is, %positive[%i, %c0] : memref<16x8xi1>, vector<8xi1>
  }
  linalg.map ins(%positive : memref<16x8xi1>) outs(%others : memref<16x8xi1>) (%is: i1, %to: i1) {
    %not = arith.xori %is, %yes : i1
    linalg.yield %not : i1
  }
  scf.parallel (%i) = (%c0) to (%c16) step (%c1) {
    %v = vector.load %x[%i, %c0] : memref<16x8xf32>, vector<8xf32>
    %is = vector.transfer_read %others[%i, %c0], %no {in_bounds = [true]} : memref<16x8xi1>, vector<8xi1>
    %chosen = arith.select %is, %v, %zeros : vector<8xi1>, vector<8xf32>
    vector.store %chosen, %y[%i, %c0] : memref<16x8xf32>, vector<8xf32>
  }
  memref.dealloc %positive : memref<16x8xi1>
  memref.dealloc %others : memref<16x8xi1>
  return %y : memref<16x8xf32>
}

// Vectors that become tensors: sums, products, other shapes.
func.func @raised(%x: tensor<16x32xf32>, %w: tensor<32x8xf32>) -> (tensor<16x8xf32>, tensor<f32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %zeros = arith.constant dense<0.0> : vector<16xf32>
  %v = vector.transfer_read %x[%c0, %c0], %zero : tensor<16x32xf32>, vector<16x32xf32>
  %u = vector.transfer_read %w[%c0, %c0], %zero : tensor<32x8xf32>, vector<32x8xf32>
  %sums = vector.multi_reduction <add>, %v, %zeros [1] : vector<16x32xf32> to vector<16xf32>
  %columns = vector.broadcast %sums : vector<16xf32> to vector<8x16xf32>
  %rows = vector.transpose %columns, [1, 0] : vector<8x16xf32> to vector<16x8xf32>
  %product = vector.contract {
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
      %v, %u, %rows : vector<16x32xf32>, vector<32x8xf32> into vector<16x8xf32>
  %bounded = math.tanh %product : vector<16x8xf32>
  %flat = vector.shape_cast %bounded : vector<16x8xf32> to vector<128xf32>
  %largest = vector.reduction <maximumf>, %flat : vector<128xf32> into f32
  %twice = arith.addf %largest, %largest : f32
  %empty = tensor.empty() : tensor<16x8xf32>
  %y = vector.transfer_write %bounded, %empty[%c0, %c0] : vector<16x8xf32>, tensor<16x8xf32>
  %z = tensor.from_elements %twice : tensor<f32>
  return %y, %z : tensor<16x8xf32>, tensor<f32>
}

// Reads and writes of one buffer, in this order.
func.func @raised_in_place(%x: memref<16x8xf32>) -> memref<16x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %y = memref.alloc() : memref<16x8xf32>
  memref.copy %x, %y : memref<16x8xf32> to memref<16x8xf32>
  %v = vector.transfer_read %y[%c0, %c0], %zero {in_bounds = [true, true]} : memref<16x8xf32>, vector<15x8xf32>
  %first = vector.load %y[%c1, %c0] : memref<16x8xf32>, vector<8xf32>
  %firsts = vector.broadcast %first : vector<8xf32> to vector<15x8xf32>
  %sum = arith.addf %v, %firsts : vector<15x8xf32>
  vector.transfer_write %sum, %y[%c1, %c0] {in_bounds = [true, true]} : vector<15x8xf32>, memref<16x8xf32>
  %last = vector.load %y[%c1, %c0] : memref<16x8xf32>, vector<8xf32>
  vector.store %last, %y[%c0, %c0] : memref<16x8xf32>, vector<8xf32>
  return %y : memref<16x8xf32>
}

// One thread: masks, shuffles, vectors that a loop hands on.
func.func @one_thread(%x: tensor<16x6xf32>) -> (tensor<16x6xf32>, tensor<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c6 = arith.constant 6 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant 0.0 : f32
  %zeros = arith.constant dense<0.0> : vector<8xf32>
  %empty = tensor.empty() : tensor<16x6xf32>
  %mask = vector.create_mask %c6 : vector<8xi1>
  %y, %sums = scf.for %i = %c0 to %c16 step %c1 iter_args(%to = %empty, %so_far = %zeros) -> (tensor<16x6xf32>, vector<8xf32>) {
    %v = vector.transfer_read %x[%i, %c0], %zero, %mask : tensor<16x6xf32>, vector<8xf32>
    %next = arith.addf %so_far, %v : vector<8xf32>
    %written = vector.transfer_write %next, %to[%i, %c0], %mask : vector<8xf32>, tensor<16x6xf32>
    scf.yield %written, %next : tensor<16x6xf32>, vector<8xf32>
  }
  %backwards = vector.shuffle %sums, %sums [7, 6, 5, 4, 3, 2, 1, 0] : vector<8xf32>, vector<8xf32>
  %to = tensor.empty() : tensor<8xf32>
  %z = vector.transfer_write %backwards, %to[%c0] : vector<8xf32>, tensor<8xf32>
  return %y, %z : tensor<16x6xf32>, tensor<8xf32>
}

// Constants of one value: a number, what a product is added to, a result.
func.func @splats(%x: tensor<16x8xf32>) -> (tensor<16x16xf32>, tensor<4x4xf32>) {
  %half = arith.constant dense<0.5> : tensor<16x8xf32>
  %ones = arith.constant dense<1.0> : tensor<16x16xf32>
  %quarters = arith.constant dense<0.25> : tensor<4x4xf32>
  %scaled = arith.mulf %x, %half : tensor<16x8xf32>
  %empty = tensor.empty() : tensor<8x16xf32>
  %transposed = linalg.transpose ins(%x : tensor<16x8xf32>) outs(%empty : tensor<8x16xf32>) permutation = [1, 0]
  %y = linalg.matmul ins(%scaled, %transposed : tensor<16x8xf32>, tensor<8x16xf32>) outs(%ones : tensor<16x16xf32>) -> tensor<16x16xf32>
  return %y, %quarters : tensor<16x16xf32>, tensor<4x4xf32>
}

// Functions that MLIR has no conversion of. Around the smallest normal number, the largest finite one, and powers of integers.
func.func @functions(%x: tensor<128xf32>) -> (tensor<128xf32>, tensor<128xf32>, tensor<128xf32>, tensor<128xi32>) {
  %lower = arith.constant dense<-0.25> : tensor<128xf32>
  %upper = arith.constant dense<0.5> : tensor<128xf32>
  %small = arith.constant dense<3.0e-38> : tensor<128xf32>
  %large = arith.constant dense<3.0e+38> : tensor<128xf32>
  %two = arith.constant dense<2.0> : tensor<128xf32>
  %four = arith.constant dense<4.0> : tensor<128xf32>
  %eight = arith.constant dense<8.0> : tensor<128xf32>
  %clamped = math.clampf %x to [%lower, %upper] : tensor<128xf32>
  %tiny = arith.mulf %x, %small : tensor<128xf32>
  %is_normal = math.isnormal %tiny : tensor<128xf32>
  %normal = arith.uitofp %is_normal : tensor<128xi1> to tensor<128xf32>
  %twice = arith.mulf %x, %two : tensor<128xf32>
  %huge = arith.mulf %twice, %large : tensor<128xf32>
  %is_infinite = math.isinf %huge : tensor<128xf32>
  %infinite = arith.uitofp %is_infinite : tensor<128xi1> to tensor<128xf32>
  %fourfold = arith.mulf %x, %four : tensor<128xf32>
  %eightfold = arith.mulf %x, %eight : tensor<128xf32>
  %base = arith.fptosi %fourfold : tensor<128xf32> to tensor<128xi32>
  %exponent = arith.fptosi %eightfold : tensor<128xf32> to tensor<128xi32>
  %power = math.ipowi %base, %exponent : tensor<128xi32>
  return %clamped, %normal, %infinite, %power : tensor<128xf32>, tensor<128xf32>, tensor<128xf32>, tensor<128xi32>
}

// Functions where they are hard: large angles, small and large arguments, negative bases, results and arguments that are subnormal.
func.func @library(%x: tensor<4096xf32>) -> (tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>) {
  %half = arith.constant dense<0.5> : tensor<4096xf32>
  %one = arith.constant dense<1.0> : tensor<4096xf32>
  %eight = arith.constant dense<8.0> : tensor<4096xf32>
  %bound = arith.constant dense<96.0> : tensor<4096xf32>
  %thousands = arith.constant dense<3.0e+04> : tensor<4096xf32>
  %large = arith.constant dense<3.0e+20> : tensor<4096xf32>
  %small = arith.constant dense<1.0e-20> : tensor<4096xf32>
  %huge = arith.constant dense<1.0e+38> : tensor<4096xf32>
  %tiny = arith.constant dense<1.0e-39> : tensor<4096xf32>
  %size = math.absf %x : tensor<4096xf32>
  // Angles.
  %far = arith.mulf %x, %large : tensor<4096xf32>
  %sine = math.sin %far : tensor<4096xf32>
  %cosine = math.cos %far : tensor<4096xf32>
  %angle = arith.mulf %x, %thousands : tensor<4096xf32>
  %tangent = math.tan %angle : tensor<4096xf32>
  %angle_again = math.atan %tangent : tensor<4096xf32>
  // Hyperbolic functions.
  %positive = arith.addf %size, %half : tensor<4096xf32>
  %near = arith.mulf %positive, %small : tensor<4096xf32>
  %near_sinh = math.sinh %near : tensor<4096xf32>
  %near_asinh = math.asinh %near_sinh : tensor<4096xf32>
  %near_atanh = math.atanh %near_asinh : tensor<4096xf32>
  %nearly_one = arith.divf %near_atanh, %near : tensor<4096xf32>
  %beyond_one = arith.addf %one, %size : tensor<4096xf32>
  %above = arith.mulf %beyond_one, %large : tensor<4096xf32>
  %far_acosh = math.acosh %above : tensor<4096xf32>
  %far_asinh = math.asinh %far : tensor<4096xf32>
  // Powers.
  %fewer = arith.mulf %size, %eight : tensor<4096xf32>
  %n = arith.fptosi %fewer : tensor<4096xf32> to tensor<4096xi32>
  %whole = math.floor %fewer : tensor<4096xf32>
  %power = math.powf %x, %whole : tensor<4096xf32>
  %whole_power = math.fpowi %x, %n : tensor<4096xf32>, tensor<4096xi32>
  // Subnormal numbers.
  %below = arith.mulf %positive, %tiny : tensor<4096xf32>
  %logarithm = math.log %below : tensor<4096xf32>
  %decimal = math.log10 %below : tensor<4096xf32>
  %cube_root = math.cbrt %below : tensor<4096xf32>
  %exponent = arith.subf %fewer, %bound : tensor<4096xf32>
  %exponential = math.exp %exponent : tensor<4096xf32>
  %visible = arith.mulf %exponential, %huge : tensor<4096xf32>
  return %sine, %cosine, %angle_again, %nearly_one, %far_acosh, %far_asinh, %power, %whole_power, %logarithm, %decimal, %cube_root, %visible : tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>
}

#vector = affine_map<(i) -> (i)>

// Constants of types that LLVM has under other names, and one whose values are beside the program.
func.func @constants(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %rows = arith.constant dense<[3, 0, 2, 1]> : tensor<4xindex>
  %small = arith.constant dense<[1.0, -2.0, 0.5, 448.0]> : tensor<4xf8E4M3FN>
  %pairs = arith.constant dense<[(1.0, 2.0), (3.0, 4.0), (5.0, 6.0), (7.0, 8.5)]> : tensor<4xcomplex<f32>>
  %beside = arith.constant dense_resource<beside> : tensor<4xf32>
  %empty = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [#vector, #vector, #vector], iterator_types = ["parallel"]}
      ins(%rows, %small : tensor<4xindex>, tensor<4xf8E4M3FN>) outs(%empty : tensor<4xf32>) {
  ^bb0(%row: index, %factor: f8E4M3FN, %to: f32):
    %element = tensor.extract %x[%row] : tensor<4xf32>
    %wide = arith.extf %factor : f8E4M3FN to f32
    %product = arith.mulf %element, %wide : f32
    linalg.yield %product : f32
  } -> tensor<4xf32>
  %z = linalg.generic {indexing_maps = [#vector, #vector, #vector], iterator_types = ["parallel"]}
      ins(%pairs, %beside : tensor<4xcomplex<f32>>, tensor<4xf32>) outs(%empty : tensor<4xf32>) {
  ^bb0(%pair: complex<f32>, %factor: f32, %to: f32):
    %re = complex.re %pair : complex<f32>
    %im = complex.im %pair : complex<f32>
    %product = arith.mulf %im, %factor : f32
    %sum = arith.addf %re, %product : f32
    linalg.yield %sum : f32
  } -> tensor<4xf32>
  return %y, %z : tensor<4xf32>, tensor<4xf32>
}

// Tiles of a matrix, padded with -1, and back; the bits of numbers.
func.func @packed(%x: tensor<5x6xf32>) -> (tensor<2x3x2x3xf32>, tensor<5x6xf32>, tensor<5x6xi32>) {
  %minus_one = arith.constant -1.0 : f32
  %empty = tensor.empty() : tensor<2x3x2x3xf32>
  %y = linalg.pack %x padding_value(%minus_one : f32) outer_dims_perm = [1, 0] inner_dims_pos = [0, 1] inner_tiles = [2, 3] into %empty
      : tensor<5x6xf32> -> tensor<2x3x2x3xf32>
  %twice = arith.addf %y, %y : tensor<2x3x2x3xf32>
  %matrix = tensor.empty() : tensor<5x6xf32>
  %z = linalg.unpack %twice outer_dims_perm = [1, 0] inner_dims_pos = [0, 1] inner_tiles = [2, 3] into %matrix
      : tensor<2x3x2x3xf32> -> tensor<5x6xf32>
  %bits = tensor.bitcast %x : tensor<5x6xf32> to tensor<5x6xi32>
  return %y, %z, %bits : tensor<2x3x2x3xf32>, tensor<5x6xf32>, tensor<5x6xi32>
}

// Numbers of the host, of types that PTX has no parameters of. One digit of the result is each.
#number = affine_map<(i) -> ()>
func.func @numbers(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %ahead = arith.constant 65 : i128
  %down = arith.constant -5 : i32
  %y = scf.for %i = %c0 to %c4 step %c1 iter_args(%t = %x) -> (tensor<4xf32>) {
    %n = arith.index_cast %i : index to i128
    %above = arith.shli %n, %ahead : i128
    %wide = arith.addi %above, %n : i128
    %j = arith.index_cast %i : index to i32
    %signed = arith.addi %j, %down : i32
    %nibble = arith.trunci %signed : i32 to i4
    %middle = arith.extsi %signed : i32 to i48
    %float = arith.sitofp %signed : i32 to f32
    %short = arith.truncf %float : f32 to f8E5M2
    %empty = tensor.empty() : tensor<4xf32>
    %next = linalg.generic {indexing_maps = [#vector, #number, #number, #number, #number, #vector], iterator_types = ["parallel"]}
        ins(%x, %nibble, %wide, %middle, %short : tensor<4xf32>, i4, i128, i48, f8E5M2) outs(%empty : tensor<4xf32>) {
    ^bb0(%a: f32, %b: i4, %c: i128, %d: i48, %e: f8E5M2, %out: f32):
      %64 = arith.constant 64 : i128
      %ten = arith.constant 10.0 : f32
      %upper = arith.shrui %c, %64 : i128
      %top = arith.trunci %upper : i128 to i32
      %bottom = arith.trunci %c : i128 to i32
      %0 = arith.sitofp %b : i4 to f32
      %1 = arith.sitofp %top : i32 to f32
      %2 = arith.sitofp %bottom : i32 to f32
      %3 = arith.sitofp %d : i48 to f32
      %4 = arith.extf %e : f8E5M2 to f32
      %5 = math.fma %a, %ten, %0 : f32
      %6 = math.fma %5, %ten, %1 : f32
      %7 = math.fma %6, %ten, %2 : f32
      %8 = math.fma %7, %ten, %3 : f32
      %9 = math.fma %8, %ten, %4 : f32
      linalg.yield %9 : f32
    } -> tensor<4xf32>
    scf.yield %next : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// Largest numbers of rows, of which every other one has nothing but NaN, and of a type without infinities.
#matrix = affine_map<(i, j) -> (i, j)>
#rows = affine_map<(i, j) -> (i)>
func.func @largest(%x: tensor<16x80xf32>) -> (tensor<16xf32>, tensor<16xf32>) {
  %nan = arith.constant 0x7FC00000 : f32
  %low = arith.constant -448.0 : f8E4M3FN
  %empty = tensor.empty() : tensor<16xf32>
  %init = linalg.fill ins(%nan : f32) outs(%empty : tensor<16xf32>) -> tensor<16xf32>
  %most = linalg.generic {indexing_maps = [#matrix, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<16x80xf32>) outs(%init : tensor<16xf32>) {
  ^bb0(%in: f32, %out: f32):
    %row = linalg.index 0 : index
    %number = arith.index_cast %row : index to i32
    %is_odd = arith.trunci %number : i32 to i1
    %value = arith.select %is_odd, %in, %nan : f32
    %more = arith.maxnumf %out, %value : f32
    linalg.yield %more : f32
  } -> tensor<16xf32>
  %seen = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%most : tensor<16xf32>) outs(%empty : tensor<16xf32>) {
  ^bb0(%in: f32, %out: f32):
    %hundred = arith.constant 100.0 : f32
    %is_nan = arith.cmpf uno, %in, %in : f32
    %value = arith.select %is_nan, %hundred, %in : f32
    linalg.yield %value : f32
  } -> tensor<16xf32>
  %short = arith.truncf %x : tensor<16x80xf32> to tensor<16x80xf8E4M3FN>
  %short_empty = tensor.empty() : tensor<16xf8E4M3FN>
  %short_init = linalg.fill ins(%low : f8E4M3FN) outs(%short_empty : tensor<16xf8E4M3FN>) -> tensor<16xf8E4M3FN>
  %short_most = linalg.reduce { arith.maximumf } ins(%short : tensor<16x80xf8E4M3FN>) outs(%short_init : tensor<16xf8E4M3FN>) dimensions = [1]
  %wide = arith.extf %short_most : tensor<16xf8E4M3FN> to tensor<16xf32>
  return %seen, %wide : tensor<16xf32>, tensor<16xf32>
}

// A tensor whose elements take more bytes than their bits need, copied because both are changed.
func.func @copied(%x: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>) {
  %hundred = arith.constant dense<100.0> : tensor<64xf32>
  %large = arith.mulf %x, %hundred : tensor<64xf32>
  %short = arith.fptosi %large : tensor<64xf32> to tensor<64xi24>
  %copy = bufferization.alloc_tensor() copy(%short) : tensor<64xi24>
  %one = arith.constant 1 : i24
  %next = linalg.generic {indexing_maps = [#vector], iterator_types = ["parallel"]} outs(%copy : tensor<64xi24>) {
  ^bb0(%out: i24):
    %more = arith.addi %out, %one : i24
    linalg.yield %more : i24
  } -> tensor<64xi24>
  %0 = arith.sitofp %next : tensor<64xi24> to tensor<64xf32>
  %1 = arith.sitofp %short : tensor<64xi24> to tensor<64xf32>
  return %0, %1 : tensor<64xf32>, tensor<64xf32>
}

{-#
  dialect_resources: {
    builtin: {
      beside: "0x040000000000803F00000040000040400000803F"
    }
  }
#-}
