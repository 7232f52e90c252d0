// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What copies cost.

use melior::ir::{Value, ValueLike};
use std::{fmt, ops::AddAssign};
use symm_ir::memref::bytes;

/// The cost of copies: their number, and their bytes as far as these are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    copies: u64,
    bytes: u64,
    dynamic: bool,
}

impl Cost {
    /// Adds copies of a memref.
    pub fn add(&mut self, value: Value<'_, '_>, copies: u64) {
        let bytes = bytes(value.r#type());
        *self += Self {
            copies,
            bytes: bytes.unwrap_or(0).saturating_mul(copies),
            dynamic: bytes.is_none() && copies > 0,
        };
    }

    /// Says whether these copies cost more than others: by their bytes, or by
    /// their number where bytes are unknown.
    pub fn exceeds(&self, other: &Self) -> bool {
        if self.dynamic || other.dynamic || self.bytes == other.bytes {
            return self.copies > other.copies;
        }
        self.bytes > other.bytes
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.copies += other.copies;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.dynamic |= other.dynamic;
    }
}

/// A number of bytes, for people; `None` where it isn't known.
pub struct Size(pub Option<u64>);

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(bytes) = self.0 else {
            return formatter.write_str("a dynamic number of bytes");
        };
        let unit = [("GiB", 30), ("MiB", 20), ("KiB", 10)]
            .into_iter()
            .find(|(_, shift)| bytes >> shift > 0 && bytes % (1 << shift) == 0);
        match unit {
            Some((unit, shift)) => write!(formatter, "{} {unit}", bytes >> shift),
            None => write!(formatter, "{bytes} bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_exact() {
        for (bytes, expected) in [
            (Some(0), "0 bytes"),
            (Some(1023), "1023 bytes"),
            (Some(65536), "64 KiB"),
            (Some(65537), "65537 bytes"),
            (Some(3 << 20), "3 MiB"),
            (Some(1 << 40), "1024 GiB"),
            (None, "a dynamic number of bytes"),
        ] {
            assert_eq!(Size(bytes).to_string(), expected);
        }
    }

    #[test]
    fn bytes_decide_where_they_are_known() {
        let few_large = Cost {
            copies: 1,
            bytes: 100,
            dynamic: false,
        };
        let many_small = Cost {
            copies: 3,
            bytes: 30,
            dynamic: false,
        };
        let many_unknown = Cost {
            copies: 3,
            bytes: 0,
            dynamic: true,
        };
        assert!(few_large.exceeds(&many_small));
        assert!(many_unknown.exceeds(&few_large));
        assert!(!few_large.exceeds(&few_large));
    }
}
