// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! How a thread computes with floats while it runs an entry.
//!
//! A host may have told its threads to flush subnormals to zero, as everything linked with `-ffast-math` does, to round
//! another way, or to trap. Ranks that did not all do so would get different sums, and none the bits that are promised.

#[cfg(target_arch = "aarch64")]
use aarch64 as machine;
#[cfg(target_arch = "x86_64")]
use x86_64 as machine;

/// While it lives, its thread rounds to nearest, keeps subnormals and does not trap; then everything is as before.
pub(crate) struct FloatEnvironment {
    before: machine::Control,
}

impl FloatEnvironment {
    pub(crate) fn enter() -> Self {
        let before = machine::get();
        machine::set(machine::DEFAULT);
        Self { before }
    }
}

impl Drop for FloatEnvironment {
    fn drop(&mut self) {
        machine::set(self.before);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::asm;

    /// MXCSR and, for `f80`, the control word of the x87.
    pub(super) type Control = (u32, u16);

    /// What the ABI has threads begin with.
    pub(super) const DEFAULT: Control = (0x1f80, 0x037f);

    pub(super) fn get() -> Control {
        let (mut mxcsr, mut x87) = (0, 0);
        // SAFETY: both instructions only store into the variables.
        unsafe {
            asm!("stmxcsr [{}]", in(reg) &raw mut mxcsr, options(nostack, preserves_flags));
            asm!("fnstcw [{}]", in(reg) &raw mut x87, options(nostack, preserves_flags));
        }
        (mxcsr, x87)
    }

    pub(super) fn set((mxcsr, x87): Control) {
        // SAFETY: the values are the default ones, or what the registers held before.
        unsafe {
            asm!("ldmxcsr [{}]", in(reg) &raw const mxcsr, options(nostack, preserves_flags));
            asm!("fldcw [{}]", in(reg) &raw const x87, options(nostack, preserves_flags));
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod aarch64 {
    use std::arch::asm;

    /// FPCR.
    pub(super) type Control = u64;

    /// What the ABI has threads begin with.
    pub(super) const DEFAULT: Control = 0;

    pub(super) fn get() -> Control {
        let fpcr;
        // SAFETY: the instruction only reads the register.
        unsafe { asm!("mrs {}, fpcr", out(reg) fpcr, options(nomem, nostack, preserves_flags)) }
        fpcr
    }

    pub(super) fn set(fpcr: Control) {
        // SAFETY: the value is the default one, or what the register held before.
        unsafe { asm!("msr fpcr, {}", in(reg) fpcr, options(nomem, nostack, preserves_flags)) }
    }
}
