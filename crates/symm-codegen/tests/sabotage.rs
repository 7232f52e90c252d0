// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What is wrong on purpose is wrong where it should be, and nowhere else.

use symm_abi::{
    DType, ReduceOp,
    gpu::{Algorithm, KernelImage, KernelSpec},
};
use symm_codegen::gpu::{GpuError, Law, Sabotage, compile, compile_sabotaged, lint};
use symm_ir::context::create_context;

fn spec(algorithm: Algorithm) -> KernelSpec {
    KernelSpec {
        algorithm,
        dtype: DType::F32,
        reduce_op: ReduceOp::Sum,
        world_size: 2,
        unroll: 1,
        chip: "sm_90".into(),
    }
}

fn sabotaged(
    algorithm: Algorithm,
    stall: bool,
    broken: Option<Law>,
) -> Result<KernelImage, GpuError> {
    let sabotage = Sabotage { stall, broken };
    compile_sabotaged(&create_context(), &spec(algorithm), None, sabotage)
}

fn ptx(algorithm: Algorithm, stall: bool, broken: Option<Law>) -> String {
    sabotaged(algorithm, stall, broken)
        .expect("the kernel compiles")
        .ptx
}

fn sound(algorithm: Algorithm) -> String {
    let image = compile(&create_context(), &spec(algorithm), None);
    image.expect("the kernel compiles").ptx
}

fn count(ptx: &str, opcode: &str) -> usize {
    ptx.matches(opcode).count()
}

#[test]
fn a_stall_changes_no_synchronization_and_keeps_every_law() {
    for algorithm in Algorithm::ALL {
        let (stalled, sound) = (ptx(algorithm, true, None), sound(algorithm));
        assert_eq!(lint(&spec(algorithm), &stalled), []);
        for opcode in ["bar.sync", "barrier", "ld.acquire.sys", "st.release.sys"] {
            assert_eq!(
                count(&stalled, opcode),
                count(&sound, opcode),
                "{algorithm}: {opcode}"
            );
        }
        let clock = "%globaltimer";
        assert!(
            count(&stalled, clock) >= count(&sound, clock) + 2,
            "{algorithm}"
        );
    }
}

#[test]
fn a_stalled_push_stores_the_words_of_a_packet_one_by_one() {
    let one = "st.relaxed.sys.global.b64";
    for algorithm in [Algorithm::OneShotPush, Algorithm::TwoShotPush] {
        assert_eq!(count(&sound(algorithm), one), 0, "{algorithm}");
        assert!(count(&ptx(algorithm, true, None), one) > 0, "{algorithm}");
    }
}

#[test]
fn the_lint_catches_a_poll_that_looks_at_one_word() {
    for algorithm in [Algorithm::OneShotPush, Algorithm::TwoShotPush] {
        for stall in [false, true] {
            let violations = lint(
                &spec(algorithm),
                &ptx(algorithm, stall, Some(Law::EveryWord)),
            );
            assert!(!violations.is_empty(), "{algorithm}");
            let all = violations.iter().all(|violation| violation.law == "L3");
            assert!(all, "{violations:?}");
        }
    }
}

#[test]
fn a_pull_loses_the_barrier_that_is_taken_from_it() {
    for algorithm in [Algorithm::OneShotPull, Algorithm::TwoShotPull] {
        let sound = sound(algorithm);
        let (barrier, release) = ("bar.sync", "st.release.sys.global.b32");
        let early = ptx(algorithm, false, Some(Law::BlockBarrier));
        assert_eq!(count(&early, barrier) + 1, count(&sound, barrier));
        // Signals, and the report of a failure, which ends with a release.
        assert_eq!(count(&early, release), count(&sound, release));
        let open = ptx(algorithm, false, Some(Law::FreeAgain));
        assert_eq!(count(&open, release) + 2, count(&sound, release));
    }
}

#[test]
fn a_push_takes_its_slots_again_too_early() {
    for algorithm in [Algorithm::OneShotPush, Algorithm::TwoShotPush] {
        assert_ne!(
            ptx(algorithm, false, Some(Law::FreeAgain)),
            sound(algorithm)
        );
    }
}

#[test]
fn a_law_that_a_kernel_does_not_rely_on_is_not_broken() {
    for (algorithm, law, name) in [
        (Algorithm::OneShotPush, Law::BlockBarrier, "got L2"),
        (Algorithm::TwoShotPull, Law::EveryWord, "got L3"),
    ] {
        let error = sabotaged(algorithm, true, Some(law)).expect_err("nothing would be broken");
        assert!(error.to_string().ends_with(name), "{error}");
    }
}
