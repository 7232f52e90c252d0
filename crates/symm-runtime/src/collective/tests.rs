// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The library against the definitions, spelled out naively: every collective × type × reduction, several sizes.

use super::definition::reduced;
use crate::{
    GroupSpec, Rank, World, WorldSpec, launch, number,
    rank::STAGE_BYTES,
    table::{TABLE, with_current},
};
use std::{sync::Arc, time::Duration};
use symm_abi::{CollectiveCall, CollectiveKind, DType, ReduceOp};

/// One collective on one world; the rank's buffers follow from it.
#[derive(Clone, Copy, Debug)]
struct Case {
    kind: CollectiveKind,
    dtype: DType,
    op: Option<ReduceOp>,
    /// Elements of the smaller of the two buffers.
    count: usize,
}

/// How the output overlaps the input.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Overlap {
    None,
    Same,
    Shifted,
}

fn world(size: u32) -> World {
    // The group lists its ranks backwards, so that group ranks differ from world ranks.
    let group = GroupSpec {
        name: "g".into(),
        ranks: (0..size).rev().collect(),
        heap_bytes: 4096,
    };
    let timeout = Duration::from_secs(20);
    World::create(WorldSpec {
        size,
        groups: vec![group],
        timeout,
        plan_hash: String::new(),
        host_heaps: true,
    })
    .unwrap()
}

/// Bytes of member `m`'s input: all values of the small types turn up, NaNs, infinities and zeros included.
fn input(case: Case, member: usize, elements: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(member as u64 + 1) ^ case.dtype as u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let size = number::component_size(case.dtype);
    let mut bytes = vec![0; elements * case.dtype.size()];
    for component in bytes.chunks_exact_mut(size) {
        let value = random();
        match case.dtype {
            DType::I1 => component[0] = (value & 1) as u8,
            // Random bits make too many wild values where there are many exponents: mix in tame ones.
            _ if value % 4 == 0 => {
                number::from_f64(case.dtype, (value % 17) as f64 - 8.0, component)
            }
            _ if value % 64 == 1 => number::from_f64(case.dtype, -0.0, component),
            _ => component.copy_from_slice(&random().to_le_bytes().repeat(2)[..size]),
        }
    }
    bytes
}

fn elements(case: Case, size: usize) -> (usize, usize) {
    match case.kind {
        CollectiveKind::AllReduce | CollectiveKind::Broadcast => (case.count, case.count),
        CollectiveKind::AllGather => (case.count, case.count * size),
        CollectiveKind::ReduceScatter => (case.count * size, case.count),
        CollectiveKind::AllToAll => (case.count * size, case.count * size),
    }
}

/// A case with what goes in and what the definition makes of it, computed once for all ranks.
struct Prepared {
    case: Case,
    overlap: Overlap,
    inputs: Vec<Vec<u8>>,
    /// Reduction of the whole inputs; empty where the collective does not reduce.
    reduced: Vec<u8>,
}

impl Prepared {
    fn new(case: Case, overlap: Overlap, size: usize) -> Self {
        let (in_count, _) = elements(case, size);
        let inputs: Vec<Vec<u8>> = (0..size)
            .map(|member| input(case, member, in_count))
            .collect();
        let component = number::component_size(case.dtype);
        let reduce = |op| {
            let starts = (0..inputs[0].len()).step_by(component);
            let parts = |at: usize| {
                inputs
                    .iter()
                    .map(|input| &input[at..][..component])
                    .collect::<Vec<_>>()
            };
            starts
                .flat_map(|at| reduced(case.dtype, op, &parts(at)))
                .collect()
        };
        let reduced = case.op.map(reduce).unwrap_or_default();
        Self {
            case,
            overlap,
            inputs,
            reduced,
        }
    }

    /// What member `me` has to get.
    fn expected(&self, root: usize, me: usize) -> Vec<u8> {
        let part = self.inputs[0].len() / self.inputs.len();
        match self.case.kind {
            CollectiveKind::AllReduce => self.reduced.clone(),
            CollectiveKind::AllGather => self.inputs.concat(),
            CollectiveKind::ReduceScatter => self.reduced[me * part..][..part].to_vec(),
            CollectiveKind::AllToAll => self
                .inputs
                .iter()
                .flat_map(|input| input[me * part..][..part].to_vec())
                .collect(),
            CollectiveKind::Broadcast => self.inputs[root].clone(),
        }
    }
}

fn assert_equal(case: Case, found: &[u8], expected: &[u8], context: &str) {
    assert_eq!(found.len(), expected.len());
    if found == expected {
        return;
    }
    let size = number::component_size(case.dtype);
    for (i, (a, b)) in found.chunks(size).zip(expected.chunks(size)).enumerate() {
        let nans =
            || number::to_f64(case.dtype, a).is_nan() && number::to_f64(case.dtype, b).is_nan();
        assert!(
            a == b || nans(),
            "{case:?} {context}: component {i}: {a:02x?}, expected {b:02x?}"
        );
    }
}

