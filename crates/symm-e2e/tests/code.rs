// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What programs compute beside collectives: softmax against a reference in f64, and vectors against the tensors that
//! `--raise-vectors` makes of them.

use melior::ir::Module;
use std::time::{Duration, Instant};
use symm_codegen::lower::run_pipeline;
use symm_e2e::{Call, compile, run};
use symm_ir::context::create_context;
use symm_sim::{
    Buffer, DType,
    small_float::{BF16, F16},
};

const CODE: &str = include_str!("../../../test/gpu/Inputs/code.mlir");

/// Vectors of unusual shapes, and numbers that go in and out of them.
const EDGES: &str = "
func.func @edges(%x: tensor<4x8xf32>, %s: tensor<f32>) -> (tensor<4x8xf32>, tensor<2x4x4xf32>, tensor<1xf32>, tensor<f32>, tensor<8xf32>) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  %v = vector.transfer_read %x[%c0, %c0], %zero {in_bounds = [true, true]} : tensor<4x8xf32>, vector<4x8xf32>
  %number = vector.transfer_read %s[], %zero : tensor<f32>, vector<f32>
  %n = vector.extract %number[] : f32 from vector<f32>
  // One column and one row, repeated.
  %column = vector.extract_strided_slice %v {offsets = [0, 3], sizes = [4, 1], strides = [1, 1]} : vector<4x8xf32> to vector<4x1xf32>
  %columns = vector.broadcast %column : vector<4x1xf32> to vector<4x8xf32>
  %row = vector.transfer_read %x[%c2, %c0], %zero {in_bounds = [true, true]} : tensor<4x8xf32>, vector<1x8xf32>
  %rows = vector.broadcast %row : vector<1x8xf32> to vector<4x8xf32>
  // Constants of many values, comparisons, a choice by a number.
  %table = arith.constant dense<[1.0, -2.0, 3.0, -4.0, 5.0, -6.0, 7.0, -8.0]> : vector<8xf32>
  %tables = vector.broadcast %table : vector<8xf32> to vector<4x8xf32>
  %is = arith.cmpf olt, %columns, %rows : vector<4x8xf32>
  %chosen = arith.select %is, %tables, %columns : vector<4x8xi1>, vector<4x8xf32>
  %positive = arith.cmpf ogt, %n, %zero : f32
  %either = arith.select %positive, %chosen, %rows : vector<4x8xf32>
  %all = vector.broadcast %n : f32 to vector<4x8xf32>
  %sum = vector.fma %either, %all, %v : vector<4x8xf32>
  %y = vector.transfer_write %sum, %x[%c0, %c0] {in_bounds = [true, true]} : vector<4x8xf32>, tensor<4x8xf32>
  // Products: of a batch, of transposed operands, of two rows.
  %batch = vector.shape_cast %sum : vector<4x8xf32> to vector<2x4x4xf32>
  %zeros = arith.constant dense<1.0> : vector<2x4x4xf32>
  %gram = vector.contract {
      indexing_maps = [affine_map<(b, m, n, k) -> (b, m, k)>, affine_map<(b, m, n, k) -> (b, n, k)>, affine_map<(b, m, n, k) -> (b, n, m)>],
      iterator_types = [\"parallel\", \"parallel\", \"parallel\", \"reduction\"], kind = #vector.kind<add>}
      %batch, %batch, %zeros : vector<2x4x4xf32>, vector<2x4x4xf32> into vector<2x4x4xf32>
  %gram_to = tensor.empty() : tensor<2x4x4xf32>
  %grams = vector.transfer_write %gram, %gram_to[%c0, %c0, %c0] {in_bounds = [true, true, true]} : vector<2x4x4xf32>, tensor<2x4x4xf32>
  %first = vector.extract %sum[0] : vector<8xf32> from vector<4x8xf32>
  %dot = vector.contract {
      indexing_maps = [affine_map<(k) -> (k)>, affine_map<(k) -> (k)>, affine_map<(k) -> ()>],
      iterator_types = [\"reduction\"], kind = #vector.kind<add>}
      %first, %table, %n : vector<8xf32>, vector<8xf32> into f32
  %least = vector.multi_reduction <minimumf>, %sum, %dot [0, 1] : vector<4x8xf32> to f32
  %dots = tensor.from_elements %dot : tensor<1xf32>
  %leasts = tensor.from_elements %least : tensor<f32>
  // Numbers and parts put into vectors; integers.
  %inserted = vector.insert %least, %first [5] : f32 into vector<8xf32>
  %part = vector.extract_strided_slice %table {offsets = [2], sizes = [3], strides = [1]} : vector<8xf32> to vector<3xf32>
  %mixed = vector.insert_strided_slice %part, %inserted {offsets = [1], strides = [1]} : vector<3xf32> into vector<8xf32>
  %integers = arith.fptosi %table : vector<8xf32> to vector<8xi8>
  %least_integer = vector.reduction <minsi>, %integers : vector<8xi8> into i8
  %wide = arith.sitofp %least_integer : i8 to f32
  %wides = vector.broadcast %wide : f32 to vector<8xf32>
  %last = arith.addf %mixed, %wides : vector<8xf32>
  %last_to = tensor.empty() : tensor<8xf32>
  %z = vector.transfer_write %last, %last_to[%c0] {in_bounds = [true]} : vector<8xf32>, tensor<8xf32>
  return %y, %grams, %dots, %leasts, %z : tensor<4x8xf32>, tensor<2x4x4xf32>, tensor<1xf32>, tensor<f32>, tensor<8xf32>
}";

/// A buffer of floats, each rounded to a type.
fn buffer(dtype: DType, shape: &[usize], values: impl Iterator<Item = f64>) -> Buffer {
    let bytes = values.flat_map(|value| match dtype {
        DType::F64 => value.to_le_bytes().to_vec(),
        DType::F16 => F16.encode(value as f32).to_le_bytes().to_vec(),
        DType::BF16 => BF16.encode(value as f32).to_le_bytes().to_vec(),
        _ => (value as f32).to_le_bytes().to_vec(),
    });
    Buffer::new(dtype, shape.to_vec(), bytes.collect()).expect("as many values as elements")
}

fn values(buffer: &Buffer) -> Vec<f64> {
    let value = |bits: u128| match buffer.dtype() {
        DType::F64 => f64::from_bits(bits as u64),
        DType::F16 => f64::from(F16.decode(bits as u16)),
        DType::BF16 => f64::from(BF16.decode(bits as u16)),
        _ => f64::from(f32::from_bits(bits as u32)),
    };
    buffer.elements().map(value).collect()
}

fn run_on_one(source: &str, entry: &str, inputs: Vec<Buffer>) -> Vec<Buffer> {
    let call = Call {
        entry: entry.into(),
        inputs: vec![inputs],
    };
    let mut results = run(&compile(source, ""), 1, vec![call]);
    results.remove(0).remove(0)
}

/// Runs softmax over a dimension of a matrix, on tensors or in place on a buffer.
fn softmax(dtype: DType, dimension: usize, on_tensors: bool, input: &Buffer) -> Vec<f64> {
    let [rows, columns] = input.shape() else {
        panic!("expected a matrix");
    };
    let shape = format!("{rows}x{columns}x{}", dtype.name());
    let source = match on_tensors {
        true => format!(
            "func.func @f(%x: tensor<{shape}>) -> tensor<{shape}> {{
               %out = tensor.empty() : tensor<{shape}>
               %y = linalg.softmax dimension({dimension}) ins(%x : tensor<{shape}>) outs(%out : tensor<{shape}>)
                   -> tensor<{shape}>
               return %y : tensor<{shape}>
             }}"
        ),
        false => format!(
            "func.func @f(%x: memref<{shape}>) -> memref<{shape}> {{
               %y = memref.alloc() : memref<{shape}>
               memref.copy %x, %y : memref<{shape}> to memref<{shape}>
               linalg.softmax dimension({dimension}) ins(%y : memref<{shape}>) outs(%y : memref<{shape}>)
               return %y : memref<{shape}>
             }}"
        ),
    };
    values(&run_on_one(&source, "f", vec![input.clone()])[0])
}

