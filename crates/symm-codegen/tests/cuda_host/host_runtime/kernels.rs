// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The program's own kernels, compiled for the host: they compute what they would on a GPU, one
//! thread after the other, or a thread of the host for each where they wait for each other.

use inkwell::{
    AddressSpace, OptimizationLevel, context::Context as LlvmContext,
    execution_engine::ExecutionEngine, module::Module as LlvmModule, targets::Target,
    values::FunctionValue,
};
use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    ffi::c_void,
    mem,
    sync::{Arc, Barrier},
    thread,
};
use symm_codegen::compile::Options;
use symm_codegen::lower::{Road, lower_to_llvm};
use symm_ir::melior::{Context, ir::Module};
use symm_transforms::convert_launches_to_runtime::{KERNELS, gpu_module};

/// What the hardware tells a thread, by the end of the intrinsic's name.
const REGISTERS: [(&str, extern "C" fn() -> u32); 4] = [
    (".nctaid.x", grid_size),
    (".ntid.x", block_size),
    (".ctaid.x", block),
    (".tid.x", thread),
];

thread_local! {
    /// Grid, threads of a block, block and thread.
    static PLACE: Cell<[u32; 4]> = const { Cell::new([0; 4]) };
    static BARRIER: RefCell<Option<Arc<Barrier>>> = const { RefCell::new(None) };
}

extern "C" fn grid_size() -> u32 {
    PLACE.get()[0]
}
extern "C" fn block_size() -> u32 {
    PLACE.get()[1]
}
extern "C" fn block() -> u32 {
    PLACE.get()[2]
}
extern "C" fn thread() -> u32 {
    PLACE.get()[3]
}
extern "C" fn barrier(_: u32) {
    let barrier = BARRIER.with_borrow(|barrier| barrier.clone().expect("it is set before"));
    barrier.wait();
}

/// Kernels by name.
pub struct Kernels {
    engine: ExecutionEngine<'static>,
    /// Those whose threads wait for each other.
    waiting: HashSet<String>,
}

impl Kernels {
    /// Compiles the kernels of a program; nothing where it has none.
    pub fn of(context: &Context, program: &str, options: &Options) -> Option<Self> {
        let mut module = Module::parse(context, program).expect("the program parses");
        let road = Road::Cuda(options.gpu.as_ref().expect("it is for a GPU"));
        lower_to_llvm(context, &mut module, road, &options.pipeline).expect("it is lowered");
        let kernels = gpu_module(module.as_operation(), KERNELS)?;
        let llvm = Box::leak(Box::new(LlvmContext::create()));
        // SAFETY: the operation and the context are alive; nobody else owns the module.
        let module = unsafe {
            let raw = mlir_sys::mlirTranslateModuleToLLVMIR(kernels.to_raw(), llvm.raw().cast());
            assert!(!raw.is_null(), "the kernels are LLVM's");
            LlvmModule::new(raw.cast())
        };
        Target::initialize_native(&Default::default()).expect("a code generator");
        let engine = module
            .create_jit_execution_engine(OptimizationLevel::Default)
            .expect("an engine");
        let mut waiting = HashSet::new();
        for function in module.get_functions().collect::<Vec<_>>() {
            if function.count_basic_blocks() == 0 {
                replace_intrinsic(&module, &engine, function);
            } else {
                function.set_call_conventions(0);
                let name = function.get_name().to_string_lossy().into_owned();
                if function.to_string().contains("barrier") {
                    waiting.insert(name);
                }
                wrap(llvm, &module, function);
            }
        }
        module.verify().expect("the module is sound");
        Some(Self { engine, waiting })
    }

    /// Runs a kernel, as `cuLaunchKernel` would.
    ///
    /// # Safety
    ///
    /// The parameters are those of the kernel.
    pub unsafe fn launch(&self, entry: &str, grid: u32, threads: u32, params: *const *mut c_void) {
        let address = self.engine.get_function_address(&wrapper(entry));
        // SAFETY: the wrapper was built with this type.
        let kernel: unsafe extern "C" fn(*const *mut c_void) =
            unsafe { mem::transmute(address.expect("the kernel is there")) };
        let params = params as usize;
        for block in 0..grid {
            let run = |thread| {
                PLACE.set([grid, threads, block, thread]);
                // SAFETY: the caller says that the parameters are the kernel's.
                unsafe { kernel(params as *const *mut c_void) }
            };
            if !self.waiting.contains(entry) {
                (0..threads).for_each(run);
                continue;
            }
            let barrier = Arc::new(Barrier::new(threads as usize));
            thread::scope(|scope| {
                for thread in 0..threads {
                    let barrier = barrier.clone();
                    scope.spawn(move || {
                        BARRIER.set(Some(barrier));
                        run(thread);
                    });
                }
            });
        }
    }
}

/// Puts a function of ours in the place of an intrinsic that only GPUs have.
fn replace_intrinsic(
    module: &LlvmModule<'static>,
    engine: &ExecutionEngine<'static>,
    intrinsic: FunctionValue<'static>,
) {
    let name = intrinsic.get_name().to_string_lossy().into_owned();
    if !name.starts_with("llvm.nvvm.") {
        return;
    }
    let register = REGISTERS.iter().find(|(end, _)| name.ends_with(end));
    let address = match register {
        Some((_, register)) => *register as usize,
        None if name.contains("barrier") => barrier as extern "C" fn(u32) as usize,
        None => panic!("the host has no {name}"),
    };
    let ours = module.add_function(
        &name.replace("llvm.nvvm", "host"),
        intrinsic.get_type(),
        None,
    );
    intrinsic.replace_all_uses_with(ours);
    engine.add_global_mapping(&ours, address);
}

fn wrapper(entry: &str) -> String {
    format!("{entry}.host")
}

/// Builds a function that takes a kernel's parameters as a launch has them, by address.
fn wrap(
    context: &'static LlvmContext,
    module: &LlvmModule<'static>,
    kernel: FunctionValue<'static>,
) {
    let pointer = context.ptr_type(AddressSpace::default());
    let r#type = context.void_type().fn_type(&[pointer.into()], false);
    let name = wrapper(&kernel.get_name().to_string_lossy());
    let function = module.add_function(&name, r#type, None);
    let b = context.create_builder();
    b.position_at_end(context.append_basic_block(function, ""));
    let params = function.get_params()[0].into_pointer_value();
    let mut arguments = Vec::new();
    for (index, parameter) in kernel.get_params().iter().enumerate() {
        let index = context.i64_type().const_int(index as u64, false);
        // SAFETY: a launch has as many addresses as the kernel has parameters.
        let place = unsafe { b.build_gep(pointer, params, &[index], "") };
        let address = b.build_load(pointer, place.expect("a place"), "");
        let address = address.expect("an address").into_pointer_value();
        let value = b.build_load(parameter.get_type(), address, "");
        arguments.push(value.expect("a value").into());
    }
    b.build_call(kernel, &arguments, "").expect("a call");
    b.build_return(None).expect("a return");
}