fn run(rank: &Rank, prepared: &Prepared) {
    let Prepared { case, overlap, .. } = *prepared;
    let member = rank.member(0).unwrap();
    let (size, me) = (member.size(), member.me);
    let root = if case.kind == CollectiveKind::Broadcast {
        size / 2
    } else {
        0
    };
    let (in_count, out_count) = elements(case, size);
    let (in_bytes, out_bytes) = (in_count * case.dtype.size(), out_count * case.dtype.size());
    let shift = match overlap {
        Overlap::None => in_bytes + 1,
        Overlap::Same => 0,
        Overlap::Shifted => in_bytes.min(out_bytes) / 2,
    };
    let mut memory = vec![0xaau8; in_bytes + out_bytes + 1 + shift];
    memory[..in_bytes].copy_from_slice(&prepared.inputs[me]);
    let base = memory.as_mut_ptr();
    let call = CollectiveCall {
        kind: case.kind as u32,
        group: 0,
        op_id: 0,
        reduce_op: case.op.map_or(0, |op| op as u32),
        dtype: case.dtype as u32,
        root: root as u32,
        input: base.cast_const().cast(),
        input_count: in_count as u64,
        output: base.wrapping_add(shift).cast(),
        output_count: out_count as u64,
    };
    // SAFETY: both buffers lie in `memory`, which nobody else uses.
    let status = with_current(rank, || unsafe { (TABLE.collective)(&call) });
    assert_eq!(status, 0, "{case:?}");
    let context = format!("member {me} of {size}, overlap {overlap:?}");
    assert_equal(
        case,
        &memory[shift..][..out_bytes],
        &prepared.expected(root, me),
        &context,
    );
    assert!(
        memory[shift + out_bytes..]
            .iter()
            .skip(in_bytes)
            .all(|&byte| byte == 0xaa),
        "{case:?} wrote beyond its output"
    );
}

/// Runs cases on a fresh world, one after the other, all ranks together.
fn run_all(size: u32, cases: Vec<(Case, Overlap)>) {
    let prepare = |(case, overlap)| Prepared::new(case, overlap, size as usize);
    let cases: Arc<[Prepared]> = cases.into_iter().map(prepare).collect();
    let outcome = launch::threads(&world(size), move |rank| {
        cases.iter().for_each(|case| run(&rank, case));
        Ok(())
    });
    outcome.unwrap();
}

fn reductions(dtype: DType) -> impl Iterator<Item = ReduceOp> {
    ReduceOp::ALL
        .into_iter()
        .filter(move |&op| dtype.has_reduction(op))
}

#[test]
fn every_reduction_of_every_type_at_every_size() {
    for size in 1..=8 {
        let pairs = DType::ALL
            .into_iter()
            .flat_map(|dtype| reductions(dtype).map(move |op| (dtype, op)));
        let cases = pairs.flat_map(|(dtype, op)| {
            let case = |kind, count| {
                (
                    Case {
                        kind,
                        dtype,
                        op: Some(op),
                        count,
                    },
                    Overlap::None,
                )
            };
            [
                case(CollectiveKind::AllReduce, 61),
                case(CollectiveKind::ReduceScatter, 19),
            ]
        });
        run_all(size, cases.collect());
    }
}

#[test]
fn every_movement_of_every_type_at_every_size() {
    let kinds = [
        CollectiveKind::AllGather,
        CollectiveKind::AllToAll,
        CollectiveKind::Broadcast,
    ];
    for size in 1..=8 {
        let cases = DType::ALL.into_iter().flat_map(|dtype| {
            kinds.map(|kind| {
                (
                    Case {
                        kind,
                        dtype,
                        op: None,
                        count: 13,
                    },
                    Overlap::None,
                )
            })
        });
        run_all(size, cases.collect());
    }
}

#[test]
fn lengths_around_the_chunks_and_none() {
    let stage = STAGE_BYTES / DType::I64.size();
    for size in [1, 2, 3, 5] {
        let cases = CollectiveKind::ALL.into_iter().flat_map(|kind| {
            [
                0,
                1,
                2,
                257,
                stage / size as usize,
                stage - 1,
                stage,
                stage + 1,
            ]
            .map(|count| {
                let op = kind.reduces().then_some(ReduceOp::Sum);
                (
                    Case {
                        kind,
                        dtype: DType::I64,
                        op,
                        count,
                    },
                    Overlap::None,
                )
            })
        });
        run_all(size, cases.collect());
    }
}

#[test]
fn overlapping_buffers() {
    let cases = CollectiveKind::ALL.into_iter().flat_map(|kind| {
        let op = kind.reduces().then_some(ReduceOp::Max);
        [10, STAGE_BYTES / 2].into_iter().flat_map(move |count| {
            let case = Case {
                kind,
                dtype: DType::I64,
                op,
                count,
            };
            [(case, Overlap::Same), (case, Overlap::Shifted)]
        })
    });
    run_all(3, cases.collect());
}