/// What softmax over a dimension of a matrix gives.
fn reference(dimension: usize, input: &Buffer) -> Vec<f64> {
    let (x, [rows, columns]) = (values(input), [input.shape()[0], input.shape()[1]]);
    let line = |i: usize| -> Vec<f64> {
        match dimension {
            0 => (0..rows)
                .map(|row| x[row * columns + i % columns])
                .collect(),
            _ => x[i / columns * columns..][..columns].to_vec(),
        }
    };
    let element = |i: usize| {
        let line = line(i);
        let largest = line.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = line.iter().map(|value| (value - largest).exp()).sum();
        (x[i] - largest).exp() / sum
    };
    (0..x.len()).map(element).collect()
}

#[test]
fn softmax_is_near_the_reference() {
    let types = [
        (DType::F64, 1e-13),
        (DType::F32, 1e-5),
        (DType::F16, 1e-3),
        (DType::BF16, 5e-3),
    ];
    for (dtype, bound) in types {
        // Differences of some hundreds of a type's steps, and rows far from zero.
        for scale in [1.0, 40.0, 1e4] {
            let x = (0..5 * 67).map(|i| scale * ((i * 37 % 101) as f64 / 50.0 - 1.0));
            let x = buffer(dtype, &[5, 67], x);
            for (dimension, on_tensors) in [(0, true), (1, true), (0, false), (1, false)] {
                let found = softmax(dtype, dimension, on_tensors, &x);
                let expected = reference(dimension, &x);
                for (found, expected) in found.iter().zip(&expected) {
                    // What is too small for f16 is a multiple of its smallest number.
                    let error = (found - expected).abs();
                    assert!(
                        error <= bound * expected + 1e-7,
                        "{dtype:?}, scale {scale}, dimension {dimension}: expected {expected}, got {found}"
                    );
                }
            }
        }
    }
}

