// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Comparison of bits, for people.

use symm_sim::{Buffer, bits_equal};

/// Describes where two buffers differ first, all NaNs taken as one; `None` where
/// they do not.
pub fn difference(got: &Buffer, expected: &Buffer) -> Option<String> {
    if bits_equal(got, expected) {
        return None;
    }
    if got.type_name() != expected.type_name() {
        return Some(format!(
            "expected {}, got {}",
            expected.type_name(),
            got.type_name()
        ));
    }
    let single = |bits: u128| {
        let size = got.dtype().size();
        Buffer::new(got.dtype(), vec![1], bits.to_le_bytes()[..size].to_vec())
    };
    let differs = |got: u128, expected: u128| match (single(got), single(expected)) {
        (Ok(got), Ok(expected)) => !bits_equal(&got, &expected),
        _ => true,
    };
    let pairs = got.elements().zip(expected.elements()).enumerate();
    let mut wrong = pairs.filter(|(_, (got, expected))| differs(*got, *expected));
    let (index, (got_bits, expected_bits)) = wrong.next()?;
    Some(format!(
        "element {index} of {}: expected {expected_bits:#x}, got {got_bits:#x}; {} more differ",
        got.type_name(),
        wrong.count()
    ))
}
