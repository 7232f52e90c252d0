// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Entries with the buffers that they run on.

use super::Session;
use crate::{Error, Program, Tensor, tensor::descriptor};
use std::{ffi::c_void, time::Duration};
use symm_abi::{Entry, Value};
use symm_cuda::{Event, Graph, memory::DeviceMemory};

/// Alignment in bytes that buffers of entries have.
pub const BUFFER_ALIGN: u64 = 64;

/// An entry and the addresses of its arguments and results.
#[derive(Debug)]
pub struct Binding {
    entry: String,
    /// Arguments, then results.
    values: Vec<Value>,
    arguments: usize,
    descriptors: Vec<Box<[u64]>>,
    pointers: Vec<*mut c_void>,
}

// SAFETY: the pointers are to the binding's own heap memory.
unsafe impl Send for Binding {}

impl Binding {
    /// Prepares an entry whose buffers are all missing still.
    ///
    /// # Errors
    /// When the program has no such entry.
    pub fn new(program: &Program, entry: &str) -> Result<Self, Error> {
        let (entry, _) = program.entry(entry)?;
        let values: Vec<Value> = entry.args.iter().chain(&entry.results).cloned().collect();
        let mut descriptors: Vec<_> = values
            .iter()
            .map(|value| descriptor(0, &value.shape))
            .collect();
        let pointers = descriptors.iter_mut();
        let pointers = pointers.map(|words| words.as_mut_ptr().cast()).collect();
        Ok(Self {
            entry: entry.name.clone(),
            arguments: entry.args.len(),
            values,
            descriptors,
            pointers,
        })
    }

    /// Binds an argument to the buffer at an address.
    ///
    /// # Errors
    /// When there is no such argument, or the address is not aligned to [`BUFFER_ALIGN`].
    pub fn argument(&mut self, index: usize, address: u64) -> Result<(), Error> {
        let known = index < self.arguments;
        self.set(known.then_some(index), address)
    }

    /// Binds a result to the buffer at an address.
    ///
    /// # Errors
    /// As [`argument`](Self::argument).
    pub fn result(&mut self, index: usize, address: u64) -> Result<(), Error> {
        self.set(index.checked_add(self.arguments), address)
    }

    fn set(&mut self, index: Option<usize>, address: u64) -> Result<(), Error> {
        let descriptor = index.and_then(|index| self.descriptors.get_mut(index));
        let descriptor = descriptor.ok_or_else(|| Error::Unbound {
            entry: self.entry.clone(),
            what: "has no buffer of that number".into(),
        })?;
        if !address.is_multiple_of(BUFFER_ALIGN) {
            return Err(Error::Unbound {
                entry: self.entry.clone(),
                what: format!(
                    "expected a buffer aligned to {BUFFER_ALIGN} bytes, got {address:#x}"
                ),
            });
        }
        descriptor[..2].fill(address);
        Ok(())
    }

    /// Returns the name of the entry.
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// Returns the descriptors as an entry wants them.
    pub(crate) fn pointers(&mut self) -> Result<*mut *mut c_void, Error> {
        let buffers = self.descriptors.iter().zip(&self.values);
        let missing = buffers
            .filter(|(_, value)| value.bytes() != Some(0))
            .find(|(words, _)| words[0] == 0);
        match missing {
            None => Ok(self.pointers.as_mut_ptr()),
            Some((_, value)) => Err(Error::Unbound {
                entry: self.entry.clone(),
                what: format!("'{}' has no buffer", value.name),
            }),
        }
    }
}

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
        let pairs = self.buffers.iter().zip(args);
        pairs
            .map(|(memory, arg)| memory.write(0, arg))
            .collect::<Result<(), _>>()?;
        Ok(())
    }

    /// Captures the entry in a CUDA graph, which later runs replay.
    ///
    /// # Errors
    /// As [`run`](Self::run), and when something that the entry does can't be captured.
    pub fn capture(&mut self) -> Result<(), Error> {
        let (session, binding) = (self.session, &mut self.binding);
        let stream = session.stream();
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
    /// # Errors
    /// [`Error::Aborted`] when any rank failed: results are undefined then.
    pub fn run(&mut self) -> Result<Duration, Error> {
        let (session, stream) = (self.session, self.session.stream());
        session.meet()?;
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