#[test]
fn softmax_neither_overflows_nor_hides_anything() {
    let columns = 16;
    let rows = [
        f64::from(f32::MAX),
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1.0,
    ];
    let x = rows.iter().flat_map(|special| {
        (0..columns).map(move |column| if column == 3 { *special } else { 1.0 })
    });
    let found = softmax(
        DType::F32,
        1,
        true,
        &buffer(DType::F32, &[rows.len(), columns], x),
    );
    let row = |row: usize| &found[row * columns..][..columns];
    assert!(
        row(0)
            .iter()
            .enumerate()
            .all(|(i, y)| *y == f64::from(u8::from(i == 3)))
    );
    assert!(row(1).iter().all(|y| y.is_nan()), "{:?}", row(1));
    assert!(row(2).iter().all(|y| y.is_nan()), "{:?}", row(2));
    assert_eq!(row(3)[3], 0.0);
    assert!((row(3)[0] - 1.0 / 15.0).abs() < 1e-7, "{:?}", row(3));
    assert!(row(4).iter().all(|y| *y == 1.0 / 16.0), "{:?}", row(4));
}

/// In bf16 a sum of ones stops at 256.
#[test]
fn softmax_of_long_rows_of_short_floats_sums_in_f32() {
    let x = buffer(DType::BF16, &[1, 4096], std::iter::repeat_n(3.0, 4096));
    let found = softmax(DType::BF16, 1, true, &x);
    assert!(found.iter().all(|y| *y == 1.0 / 4096.0), "{}", found[0]);
}

/// What a vector of i1 writes, other code reads element by element, and the other way round.
#[test]
fn vectors_of_i1_are_bytes_in_buffers() {
    let x = buffer(
        DType::F32,
        &[16, 8],
        (0..16 * 8).map(|i| f64::from(i * 37 % 23) - 11.0),
    );
    let found = run_on_one(CODE, "bits", vec![x.clone()]);
    let expected: Vec<_> = values(&x).into_iter().map(|x| x.min(0.0)).collect();
    assert_eq!(values(&found[0]), expected);
}

#[test]
fn constants_of_one_value_are_numbers_accumulators_and_results() {
    let x = buffer(
        DType::F32,
        &[16, 8],
        (0..16 * 8).map(|i| f64::from(i * 37 % 23) / 8.0),
    );
    let found = run_on_one(CODE, "splats", vec![x.clone()]);
    let x = values(&x);
    let product = |row: usize, column: usize| -> f64 {
        (0..8).map(|k| x[row * 8 + k] * x[column * 8 + k]).sum()
    };
    let expected = (0..16 * 16).map(|i| 1.0 + 0.5 * product(i / 16, i % 16));
    assert_eq!(values(&found[0]), expected.collect::<Vec<_>>());
    assert_eq!(values(&found[1]), [0.25; 16]);
}

