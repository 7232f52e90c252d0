// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The laws of the protocols that hold on CPU, each with a test that notices when
//! it is broken.

mod world;

use symm_e2e::{Call, artifact, compile, run};
use symm_sim::{Buffer, DType};
use world::{FRESH, Hook, Loaded};

const COUNT: usize = 64;

/// Every wait asks the world of the test, which can stall it.
const ASK: &str = "auto-select=false spin-limit=-1";

fn program(body: &str, options: &str) -> Loaded {
    let source = format!(
        "comm.group @g size(2) {{symm_mem}}
        func.func @main(%x: memref<{COUNT}xf32>) -> memref<{COUNT}xf32> {{
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %n = arith.constant {COUNT} : index
          %o = memref.alloc() : memref<{COUNT}xf32>
          {body}
          return %o : memref<{COUNT}xf32>
        }}"
    );
    Loaded::new(&artifact(&source, options).unwrap_or_else(|error| panic!("{error}")))
}

/// Writes its buffer as soon as the all-reduce is over.
fn overwriting(op: &str) -> String {
    format!(
        "%a = memref.alloc() : memref<{COUNT}xf32>
         memref.copy %x, %a : memref<{COUNT}xf32> to memref<{COUNT}xf32>
         {op}
         %big = arith.constant 1000.0 : f32
         linalg.fill ins(%big : f32) outs(%a : memref<{COUNT}xf32>)"
    )
}

const PULL: &str = "symm_mem.one_shot_all_reduce<sum> \
    ins(%a : memref<64xf32>) outs(%o : memref<64xf32>) on @g";

fn ones_and_twos() -> [Vec<f32>; 2] {
    [vec![1.0; COUNT], vec![2.0; COUNT]]
}

/// L9: a buffer is not written again before every peer has finished reading it.
#[test]
fn a_buffer_lives_until_every_peer_has_read_it() {
    for rank in 0..2 {
        let hook = Hook {
            stall: Some((rank, 0)),
            ..Hook::NONE
        };
        let sums = program(&overwriting(PULL), ASK).run(hook, ones_and_twos(), COUNT);
        assert_eq!(sums, vec![vec![3.0; COUNT]; 2], "rank {rank} was late");
    }
}

/// The same without the barrier that keeps the law: the test above would notice.
#[test]
fn without_the_exit_barrier_a_late_rank_reads_garbage() {
    let options = format!("{ASK} test-without-exit-barrier=true");
    let hook = Hook {
        stall: Some((1, 0)),
        ..Hook::NONE
    };
    let sums = program(&overwriting(PULL), &options).run(hook, ones_and_twos(), COUNT);
    assert_eq!(sums[0], vec![3.0; COUNT], "rank 0 was in time");
    assert_ne!(
        sums[1],
        vec![3.0; COUNT],
        "rank 1 read what rank 0 wrote later"
    );
}

/// Slots are this call's own: no barrier is needed at their end, however late a
/// rank reduces.
#[test]
fn late_ranks_find_their_slots_untouched() {
    let push = "scf.for %i = %c0 to %n step %c1 {
      symm_mem.one_shot_all_reduce<sum, push>
        ins(%x : memref<64xf32>) outs(%o : memref<64xf32>) on @g
    }";
    let two_shot = "memref.copy %x, %o : memref<64xf32> to memref<64xf32>
      symm_mem.two_shot_all_reduce_<sum, push> inout(%o : memref<64xf32>) on @g";
    for (body, phases) in [(push, 2), (two_shot, 3)] {
        let loaded = program(&body.replace("%n step", "%c1 step"), ASK);
        for phase in 0..phases {
            for rank in 0..2 {
                let hook = Hook {
                    stall: Some((rank, phase)),
                    ..Hook::NONE
                };
                let sums = loaded.run(hook, ones_and_twos(), COUNT);
                assert_eq!(
                    sums,
                    vec![vec![3.0; COUNT]; 2],
                    "rank {rank}, phase {phase}"
                );
            }
        }
    }
}

