// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The formats, as numbers.

use crate::builder::element;
use melior::ir::Type;
use symm_abi::DType;

/// A binary float format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// Bits in all.
    pub(super) width: u32,
    /// Bits of the mantissa that are stored.
    pub(super) mantissa: u32,
    /// What is added to exponents.
    pub(super) bias: i64,
    /// Has infinities; otherwise all ones is the only NaN.
    pub(super) infinities: bool,
}

/// What small formats are converted from and to.
pub(super) const SINGLE: Format = Format {
    width: 32,
    mantissa: 23,
    bias: 127,
    infinities: true,
};

/// The other type that small formats are converted from.
pub(super) const DOUBLE: Format = Format {
    width: 64,
    mantissa: 52,
    bias: 1023,
    infinities: true,
};

impl Format {
    /// Returns the format of a type, or of the elements of a vector, that LLVM may
    /// have no conversions for.
    pub(super) fn of(r#type: Type<'_>) -> Option<Self> {
        let ieee = |width, mantissa, bias| Self {
            width,
            mantissa,
            bias,
            infinities: true,
        };
        match DType::from_name(&element(r#type).to_string())? {
            DType::F16 => Some(ieee(16, 10, 15)),
            DType::BF16 => Some(ieee(16, 7, 127)),
            DType::F8E5M2 => Some(ieee(8, 2, 15)),
            DType::F8E4M3FN => Some(Self {
                width: 8,
                mantissa: 3,
                bias: 7,
                infinities: false,
            }),
            _ => None,
        }
    }

    /// Returns the bits of all but the sign.
    pub(super) fn magnitude_mask(self) -> i64 {
        i64::MAX >> (i64::BITS - self.width)
    }

    /// Returns the smallest bits, without sign, that are no finite number.
    pub(super) fn first_special(self) -> i64 {
        if self.infinities {
            self.magnitude_mask() >> self.mantissa << self.mantissa
        } else {
            self.magnitude_mask()
        }
    }

    /// Returns the bits of a quiet NaN.
    pub(super) fn nan(self) -> i64 {
        if self.infinities {
            self.first_special() | 1 << (self.mantissa - 1)
        } else {
            self.magnitude_mask()
        }
    }
}
