// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which NumPy type codes hold which element type.

use symm_abi::DType;

/// Returns the codes (kind and size, without byte order) that are read as an element type; the first one is written.
///
/// NumPy itself lacks the small floats: `ml_dtypes` saves them as raw bytes (`V`), and plain bit patterns in an
/// unsigned integer of the same size are taken too.
pub(super) fn codes(dtype: DType) -> &'static [&'static str] {
    match dtype {
        DType::I1 => &["b1"],
        DType::I8 => &["i1"],
        DType::U8 => &["u1"],
        DType::I16 => &["i2"],
        DType::I32 => &["i4"],
        DType::I64 => &["i8"],
        DType::F16 => &["f2"],
        DType::BF16 => &["V2", "bfloat16", "u2"],
        DType::F32 => &["f4"],
        DType::F64 => &["f8"],
        DType::F8E4M3FN => &["V1", "f1", "float8_e4m3fn", "u1"],
        DType::F8E5M2 => &["V1", "f1", "float8_e5m2", "u1"],
        DType::C64 => &["c8"],
        DType::C128 => &["c16"],
    }
}

/// Checks that a header's `descr` can be read as an element type.
pub(super) fn check(descr: &str, dtype: DType) -> Result<(), String> {
    let (order, code) = match descr.split_at_checked(1) {
        Some((order @ ("<" | ">" | "|" | "="), code)) => (order, code),
        _ => ("|", descr),
    };
    if !codes(dtype).contains(&code) {
        return Err(format!(
            "expected elements of type {} ('{}'), got '{}'",
            dtype.name(),
            written(dtype),
            descr.escape_debug()
        ));
    }
    if order == ">" && dtype.size() > 1 {
        return Err(format!(
            "big-endian elements ('{descr}') are not supported: convert with x.astype('<{code}')"
        ));
    }
    Ok(())
}

/// Returns the `descr` of a file that is written.
pub(super) fn written(dtype: DType) -> String {
    let order = if dtype.size() == 1 { '|' } else { '<' };
    format!("{order}{}", codes(dtype)[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for dtype in DType::ALL {
            check(&written(dtype), dtype).unwrap();
        }
        check("=f4", DType::F32).unwrap();
        check("<u2", DType::BF16).unwrap();
        check("bfloat16", DType::BF16).unwrap();
        check(">i1", DType::I8).unwrap();
    }

    #[test]
    fn other_types_are_refused() {
        assert!(
            check("<f8", DType::F32)
                .unwrap_err()
                .contains("expected elements of type f32 ('<f4'), got '<f8'")
        );
        assert!(
            check(">f4", DType::F32)
                .unwrap_err()
                .contains("astype('<f4')")
        );
        for descr in ["", "<", "|O", "é", "<V3", "f"] {
            assert!(check(descr, DType::F32).is_err());
        }
    }
}