/// Bufferization compared all accesses of such a chain with each other, for each op: it took minutes.
#[test]
fn a_chain_of_a_thousand_ops_compiles() {
    let adds: String = (1..1000)
        .map(|i| format!("%v{i} = arith.addf %v{}, %x : tensor<4xf32>\n", i - 1))
        .collect();
    let source = format!(
        "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {{
           %v0 = arith.addf %x, %x : tensor<4xf32>
           {adds}
           return %v999 : tensor<4xf32>
         }}"
    );
    let begin = Instant::now();
    let x = buffer(DType::F32, &[4], [1.0, -2.0, 0.5, 0.0].into_iter());
    let found = run_on_one(&source, "f", vec![x]);
    assert_eq!(values(&found[0]), [1001.0, -2002.0, 500.5, 0.0]);
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(60), "{took:?}");
}

/// LLVM unrolled each of them: a hundred took more than a minute.
#[test]
fn a_chain_of_products_compiles() {
    let products: String = (1..=100)
        .map(|i| {
            format!(
                "%v{i} = linalg.matmul ins(%v{}, %w : tensor<16x64xf32>, tensor<64x64xf32>)
                     outs(%zeros : tensor<16x64xf32>) -> tensor<16x64xf32>\n",
                i - 1
            )
        })
        .collect();
    let source = format!(
        "func.func @f(%v0: tensor<16x64xf32>, %w: tensor<64x64xf32>) -> tensor<16x64xf32> {{
           %zero = arith.constant 0.0 : f32
           %empty = tensor.empty() : tensor<16x64xf32>
           %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<16x64xf32>) -> tensor<16x64xf32>
           {products}
           return %v100 : tensor<16x64xf32>
         }}"
    );
    let begin = Instant::now();
    let v = (0..16 * 64).map(|i| f64::from(i % 7));
    // Each column takes that of its right neighbour, a hundred times.
    let w = (0..64 * 64).map(|i| f64::from(u8::from(i / 64 == (i % 64 + 1) % 64)));
    let inputs = vec![
        buffer(DType::F32, &[16, 64], v.clone()),
        buffer(DType::F32, &[64, 64], w),
    ];
    let found = run_on_one(&source, "f", inputs);
    let v: Vec<f64> = v.collect();
    let moved = (0..16 * 64).map(|i| v[i / 64 * 64 + (i % 64 + 100) % 64]);
    assert_eq!(values(&found[0]), moved.collect::<Vec<_>>());
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(40), "{took:?}");
}

#[test]
fn functions_that_are_expanded_are_what_they_are_called() {
    let x = buffer(
        DType::F32,
        &[128],
        (0..128).map(|i| f64::from(i) / 64.0 - 1.0),
    );
    let found = run_on_one(CODE, "functions", vec![x.clone()]);
    let x: Vec<f32> = values(&x).into_iter().map(|x| x as f32).collect();
    let expected = |of: &dyn Fn(f32) -> f64| x.iter().map(|x| of(*x)).collect::<Vec<_>>();
    let clamped = expected(&|x| f64::from(x.clamp(-0.25, 0.5)));
    assert_eq!(values(&found[0]), clamped);
    let normal = expected(&|x| f64::from(u8::from((x * 3.0e-38).is_normal())));
    assert_eq!(values(&found[1]), normal);
    let infinite = expected(&|x| f64::from(u8::from((x * 2.0 * 3.0e38).is_infinite())));
    assert_eq!(values(&found[2]), infinite);
    assert!(normal.contains(&1.0) && infinite.contains(&1.0));
    let power = |x: f32| {
        let (base, exponent) = ((x * 4.0) as i32, (x * 8.0) as i32);
        match (base, u32::try_from(exponent)) {
            (base, Ok(exponent)) => base.pow(exponent),
            (1, _) => 1,
            (-1, _) => [1, -1][exponent.unsigned_abs() as usize % 2],
            _ => 0,
        }
    };
    let powers = found[3].elements().map(|bits| bits as u32 as i32);
    assert_eq!(
        powers.collect::<Vec<_>>(),
        x.iter().map(|x| power(*x)).collect::<Vec<_>>()
    );
}

