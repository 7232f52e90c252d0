// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The collectives of programs, by NCCL's.

use std::ffi::c_void;

use symm_abi::{CollectiveKind, DType, ReduceOp};

use super::{Communicator, NcclError, group, library::RawComm, numbers};
use crate::Stream;

/// One collective; addresses are of this rank's device, counts are of elements.
#[derive(Clone, Copy, Debug)]
pub struct Collective {
    /// Which one.
    pub kind: CollectiveKind,
    /// Element type.
    pub dtype: DType,
    /// The reduction, if the collective has one.
    pub op: Option<ReduceOp>,
    /// The source of a broadcast.
    pub root: u32,
    /// Address of the elements to send.
    pub input: u64,
    /// How many there are.
    pub input_count: usize,
    /// Address of the result, the input's or apart from it.
    pub output: u64,
    /// Elements of the result.
    pub output_count: usize,
}

/// NCCL's number of a byte.
const BYTE: i32 = 1;

impl Communicator {
    /// Puts a collective into `stream`; every rank does.
    ///
    /// # Errors
    ///
    /// [`NcclError::Unsupported`] for a type or reduction that NCCL lacks, [`NcclError::Aborted`] after an abort,
    /// [`NcclError::Call`] if it fails.
    ///
    /// # Safety
    ///
    /// The addresses are of that many elements, counted as [`CollectiveKind`] says, overlap only where NCCL lets them, and
    /// stay valid until the stream has run the operation.
    pub unsafe fn collective(&self, stream: &Stream, call: &Collective) -> Result<(), NcclError> {
        let Collective { input, output, .. } = *call;
        let raw = Raw {
            comm: *self.raw,
            stream: stream.raw().cast(),
            from: input as *const c_void,
            to: output as *mut c_void,
        };
        let reduction = || numbers(call.dtype, call.op.unwrap_or(ReduceOp::Sum));
        let size = call.dtype.size();
        let _call = self.enter()?;
        self.device.bind()?;
        // SAFETY: the caller vouches for the buffers; communicator and stream are alive.
        let (name, code) = unsafe {
            match call.kind {
                CollectiveKind::AllReduce => {
                    let (dtype, op, parts) = reduction()?;
                    let count = call.input_count * parts;
                    let run = self.nccl.all_reduce;
                    let code = run(raw.from, raw.to, count, dtype, op, raw.comm, raw.stream);
                    ("ncclAllReduce", code)
                }
                CollectiveKind::ReduceScatter => {
                    let (dtype, op, parts) = reduction()?;
                    let count = call.output_count * parts;
                    let run = self.nccl.reduce_scatter;
                    let code = run(raw.from, raw.to, count, dtype, op, raw.comm, raw.stream);
                    ("ncclReduceScatter", code)
                }
                CollectiveKind::AllGather => {
                    let bytes = call.input_count * size;
                    let run = self.nccl.all_gather;
                    (
                        "ncclAllGather",
                        run(raw.from, raw.to, bytes, BYTE, raw.comm, raw.stream),
                    )
                }
                CollectiveKind::Broadcast => {
                    let (bytes, root) = (call.input_count * size, call.root as i32);
                    let run = self.nccl.broadcast;
                    let code = run(raw.from, raw.to, bytes, BYTE, root, raw.comm, raw.stream);
                    ("ncclBroadcast", code)
                }
                CollectiveKind::AllToAll => {
                    let bytes = call.input_count * size / self.world as usize;
                    return group(|| self.exchange_chunks(&raw, bytes));
                }
            }
        };
        self.nccl.check(name, self.rank, code)
    }

    /// Sends chunk `r` to rank `r` and receives chunk `r` from it, for every rank.
    unsafe fn exchange_chunks(&self, raw: &Raw, bytes: usize) -> Result<(), NcclError> {
        for peer in 0..self.world as usize {
            let rank = peer as i32;
            let from = raw.from.wrapping_byte_add(peer * bytes);
            let to = raw.to.wrapping_byte_add(peer * bytes);
            // SAFETY: the caller vouches for `world` chunks of this size at both addresses.
            unsafe {
                let code = (self.nccl.send)(from, bytes, BYTE, rank, raw.comm, raw.stream);
                self.nccl.check("ncclSend", self.rank, code)?;
                let code = (self.nccl.recv)(to, bytes, BYTE, rank, raw.comm, raw.stream);
                self.nccl.check("ncclRecv", self.rank, code)?;
            }
        }
        Ok(())
    }
}

/// What every call takes.
struct Raw {
    comm: RawComm,
    stream: *mut c_void,
    from: *const c_void,
    to: *mut c_void,
}
