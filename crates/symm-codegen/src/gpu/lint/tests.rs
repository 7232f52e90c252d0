// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Broken PTX is caught: each test breaks one thing in PTX that is right.

use super::*;
use symm_abi::{
    DType, ReduceOp,
    gpu::{Algorithm, Wire},
};

const PUSH: &str = "
.version 8.1
.target sm_90
.visible .entry kernel(.param .align 8 .b8 kernel_param_0[144])
{
    .reg .b64 %rd<9>;
    ld.global.v2.b64 {%rd1, %rd2}, [%rd8];
    st.relaxed.sys.global.v2.b64 [%rd8], {%rd1, %rd2};
$L__BB0_1:
    // begin inline asm
    ld.relaxed.sys.global.v2.b64 {%rd3, %rd4}, [%rd8];
    // end inline asm
    setp.ne.b64 %p1, %rd3, -1;
    setp.ne.b64 %p2, %rd4, -1;
    and.pred %p3, %p1, %p2;
    @!%p3 bra $L__BB0_1;
    add.rn.f32 %r3, %r1, %r2;
    atom.relaxed.sys.global.cas.b32 %r4, [%rd8+4], 0, 1;
    ret;
}
";

const TAGGED: &str = "
    st.relaxed.sys.global.v2.b64 [%rd8], {%rd1, %rd2};
    ld.relaxed.sys.global.v2.b64 {%rd3, %rd4}, [%rd8];
    mov.b64 {_, %r1}, %rd3;
    shr.u64 %rd5, %rd4, 32;
    cvt.u32.u64 %r2, %rd5;
    setp.eq.b32 %p1, %r1, %r9;
    setp.ne.b32 %p2, %r2, %r9;
";

const PULL: &str = "
    bar.sync 0;
    st.release.sys.global.b32 [%rd1], %r1;
    ld.acquire.sys.global.b32 %r2, [%rd2];
    ld.global.v2.b64 {%rd3, %rd4}, [%rd5];
";

fn spec(algorithm: Algorithm, dtype: DType) -> KernelSpec {
    KernelSpec {
        algorithm,
        dtype,
        reduce_op: ReduceOp::Sum,
        world_size: 2,
        unroll: 1,
        chip: "sm_90".into(),
    }
}

fn push(ptx: &str) -> Vec<&'static str> {
    lint(&spec(Algorithm::OneShotPush, DType::F32), ptx)
        .iter()
        .map(|violation| violation.law)
        .collect()
}

fn pull(ptx: &str) -> Vec<&'static str> {
    lint(&spec(Algorithm::OneShotPull, DType::F32), ptx)
        .iter()
        .map(|violation| violation.law)
        .collect()
}

/// Replaces a text that must be there.
fn broken(ptx: &str, from: &str, to: &str) -> String {
    assert!(ptx.contains(from), "{from}");
    ptx.replace(from, to)
}

#[test]
fn sound_kernels_pass() {
    assert_eq!(push(PUSH), [""; 0]);
    assert_eq!(push(TAGGED), [""; 0]);
    assert_eq!(pull(PULL), [""; 0]);
    assert_eq!(
        spec(Algorithm::OneShotPush, DType::I32).wire(),
        Wire::Tagged
    );
}

#[test]
fn a_poll_that_leaves_a_word_unchecked_is_caught() {
    assert_eq!(
        push(&broken(
            PUSH,
            "setp.ne.b64 %p2, %rd4, -1;",
            "setp.ne.b64 %p2, %rd3, -1;"
        )),
        ["L3"]
    );
    assert_eq!(
        push(&broken(PUSH, "setp.ne.b64 %p1, %rd3, -1;", "")),
        ["L3"]
    );
    assert_eq!(
        push(&broken(
            TAGGED,
            "shr.u64 %rd5, %rd4, 32;",
            "shr.u64 %rd5, %rd3, 32;"
        )),
        ["L3"]
    );
    assert_eq!(
        push(&broken(
            TAGGED,
            "mov.b64 {_, %r1}, %rd3;",
            "add.s32 %r1, %r1, 1;"
        )),
        ["L3"]
    );
}

#[test]
fn a_poll_that_compares_floats_is_caught() {
    assert_eq!(
        push(&broken(
            PUSH,
            "setp.ne.b64 %p2, %rd4",
            "setp.ne.f64 %p2, %rd4"
        )),
        ["L4"]
    );
}

#[test]
fn accesses_of_the_wrong_scope_are_caught() {
    assert_eq!(
        push(&broken(
            PUSH,
            "atom.relaxed.sys.global.cas.b32",
            "atom.global.add.u32"
        )),
        ["L1"]
    );
    assert_eq!(
        push(&broken(PUSH, "atom.relaxed.sys.", "atom.relaxed.gpu.")),
        ["L1"]
    );
    assert_eq!(
        pull(&broken(PULL, "ld.acquire.sys", "ld.acquire.gpu")),
        ["L1", "L1"]
    );
    assert_eq!(
        pull(&broken(PULL, "st.release.sys", "st.release.gpu")),
        ["L1", "L1"]
    );
}

#[test]
fn signals_without_an_order_are_caught() {
    assert_eq!(
        pull(&broken(PULL, "ld.acquire.sys", "ld.relaxed.sys")),
        ["L1"]
    );
    assert_eq!(
        pull(&broken(PULL, "st.release.sys.global", "st.volatile.global")),
        ["L1"]
    );
}

#[test]
fn accesses_wider_than_the_model_are_caught() {
    assert_eq!(
        push(&broken(
            PUSH,
            "st.relaxed.sys.global.v2.b64",
            "st.relaxed.sys.global.v4.b32"
        )),
        ["L3", "L3"]
    );
    assert_eq!(
        push(&broken(
            PUSH,
            "atom.relaxed.sys.global.cas.b32",
            "atom.relaxed.sys.global.cas.b128"
        )),
        ["L3"]
    );
}

#[test]
fn non_coherent_loads_are_caught() {
    assert_eq!(
        pull(&broken(PULL, "ld.global.v2.b64", "ld.global.nc.v2.b64")),
        ["L5"]
    );
    assert_eq!(
        push(&broken(
            PUSH,
            "ld.global.v2.b64",
            "ld.global.nc.L1::no_allocate.v2.b64"
        )),
        ["L5"]
    );
}

#[test]
fn traps_are_caught() {
    assert_eq!(push(&broken(PUSH, "    ret;", "    trap;")), ["L10"]);
    assert_eq!(push(&broken(PUSH, "    ret;", "    @%p1 trap;")), ["L10"]);
}

#[test]
fn loose_arithmetic_is_caught() {
    assert_eq!(push(&broken(PUSH, "add.rn.f32", "add.rn.ftz.f32")), ["L11"]);
    assert_eq!(
        push(&broken(
            PUSH,
            "add.rn.f32 %r3, %r1, %r2;",
            "fma.rn.f32 %r3, %r1, %r2, %r5;"
        )),
        ["L11"]
    );
    assert_eq!(push(&broken(PUSH, "add.rn.f32", "div.approx.f32")), ["L11"]);
}

#[test]
fn violations_say_where_and_what() {
    let ptx = broken(PULL, "ld.global.v2", "ld.global.nc.v2");
    let violations = lint(&spec(Algorithm::OneShotPull, DType::F32), &ptx);
    assert_eq!(
        violations[0].to_string(),
        "line 5: expected a coherent load, got ld.global.nc.v2.b64 (L5)"
    );
}
