// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The reductions: which exist, and what bits they give.

mod common;

use common::{buffer, f32s, floats, i32s, to_floats, to_i32s};
use symm_sim::{Buffer, DType, Error, ReduceOp, all_reduce, bits_equal, reduce_scatter_tensor};

/// Reduces one buffer per rank, and checks that every rank gets the same.
fn reduced(op: ReduceOp, ranks: &[Buffer]) -> Buffer {
    let results = all_reduce(op, ranks).expect("a valid reduction");
    assert_eq!(results.len(), ranks.len());
    assert!(results.iter().all(|result| result == &results[0]));
    results[0].clone()
}

fn reduced_floats(op: ReduceOp, dtype: DType, ranks: &[&[f32]]) -> Vec<f32> {
    let ranks: Vec<_> = ranks.iter().map(|values| floats(dtype, values)).collect();
    to_floats(&reduced(op, &ranks))
}

#[test]
fn the_pairs_of_reduction_and_type_that_exist_are_these_and_no_others() {
    let exists = |dtype: DType| -> String {
        let ops = ReduceOp::ALL.iter().filter(|op| op.exists_for(dtype));
        ops.map(|op| op.name()).collect::<Vec<_>>().join(" ")
    };
    let all = "sum avg product min max band bor bxor";
    for dtype in DType::ALL {
        let expected = match dtype.name() {
            "i1" => "sum product min max band bor bxor",
            "i8" | "ui8" | "i16" | "i32" | "i64" => all,
            "f16" | "bf16" | "f32" | "f64" => "sum avg product min max",
            "f8E4M3FN" | "f8E5M2" => "sum min max",
            "complex<f32>" | "complex<f64>" => "sum avg",
            other => panic!("a type that this test does not know: {other}"),
        };
        assert_eq!(exists(dtype), expected, "{dtype}");
    }
}

#[test]
fn each_pair_runs_if_it_exists_and_is_refused_if_not() {
    for dtype in DType::ALL {
        let input = Buffer::new(dtype, vec![2], vec![1; 2 * dtype.size()]).expect("two elements");
        for op in ReduceOp::ALL {
            let expected = Error::NoSuchReduction { op, dtype };
            for result in [
                all_reduce(op, &[input.clone(), input.clone()]),
                reduce_scatter_tensor(op, &[input.clone(), input.clone()]),
            ] {
                assert_eq!(result.is_ok(), op.exists_for(dtype), "{op} of {dtype}");
                assert!(result.is_ok() || result == Err(expected.clone()));
            }
        }
    }
}

#[test]
fn sums_are_folded_in_rank_order() {
    // In any other order one of the ones would survive.
    assert_eq!(
        reduced_floats(
            ReduceOp::Sum,
            DType::F32,
            &[&[1.0], &[1e8], &[-1e8], &[1.0]]
        ),
        [1.0]
    );
    assert_eq!(
        reduced_floats(
            ReduceOp::Sum,
            DType::F32,
            &[&[1e8], &[-1e8], &[1.0], &[1.0]]
        ),
        [2.0]
    );
}

#[test]
fn narrow_floats_are_rounded_once_at_the_end() {
    // Each step alone would be rounded away in f16, where the neighbours of 2048 are 2 apart.
    let ranks: [&[f32]; 4] = [&[2048.0], &[1.0], &[1.0], &[1.0]];
    assert_eq!(reduced_floats(ReduceOp::Sum, DType::F16, &ranks), [2052.0]);
    // The sum leaves f16's range on the way and comes back.
    let ranks: [&[f32]; 3] = [&[65504.0], &[65504.0], &[-65504.0]];
    assert_eq!(reduced_floats(ReduceOp::Sum, DType::F16, &ranks), [65504.0]);
    assert_eq!(
        reduced_floats(ReduceOp::Avg, DType::F16, &[&[65504.0], &[65504.0]]),
        [65504.0]
    );
    assert_eq!(
        reduced_floats(ReduceOp::Sum, DType::F8E4M3FN, &[&[448.0], &[16.0]]),
        [448.0]
    );
    assert!(reduced_floats(ReduceOp::Sum, DType::F8E4M3FN, &[&[448.0], &[32.0]])[0].is_nan());
    assert_eq!(
        reduced_floats(ReduceOp::Sum, DType::F8E5M2, &[&[57344.0], &[8192.0]]),
        [f32::INFINITY]
    );
}

