// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Slots: how they are stored to, polled and cleared.

use super::*;

const STORE: &str = "st.relaxed.sys.global.v2.b64";
const POLL: &str = "ld.relaxed.sys.global.v2.b64";

fn floats() -> Sound {
    Sound::new(Algorithm::OneShotPush, DType::F32)
}

fn integers() -> Sound {
    Sound::new(Algorithm::TwoShotPush, DType::I32)
}

/// The two words of the first poll, and its address.
fn poll(kernel: &Sound) -> [&str; 3] {
    let line = kernel.line(&[POLL]).trim();
    let operands = line.strip_prefix(POLL).expect("it begins with it");
    let names = operands.split(['{', '}', '[', ']', ',', ' ', ';']);
    let names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
    names.try_into().expect("two words and an address")
}

/// The compare of a word with what is not there.
fn compare<'k>(kernel: &'k Sound, word: &str) -> &'k str {
    kernel.line(&["setp.", ".b64", &format!("{word}, -1;")])
}

#[test]
fn a_word_that_decides_nothing_is_caught() {
    let kernel = floats();
    for word in &poll(&kernel)[..2] {
        let compare = compare(&kernel, word);
        let [first, second, _] = poll(&kernel);
        let other = if *word == first { second } else { first };
        // Another word is looked at, or another value; or nobody asks what came of it.
        assert_eq!(kernel.with(compare, &compare.replace(word, other)), ["L3"]);
        assert_eq!(kernel.with(compare, &compare.replace("-1;", "0;")), ["L3"]);
        assert_eq!(kernel.with(compare, &compare.replace("-1;", "-2;")), ["L3"]);
        assert_eq!(kernel.with(compare, &compare.replace("%p", "%q")), ["L3"]);
        assert_eq!(kernel.with(compare, ""), ["L3"]);
    }
}

#[test]
fn a_poll_that_compares_floats_is_caught() {
    let kernel = floats();
    let compare = compare(&kernel, poll(&kernel)[1]);
    let as_floats = compare
        .replace(".b64", ".f64")
        .replace("-1;", "0dFFFFFFFFFFFFFFFF;");
    assert_eq!(kernel.with(compare, &as_floats), ["L4"]);
}

#[test]
fn a_tag_that_is_not_compared_whole_is_caught() {
    let kernel = integers();
    let [_, word, _] = poll(&kernel);
    let upper = kernel.line(&["mov.b64", "{_, ", &format!("}}, {word};")]);
    // The data, instead of the tag; the tag of the other word; half of the tag.
    let register = &upper[upper.find("_, ").expect("a half") + 3..upper.find('}').expect("a half")];
    let lower = upper.replace(&format!("{{_, {register}}}"), &format!("{{{register}, _}}"));
    assert_eq!(kernel.with(upper, &lower), ["L3"]);
    assert_eq!(
        kernel.with(upper, &upper.replace(word, poll(&kernel)[0])),
        ["L3"]
    );
    let half = format!("{upper} and.b32 {register}, {register}, 65535;");
    assert_eq!(kernel.with(upper, &half), ["L3"]);
}

#[test]
fn polls_that_are_no_relaxed_loads_are_caught() {
    let kernel = floats();
    for weak in [
        "ld.volatile.global.v2.b64",
        "ld.global.v2.b64",
        "ld.relaxed.sys.global.v2.f64",
    ] {
        assert_eq!(kernel.with(POLL, weak), ["L3"], "{weak}");
        assert_eq!(kernel.with_all(POLL, weak), ["L3"], "all, {weak}");
    }
    // A scalar poll, and the second word by the way.
    let [first, second, address] = poll(&kernel);
    let poll = kernel.line(&[POLL]);
    let apart = format!(
        "ld.relaxed.sys.global.b64 {first}, [{address}]; ld.global.b64 {second}, [{address}+8];"
    );
    assert_eq!(kernel.with(poll, &apart), ["L3"]);
    let both_strong = apart.replace("ld.global", "ld.relaxed.sys.global");
    assert_eq!(kernel.with(poll, &both_strong), [""; 0]);
    assert!(
        kernel
            .with(POLL, "ld.relaxed.gpu.global.v2.b64")
            .contains(&"L1")
    );
}

#[test]
fn stores_to_slots_that_are_not_relaxed_are_caught() {
    for kernel in [floats(), integers()] {
        for weak in ["st.global.v2.b64", "st.volatile.global.v2.b64"] {
            assert_eq!(kernel.with(STORE, weak), ["L3"], "{weak}");
        }
        assert!(
            kernel
                .with(STORE, "st.relaxed.gpu.global.v2.b64")
                .contains(&"L1")
        );
        assert_eq!(kernel.with(STORE, "st.relaxed.sys.global.v4.b32"), ["L3"]);
    }
}

#[test]
fn the_claim_is_an_exchange_at_system_scope() {
    let kernel = floats();
    let claim = kernel.line(&["atom."]).trim();
    let narrow = claim.replace(".sys", ".gpu");
    let in_scope = format!("{{ .reg .b32 q; mov.b32 q, 0; {narrow} }}");
    for broken in [&narrow, &in_scope, &claim.replace("cas", "exch")] {
        assert!(kernel.with(claim, broken).contains(&"L1"), "{broken}");
    }
    let wide = claim.replace("cas.b32", "cas.b128");
    assert!(kernel.with(claim, &wide).contains(&"L3"));
}

#[test]
fn a_wait_without_an_end_is_caught() {
    let kernel = floats();
    let claim = kernel.line(&["atom."]).trim();
    assert!(kernel.with(claim, "").contains(&"L10"));
}

#[test]
fn slots_that_are_never_cleared_are_caught() {
    let kernel = floats();
    let uncleared = kernel.ptx.lines().filter(|line| !line.contains("{-1, -1}"));
    let uncleared: Vec<_> = uncleared.collect();
    assert_eq!(kernel.laws(&uncleared.join("\n")), ["L9"]);
}

#[test]
fn a_count_that_others_may_not_have_read_is_caught() {
    assert_eq!(floats().with("bar.sync", "// bar.sync"), ["L7"]);
    assert_eq!(floats().with_all("ld.volatile.global", "ld.global"), ["L7"]);
}

#[test]
fn a_record_without_an_order_is_caught() {
    let kernel = floats();
    assert_eq!(
        kernel.with("st.release.sys.global", "st.relaxed.sys.global"),
        ["L1"]
    );
}
