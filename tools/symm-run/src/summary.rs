// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! A result in brief.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use symm_abi::DType;
use symm_runtime::{Tensor, number};

/// Elements shown at either end of a result.
const SHOWN: usize = 3;

/// A tensor in a few words and a hash of all of its bytes.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct Summary {
    /// First and last values, like `[0, 1, 2, …, 21, 22, 23]`.
    pub values: String,
    /// Extremes like `min 0  max 23`, where the type has an order; NaNs are counted apart.
    pub range: String,
    /// First 16 hex digits of the SHA-256 of the bytes.
    pub digest: String,
}

impl Summary {
    /// Summarizes a tensor.
    pub fn new(tensor: &Tensor) -> Self {
        let digest: String = Sha256::digest(&tensor[..])
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            values: values(tensor),
            range: range(tensor),
            digest,
        }
    }
}

fn values(tensor: &Tensor) -> String {
    let dtype = tensor.dtype();
    let elements: Vec<&[u8]> = tensor.chunks_exact(dtype.size()).collect();
    let show = |elements: &[&[u8]]| {
        elements
            .iter()
            .map(|bytes| element(dtype, bytes))
            .collect::<Vec<_>>()
            .join(", ")
    };
    if elements.len() <= 2 * SHOWN {
        return format!("[{}]", show(&elements));
    }
    format!(
        "[{}, …, {}]",
        show(&elements[..SHOWN]),
        show(&elements[elements.len() - SHOWN..])
    )
}

fn range(tensor: &Tensor) -> String {
    let dtype = tensor.dtype();
    if number::components(dtype) > 1 || tensor.is_empty() {
        return String::new();
    }
    let numbers = || {
        tensor
            .chunks_exact(dtype.size())
            .map(|bytes| number::to_f64(dtype, bytes))
    };
    let nans = numbers().filter(|number| number.is_nan()).count();
    let mut parts = Vec::new();
    if nans < tensor.len() / dtype.size() {
        let min = numbers().fold(f64::INFINITY, f64::min);
        let max = numbers().fold(f64::NEG_INFINITY, f64::max);
        parts.push(format!("min {}  max {}", short(min), short(max)));
    }
    if nans > 0 {
        parts.push(format!("NaNs {nans}"));
    }
    parts.join("  ")
}

fn element(dtype: DType, bytes: &[u8]) -> String {
    let component = |bytes: &[u8]| match (dtype, bytes.try_into()) {
        (DType::I64, Ok(bytes)) => i64::from_le_bytes(bytes).to_string(),
        _ => short(number::to_f64(dtype, bytes)),
    };
    let parts: Vec<String> = bytes
        .chunks_exact(number::component_size(dtype))
        .map(component)
        .collect();
    match parts.as_slice() {
        [real, imaginary] => format!("({real}, {imaginary})"),
        _ => parts.concat(),
    }
}

/// Writes a number with 6 significant digits at most, as `%g` does.
fn short(number: f64) -> String {
    let magnitude = number.abs();
    if number == 0.0 || !number.is_finite() || (number.fract() == 0.0 && magnitude < 1e15) {
        return number.to_string();
    }
    if !(1e-4..1e6).contains(&magnitude) {
        return format!("{number:.5e}");
    }
    let decimals = (5 - magnitude.log10().floor() as i32).max(0) as usize;
    let text = format!("{number:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').into()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use symm_abi::Value;

    fn tensor(dtype: DType, values: &[f64]) -> Tensor {
        let shape = vec![(values.len() / number::components(dtype)) as u64];
        let mut tensor = Tensor::zeros(&Value {
            name: "x".into(),
            dtype,
            shape,
        })
        .unwrap();
        for (component, &value) in tensor
            .chunks_exact_mut(number::component_size(dtype))
            .zip(values)
        {
            number::from_f64(dtype, value, component);
        }
        tensor
    }

    #[test]
    fn numbers_are_short() {
        let numbers = [
            0.0,
            -0.0,
            1.0,
            0.1,
            -2.5,
            1e-7,
            123456.7,
            1e20,
            1.0 / 3.0,
            f64::NAN,
            f64::INFINITY,
        ];
        let texts = [
            "0",
            "-0",
            "1",
            "0.1",
            "-2.5",
            "1.00000e-7",
            "123457",
            "1.00000e20",
            "0.333333",
            "NaN",
            "inf",
        ];
        for (number, text) in numbers.into_iter().zip(texts) {
            assert_eq!(short(number), text);
        }
    }

    #[test]
    fn summaries_show_ends_and_extremes() {
        let summary = Summary::new(&tensor(DType::I32, &[5.0, -1.0, 2.0, 3.0, 4.0, 9.0, 7.0]));
        assert_eq!(summary.values, "[5, -1, 2, …, 4, 9, 7]");
        assert_eq!(summary.range, "min -1  max 9");
        let summary = Summary::new(&tensor(DType::F32, &[f64::NAN, 2.0]));
        assert_eq!(
            (summary.values.as_str(), summary.range.as_str()),
            ("[NaN, 2]", "min 2  max 2  NaNs 1")
        );
        let summary = Summary::new(&tensor(DType::C64, &[1.0, -1.0]));
        assert_eq!(
            (summary.values.as_str(), summary.range.as_str()),
            ("[(1, -1)]", "")
        );
        // SHA-256 of nothing.
        assert_eq!(
            Summary::new(&tensor(DType::F16, &[])).digest,
            "e3b0c44298fc1c14"
        );
    }
}
