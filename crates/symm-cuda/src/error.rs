// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The errors of the CUDA layer: each names the call, the device and the way out.

use std::time::Duration;

use cudarc::driver::sys::CUresult;

use crate::exchange::ExchangeError;

/// The result of every fallible operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between this crate and the CUDA driver.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A driver call returned an error code.
    #[error("{call} failed on device {device}: {name} ({text}); {hint}")]
    Call {
        /// The driver entry point.
        call: &'static str,
        /// The ordinal of the device it ran for; −1 when no device was open yet.
        device: i32,
        /// The code the driver returned.
        code: CUresult,
        /// The driver's name of the code.
        name: String,
        /// The driver's sentence about the code.
        text: String,
        /// What the user can do about it.
        hint: &'static str,
    },
    /// The ranks could not exchange their handles.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// A kernel image was refused by the driver's assembler or linker.
    #[error("cuModuleLoadDataEx refused the kernel image on device {device}: {name}; {log}")]
    Image {
        /// The ordinal of the device.
        device: i32,
        /// The driver's name of the code.
        name: String,
        /// The assembler's log, or what it means that there is none.
        log: String,
    },
    /// A name or an image holds a NUL byte, which C strings cannot carry.
    #[error("expected {what} without NUL bytes, got one at byte {at}")]
    InnerNul {
        /// What was being passed.
        what: &'static str,
        /// Where the NUL byte is.
        at: usize,
    },
    /// The machine has a driver but no device that this process may see.
    #[error(
        "no CUDA device is visible: check nvidia-smi and CUDA_VISIBLE_DEVICES, or run with --device=cpu"
    )]
    NoDevice,
    /// The CUDA driver library is not on this machine.
    #[error(
        "no CUDA driver on this machine: libcuda.so.1 could not be loaded; install the NVIDIA driver or run with --device=cpu"
    )]
    NoDriver,
    /// Two GPUs of a symmetric group cannot address each other's memory.
    #[error(
        "expected peer access between the GPUs of a symmetric group, got none from device {from} ({from_name}) to device {to} ({to_name}); \
         choose GPUs that share NVLink or a PCIe switch (nvidia-smi topo -p2p r), or pass --fallback to use NCCL"
    )]
    NoPeerAccess {
        /// The device that would read and write.
        from: usize,
        /// Its name.
        from_name: String,
        /// The device that owns the memory.
        to: usize,
        /// Its name.
        to_name: String,
    },
    /// No device has the ordinal that was asked for.
    #[error(
        "expected a device ordinal below {present}, got {asked}; start at most one rank per GPU or choose GPUs with CUDA_VISIBLE_DEVICES"
    )]
    NoSuchDevice {
        /// The ordinal that was asked for.
        asked: usize,
        /// How many devices are visible.
        present: usize,
    },
    /// The driver is older than this crate needs.
    #[error("expected CUDA driver {}.{} or newer, got {}.{}; update the NVIDIA driver", needed / 1000, needed % 1000 / 10, found / 1000, found % 1000 / 10)]
    OldDriver {
        /// The oldest version that works, as CUDA counts: 1000·major + 10·minor.
        needed: i32,
        /// The version found.
        found: i32,
    },
    /// A range lies outside the object it was asked of, or overlaps another.
    #[error("expected {what} within {size} bytes, got {len} bytes at offset {offset}")]
    Range {
        /// What the range is of.
        what: &'static str,
        /// Where the range begins.
        offset: usize,
        /// How long it is.
        len: usize,
        /// How much there is.
        size: usize,
    },
    /// The ranks disagree about what they are about to run.
    #[error(
        "expected {what} {mine} as on rank {rank}, got {theirs} on rank {peer}; start the same program with the same options on every rank"
    )]
    RanksDiffer {
        /// What differs.
        what: &'static str,
        /// This rank.
        rank: u32,
        /// This rank's value.
        mine: String,
        /// The rank that differs.
        peer: u32,
        /// That rank's value.
        theirs: String,
    },
    /// A rank's GPU is hidden from another rank.
    #[error(
        "device {uuid} of rank {peer} is not visible to rank {rank}; give every rank the same CUDA_VISIBLE_DEVICES and choose by LOCAL_RANK"
    )]
    HiddenDevice {
        /// The rank that cannot see it.
        rank: u32,
        /// The rank that owns it.
        peer: u32,
        /// The device's UUID.
        uuid: String,
    },
    /// Two ranks have the same GPU, on which each would wait for the other's kernels to leave.
    #[error(
        "ranks {rank} and {peer} are both on {uuid}; give each rank a GPU of its own, by LOCAL_RANK or CUDA_VISIBLE_DEVICES, \
         or let them share it with --share-gpus, which is for tests"
    )]
    SharedGpu {
        /// The first rank.
        rank: u32,
        /// The second rank.
        peer: u32,
        /// The device's UUID.
        uuid: String,
    },
    /// A kernel's bounded wait ran out.
    #[error(
        "rank {rank}: rank {peer} did not arrive at op '{op}', phase '{phase}', within {:.1} s; \
         check that every rank runs the same program and is alive, or raise --timeout (timeout_ms in C)", bound.as_secs_f64()
    )]
    WaitTimedOut {
        /// The rank that waited.
        rank: u32,
        /// The rank that it waited for in vain.
        peer: u32,
        /// The op.
        op: String,
        /// The phase of the op's protocol.
        phase: String,
        /// The bound of the wait.
        bound: Duration,
    },
    /// A kernel left because another rank's wait had run out.
    #[error(
        "rank {rank}: left op '{op}', phase '{phase}', waiting for rank {peer}, because rank {cause} had given up; \
         the error of rank {cause} says why"
    )]
    GroupAborted {
        /// The rank that left.
        rank: u32,
        /// The rank that it was waiting for.
        peer: u32,
        /// The op.
        op: String,
        /// The phase of the op's protocol.
        phase: String,
        /// The rank that gave up first.
        cause: u32,
    },
    /// A kernel wrote a record of a kind that this version does not know.
    #[error(
        "rank {rank}: expected an error record of a known kind, got kind {kind}; kernels and runtime are of different versions"
    )]
    UnknownRecord {
        /// The rank whose record it is.
        rank: u32,
        /// The kind.
        kind: u32,
    },
}

