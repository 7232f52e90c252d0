// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which CPU features this machine has, by the names that Rust and LLVM share.

/// Tells whether this machine has a feature; one that is unknown here is taken as absent.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has(feature: &str) -> bool {
    macro_rules! detect {
        ($($name:tt)*) => {
            match feature {
                $($name => std::arch::is_x86_feature_detected!($name),)*
                // Baseline of the architecture.
                "fxsr" | "sse" | "sse2" => true,
                _ => false,
            }
        };
    }
    detect!(
        "adx" "aes" "avx" "avx2" "avx512bf16" "avx512bitalg" "avx512bw" "avx512cd" "avx512dq" "avx512f" "avx512fp16"
        "avx512ifma" "avx512vbmi" "avx512vbmi2" "avx512vl" "avx512vnni" "avx512vpopcntdq" "avxvnni" "bmi1" "bmi2"
        "cmpxchg16b" "f16c" "fma" "gfni" "lzcnt" "movbe" "pclmulqdq" "popcnt" "rdrand" "rdseed" "sha" "sse3" "sse4.1"
        "sse4.2" "ssse3" "vaes" "vpclmulqdq" "xsave" "xsavec" "xsaveopt" "xsaves"
    )
}

/// Tells whether this machine has a feature; one that is unknown here is taken as absent.
#[cfg(target_arch = "aarch64")]
pub(crate) fn has(feature: &str) -> bool {
    macro_rules! detect {
        ($($name:tt)*) => {
            match feature {
                $($name => std::arch::is_aarch64_feature_detected!($name),)*
                _ => false,
            }
        };
    }
    detect!("neon" "asimd" "fp" "fp16" "bf16" "dotprod" "i8mm" "lse" "sve" "sve2" "crc" "rcpc")
}

/// Tells whether this machine has a feature; for other architectures none are known.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn has(_feature: &str) -> bool {
    false
}

#[cfg(test)]
mod tests {
    #[test]
    fn unknown_features_are_absent() {
        assert!(!super::has("warp-drive"));
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_baseline_is_there() {
        assert!(super::has("sse2"));
    }
}
