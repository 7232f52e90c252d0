// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! How each memory is accessed.

use super::{origin::Memory, ptx::Instruction};

/// What was expected of an access, and the law that asks for it.
pub(super) type Expected = (&'static str, &'static str);

/// Returns what is wrong with an access of some memory in a kernel that pushes or pulls.
pub(super) fn broken(instruction: &Instruction, memory: Memory, pushes: bool) -> Option<Expected> {
    let is = |name: &str, modifiers: &[&str]| instruction.is(name, modifiers);
    let has = |modifier| instruction.has(modifier);
    let strong = |name, order, bits| is(name, &[order, "sys", "global", bits]);
    let orders = ["relaxed", "acquire", "release", "volatile", "nc"];
    let plain = |name| is(name, &["global"]) && !orders.into_iter().any(has);
    let (sound, expected) = match memory {
        Memory::Parameters => (is("ld", &["param"]), ("L5", "a load of a parameter")),
        Memory::Channel if pushes => (
            strong("ld", "relaxed", "b64") || strong("st", "relaxed", "b64"),
            ("L3", "a relaxed access of a slot, in words of 64 bits"),
        ),
        Memory::Channel => (
            strong("ld", "acquire", "b32") || strong("st", "release", "b32"),
            ("L1", "a signal by a release or a wait by an acquire"),
        ),
        Memory::Data if has("nc") => (false, ("L5", "a coherent load")),
        Memory::Data => (
            plain("ld") || plain("st"),
            ("L5", "a plain access of operand or result"),
        ),
        Memory::State if instruction.name() == "atom" => (
            strong("atom", "relaxed", "cas"),
            ("L1", "an exchange of the claim word"),
        ),
        Memory::State => (
            is("ld", &["volatile", "global"]) || plain("st"),
            ("L7", "a volatile load or a plain store of the state"),
        ),
        Memory::Abort => (
            strong("ld", "relaxed", "b32") || strong("st", "relaxed", "b32"),
            ("L1", "a relaxed access of an abort word"),
        ),
        Memory::Record => (
            is_record_sound(instruction),
            (
                "L1",
                "relaxed stores to the record, then a release of its kind",
            ),
        ),
        Memory::Unknown => (false, ("L5", "an address out of the parameters")),
    };
    (!sound).then_some(expected)
}

/// The kind, which lies first, tells the host that all else is there.
fn is_record_sound(instruction: &Instruction) -> bool {
    let is_kind = instruction
        .address
        .as_ref()
        .is_some_and(|address| address.offset == 0);
    let order = if is_kind { "release" } else { "relaxed" };
    instruction.is("st", &[order, "sys", "global", "b32"])
}