impl Error {
    /// Describes the failure of a driver call, with the driver's own words where it has them.
    pub(crate) fn call(call: &'static str, device: i32, code: CUresult) -> Self {
        let error = cudarc::driver::DriverError(code);
        let words = |text: std::result::Result<&std::ffi::CStr, _>, other: String| {
            text.map_or(other, |t| t.to_string_lossy().into_owned())
        };
        Error::Call {
            call,
            device,
            code,
            name: words(error.error_name(), format!("{code:?}")),
            text: words(
                error.error_string(),
                "the driver has no words for it".into(),
            ),
            hint: hint(code),
        }
    }

    /// Names ranks as the world does, where those at fault are members of a group: member `m` is rank `ranks[m]`.
    pub fn among(self, ranks: &[u32]) -> Self {
        let named = |member: u32| *ranks.get(member as usize).unwrap_or(&member);
        match self {
            Self::Exchange(error) => Self::Exchange(error.among(ranks)),
            Self::HiddenDevice { rank, peer, uuid } => Self::HiddenDevice {
                rank: named(rank),
                peer: named(peer),
                uuid,
            },
            Self::RanksDiffer {
                what,
                rank,
                mine,
                peer,
                theirs,
            } => Self::RanksDiffer {
                what,
                rank: named(rank),
                mine,
                peer: named(peer),
                theirs,
            },
            other => other,
        }
    }

    /// Returns the driver's code if a driver call failed.
    pub fn code(&self) -> Option<CUresult> {
        match self {
            Error::Call { code, .. } => Some(*code),
            _ => None,
        }
    }
}

/// Says what to do about a driver code.
fn hint(code: CUresult) -> &'static str {
    use CUresult::*;
    match code {
        CUDA_ERROR_OUT_OF_MEMORY => {
            "free device memory or make the heap smaller; nvidia-smi shows who holds it"
        }
        CUDA_ERROR_INVALID_DEVICE | CUDA_ERROR_PEER_ACCESS_UNSUPPORTED => {
            "the device is not visible or cannot reach its peer; see nvidia-smi topo -p2p r"
        }
        CUDA_ERROR_NOT_SUPPORTED | CUDA_ERROR_NOT_PERMITTED => {
            "the driver or the container forbids it; virtual memory handles need a Linux driver and access to /dev/nvidia*"
        }
        CUDA_ERROR_ILLEGAL_ADDRESS
        | CUDA_ERROR_LAUNCH_FAILED
        | CUDA_ERROR_MISALIGNED_ADDRESS
        | CUDA_ERROR_ASSERT
        | CUDA_ERROR_LAUNCH_TIMEOUT => {
            "a kernel failed and the context is lost: end the process, then run under compute-sanitizer"
        }
        CUDA_ERROR_NO_BINARY_FOR_GPU | CUDA_ERROR_UNSUPPORTED_PTX_VERSION => {
            "the kernel was built for another chip or a newer PTX version; compile for this GPU's chip"
        }
        CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES | CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE => {
            "the launch shape needs more registers or shared memory than the GPU has; use smaller blocks"
        }
        CUDA_ERROR_NOT_FOUND => {
            "the image has no symbol of that name; compare it with the manifest"
        }
        CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED
        | CUDA_ERROR_STREAM_CAPTURE_INVALIDATED
        | CUDA_ERROR_STREAM_CAPTURE_IMPLICIT => {
            "the call is not allowed while a stream is captured; do it before the capture begins"
        }
        CUDA_ERROR_SYSTEM_DRIVER_MISMATCH | CUDA_ERROR_STUB_LIBRARY => {
            "libcuda does not belong to the running kernel module; fix the driver installation or LD_LIBRARY_PATH"
        }
        CUDA_ERROR_ECC_UNCORRECTABLE | CUDA_ERROR_NVLINK_UNCORRECTABLE => {
            "the hardware failed; take the GPU out of service"
        }
        _ => "see the CUDA driver API's description of the call",
    }
}
