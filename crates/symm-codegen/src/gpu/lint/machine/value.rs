// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What instructions give of what is known.

use super::super::ptx::Instruction;

/// Returns what is known of the results of an instruction whose sources are known, or are not.
pub(super) fn results(
    instruction: &Instruction,
    results: usize,
    sources: &[Option<u64>],
) -> Vec<Option<u64>> {
    match (instruction.name(), results, sources) {
        ("mov", 1, [value]) => vec![value.map(|value| cut(value, bits(instruction)))],
        ("mov", 1, parts) => vec![packed(parts, bits(instruction))],
        ("mov", parts, [value]) => unpacked(*value, parts, bits(instruction)),
        (_, 1, _) => vec![result(instruction, sources)],
        _ => vec![None; results],
    }
}

fn packed(parts: &[Option<u64>], bits: u32) -> Option<u64> {
    let each = bits / parts.len() as u32;
    let part = |sum: u64, (place, part): (usize, &Option<u64>)| {
        Some(sum | cut((*part)?, each) << (place as u32 * each))
    };
    parts.iter().enumerate().try_fold(0, part)
}

fn unpacked(value: Option<u64>, parts: usize, bits: u32) -> Vec<Option<u64>> {
    let each = bits / parts as u32;
    (0..parts as u32)
        .map(|place| Some(cut(value? >> (place * each), each)))
        .collect()
}

fn result(instruction: &Instruction, sources: &[Option<u64>]) -> Option<u64> {
    let bits = bits(instruction);
    let value = match (instruction.name(), sources) {
        ("and", [a, b]) => and(*a, *b)?,
        ("bar" | "barrier", [_, condition]) if instruction.has("and") => and(None, *condition)?,
        ("or", [a, b]) => or(*a, *b, bits)?,
        ("xor", [a, b]) => (*a)? ^ (*b)?,
        ("not", [a]) => !(*a)?,
        ("selp", [a, b, condition]) => match condition {
            Some(0) => (*b)?,
            Some(_) => (*a)?,
            None => a.filter(|_| a == b)?,
        },
        ("add", [a, b]) => (*a)?.wrapping_add((*b)?),
        ("sub", [a, b]) => (*a)?.wrapping_sub((*b)?),
        ("shl", [a, b]) => shifted((*a)?, (*b)?, bits, u64::checked_shl)?,
        ("shr", [a, b]) if !is_signed(instruction) => {
            shifted(cut((*a)?, bits), (*b)?, bits, u64::checked_shr)?
        }
        ("cvt", [a]) => converted(instruction, (*a)?)?,
        ("setp", [a, b]) => compared(instruction, (*a)?, (*b)?)?,
        _ => return None,
    };
    Some(cut(
        value,
        if instruction.name() == "setp" {
            1
        } else {
            bits
        },
    ))
}

/// One operand may decide alone.
fn and(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    if a == Some(0) || b == Some(0) {
        return Some(0);
    }
    Some(a? & b?)
}

fn or(a: Option<u64>, b: Option<u64>, bits: u32) -> Option<u64> {
    let ones = cut(u64::MAX, bits);
    if [a, b]
        .iter()
        .flatten()
        .any(|value| cut(*value, bits) == ones)
    {
        return Some(ones);
    }
    Some(a? | b?)
}

fn shifted(value: u64, by: u64, bits: u32, shift: impl Fn(u64, u32) -> Option<u64>) -> Option<u64> {
    let by = u32::try_from(by).ok()?;
    Some(if by < bits { shift(value, by)? } else { 0 })
}

fn converted(instruction: &Instruction, value: u64) -> Option<u64> {
    let mut types = instruction.opcode.split('.').rev();
    let (from, to) = (types.next()?, types.next()?);
    let value = match from.as_bytes().first()? {
        b's' => sign_extended(value, width(from)?),
        b'u' => cut(value, width(from)?),
        _ => return None,
    };
    matches!(to.as_bytes().first()?, b's' | b'u').then_some(value)
}

fn compared(instruction: &Instruction, a: u64, b: u64) -> Option<u64> {
    let bits = bits(instruction);
    if instruction.opcode.contains(".f") || instruction.opcode.contains(".bf") {
        return None;
    }
    let order = if is_signed(instruction) {
        let signed = |value| sign_extended(value, bits) as i64;
        signed(a).cmp(&signed(b))
    } else {
        cut(a, bits).cmp(&cut(b, bits))
    };
    let holds = match instruction.opcode.split('.').nth(1)? {
        "eq" => order.is_eq(),
        "ne" => order.is_ne(),
        "lt" | "lo" => order.is_lt(),
        "le" | "ls" => order.is_le(),
        "gt" | "hi" => order.is_gt(),
        "ge" | "hs" => order.is_ge(),
        _ => return None,
    };
    Some(u64::from(holds))
}

/// Bits of what an instruction gives or, if it compares, of what it takes.
fn bits(instruction: &Instruction) -> u32 {
    let mut types = instruction.opcode.split('.').rev();
    let last = types.next().unwrap_or_default();
    let r#type = match instruction.name() {
        "cvt" => types.next().unwrap_or_default(),
        _ => last,
    };
    match r#type {
        "pred" => 1,
        _ => width(r#type).unwrap_or(64),
    }
}

fn width(r#type: &str) -> Option<u32> {
    r#type.trim_start_matches(char::is_alphabetic).parse().ok()
}

fn is_signed(instruction: &Instruction) -> bool {
    let last = instruction.opcode.rsplit('.').next();
    last.is_some_and(|r#type| r#type.starts_with('s'))
}

fn cut(value: u64, bits: u32) -> u64 {
    if bits < 64 {
        value & ((1 << bits) - 1)
    } else {
        value
    }
}

fn sign_extended(value: u64, bits: u32) -> u64 {
    let unused = 64u32.saturating_sub(bits);
    (((value << unused) as i64) >> unused) as u64
}
