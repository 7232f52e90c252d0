// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! CUDA graphs: capture a stream's work once, replay it as a whole.

use cudarc::driver::{result, sys};

use crate::{driver::Device, error::Result, stream::Stream};

/// A capture in progress; dropping it without [`finish`](Capture::finish) throws the captured work away.
///
/// Captures of several streams may be open at once, which is how one thread captures a collective on all its GPUs.
#[derive(Debug)]
pub struct Capture {
    stream: Stream,
    open: bool,
}

impl Capture {
    /// Begins to capture what this thread puts into `stream`.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if the stream is already being captured.
    pub fn begin(stream: &Stream) -> Result<Self> {
        stream.device().bind()?;
        let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
        // SAFETY: the stream is alive.
        let begun = unsafe { result::stream::begin_capture(stream.raw(), mode) };
        begun.map_err(|e| stream.device().failed("cuStreamBeginCapture", e))?;
        Ok(Self {
            stream: stream.clone(),
            open: true,
        })
    }

    /// Ends the capture and makes an executable graph of it. A thread that captures several streams must [`end`](Capture::end)
    /// all of them first.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if a captured call was not allowed or the graph cannot be instantiated.
    pub fn finish(self) -> Result<Graph> {
        self.end()?.instantiate()
    }

    /// Ends the capture.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if a captured call was not allowed.
    pub fn end(mut self) -> Result<Captured> {
        self.open = false;
        let device = self.stream.device();
        device.bind()?;
        // SAFETY: the stream is alive and this object's capture is open on it.
        let template = unsafe { result::stream::end_capture(self.stream.raw()) }
            .map_err(|e| device.failed("cuStreamEndCapture", e))?;
        Ok(Captured {
            template,
            device: device.clone(),
        })
    }
}

/// Lets this thread ask the driver about work that has nothing to do with captures which other threads are in, whatever
/// mode those have.
///
/// # Errors
///
/// [`Error::Call`](crate::Error::Call) if the driver refuses.
pub fn ignore_captures(device: &Device) -> Result<()> {
    let mut mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_RELAXED;
    // SAFETY: `mode` outlives the call.
    let code = unsafe { sys::cuThreadExchangeStreamCaptureMode(&mut mode) };
    device.check("cuThreadExchangeStreamCaptureMode", code)
}

/// Captured work that is not executable yet.
#[derive(Debug)]
pub struct Captured {
    template: sys::CUgraph,
    device: Device,
}

impl Captured {
    /// Makes an executable graph of the work. The driver refuses that while the same thread captures another stream.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if the graph cannot be instantiated.
    pub fn instantiate(self) -> Result<Graph> {
        self.device.bind()?;
        // SAFETY: the template is alive until this object is dropped; the executable graph does not refer to it.
        let made =
            unsafe { result::graph::instantiate(self.template, sys::CUgraphInstantiate_flags(0)) };
        let exec = made.map_err(|e| self.device.failed("cuGraphInstantiate", e))?;
        Ok(Graph {
            exec,
            device: self.device.clone(),
        })
    }
}

impl Drop for Captured {
    fn drop(&mut self) {
        // SAFETY: the template is this object's own and nothing refers to it any more.
        if let Err(error) = unsafe { result::graph::destroy(self.template) } {
            tracing::debug!(error = %self.device.failed("cuGraphDestroy", error), "a captured graph");
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        // SAFETY: the stream is alive and this object's capture is open on it; the graph, if any, is ours to destroy.
        let ended = unsafe {
            result::stream::end_capture(self.stream.raw()).map(|graph| {
                if !graph.is_null() {
                    let _ = result::graph::destroy(graph);
                }
            })
        };
        if let Err(error) = ended {
            tracing::debug!(error = %self.stream.device().failed("cuStreamEndCapture", error), "an abandoned capture");
        }
    }
}

/// An executable graph.
#[derive(Debug)]
pub struct Graph {
    exec: sys::CUgraphExec,
    device: Device,
}

// SAFETY: the driver ties an executable graph to no thread; it forbids only concurrent use, and `&mut self` on
// `launch` together with the missing `Sync` rules that out.
unsafe impl Send for Graph {}

impl Graph {
    /// Captures what `work` puts into `stream`.
    ///
    /// # Errors
    ///
    /// Those of `work`, of [`Capture::begin`] and of [`Capture::finish`].
    pub fn capture(stream: &Stream, work: impl FnOnce(&Stream) -> Result<()>) -> Result<Self> {
        let capture = Capture::begin(stream)?;
        work(stream)?;
        capture.finish()
    }

    /// Moves the graph to the device ahead of its first launch.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if the driver refuses.
    pub fn upload(&mut self, stream: &Stream) -> Result<()> {
        self.device.bind()?;
        // SAFETY: graph and stream are alive.
        let done = unsafe { result::graph::upload(self.exec, stream.raw()) };
        done.map_err(|e| self.device.failed("cuGraphUpload", e))
    }

    /// Puts one run of the graph into `stream`.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if the driver refuses.
    pub fn launch(&mut self, stream: &Stream) -> Result<()> {
        self.device.bind()?;
        // SAFETY: graph and stream are alive; the driver keeps what a running graph needs.
        let done = unsafe { result::graph::launch(self.exec, stream.raw()) };
        done.map_err(|e| self.device.failed("cuGraphLaunch", e))
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        // SAFETY: the graph is ours; the driver defers the release of one that still runs.
        if let Err(error) = unsafe { result::graph::exec_destroy(self.exec) } {
            tracing::warn!(error = %self.device.failed("cuGraphExecDestroy", error), "a graph was not destroyed");
        }
    }
}
