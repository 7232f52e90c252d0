// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What each `c10d` op means on N ranks.
//!
//! This crate is the oracle of Symm's tests: every implementation of a collective, generated or
//! in a library, must give the bits that this one gives. So it is written to be read, not to be
//! fast, and it depends on nothing else of Symm.
//!
//! | module | holds |
//! |---|---|
//! | [`dtype`] | the element types |
//! | [`buffer`] | typed buffers and the comparison of their bits |
//! | [`small_float`] | f16, bf16 and the two f8 formats, to and from `f32` |
//! | [`reduce`] | the reductions, element by element |
//! | [`collective`] | the collectives, on one buffer per member of a group |
//! | [`program`] | whole programs of collectives and elementwise ops on N ranks |
//!
//! ```
//! use symm_sim::{Buffer, DType, ReduceOp, all_reduce};
//!
//! let ranks = [1.0f32, 2.0].map(|x| Buffer::new(DType::F32, vec![1], x.to_le_bytes().to_vec()));
//! let ranks = ranks.into_iter().collect::<Result<Vec<_>, _>>()?;
//! let sums = all_reduce(ReduceOp::Sum, &ranks)?;
//! assert_eq!(sums[1].bytes(), 3.0f32.to_le_bytes());
//! # Ok::<(), symm_sim::Error>(())
//! ```

pub mod buffer;
pub mod collective;
pub mod dtype;
pub mod elementwise;
pub mod error;
pub mod program;
pub mod reduce;
pub mod small_float;

mod number;

pub use buffer::{Buffer, bits_equal};
pub use collective::{
    all_gather_into_tensor, all_reduce, all_to_all_single, broadcast, reduce_scatter_tensor,
};
pub use dtype::DType;
pub use error::{Error, Result};
pub use program::{Group, Op, Program};
pub use reduce::ReduceOp;