fn raised(source: &str) -> String {
    let context = create_context();
    let mut module = Module::parse(&context, source).expect("the program parses");
    run_pipeline(
        &context,
        &mut module,
        "canonicalize,raise-vectors,canonicalize",
    )
    .expect("the pass runs");
    let text = module.as_operation().to_string();
    assert!(!text.contains("vector.contract"), "{text}");
    text
}

#[test]
fn vectors_and_what_they_are_raised_to_agree() {
    let [code, edges] = [CODE, EDGES].map(raised);
    assert!(!edges.contains("vector<"), "{edges}");
    let matrix = |rows: usize, columns: usize| {
        let element = |i: usize| ((i * 29 % 83) as f64 - 41.0) / 64.0;
        buffer(
            DType::F32,
            &[rows, columns],
            (0..rows * columns).map(element),
        )
    };
    let cases = [
        (
            EDGES,
            "edges",
            vec![matrix(4, 8), buffer(DType::F32, &[], [0.75].into_iter())],
        ),
        (
            EDGES,
            "edges",
            vec![matrix(4, 8), buffer(DType::F32, &[], [-2.5].into_iter())],
        ),
        (CODE, "raised", vec![matrix(16, 32), matrix(32, 8)]),
        (CODE, "raised_in_place", vec![matrix(16, 8)]),
        (CODE, "one_thread", vec![matrix(16, 6)]),
        (
            CODE,
            "forall",
            vec![buffer(
                DType::F32,
                &[1000],
                values(&matrix(10, 100)).into_iter(),
            )],
        ),
    ];
    for (source, entry, inputs) in cases {
        let expected = run_on_one(source, entry, inputs.clone());
        let raised = if source == CODE { &code } else { &edges };
        let found = run_on_one(raised, entry, inputs);
        for (expected, found) in expected.iter().zip(&found) {
            for (expected, found) in values(expected).into_iter().zip(values(found)) {
                // Sums of products may be in another order.
                let error = (found - expected).abs();
                assert!(error <= 1e-6, "{entry}: expected {expected}, got {found}");
            }
        }
    }
}

/// Functions of f32, of f64, of f16 and of a vector.
const NEAR_ZERO: &str = "
func.func @f(%x: tensor<4096xf32>, %y: tensor<4096xf64>, %z: tensor<4096xf16>)
    -> (tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf64>, tensor<4096xf64>, tensor<4096xf16>, tensor<4096xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %a = math.expm1 %x : tensor<4096xf32>
  %b = math.log1p %x : tensor<4096xf32>
  %c = math.expm1 %y : tensor<4096xf64>
  %d = math.log1p %y : tensor<4096xf64>
  %e = math.expm1 %z : tensor<4096xf16>
  %v = vector.transfer_read %x[%c0], %zero {in_bounds = [true]} : tensor<4096xf32>, vector<16xf32>
  %w = math.expm1 %v : vector<16xf32>
  %f = vector.transfer_write %w, %x[%c0] {in_bounds = [true]} : vector<16xf32>, tensor<4096xf32>
  return %a, %b, %c, %d, %e, %f : tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf64>, tensor<4096xf64>, tensor<4096xf16>, tensor<4096xf32>
}";

/// How many numbers of a type are between two; none between two NaNs.
fn distance(got: f64, expected: f64, bits: fn(f64) -> i64) -> u64 {
    // Negative numbers count down from -0.0, which is one below 0.0.
    let place = |value| match bits(value) {
        bits if bits < 0 => i64::MIN.wrapping_sub(bits) - 1,
        bits => bits,
    };
    match (got.is_nan(), expected.is_nan()) {
        (true, true) => 0,
        (false, false) => place(got).abs_diff(place(expected)),
        _ => u64::MAX,
    }
}