#[test]
fn f64_is_reduced_in_f64() {
    let ranks = [1.0f64, 2f64.powi(-52)].map(|x| buffer(DType::F64, [x.to_le_bytes()]));
    let expected = buffer(DType::F64, [(1.0 + f64::EPSILON).to_le_bytes()]);
    assert_eq!(reduced(ReduceOp::Sum, &ranks), expected);
}

#[test]
fn f32_sums_are_not_computed_in_more_than_f32() {
    // Each half of an ulp is a tie that goes back to one; together they would have counted.
    let half_ulp = f32::EPSILON / 2.0;
    let ranks: [&[f32]; 3] = [&[1.0], &[half_ulp], &[half_ulp]];
    assert_eq!(reduced_floats(ReduceOp::Sum, DType::F32, &ranks), [1.0]);
}

#[test]
fn negative_zeros_sum_to_negative_zero() {
    for dtype in [
        DType::F16,
        DType::BF16,
        DType::F32,
        DType::F8E4M3FN,
        DType::F8E5M2,
    ] {
        let zero = |ranks: &[&[f32]], op| reduced_floats(op, dtype, ranks)[0].to_bits();
        assert_eq!(zero(&[&[-0.0], &[-0.0]], ReduceOp::Sum), (-0f32).to_bits());
        assert_eq!(zero(&[&[-0.0], &[0.0]], ReduceOp::Sum), 0f32.to_bits());
        assert_eq!(zero(&[&[0.0], &[-0.0]], ReduceOp::Min), (-0f32).to_bits());
        assert_eq!(zero(&[&[-0.0], &[0.0]], ReduceOp::Max), 0f32.to_bits());
    }
}

#[test]
fn nan_of_any_rank_wins() {
    for dtype in [
        DType::F16,
        DType::BF16,
        DType::F32,
        DType::F8E4M3FN,
        DType::F8E5M2,
    ] {
        for op in [ReduceOp::Sum, ReduceOp::Min, ReduceOp::Max] {
            for rank in 0..3 {
                let mut values = [1.0, 2.0, 3.0].map(|x| vec![x]);
                values[rank] = vec![f32::NAN];
                let ranks: Vec<_> = values.iter().map(Vec::as_slice).collect();
                assert!(
                    reduced_floats(op, dtype, &ranks)[0].is_nan(),
                    "{op} of {dtype}"
                );
            }
        }
    }
}

#[test]
fn float_extremes_and_products_are_those_of_the_numbers() {
    for dtype in [DType::F16, DType::BF16, DType::F32] {
        let ranks: [&[f32]; 3] = [&[1.5, -2.0], &[-0.5, f32::INFINITY], &[4.0, 0.25]];
        assert_eq!(reduced_floats(ReduceOp::Min, dtype, &ranks), [-0.5, -2.0]);
        assert_eq!(
            reduced_floats(ReduceOp::Max, dtype, &ranks),
            [4.0, f32::INFINITY]
        );
        assert_eq!(
            reduced_floats(ReduceOp::Product, dtype, &ranks),
            [-3.0, f32::NEG_INFINITY]
        );
    }
}

#[test]
fn integers_wrap_in_their_own_width() {
    let i8s = [100i8, 100].map(|x| buffer(DType::I8, [x.to_le_bytes()]));
    assert_eq!(reduced(ReduceOp::Sum, &i8s).bytes(), (-56i8).to_le_bytes());
    assert_eq!(reduced(ReduceOp::Product, &i8s).bytes(), 16i8.to_le_bytes());
    assert_eq!(reduced(ReduceOp::Avg, &i8s).bytes(), (-28i8).to_le_bytes());
    let u8s = [200u8, 100].map(|x| buffer(DType::UI8, [[x]]));
    assert_eq!(reduced(ReduceOp::Sum, &u8s).bytes(), [44]);
    assert_eq!(reduced(ReduceOp::Avg, &u8s).bytes(), [22]);
    assert_eq!(reduced(ReduceOp::Max, &u8s).bytes(), [200]);
    let i16s = [i16::MAX, 1].map(|x| buffer(DType::I16, [x.to_le_bytes()]));
    assert_eq!(
        reduced(ReduceOp::Sum, &i16s).bytes(),
        i16::MIN.to_le_bytes()
    );
    let i64s = [i64::MAX, 1].map(|x| buffer(DType::I64, [x.to_le_bytes()]));
    assert_eq!(
        reduced(ReduceOp::Sum, &i64s).bytes(),
        i64::MIN.to_le_bytes()
    );
}

