// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What one GPU can show.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use symm_cuda::{
    Capture, Device, Error, Event, Gpu, Graph, Stream, driver,
    launch::{Arguments, LaunchShape},
    mark::{Look, Mark},
    memory::DeviceMemory,
    module::Module,
    vmm::{PhysicalAllocation, VirtualReservation},
    watch::{Names, Watch},
};

use crate::kernels;

fn device() -> Device {
    Device::open(0).unwrap()
}

/// Reads a word of device memory.
fn word(memory: &DeviceMemory, index: usize) -> u32 {
    let mut bytes = [0; 4];
    memory.read(4 * index, &mut bytes).unwrap();
    u32::from_le_bytes(bytes)
}

pub fn a_device_says_what_it_is() {
    let device = device();
    let (free, total) = device.memory().unwrap();
    assert!(free <= total && total > 1 << 30);
    println!(
        "{} {} {:?}, driver {}",
        device.name().unwrap(),
        device.uuid().unwrap(),
        device.compute_capability().unwrap(),
        driver::version().unwrap()
    );
    let count = Gpu::count().unwrap();
    let error = Device::open(count).unwrap_err();
    assert!(matches!(error, Error::NoSuchDevice { .. }), "{error}");
}

pub fn plain_memory_holds_what_was_written() {
    let memory = DeviceMemory::zeroed(&device(), 1000).unwrap();
    let bytes: Vec<u8> = (0..1000).map(|i| i as u8).collect();
    let mut back = vec![1; 1000];
    memory.read(0, &mut back).unwrap();
    assert_eq!(back, vec![0; 1000]);
    memory.write(0, &bytes).unwrap();
    memory.read(0, &mut back).unwrap();
    assert_eq!(back, bytes);
    assert!(matches!(
        memory.write(999, &[0, 0]),
        Err(Error::Range { .. })
    ));
    assert!(DeviceMemory::zeroed(&device(), 1 << 50).is_err());
}

pub fn mapped_memory_survives_export_and_any_order_of_drops() {
    let device = device();
    let stream = Stream::new(&device).unwrap();
    let memory = Arc::new(PhysicalAllocation::new(&device, 100).unwrap());
    assert!(memory.bytes() >= 100 && memory.bytes().is_multiple_of(4096));
    let fd = memory.export().unwrap();
    let imported = Arc::new(PhysicalAllocation::import(&device, fd, memory.bytes()).unwrap());
    let range = Arc::new(VirtualReservation::new(&device, 2 * memory.bytes()).unwrap());
    let first = range.map(0, &memory).unwrap();
    let second = range.map(memory.bytes(), &imported).unwrap();
    drop((range, memory, imported));
    first.allow(&[&device]).unwrap();
    second.allow(&[&device]).unwrap();

    kernels::store_word(&stream, first.address() + 64, 4711);
    stream.synchronize().unwrap();
    drop(first);
    let watch = Watch::new(&device, 0, 1).unwrap();
    kernels::wait_word(
        &stream,
        second.address() + 64,
        4711,
        Duration::from_secs(2),
        &watch,
        0,
    );
    stream.synchronize().unwrap();
    assert_eq!(watch.record(), None, "both mappings are of the same memory");
}

pub fn mappings_that_overlap_are_refused() {
    let device = device();
    let memory = Arc::new(PhysicalAllocation::new(&device, 1).unwrap());
    let range = Arc::new(VirtualReservation::new(&device, memory.bytes()).unwrap());
    let mapping = range.map(0, &memory).unwrap();
    assert!(matches!(range.map(0, &memory), Err(Error::Range { .. })));
    drop(mapping);
    drop(range.map(0, &memory).unwrap());
    let null = std::fs::File::open("/dev/null").unwrap().into();
    let error = PhysicalAllocation::import(&device, null, 4096).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Call {
                call: "cuMemImportFromShareableHandle",
                ..
            }
        ),
        "{error}"
    );
}

pub fn a_bad_image_is_an_error_with_the_assemblers_words() {
    let device = device();
    let error = Module::from_ptx(
        &device,
        ".version 7.8\n.target sm_80\n.address_size 64\nnonsense",
    )
    .unwrap_err();
    println!("{error}");
    assert!(
        matches!(&error, Error::Image { log, .. } if log.contains("line 4")),
        "{error}"
    );
    let error = Module::from_ptx(&device, "a\0b").unwrap_err();
    assert!(matches!(error, Error::InnerNul { at: 1, .. }), "{error}");
    let error = Module::from_cubin(&device, b"no image at all").unwrap_err();
    assert!(matches!(error, Error::Image { .. }), "{error}");
    let error = Module::from_ptx(&device, kernels::ANY)
        .unwrap()
        .function("absent")
        .unwrap_err();
    assert!(
        error.to_string().contains("no symbol of that name"),
        "{error}"
    );
}

pub fn a_kernel_tells_its_registers() {
    let function = kernels::load(&device(), kernels::ANY, "wait_word");
    assert!((1..=64).contains(&function.registers().unwrap()));
    assert_eq!(function.local_bytes().unwrap(), 0);
    assert_eq!(function.shared_bytes().unwrap(), 0);
    assert_eq!(function.max_threads().unwrap(), 1024);
    assert!(function.resident_blocks(1024, 0).unwrap() >= 16);
}

