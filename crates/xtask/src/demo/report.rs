// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What the demo tells the person who runs it.

/// Prints what was decided about each collective, and why.
pub fn decisions(remarks: &str) {
    heading("Decisions: what each collective became, and why");
    for decision in remarks.lines().filter_map(decision) {
        println!("{decision}");
    }
}

/// Prints how far off the result is.
pub fn outcome(error: f64, tolerance: f64) {
    println!("every rank has the same bits");
    println!(
        "the largest error is {error:.1e} of the largest element, {tolerance:.0e} is accepted"
    );
    println!("(against the unsharded block, computed in f64 with ndarray and without Symm)");
}

/// Prints the heading of a part.
pub fn heading(text: &str) {
    println!("\n== {text}");
}

/// Shortens `<place>: remark: [Passed] one-shot | … Reason="why", …` to what a person needs.
fn decision(line: &str) -> Option<String> {
    let (place, remark) = line.split_once(": remark: ")?;
    let (head, details) = remark.split_once(" | ")?;
    let (_, reason) = details.split_once("Reason=\"")?;
    let (reason, _) = reason.split_once('"')?;
    Some(format!("{place}: {head}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_shortened() {
        let line = "block.mlir:41:20: remark: [Passed] one-shot | Category:lower-comm | \
                    Bytes=64, Reason=\"64 bytes are few\", Threshold=128";
        let expected = "block.mlir:41:20: [Passed] one-shot: 64 bytes are few";
        assert_eq!(decision(line).as_deref(), Some(expected));
        assert_eq!(decision("  %0 = c10d.all_reduce<sum> %x on @tp"), None);
    }
}