/// L7: epochs wrap around.
#[test]
fn epochs_wrap_around() {
    let body = "%a = memref.alloc() : memref<64xf32>
      memref.copy %x, %a : memref<64xf32> to memref<64xf32>
      scf.for %i = %c0 to %n step %c1 {
        symm_mem.one_shot_all_reduce<sum>
          ins(%a : memref<64xf32>) outs(%o : memref<64xf32>) on @g
      }";
    for options in [ASK, "auto-select=false"] {
        for first_epoch in [u32::MAX - 5, i32::MAX as u32 - 5] {
            let hook = Hook {
                first_epoch,
                ..Hook::NONE
            };
            let sums = program(body, options).run(hook, ones_and_twos(), COUNT);
            assert_eq!(sums, vec![vec![3.0; COUNT]; 2], "from epoch {first_epoch}");
        }
    }
}

fn untouched() -> Vec<f32> {
    vec![f32::from_ne_bytes([FRESH; 4]); COUNT]
}

/// L10: when a wait runs out, the kernel leaves without touching data.
#[test]
fn a_wait_that_runs_out_touches_nothing() {
    for op in [PULL, &PULL.replace("<sum>", "<sum, push>")] {
        let hook = Hook {
            give_up: true,
            ranks: 1,
            ..Hook::NONE
        };
        let results = program(&overwriting(op), ASK).run(hook, ones_and_twos(), COUNT);
        assert_eq!(results, vec![untouched()], "{op}");
    }
}

/// After a failure, collectives are skipped.
#[test]
fn a_refused_collective_touches_nothing() {
    for options in [ASK, "auto-select=false"] {
        let hook = Hook {
            refuse: true,
            ..Hook::NONE
        };
        let results = program(&overwriting(PULL), options).run(hook, ones_and_twos(), COUNT);
        assert_eq!(results, vec![untouched(); 2]);
    }
}

/// Zeros keep their sign and NaN wins, with every algorithm.
#[test]
fn zeros_keep_their_sign() {
    let ops = [
        PULL.to_owned(),
        PULL.replace("<sum>", "<sum, push>"),
        "memref.copy %a, %o : memref<64xf32> to memref<64xf32>
         symm_mem.two_shot_all_reduce_<sum> inout(%o : memref<64xf32>) on @g"
            .to_owned(),
        "memref.copy %a, %o : memref<64xf32> to memref<64xf32>
         symm_mem.two_shot_all_reduce_<sum, push> inout(%o : memref<64xf32>) on @g"
            .to_owned(),
    ];
    for op in &ops {
        let loaded = program(&overwriting(op), ASK);
        let run = |first: f32, second: f32| {
            loaded.run(Hook::NONE, [vec![first; COUNT], vec![second; COUNT]], COUNT)
        };
        let zeros = run(-0.0, -0.0);
        assert!(
            zeros
                .iter()
                .flatten()
                .all(|zero| zero.to_bits() == (-0.0f32).to_bits()),
            "{op}"
        );
        assert!(
            run(f32::NAN, 1.0)
                .iter()
                .flatten()
                .all(|value| value.is_nan()),
            "{op}"
        );
    }
}

/// L11: sums run in rank order, on every rank and with every algorithm: in any
/// other order, what is left of these is 1.
#[test]
fn sums_run_in_rank_order() {
    let ops = [
        "symm_mem.one_shot_all_reduce<sum>",
        "symm_mem.one_shot_all_reduce<sum, push>",
        "symm_mem.two_shot_all_reduce_<sum>",
        "symm_mem.two_shot_all_reduce_<sum, push>",
        "c10d.all_reduce<sum>",
    ];
    let functions = ops.iter().enumerate().map(|(index, op)| {
        format!(
            "func.func @f{index}(%x: tensor<5xf32>) -> tensor<5xf32> {{
              %r = {op} %x on @g : tensor<5xf32>
              return %r : tensor<5xf32>
            }}\n"
        )
    });
    let source = format!(
        "comm.group @g size(3) {{symm_mem}}\n{}",
        functions.collect::<String>()
    );
    let program = compile(&source, "auto-select=false");
    let input = |value: f32| {
        let bytes = [value; 5]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        vec![Buffer::new(DType::F32, vec![5], bytes).expect("five floats")]
    };
    let inputs: Vec<_> = [1e8, 1.0, -1e8].map(input).into();
    let calls = (0..ops.len()).map(|index| Call {
        entry: format!("f{index}"),
        inputs: inputs.clone(),
    });
    for (op, results) in ops.iter().zip(run(&program, 3, calls.collect())) {
        for result in results {
            assert!(
                result[0].bytes().iter().all(|byte| *byte == 0),
                "{op}: {:?}",
                result[0]
            );
        }
    }
}
