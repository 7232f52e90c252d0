// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Signals, waits and what lies between them.

use super::*;

const LOAD: &str = "ld.global.v2.b64";

fn kernel() -> Sound {
    Sound::new(Algorithm::OneShotPull, DType::F32)
}

/// The stores that signal: not the one that ends a record of an error.
fn signals(kernel: &Sound) -> Vec<&str> {
    let field = kernel.line(&["st.relaxed.sys.global.b32", "+4]"]);
    let record = &field[field.find('[').expect("an address")..field.find("+4]").expect("a field")];
    let is_signal = |line: &&str| line.contains("st.release.sys") && !line.contains(record);
    kernel.ptx.lines().filter(is_signal).collect()
}

#[test]
fn signals_without_an_order_are_caught() {
    let kernel = kernel();
    let signals = signals(&kernel);
    assert_eq!(signals.len(), 2);
    for order in ["st.relaxed.sys.global", "st.volatile.global", "st.global"] {
        for signal in &signals {
            let weak = signal.replace("st.release.sys.global", order);
            assert!(kernel.with(signal, &weak).contains(&"L1"), "{weak}");
        }
    }
    let narrow = signals[0].replace(".sys", ".gpu");
    assert!(kernel.with(signals[0], &narrow).contains(&"L1"));
}

#[test]
fn waits_without_an_order_are_caught() {
    let kernel = kernel();
    for order in [
        "ld.relaxed.sys.global",
        "ld.acquire.gpu.global",
        "ld.global",
    ] {
        assert_eq!(
            kernel.with("ld.acquire.sys.global", order),
            ["L1"],
            "entry, {order}"
        );
        assert_eq!(
            kernel.with_last("ld.acquire.sys.global", order),
            ["L1"],
            "exit, {order}"
        );
    }
}

#[test]
fn fences_of_the_wrong_scope_are_caught() {
    let kernel = kernel();
    for fence in [
        "fence.acq_rel.gpu",
        "membar.gl",
        "atom.relaxed.gpu.global.add.u32 %r1, [%rd1], 1",
    ] {
        let with_fence = format!("{fence};\n\t{LOAD}");
        assert!(kernel.with(LOAD, &with_fence).contains(&"L1"), "{fence}");
    }
}

#[test]
fn a_barrier_that_is_missing_is_caught() {
    let kernel = kernel();
    let signals = signals(&kernel);
    assert!(kernel.with(signals[0], "").contains(&"L1"));
    assert_eq!(kernel.with(signals[1], ""), ["L9"]);
    // The second signal is the first one again.
    let second = kernel.line(&["add.s32", ", 2;"]);
    assert_eq!(kernel.with(second, &second.replace(", 2;", ", 1;")), ["L9"]);
}

#[test]
fn a_wait_that_does_not_decide_is_caught() {
    let kernel = kernel();
    let behind = kernel.line(&["setp.lt.s32", ", 0;"]);
    let never_behind = behind.replace(", 0;", ", -2147483648;");
    let laws = kernel.with(behind, &never_behind);
    // The loop ends, but what follows looks at the signal again.
    assert_eq!(laws, [""; 0]);
    let again = kernel.line(&["setp.gt.s32", ", -1;"]);
    let both = kernel.ptx.replacen(behind, &never_behind, 1);
    let both = both.replacen(again, &again.replace(", -1;", ", -2147483648;"), 1);
    assert_eq!(kernel.laws(&both), ["L1"]);
}

#[test]
fn block_barriers_that_are_missing_are_caught() {
    let kernel = kernel();
    assert_eq!(kernel.with("bar.sync", "// bar.sync"), ["L2"]);
    let entry = kernel.line(&["bar.red.and.pred"]);
    let operands = entry
        .trim()
        .trim_start_matches("bar.red.and.pred")
        .trim()
        .trim_end_matches(';');
    let [result, _, condition] = operands.split(", ").collect::<Vec<_>>()[..] else {
        panic!("{operands}")
    };
    let alone = format!("and.pred {result}, {condition}, {condition};");
    // Neither is the count of calls safe then.
    assert_eq!(kernel.with(entry, &alone), ["L2", "L7"]);
}

#[test]
fn non_coherent_loads_are_caught_wherever_they_stand() {
    let kernel = kernel();
    let load = kernel.line(&[LOAD]).trim();
    let nc = load.replace("ld.global", "ld.global.nc");
    for hidden in [
        nc.clone(),
        nc.replace(".nc", ".nc.L1::no_allocate"),
        format!("LBL_X: {nc}"),
        format!("mov.u32 %r1, %r1; {nc}"),
        format!("{{ .reg .b32 t; mov.b32 t, 0; {nc} }}"),
        format!("/* a comment; */ {nc}"),
        format!("@%p1 {nc}"),
    ] {
        assert_eq!(kernel.with(load, &hidden), ["L5"], "{hidden}");
    }
    assert!(kernel.with(LOAD, "ldu.global.v2.b64").contains(&"L5"));
}

#[test]
fn addresses_out_of_nowhere_are_caught() {
    let kernel = kernel();
    let load = kernel.line(&[LOAD]).trim();
    let (before, _) = load.split_once('[').expect("an address");
    assert_eq!(kernel.with(load, &format!("{before}[4096];")), ["L5"]);
    let loaded = format!("ld.global.b64 %rd1, [%rd1];\n\t{before}[%rd999];");
    assert_eq!(kernel.with(load, &loaded), ["L5"]);
}
