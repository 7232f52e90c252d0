// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! A rank on a GPU, with a program that all ranks have.

use super::{
    Call, Config, Span,
    abort::Abort,
    agree::agree,
    calls::Running,
    gpu::{self, Gpu, Loader},
    lookout::Lookout,
    table::with_current,
    trace::Trace,
    watchdog::Watchdog,
};
use crate::{
    Binding, Error, Program, Rank,
    failure::{Activity, Failure},
    rank::Failed,
};
use std::sync::Arc;
use symm_abi::Device as Target;
use symm_cuda::{Device, Stream, nvtx::Range};

/// A started rank: puts entries of its program into streams of its GPU, together with all other ranks.
#[derive(Debug)]
pub struct Session {
    /// First, so that it has ended when the communicators and the heaps do.
    _watchdog: Watchdog,
    trace: Option<Trace>,
    gpu: Gpu,
    lookout: Arc<Lookout>,
    stream: Stream,
    program: Program,
    rank: Rank,
}

impl Session {
    /// Meets all other ranks, checks that they have the same program, and prepares everything that its entries need.
    ///
    /// The rank takes the `local_rank`th of the GPUs that this process sees.
    ///
    /// # Errors
    /// [`Error::Aborted`] when another rank failed, has another program or does not come; another error when the
    /// program is not for GPUs, or this rank's GPU or the libraries that the program needs can't be used.
    pub fn start(
        rank: Rank,
        program: &Program,
        config: &Config,
        local_rank: u32,
    ) -> Result<Self, Error> {
        program.artifact().require(Target::Cuda)?;
        let device = gpu::open(local_rank, config)?;
        agree(&rank, program, &device, config)?;
        let stream = Stream::new(&device)?;
        let cuda = program.manifest().cuda.as_ref();
        let cuda = cuda.expect("the manifest of a program for CUDA has this section");
        let loader = Loader {
            rank: &rank,
            program,
            cuda,
            config,
            device,
        };
        let gpu = loader.load(&stream)?;
        stream.synchronize()?;
        let trace = config.trace.then(|| Trace::new(&stream)).transpose()?;
        let abort = Abort::new(&gpu.device, &gpu.groups)?;
        let watched = (gpu.watch.clone(), gpu.mark.clone());
        let lookout = Arc::new(Lookout::new(rank.alarm(), program, watched, abort));
        let watchdog = Watchdog::start(lookout.clone(), gpu.device.clone());
        let session = Self {
            _watchdog: watchdog.map_err(Error::Watchdog)?,
            trace,
            gpu,
            lookout,
            stream,
            program: program.clone(),
            rank,
        };
        session.meet()?;
        Ok(session)
    }

    /// Returns the rank's number in the world.
    pub fn number(&self) -> u32 {
        self.rank.number()
    }

    /// Returns the rank's GPU.
    pub fn device(&self) -> &Device {
        &self.gpu.device
    }

    /// Returns the session's own stream.
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Returns the program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Waits until every rank of the world has come here.
    ///
    /// # Errors
    /// [`Error::Aborted`] when a rank failed or does not come within the time-out.
    pub fn meet(&self) -> Result<(), Error> {
        self.rank.meet().map_err(|Failed| Error::Aborted)
    }

    /// Prepares an entry to be run on buffers of the session's.
    ///
    /// # Errors
    /// When the program has no such entry, or the GPU no memory for its arguments and results.
    pub fn call(&self, entry: &str) -> Result<Call<'_>, Error> {
        Call::new(self, entry)
    }

    /// Puts an entry into a stream, on the buffers that are bound to it; every rank has to.
    ///
    /// Neither waits nor allocates, also where something has failed: why a kernel has left is [`poll`](Self::poll)'s to find
    /// out. Entries run one after the other: work of the next is put into the same stream, or into one that waits for this
    /// one's.
    ///
    /// # Errors
    /// [`Error::Aborted`] when any rank has failed; [`Error::Unbound`] when a buffer is missing.
    ///
    /// # Safety
    /// The stream is one of the session's device. The bound addresses are of buffers with the types of the entry, on that
    /// device, apart from each other, and stay valid until the stream has run the entry.
    pub unsafe fn enqueue(&self, binding: &mut Binding, stream: &Stream) -> Result<(), Error> {
        let (function, pointers) = binding.ready(&self.program)?;
        self.check_world()?;
        self.rank.record().set(Activity::Computing { after: None });
        let is_captured = stream.is_capturing()?;
        let manifest = self.program.manifest();
        let cuda = manifest.cuda.as_ref();
        let running = Running {
            rank: &self.rank,
            manifest,
            cuda: cuda.expect("checked when the session started"),
            gpu: &self.gpu,
            stream,
            entry: binding.number(),
            is_captured,
            trace: self.trace.as_ref(),
            lookout: &self.lookout,
        };
        let _range = Range::begin(|| format!("entry '{}'", binding.entry()));
        with_current(&running, || {
            // SAFETY: the artifact's seal and manifest vouch that the symbol is an entry with these arguments and results;
            // the caller vouches for the buffers.
            unsafe { function(pointers) }
        });
        self.gpu.end_entry();
        // What a kernel was at that has left stays known.
        let activity = self.lookout.evidence().unwrap_or(Activity::Device);
        self.rank.record().set(activity);
        self.check_world()
    }

    /// Looks whether the world has failed; then every kernel is told to leave, before the caller frees anything, which may
    /// wait for one.
    fn check_world(&self) -> Result<(), Error> {
        if self.rank.has_failed() {
            self.lookout.abort.start();
            return Err(Error::Aborted);
        }
        Ok(())
    }

    /// Waits until a stream has run what was put into it, or any rank failed.
    ///
    /// # Errors
    /// [`Error::Aborted`] when any rank failed: the world's report says why.
    pub fn finish(&self, stream: &Stream) -> Result<(), Error> {
        self.wait(stream).map_err(|Failed| Error::Aborted)?;
        self.rank.record().set(Activity::Computing { after: None });
        if let Some(trace) = &self.trace {
            trace.settle()?;
        }
        Ok(())
    }

    /// Looks for a failure of any rank, without waiting for a device: it takes no time while all is well, and up to two
    /// seconds where a kernel has left because another rank had given up, which has to say why.
    ///
    /// # Errors
    /// [`Error::Aborted`] when any rank failed; then every kernel was told to leave.
    pub fn poll(&self) -> Result<(), Error> {
        self.lookout.check().map_err(|Failed| {
            self.lookout.abort.start();
            Error::Aborted
        })
    }

    /// Returns the times of the ops that ran so far, if they are taken.
    pub fn spans(&self) -> Vec<Span> {
        self.trace.as_ref().map(Trace::spans).unwrap_or_default()
    }

    /// Tells the world of an error, before anything is freed, which may wait for a rank that waits for this one.
    pub(super) fn failed(&self, error: Error) -> Error {
        if !matches!(error, Error::Aborted) {
            self.rank.fail(Failure::RankError {
                rank: self.rank.number(),
                message: error.to_string(),
            });
        }
        error
    }

    pub(super) fn rank(&self) -> &Rank {
        &self.rank
    }

    pub(super) fn lookout(&self) -> &Lookout {
        &self.lookout
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.rank.has_failed() {
            self.leave(&self.stream);
        } else {
            self.gpu.part();
        }
    }
}