#[test]
fn functions_near_zero_have_all_their_digits() {
    let special = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        -1.0,
        88.72,
        88.73,
        -120.0,
        709.78,
        1e-45,
        -1e-45,
        f64::from(f32::MAX),
    ];
    // From 2^-30 to 2^7, of both signs.
    let power = |i: i32| (f64::from(i) / 2041.5 * 37.0 - 30.0).exp2();
    let all: Vec<_> = special
        .into_iter()
        .chain((13..4096).map(|i| {
            if i % 2 == 0 {
                power(i / 2)
            } else {
                -power(i / 2)
            }
        }))
        .collect();
    let inputs = [DType::F32, DType::F64, DType::F16]
        .map(|dtype| buffer(dtype, &[4096], all.iter().copied()));
    let [x, y, z] = inputs.clone().map(|input| values(&input));
    let found = run_on_one(NEAR_ZERO, "f", inputs.to_vec());
    let single = |value: f64| i64::from((value as f32).to_bits() as i32) << 32;
    let double = |value: f64| value.to_bits() as i64;
    let check = |result: usize, of: fn(f64) -> f64, x: &[f64], bits: fn(f64) -> i64, most: u64| {
        let worst = values(&found[result])
            .into_iter()
            .zip(x)
            .map(|(got, x)| (distance(got, of(*x), bits), *x, got));
        let worst = worst.max_by_key(|(distance, ..)| *distance).unwrap();
        assert!(
            worst.0 <= most,
            "result {result}, of {}: {} is off by {}",
            worst.1,
            worst.2,
            worst.0
        );
    };
    check(0, f64::exp_m1, &x, single, 3 << 32);
    check(1, f64::ln_1p, &x, single, 1 << 32);
    check(2, f64::exp_m1, &y, double, 4);
    check(3, f64::ln_1p, &y, double, 1);
    let half = |value: f64| i64::from(F16.encode(value as f32) as i16) << 48;
    check(4, f64::exp_m1, &z, half, 0);
    check(5, f64::exp_m1, &x[..16], single, 3 << 32);
}

const COMPLEX: &str = "
func.func @f(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %to = tensor.empty() : tensor<4xf32>
  %r:3 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
                         iterator_types = [\"parallel\"]}
      ins(%x, %y : tensor<4xf32>, tensor<4xf32>) outs(%to, %to, %to : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %d: f32, %e: f32):
    %z = complex.create %a, %b : complex<f32>
    %abs = complex.abs %z : complex<f32>
    %one = complex.div %z, %z : complex<f32>
    %re = complex.re %one : complex<f32>
    %im = complex.im %one : complex<f32>
    linalg.yield %abs, %re, %im : f32, f32, f32
  } -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return %r#0, %r#1, %r#2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}";

/// Their squares would be infinite, or 0.
#[test]
fn complex_numbers_may_be_as_large_as_their_parts() {
    let parts = [[3e30, 4e30], [-3e-30, 4e-30], [5.0, 0.0], [3.0, -4.0]];
    let inputs = [0, 1].map(|part| buffer(DType::F32, &[4], parts.iter().map(|parts| parts[part])));
    let found = run_on_one(COMPLEX, "f", inputs.to_vec());
    let near = |result: usize, expected: [f64; 4]| {
        for (got, expected) in values(&found[result]).into_iter().zip(expected) {
            let error = (got - expected).abs();
            assert!(error <= expected * 3e-7, "{result}: {got}, not {expected}");
        }
    };
    near(0, [5e30, 5e-30, 5.0, 5.0]);
    near(1, [1.0; 4]);
    near(2, [0.0; 4]);
}

/// The sum of positive numbers, rounded to bf16 after each addition.
const CARRIED: &str = "
func.func @f(%x: tensor<8xbf16>) -> tensor<bf16> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : bf16
  %sum = scf.for %i = %c0 to %c8 step %c1 iter_args(%sum = %zero) -> bf16 {
    %value = tensor.extract %x[%i] : tensor<8xbf16>
    %more = arith.addf %sum, %value : bf16
    %positive = arith.cmpf ogt, %value, %zero : bf16
    %next = arith.select %positive, %more, %sum : bf16
    scf.yield %next : bf16
  }
  %y = tensor.from_elements %sum : tensor<bf16>
  return %y : tensor<bf16>
}";

/// LLVM keeps such a number as f32, and rounds by a function that C compilers may lack.
#[test]
fn a_bf16_goes_round_a_loop() {
    let x = [256.0, 1.0, -3.0, 1.0, 3.0, f64::NAN, 0.5, 2.0];
    let x = buffer(DType::BF16, &[8], x.into_iter());
    let found = run_on_one(CARRIED, "f", vec![x]);
    assert_eq!(values(&found[0]), [262.0]);
}
