// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Where the value of an argument comes from.

use crate::{random, rank_path};
use serde::{Deserialize, Serialize};
use std::path::Path;
use symm_abi::{DType, Value};
use symm_runtime::{Tensor, launch::WorkError, npy, number};

/// A source of values, the same for all ranks; what a rank gets of it may depend on the rank.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Source {
    /// A .npy file; `%r` stands for the rank.
    Npy(String),
    /// One in every element.
    Ones,
    /// Random numbers, different on each rank.
    Random(u64),
    /// Random numbers, the same on all ranks.
    Same(u64),
    /// Zero in every element.
    Zeros,
}

impl Source {
    /// Reads the part after the `=` of `--arg`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let seed = |digits: &str| {
            digits
                .parse()
                .map_err(|_| format!("expected a number as seed, got '{digits}'"))
        };
        match text.split_once(':') {
            Some(("random", digits)) => return seed(digits).map(Self::Random),
            Some(("same", digits)) => return seed(digits).map(Self::Same),
            _ => {}
        }
        match text {
            "zeros" => Ok(Self::Zeros),
            "ones" => Ok(Self::Ones),
            _ if text.ends_with(".npy") => Ok(Self::Npy(text.into())),
            _ => Err(format!(
                "expected a .npy file, 'zeros', 'ones', 'random:SEED' or 'same:SEED', got '{text}'"
            )),
        }
    }

    /// Checks, for one rank and without reading more data than it takes, that the source has a value of this type.
    pub fn check(&self, rank: u32, value: &Value) -> Result<(), String> {
        let Self::Npy(pattern) = self else {
            return Ok(());
        };
        let path = rank_path(pattern, rank);
        let checked = match value.dtype {
            // Not every byte is a boolean.
            DType::I1 => npy::read(Path::new(&path), value).map(drop),
            _ => npy::check(Path::new(&path), value),
        };
        checked.map_err(|error| error.to_string())
    }

    /// Makes the value for one rank.
    pub fn tensor(&self, rank: u32, value: &Value) -> Result<Tensor, WorkError> {
        if let Self::Npy(pattern) = self {
            return Ok(npy::read(Path::new(&rank_path(pattern, rank)), value)?);
        }
        let mut tensor = Tensor::zeros(value)?;
        match self {
            Self::Random(seed) => random::fill(&mut tensor, *seed, &value.name, Some(rank)),
            Self::Same(seed) => random::fill(&mut tensor, *seed, &value.name, None),
            Self::Ones => fill_ones(&mut tensor),
            Self::Zeros | Self::Npy(_) => {}
        }
        Ok(tensor)
    }
}

fn fill_ones(tensor: &mut Tensor) {
    let dtype = tensor.dtype();
    let (size, components) = (number::component_size(dtype), number::components(dtype));
    for (i, component) in tensor.chunks_exact_mut(size).enumerate() {
        // The imaginary part of a complex one is zero.
        number::from_f64(
            dtype,
            if i % components == 0 { 1.0 } else { 0.0 },
            component,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_parse() {
        assert_eq!(Source::parse("x%r.npy"), Ok(Source::Npy("x%r.npy".into())));
        assert_eq!(Source::parse("random:7"), Ok(Source::Random(7)));
        assert_eq!(Source::parse("same:7"), Ok(Source::Same(7)));
        assert_eq!(Source::parse("zeros"), Ok(Source::Zeros));
        for text in [
            "", "random", "random:", "random:x", "same:-1", "x.txt", "one",
        ] {
            assert!(Source::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ones_are_real() {
        let value = Value {
            name: "x".into(),
            dtype: DType::C64,
            shape: vec![2],
        };
        let tensor = Source::Ones.tensor(0, &value).unwrap();
        let floats: Vec<f64> = tensor
            .chunks_exact(4)
            .map(|bytes| number::to_f64(DType::C64, bytes))
            .collect();
        assert_eq!(floats, [1.0, 0.0, 1.0, 0.0]);
    }
}
