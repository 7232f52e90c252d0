// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Programs: how values flow, and which programs are refused.

mod common;

use common::{f32s, i32s, to_floats, to_i32s};
use symm_sim::{Buffer, Error, Group, Op, Program, ReduceOp};

fn on_two_ranks(inputs: usize, ops: Vec<Op>) -> Program {
    Program {
        world_size: 2,
        groups: vec![Group { ranks: vec![0, 1] }],
        inputs,
        ops,
    }
}

#[test]
fn values_flow_through_collectives_and_arithmetic() {
    let sum = Op::AllReduce {
        reduce_op: ReduceOp::Sum,
        input: 0,
        group: 0,
    };
    let ops = vec![
        sum,
        Op::WaitTensor { input: 1 },
        Op::Mul { lhs: 2, rhs: 0 },
        Op::Add { lhs: 3, rhs: 0 },
    ];
    let inputs = [vec![i32s(&[1, 2])], vec![i32s(&[10, 20])]];
    let values = on_two_ranks(1, ops).run(&inputs).expect("a valid program");
    assert_eq!(to_i32s(&values[4][0]), [12, 46]);
    assert_eq!(to_i32s(&values[4][1]), [120, 460]);
}

#[test]
fn the_group_decides_the_order_of_its_members() {
    let reversed = Program {
        world_size: 3,
        groups: vec![Group {
            ranks: vec![2, 0, 1],
        }],
        inputs: 1,
        ops: vec![
            Op::AllGatherIntoTensor { input: 0, group: 0 },
            Op::ReduceScatterTensor {
                reduce_op: ReduceOp::Sum,
                input: 1,
                group: 0,
            },
            Op::Broadcast {
                src: 0,
                input: 0,
                group: 0,
            },
            Op::AllToAllSingle { input: 1, group: 0 },
        ],
    };
    let inputs = [0, 1, 2].map(|rank| vec![i32s(&[rank])]);
    let values = reversed.run(&inputs).expect("a valid program");
    let by_rank = |value: usize| values[value].iter().map(to_i32s).collect::<Vec<_>>();
    assert_eq!(by_rank(1), [[2, 0, 1], [2, 0, 1], [2, 0, 1]]);
    assert_eq!(by_rank(2), [[0], [3], [6]]);
    assert_eq!(by_rank(3), [[2], [2], [2]]);
    assert_eq!(by_rank(4), [[0, 0, 0], [1, 1, 1], [2, 2, 2]]);
}

#[test]
fn elementwise_arithmetic_rounds_in_the_type_of_its_operands() {
    let half = |values: &[f32]| common::floats(symm_sim::DType::F16, values);
    let program = Program {
        world_size: 1,
        groups: vec![],
        inputs: 2,
        ops: vec![Op::Add { lhs: 0, rhs: 1 }, Op::Add { lhs: 2, rhs: 1 }],
    };
    let values = program
        .run(&[vec![half(&[2048.0]), half(&[1.0])]])
        .expect("a valid program");
    assert_eq!(to_floats(&values[3][0]), [2048.0]);
}

#[test]
fn malformed_programs_are_refused() {
    let inputs = [vec![f32s(&[1.0])], vec![f32s(&[2.0])]];
    let run = |program: Program| program.run(&inputs).map(|_| ());
    let wait = |input| on_two_ranks(1, vec![Op::WaitTensor { input }]);
    assert_eq!(run(wait(0)), Ok(()));
    assert_eq!(run(wait(1)), Err(Error::UndefinedValue { op: 0, value: 1 }));
    let foreign_group = on_two_ranks(1, vec![Op::AllToAllSingle { input: 0, group: 1 }]);
    assert_eq!(
        run(foreign_group),
        Err(Error::UndefinedGroup {
            groups: 1,
            group: 1
        })
    );
    assert_eq!(
        run(on_two_ranks(2, vec![])),
        Err(Error::InputCount {
            rank: 0,
            expected: 2,
            got: 1
        })
    );
    assert_eq!(
        on_two_ranks(1, vec![]).run(&inputs[..1]),
        Err(Error::RankCount {
            expected: 2,
            got: 1
        })
    );
}

#[test]
fn malformed_groups_are_refused() {
    let inputs: [Vec<Buffer>; 2] = [vec![f32s(&[1.0])], vec![f32s(&[2.0])]];
    let gather = vec![Op::AllGatherIntoTensor { input: 0, group: 0 }];
    let run = |ranks: Vec<usize>| {
        let program = Program {
            groups: vec![Group { ranks }],
            ..on_two_ranks(1, gather.clone())
        };
        program.run(&inputs).map(|_| ())
    };
    assert_eq!(run(vec![1, 0]), Ok(()));
    for ranks in [vec![], vec![0, 0], vec![0, 2]] {
        assert_eq!(
            run(ranks.clone()),
            Err(Error::MalformedGroup {
                world_size: 2,
                ranks
            })
        );
    }
    assert_eq!(run(vec![0]), Err(Error::NotAMember { group: 0, rank: 1 }));
}

#[test]
fn operands_of_arithmetic_have_one_type() {
    let program = on_two_ranks(2, vec![Op::Add { lhs: 0, rhs: 1 }]);
    let rank = vec![f32s(&[1.0]), i32s(&[1])];
    assert_eq!(
        program.run(&[rank.clone(), rank]),
        Err(Error::OperandMismatch {
            lhs: "1xf32".to_owned(),
            rhs: "1xi32".to_owned()
        })
    );
}