#[test]
fn integer_averages_are_cut_towards_zero() {
    let average = |ranks: &[i32]| {
        let ranks: Vec<_> = ranks.iter().map(|&x| i32s(&[x])).collect();
        to_i32s(&reduced(ReduceOp::Avg, &ranks))[0]
    };
    assert_eq!(average(&[3, 4]), 3);
    assert_eq!(average(&[-3, -4]), -3);
    assert_eq!(average(&[-1, 0, 0]), 0);
}

#[test]
fn bitwise_reductions_work_on_all_bits() {
    let ranks = [i32s(&[0b1100, -1]), i32s(&[0b1010, 0])];
    assert_eq!(to_i32s(&reduced(ReduceOp::BAnd, &ranks)), [0b1000, 0]);
    assert_eq!(to_i32s(&reduced(ReduceOp::BOr, &ranks)), [0b1110, -1]);
    assert_eq!(to_i32s(&reduced(ReduceOp::BXor, &ranks)), [0b0110, -1]);
}

#[test]
fn booleans_have_or_as_sum_and_and_as_product() {
    let ranks =
        [[0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 1]].map(|row| buffer(DType::I1, row.map(|x| [x])));
    for (op, expected) in [
        (ReduceOp::Sum, [0, 1, 1, 1]),
        (ReduceOp::Max, [0, 1, 1, 1]),
        (ReduceOp::BOr, [0, 1, 1, 1]),
        (ReduceOp::Product, [0, 0, 0, 1]),
        (ReduceOp::Min, [0, 0, 0, 1]),
        (ReduceOp::BAnd, [0, 0, 0, 1]),
        (ReduceOp::BXor, [0, 0, 0, 1]),
    ] {
        assert_eq!(reduced(op, &ranks).bytes(), expected, "{op}");
    }
}

#[test]
fn complex_numbers_are_reduced_part_by_part() {
    let ranks = [[1.0f32, -0.0], [3.0, -0.0]];
    let ranks = ranks.map(|parts| {
        let bytes = parts.iter().flat_map(|part| part.to_le_bytes()).collect();
        Buffer::new(DType::ComplexF32, vec![], bytes).expect("one complex number")
    });
    let bytes = |parts: [f32; 2]| parts.map(f32::to_le_bytes).concat();
    assert_eq!(reduced(ReduceOp::Sum, &ranks).bytes(), bytes([4.0, -0.0]));
    assert_eq!(reduced(ReduceOp::Avg, &ranks).bytes(), bytes([2.0, -0.0]));
}

#[test]
fn one_rank_gets_its_own_bits_back() {
    for dtype in DType::ALL {
        let bytes = (0..4 * dtype.size()).map(|i| {
            if dtype == DType::I1 {
                i as u8 % 2
            } else {
                i as u8
            }
        });
        let input = Buffer::new(dtype, vec![2, 2], bytes.collect()).expect("four elements");
        for op in ReduceOp::ALL.into_iter().filter(|op| op.exists_for(dtype)) {
            assert!(
                bits_equal(&reduced(op, std::slice::from_ref(&input)), &input),
                "{op} of {dtype}"
            );
        }
    }
}

#[test]
fn all_nans_are_equal_and_all_other_bits_count() {
    let with_bits = |bits: u32| f32s(&[f32::from_bits(bits)]);
    assert!(bits_equal(&with_bits(0x7FC0_0000), &with_bits(0xFFC0_1234)));
    assert!(!bits_equal(&f32s(&[0.0]), &f32s(&[-0.0])));
    assert!(!bits_equal(&f32s(&[1.0]), &f32s(&[1f32.next_up()])));
    assert!(!bits_equal(&f32s(&[]), &i32s(&[])));
    let flat = f32s(&[1.0, 2.0]);
    let column = Buffer::new(DType::F32, vec![2, 1], flat.bytes().to_vec()).expect("two elements");
    assert!(!bits_equal(&flat, &column));
}