/// Captures `count` launches of a kernel that adds 1, replays the graph, and checks the sum.
fn replay(kernel: &str, ptx: &str, programmatic: bool) {
    let device = device();
    let stream = Stream::new(&device).unwrap();
    let memory = DeviceMemory::zeroed(&device, 4).unwrap();
    let function = kernels::load(&device, ptx, kernel);
    let shape = LaunchShape::linear(1, 1).programmatic(programmatic);
    let mut arguments = Arguments::default();
    arguments.push_u64(memory.address());
    let mut graph = Graph::capture(&stream, |stream| {
        (0..100).for_each(|_| kernels::run(stream, &function, &shape, &mut arguments));
        Ok(())
    })
    .unwrap();
    assert_eq!(word(&memory, 0), 0, "capturing runs nothing");
    graph.upload(&stream).unwrap();
    let (begin, end) = (Event::new(&device).unwrap(), Event::new(&device).unwrap());
    begin.record(&stream).unwrap();
    (0..100).for_each(|_| graph.launch(&stream).unwrap());
    end.record(&stream).unwrap();
    println!(
        "{kernel}: {:.2} us a node",
        begin.elapsed_us(&end).unwrap() / 1e4
    );
    assert_eq!(word(&memory, 0), 10_000);
}

pub fn a_graph_replays_its_work_in_order() {
    replay("bump", kernels::ANY, false);
}

pub fn dependent_launches_keep_their_order() {
    replay("bump_dependent", kernels::HOPPER, true);
}

pub fn clusters_have_the_size_asked_for() {
    let device = device();
    let stream = Stream::new(&device).unwrap();
    let memory = DeviceMemory::zeroed(&device, 16 * 4).unwrap();
    let function = kernels::load(&device, kernels::HOPPER, "cluster_size");
    for size in [1, 2, 4, 8] {
        let shape = LaunchShape::linear(16, 32).cluster(size);
        kernels::run(
            &stream,
            &function,
            &shape,
            Arguments::default().push_u64(memory.address()),
        );
        stream.synchronize().unwrap();
        (0..16).for_each(|block| assert_eq!(word(&memory, block), size));
    }
}

pub fn one_thread_captures_several_streams() {
    let device = device();
    let memory = DeviceMemory::zeroed(&device, 8).unwrap();
    let streams = [Stream::new(&device).unwrap(), Stream::new(&device).unwrap()];
    let store = kernels::load(&device, kernels::ANY, "store_word");
    // The driver may load a kernel at its first launch, and a capture allows no loading.
    kernels::store_word_with(&streams[0], &store, memory.address(), 1);
    streams[0].synchronize().unwrap();
    let captures = streams
        .each_ref()
        .map(|stream| Capture::begin(stream).unwrap());
    for (index, stream) in streams.iter().enumerate() {
        let address = memory.address() + 4 * index as u64;
        kernels::store_word_with(stream, &store, address, 7 + index as u32);
    }
    let captured = captures.map(|capture| capture.end().unwrap());
    let graphs = captured.map(|captured| captured.instantiate().unwrap());
    for (mut graph, stream) in graphs.into_iter().zip(&streams) {
        graph.launch(stream).unwrap();
        stream.synchronize().unwrap();
    }
    assert_eq!([word(&memory, 0), word(&memory, 1)], [7, 8]);
}

pub fn a_wait_that_runs_out_is_recorded_and_the_context_lives() {
    let device = device();
    let stream = Stream::new(&device).unwrap();
    let memory = DeviceMemory::zeroed(&device, 4).unwrap();
    let watch = Watch::new(&device, 0, 1).unwrap();
    let bound = Duration::from_millis(200);
    let names = |_: &_| Names {
        op: "op".into(),
        phase: "barrier".into(),
    };
    // A launch that loads its kernel lazily would count as waiting time.
    kernels::wait_word(&stream, memory.address(), 0, bound, &watch, 3);
    stream.synchronize().unwrap();
    watch.check(bound, names).unwrap();

    let begun = Instant::now();
    kernels::wait_word(&stream, memory.address(), 1, bound, &watch, 3);
    while watch.record().is_none() {
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "nothing was recorded"
        );
    }
    let waited = begun.elapsed();
    assert!(waited >= bound && waited < 2 * bound, "{waited:?}");
    let record = watch.record().unwrap();
    assert_eq!(
        (record.kind, record.op, record.phase, record.peer),
        (1, 7, 1, 3)
    );
    let error = watch.check(bound, names).unwrap_err();
    assert!(
        matches!(error, Error::WaitTimedOut { peer: 3, .. }),
        "{error}"
    );

    stream.synchronize().unwrap();
    watch.clear();
    kernels::store_word(&stream, memory.address(), 1);
    kernels::wait_word(&stream, memory.address(), 1, bound, &watch, 3);
    stream.synchronize().unwrap();
    watch.check(bound, names).unwrap();
}

pub fn a_mark_says_what_a_stream_is_at() {
    let device = device();
    let stream = Stream::new(&device).unwrap();
    let mark = Mark::new(&device).unwrap();
    let at = |value, lasts| {
        stream.synchronize().unwrap();
        assert_eq!(mark.look(), Look { value, lasts });
    };
    at(0, false);
    mark.set(&stream, 7).unwrap();
    at(7, false);
    at(7, true);
    let capture = Capture::begin(&stream).unwrap();
    assert!(stream.is_capturing().unwrap());
    mark.set(&stream, 8).unwrap();
    mark.set(&stream, 9).unwrap();
    let mut graph = capture.finish().unwrap();
    assert!(!stream.is_capturing().unwrap());
    at(7, true);
    for _ in 0..3 {
        graph.launch(&stream).unwrap();
        // The same value again does not last.
        at(9, false);
    }
    at(9, true);
    mark.set(&stream, 0).unwrap();
    at(0, false);
}
