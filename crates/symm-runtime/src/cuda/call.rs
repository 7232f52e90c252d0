// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Entries with buffers of their own on the GPU.

use super::Session;
use crate::{Binding, Error, Tensor, rank::Failed};
use std::time::Duration;
use symm_abi::{Entry, Value};
use symm_cuda::{Event, Graph, memory::DeviceMemory};

/// An entry with buffers of its own on the GPU.
#[derive(Debug)]
pub struct Call<'a> {
    session: &'a Session,
    entry: Entry,
    binding: Binding,
    graph: Option<Graph>,
    begin: Event,
    end: Event,
    /// Arguments, then results.
    buffers: Vec<DeviceMemory>,
}

impl<'a> Call<'a> {
    pub(super) fn new(session: &'a Session, entry: &str) -> Result<Self, Error> {
        let program = session.program();
        let mut binding = Binding::new(program, entry)?;
        let (entry, _) = program.entry(entry)?;
        let device = session.device();
        let buffer = |value: &Value| {
            let bytes = value.bytes().ok_or_else(|| Error::TensorMemory {
                name: value.name.clone(),
            })?;
            Ok::<_, Error>(DeviceMemory::zeroed(device, bytes)?)
        };
        let values = entry.args.iter().chain(&entry.results);
        let buffers: Vec<_> = values.map(buffer).collect::<Result<_, _>>()?;
        let (args, results) = buffers.split_at(entry.args.len());
        for (index, memory) in args.iter().enumerate() {
            binding.argument(index, memory.address())?;
        }
        for (index, memory) in results.iter().enumerate() {
            binding.result(index, memory.address())?;
        }
        Ok(Self {
            session,
            entry: entry.clone(),
            binding,
            graph: None,
            begin: Event::new(device)?,
            end: Event::new(device)?,
            buffers,
        })
    }

    /// Copies values to the arguments; an entry may overwrite them, so this precedes every run.
    ///
    /// # Errors
    /// When the values don't have the types of the arguments.
    pub fn write(&self, args: &[Tensor]) -> Result<(), Error> {
        crate::rank::check_types(&self.entry, &self.entry.args, args)?;
        let mut pairs = self.buffers.iter().zip(args);
        pairs.try_for_each(|(memory, arg)| memory.write(0, arg))?;
        Ok(())
    }

    /// Captures the entry in a CUDA graph, which later runs replay.
    ///
    /// # Errors
    /// As [`run`](Self::run), and when something that the entry does can't be captured.
    pub fn capture(&mut self) -> Result<(), Error> {
        let session = self.session;
        self.capture_once().map_err(|error| session.failed(error))
    }

    fn capture_once(&mut self) -> Result<(), Error> {
        let (session, stream) = (self.session, self.session.stream());
        // Ranks that share a GPU must not prepare anything on it meanwhile.
        session.meet()?;
        let binding = &mut self.binding;
        let capture = symm_cuda::Capture::begin(stream)?;
        // SAFETY: the buffers are the call's own, made for this entry, and live as long as the graph.
        unsafe { session.enqueue(binding, stream) }?;
        let mut graph = capture.finish()?;
        graph.upload(stream)?;
        stream.synchronize()?;
        self.graph = Some(graph);
        session.meet()
    }

    /// Runs the entry once, together with all other ranks, and returns how long the device took.
    ///
    /// All ranks begin within microseconds of each other, so the time has next to nothing of one rank's waiting for another
    /// to begin.
    ///
    /// # Errors
    /// [`Error::Aborted`] when any rank failed: results are undefined then.
    pub fn run(&mut self) -> Result<Duration, Error> {
        let session = self.session;
        self.run_once().map_err(|error| session.failed(error))
    }

    fn run_once(&mut self) -> Result<Duration, Error> {
        let (session, stream) = (self.session, self.session.stream());
        session.rank().line_up().map_err(|Failed| Error::Aborted)?;
        self.begin.record(stream)?;
        match &mut self.graph {
            Some(graph) => graph.launch(stream)?,
            // SAFETY: the buffers are the call's own, made for this entry; the stream is waited for below or, after a
            // failure, when they are freed.
            None => unsafe { session.enqueue(&mut self.binding, stream) }?,
        }
        self.end.record(stream)?;
        session.finish(stream)?;
        session.meet()?;
        let us = self.begin.elapsed_us(&self.end)?;
        Ok(Duration::from_secs_f64(us / 1e6))
    }

    /// Copies the results to the host.
    ///
    /// # Errors
    /// When the tensors don't have the types of the results.
    pub fn read(&self, results: &mut [Tensor]) -> Result<(), Error> {
        crate::rank::check_types(&self.entry, &self.entry.results, results)?;
        let buffers = &self.buffers[self.entry.args.len()..];
        let mut pairs = buffers.iter().zip(results);
        pairs.try_for_each(|(memory, result)| memory.read(0, result))?;
        Ok(())
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        // Freeing the buffers waits for whatever kernel is running.
        if self.session.rank().has_failed() {
            self.session.leave(self.session.stream());
        }
    }
}
