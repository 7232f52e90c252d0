// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! NCCL, loaded when a program first needs it.
//!
//! cudarc binds NCCL too, but looks for `libnccl.so` alone, which only development packages have, and panics when the
//! library or a symbol is missing. Here `SYMM_NCCL_LIBRARY`, `libnccl.so.2` and `libnccl.so` are tried in this order, and
//! whatever is missing is an [`NcclError`].

mod abort;
mod collectives;
mod communicator;
mod library;

pub use abort::Aborter;
pub use collectives::Collective;
pub use communicator::{Communicator, UniqueId, WindowBuffer, group};
pub use library::Nccl;

use symm_abi::{DType, ReduceOp};

/// The oldest NCCL that is used, as it counts: the first in which one thread may abort what another one is in.
const OLDEST: i32 = 21_901;
const OLDEST_TEXT: &str = "2.19.1";

/// Why NCCL cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NcclError {
    /// The communicator was aborted.
    #[error("rank {rank}: NCCL was aborted because of a failure")]
    Aborted {
        /// The rank of the communicator.
        rank: u32,
    },
    /// The library is not on this machine.
    #[error(
        "NCCL could not be loaded: {reason}; install NCCL or set SYMM_NCCL_LIBRARY to its libnccl.so.2"
    )]
    Absent {
        /// What the loader said.
        reason: String,
    },
    /// The library is older than this crate needs.
    #[error(
        "expected NCCL {OLDEST_TEXT} or newer, got {version}; update NCCL, or set SYMM_NCCL_LIBRARY to a newer libnccl.so.2"
    )]
    TooOld {
        /// The version found.
        version: String,
    },
    /// The library is too old for what is asked of it.
    #[error("expected NCCL with {symbol}, got version {version}; update NCCL")]
    Old {
        /// The entry point that is missing.
        symbol: &'static str,
        /// The version found.
        version: String,
    },
    /// A call failed.
    #[error("{call} failed on rank {rank}: {text}; run with NCCL_DEBUG=WARN for its own account")]
    Call {
        /// The entry point.
        call: &'static str,
        /// The rank it ran for.
        rank: u32,
        /// What NCCL says about the code.
        text: String,
    },
    /// NCCL has no such element type or reduction.
    #[error("expected a reduction that NCCL knows, got {op} of {dtype}", op = op.name(), dtype = dtype.name())]
    Unsupported {
        /// The element type.
        dtype: DType,
        /// The reduction.
        op: ReduceOp,
    },
    /// The driver refused something around the call.
    #[error(transparent)]
    Cuda(#[from] crate::Error),
}

/// NCCL's numbers for an element type and a reduction, and how many of its elements make one of ours.
pub(crate) fn numbers(dtype: DType, op: ReduceOp) -> Result<(i32, i32, usize), NcclError> {
    let refused = Err(NcclError::Unsupported { dtype, op });
    let (number, parts) = match dtype {
        DType::I8 => (0, 1),
        DType::U8 => (1, 1),
        DType::I32 => (2, 1),
        DType::I64 => (4, 1),
        DType::F16 => (6, 1),
        DType::F32 => (7, 1),
        DType::F64 => (8, 1),
        DType::BF16 => (9, 1),
        DType::F8E4M3FN => (10, 1),
        DType::F8E5M2 => (11, 1),
        DType::C64 => (7, 2),
        DType::C128 => (8, 2),
        DType::I1 | DType::I16 => return refused,
    };
    let op = match op {
        ReduceOp::Sum => 0,
        ReduceOp::Product if parts == 1 => 1,
        ReduceOp::Max if parts == 1 => 2,
        ReduceOp::Min if parts == 1 => 3,
        ReduceOp::Avg => 4,
        _ => return refused,
    };
    Ok((number, op, parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complex_sums_are_sums_of_parts_and_nothing_else() {
        assert_eq!(numbers(DType::C64, ReduceOp::Sum).unwrap(), (7, 0, 2));
        assert!(numbers(DType::C64, ReduceOp::Max).is_err());
        let error = numbers(DType::I16, ReduceOp::Sum).unwrap_err().to_string();
        assert_eq!(
            error,
            "expected a reduction that NCCL knows, got sum of i16"
        );
        assert!(numbers(DType::I32, ReduceOp::BXor).is_err());
    }

    #[test]
    fn an_absent_library_is_an_error() {
        match Nccl::load() {
            Ok(nccl) => assert!(nccl.version() >= OLDEST),
            Err(error) => assert!(error.to_string().contains("SYMM_NCCL_LIBRARY"), "{error}"),
        }
    }
}
