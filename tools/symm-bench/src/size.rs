// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Sizes as nccl-tests writes them, and the sweep from the least to the largest.

/// Up to here every number of bytes is an `f64`.
const LARGEST: f64 = (1u64 << 53) as f64;

/// Parses a number of bytes: `8`, `4K`, `1.5M`, `1G`; the suffixes count in powers of 1024.
pub fn parse(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&text[..at], 10),
        Some((at, 'm' | 'M')) => (&text[..at], 20),
        Some((at, 'g' | 'G')) => (&text[..at], 30),
        _ => (text, 0),
    };
    let is_number = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    let number: f64 = digits
        .parse()
        .ok()
        .filter(|_| is_number)
        .ok_or_else(|| format!("expected a size such as 8, 4K, 1.5M or 1G, got '{text}'"))?;
    let bytes = number * f64::from(1u32 << shift);
    if bytes > LARGEST {
        return Err(format!("the size {text} is too large"));
    }
    Ok(bytes as u64)
}

/// Parses what is added from size to size.
pub fn parse_step(text: &str) -> Result<u64, String> {
    let step = parse(text)?;
    let some = (step > 0).then_some(step);
    some.ok_or_else(|| format!("expected a step of at least one byte, got '{text}'"))
}

/// Parses what sizes are multiplied by from one to the next; up to 1, they are not.
pub fn parse_factor(text: &str) -> Result<f64, String> {
    let factor: f64 = text.parse().unwrap_or(f64::NAN);
    let sound = (0.0..=LARGEST).contains(&factor);
    sound.then_some(factor).ok_or_else(|| {
        format!("expected a factor of at least 0, where up to 1 means none, got '{text}'")
    })
}

/// How to go from one size to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Multiply.
    Factor(f64),
    /// Add bytes.
    Bytes(u64),
}

/// Returns the sizes from `least` to `largest`, each rounded down to whole elements, none twice and none empty.
pub fn sweep(least: u64, largest: u64, step: Step, element: u64) -> Vec<u64> {
    let mut sizes = Vec::new();
    let mut size = least.max(element);
    while size <= largest {
        let whole = size / element * element;
        if sizes.last() != Some(&whole) {
            sizes.push(whole);
        }
        let next = match step {
            Step::Factor(factor) => (size as f64 * factor) as u64,
            Step::Bytes(bytes) => size.saturating_add(bytes),
        };
        size = next.max(size + 1);
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_count_in_powers_of_1024() {
        assert_eq!(parse("8"), Ok(8));
        assert_eq!(parse("128K"), Ok(128 << 10));
        assert_eq!(parse("16m"), Ok(16 << 20));
        assert_eq!(parse("2G"), Ok(2 << 30));
        assert_eq!(parse("1.5M"), Ok(3 << 19));
        assert_eq!(parse("0.5"), Ok(0));
        for bad in [
            "",
            "K",
            "-1",
            ".",
            "1e3",
            "inf",
            "nan",
            "1.5.1",
            "99999999999999999999",
            "99999999999G",
            "1é",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sweeps_end_where_they_should() {
        assert_eq!(sweep(1024, 4096, Step::Factor(2.0), 4), [1024, 2048, 4096]);
        assert_eq!(sweep(8, 20, Step::Bytes(4), 4), [8, 12, 16, 20]);
        assert_eq!(
            sweep(1, 9, Step::Factor(1.5), 4),
            [4, 8],
            "1.5 × 4 = 6 holds one element of 4"
        );
        assert!(sweep(8, 4, Step::Factor(2.0), 1).is_empty());
        assert_eq!(sweep(1, 3, Step::Factor(1.0), 1), [1, 2, 3]);
    }
}
