// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Getting out of NCCL where a peer will never come.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::Builder,
    time::Duration,
};

use super::{Nccl, NcclError, library::RawComm};

/// Time that NCCL has to clean up after an abort.
const CLEANUP: Duration = Duration::from_secs(1);

/// Ends whatever a communicator is at on its rank, from any thread: a kernel that waits, or a call that does.
#[derive(Clone)]
pub struct Aborter {
    pub(super) nccl: &'static Nccl,
    pub(super) raw: RawComm,
    pub(super) rank: u32,
    pub(super) ended: Arc<AtomicBool>,
}

// SAFETY: NCCL lets any thread abort a communicator while another one uses it; `ended` sees to it that this happens once,
// and never after it was destroyed.
unsafe impl Send for Aborter {}
// SAFETY: as above.
unsafe impl Sync for Aborter {}

impl Aborter {
    /// Aborts the communicator, which can't be used afterwards; does nothing if it has ended already.
    ///
    /// Whoever waits for a peer is told at once. But the last rank of a process cleans up after all of them, so this waits for
    /// a second at most, and leaves the rest to a thread of its own.
    pub fn abort(&self) {
        if self.raw.is_null() || self.ended.swap(true, Ordering::AcqRel) {
            return;
        }
        let (done, ended) = mpsc::channel();
        let aborter = self.clone();
        // Nobody listens any more if it took too long.
        let abort = move || drop(done.send(aborter.call()));
        if let Err(error) = Builder::new().name("NCCL abort".into()).spawn(abort) {
            tracing::warn!(%error, "a communicator was not aborted");
            return;
        }
        match ended.recv_timeout(CLEANUP) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a communicator was not aborted"),
            Err(_) => tracing::warn!(rank = self.rank, "NCCL is still cleaning up after an abort"),
        }
    }

    fn call(&self) -> Result<(), NcclError> {
        // SAFETY: the communicator is alive, and is not destroyed, because `ended` was false when it was set.
        let code = unsafe { (self.nccl.comm_abort)(self.raw) };
        self.nccl.check("ncclCommAbort", self.rank, code)
    }
}

impl fmt::Debug for Aborter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aborter({})", self.rank)
    }
}
