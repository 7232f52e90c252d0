// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The names of chips, and which PTX runs where.

/// A chip that PTX is made for, such as `sm_90`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Chip {
    /// The number in its name: 90 for `sm_90`, which is compute capability 9.0.
    pub number: u32,
    carries: Carries,
}

/// How far the PTX of a chip carries beyond it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Carries {
    /// To every newer chip: `sm_90`.
    Everywhere,
    /// To newer chips of its family, those of the same major number: `sm_100f`.
    InFamily,
    /// To none: `sm_90a`.
    Nowhere,
}

impl Chip {
    /// Returns the chip of a name, if it is one.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.strip_prefix("sm_")?;
        let (digits, carries) = match name.as_bytes().last()? {
            b'a' => (&name[..name.len() - 1], Carries::Nowhere),
            b'f' => (&name[..name.len() - 1], Carries::InFamily),
            _ => (name, Carries::Everywhere),
        };
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| is_number)?;
        Some(Self { number, carries })
    }

    /// Tells whether PTX for this chip runs on a GPU of a compute capability.
    pub const fn runs_on(self, major: u32, minor: u32) -> bool {
        let found = 10 * major + minor;
        match self.carries {
            Carries::Everywhere => self.number <= found,
            Carries::InFamily => self.number <= found && self.number / 10 == major,
            Carries::Nowhere => self.number == found,
        }
    }

    /// Tells whether a grid can start before the one before it has ended, and wait for it (programmatic dependent launch).
    pub const fn has_dependent_launch(self) -> bool {
        self.number >= 90
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chips_have_numbers() {
        let number = |name| Chip::named(name).map(|chip| chip.number);
        assert_eq!(number("sm_90"), Some(90));
        assert_eq!(number("sm_90a"), Some(90));
        assert_eq!(number("sm_103f"), Some(103));
        for name in [
            "gfx942",
            "sm_",
            "sm_a",
            "sm_+90",
            "sm_90af",
            "sm_90 ",
            "sm_99999999999",
        ] {
            assert_eq!(Chip::named(name), None, "{name}");
        }
    }

    #[test]
    fn ptx_runs_on_newer_chips_unless_it_is_of_one_chip_or_family() {
        let runs_on = |name, capabilities: [(u32, u32); 5]| {
            let chip = Chip::named(name).expect("it is a chip");
            capabilities.map(|(major, minor)| chip.runs_on(major, minor))
        };
        let gpus = [(8, 9), (9, 0), (10, 0), (10, 3), (12, 0)];
        assert_eq!(runs_on("sm_89", gpus), [true; 5]);
        assert_eq!(runs_on("sm_90", gpus), [false, true, true, true, true]);
        assert_eq!(runs_on("sm_90a", gpus), [false, true, false, false, false]);
        assert_eq!(runs_on("sm_100f", gpus), [false, false, true, true, false]);
        assert_eq!(runs_on("sm_103f", gpus), [false, false, false, true, false]);
    }
}
