// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Where each collective puts whose data, and which operands it refuses.

mod common;

use common::{f32s, i32s, to_i32s};
use symm_sim::{
    Buffer, DType, Error, ReduceOp, all_gather_into_tensor, all_reduce, all_to_all_single,
    broadcast, reduce_scatter_tensor,
};

/// Rank r's operand: `10 r, 10 r + 1, …`, in rows of two.
fn rows(ranks: usize, rows: usize) -> Vec<Buffer> {
    let row = |rank: usize| (0..2 * rows).flat_map(move |i| ((10 * rank + i) as i32).to_le_bytes());
    let operand = |rank| Buffer::new(DType::I32, vec![rows, 2], row(rank).collect());
    (0..ranks)
        .map(|rank| operand(rank).expect("whole rows"))
        .collect()
}

#[test]
fn all_gather_joins_by_rank() {
    let results = all_gather_into_tensor(&rows(3, 1)).expect("a valid gather");
    for result in results {
        assert_eq!(result.shape(), [3, 2]);
        assert_eq!(to_i32s(&result), [0, 1, 10, 11, 20, 21]);
    }
}

#[test]
fn reduce_scatter_gives_rank_r_chunk_r() {
    let results = reduce_scatter_tensor(ReduceOp::Sum, &rows(2, 4)).expect("a valid scatter");
    assert_eq!(results[0].shape(), [2, 2]);
    assert_eq!(to_i32s(&results[0]), [10, 12, 14, 16]);
    assert_eq!(to_i32s(&results[1]), [18, 20, 22, 24]);
}

#[test]
fn reduce_scatter_then_all_gather_is_all_reduce() {
    let inputs = rows(4, 8);
    let scattered = reduce_scatter_tensor(ReduceOp::Max, &inputs).expect("a valid scatter");
    let gathered = all_gather_into_tensor(&scattered).expect("a valid gather");
    assert_eq!(
        gathered,
        all_reduce(ReduceOp::Max, &inputs).expect("a valid reduction")
    );
}

#[test]
fn all_to_all_swaps_chunk_and_rank() {
    let inputs = rows(3, 3);
    let results = all_to_all_single(&inputs).expect("a valid exchange");
    assert_eq!(to_i32s(&results[0]), [0, 1, 10, 11, 20, 21]);
    assert_eq!(to_i32s(&results[2]), [4, 5, 14, 15, 24, 25]);
    assert_eq!(
        all_to_all_single(&results).expect("a valid exchange"),
        inputs
    );
}

#[test]
fn broadcast_gives_the_source_to_all() {
    let inputs = rows(3, 2);
    let results = broadcast(1, &inputs).expect("a valid broadcast");
    assert!(results.iter().all(|result| result == &inputs[1]));
    assert_eq!(
        broadcast(3, &inputs),
        Err(Error::SourceOutOfRange { src: 3, size: 3 })
    );
}

#[test]
fn empty_buffers_go_through_every_collective() {
    let inputs = vec![Buffer::new(DType::F16, vec![0, 5], vec![]).expect("no elements"); 4];
    for results in [
        all_reduce(ReduceOp::Avg, &inputs),
        all_gather_into_tensor(&inputs),
        reduce_scatter_tensor(ReduceOp::Sum, &inputs),
        all_to_all_single(&inputs),
        broadcast(0, &inputs),
    ] {
        assert_eq!(results, Ok(inputs.clone()));
    }
}

#[test]
fn scalars_are_reduced_and_broadcast_but_not_split() {
    let scalar = Buffer::new(DType::I32, vec![], 7i32.to_le_bytes().to_vec()).expect("one element");
    let inputs = [scalar.clone(), scalar.clone()];
    assert_eq!(
        to_i32s(&all_reduce(ReduceOp::Sum, &inputs).expect("a valid reduction")[0]),
        [14]
    );
    assert_eq!(broadcast(1, &inputs).expect("a valid broadcast")[0], scalar);
    assert_eq!(all_gather_into_tensor(&inputs), Err(Error::Scalar));
    assert_eq!(all_to_all_single(&inputs), Err(Error::Scalar));
    assert_eq!(
        reduce_scatter_tensor(ReduceOp::Sum, &inputs),
        Err(Error::Scalar)
    );
}

#[test]
fn unequal_chunks_are_refused() {
    let inputs = rows(2, 3);
    let expected = Err(Error::Indivisible { dim: 3, size: 2 });
    assert_eq!(all_to_all_single(&inputs), expected);
    assert_eq!(reduce_scatter_tensor(ReduceOp::Sum, &inputs), expected);
}

#[test]
fn members_of_different_types_are_refused() {
    for (other, name) in [(f32s(&[0.0, 0.0]), "2xf32"), (i32s(&[0]), "1xi32")] {
        let inputs = [i32s(&[1, 2]), i32s(&[3, 4]), other];
        let expected = Error::TypeMismatch {
            rank: 2,
            expected: "2xi32".to_owned(),
            got: name.to_owned(),
        };
        assert_eq!(all_reduce(ReduceOp::Sum, &inputs), Err(expected.clone()));
        assert_eq!(all_gather_into_tensor(&inputs), Err(expected));
    }
}

#[test]
fn a_group_has_members() {
    assert_eq!(all_reduce(ReduceOp::Sum, &[]), Err(Error::EmptyGroup));
    assert_eq!(all_gather_into_tensor(&[]), Err(Error::EmptyGroup));
    assert_eq!(all_to_all_single(&[]), Err(Error::EmptyGroup));
    assert_eq!(broadcast(0, &[]), Err(Error::EmptyGroup));
}

#[test]
fn a_buffer_has_the_bytes_of_its_type() {
    assert!(Buffer::new(DType::F32, vec![2], vec![0; 7]).is_err());
    assert!(Buffer::new(DType::I1, vec![2], vec![0, 1]).is_ok());
    assert_eq!(
        Buffer::new(DType::I1, vec![2], vec![1, 2]),
        Err(Error::BooleanByte(2))
    );
    assert!(matches!(
        Buffer::new(DType::I8, vec![usize::MAX, 2], vec![]),
        Err(Error::TooLarge(_))
    ));
}
