// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The kernels of these tests, with typed launches.

use std::time::Duration;

use symm_cuda::{
    Device, Stream,
    launch::{Arguments, LaunchShape, launch},
    module::{Function, Module},
    watch::Watch,
};

/// PTX for every chip.
pub const ANY: &str = include_str!("kernels_sm80.ptx");
/// PTX for sm_90 and later.
pub const HOPPER: &str = include_str!("kernels_sm90.ptx");

/// Loads one kernel.
pub fn load(device: &Device, ptx: &str, name: &str) -> Function {
    Module::from_ptx(device, ptx)
        .unwrap()
        .function(name)
        .unwrap()
}

/// Launches one thread of `function`.
pub fn one_thread(stream: &Stream, function: &Function, arguments: &mut Arguments) {
    run(stream, function, &LaunchShape::linear(1, 1), arguments);
}

/// Launches `function` in any shape.
pub fn run(stream: &Stream, function: &Function, shape: &LaunchShape, arguments: &mut Arguments) {
    // SAFETY: the tests pass what their kernels take, and keep the memory until the stream is done.
    unsafe { launch(stream, function, shape, arguments) }.unwrap();
}

/// Stores `value` at `address`, of whatever GPU.
pub fn store_word(stream: &Stream, address: u64, value: u32) {
    store_word_with(
        stream,
        &load(stream.device(), ANY, "store_word"),
        address,
        value,
    );
}

/// Stores `value` at `address` by `function`, which is loaded already: captures allow no loading.
pub fn store_word_with(stream: &Stream, function: &Function, address: u64, value: u32) {
    one_thread(
        stream,
        function,
        Arguments::default().push_u64(address).push_u32(value),
    );
}

/// Waits at most `bound` until the word at `address` is `value`; else records `peer`, op 7, phase 1. Whoever does not
/// want to wait for the kernel at once keeps what is returned: unloading a kernel waits for its end.
pub fn wait_word(
    stream: &Stream,
    address: u64,
    value: u32,
    bound: Duration,
    watch: &Watch,
    peer: u32,
) -> Function {
    let function = load(stream.device(), ANY, "wait_word");
    let mut arguments = Arguments::default();
    arguments
        .push_u64(address)
        .push_u32(value)
        .push_u64(bound.as_nanos() as u64);
    arguments
        .push_u64(watch.device_address(0).unwrap())
        .push_u32(7)
        .push_u32(1)
        .push_u32(peer);
    one_thread(stream, &function, &mut arguments);
    function
}
