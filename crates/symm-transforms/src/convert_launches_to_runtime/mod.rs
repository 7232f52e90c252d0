// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--convert-launches-to-runtime`: launches become calls of the CUDA runtime.

mod kernel;
mod launcher;
mod parameter;

use crate::{
    builder::{Builder, erase},
    convert_symm_mem_to_gpu::{CHIP, PTX_VERSION, target},
    cuda_table,
    runtime::{self, LAUNCH},
};
use kernel::Kernels;
use launcher::Launcher;
use melior::ir::{OperationRef, RegionLike, operation::OperationLike};
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__func__, mlirGetDialectHandle__gpu__,
    mlirGetDialectHandle__llvm__,
};
use symm_abi::cuda::{CudaKernel, PtxModule};
use symm_ir::{
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    place, text, walk,
};

/// The name of the module that gathers the kernels.
pub const KERNELS: &str = "symm_kernels";

/// Turns launches of outlined kernels into calls of the runtime.
pub static CONVERT_LAUNCHES_TO_RUNTIME: PassDef = PassDef {
    argument: "convert-launches-to-runtime",
    summary: "Gather outlined kernels in one module and launch them through the CUDA runtime",
    description: "
The kernels that `--gpu-kernel-outlining` put into a `gpu.module` each move into one,
`@symm_kernels`, and get a row in the module's attribute `symm.cuda`. Each `gpu.launch_func`
becomes a call of a function that puts the kernel's parameters on the stack and calls the
runtime's `launch` with the number of the row.

A buffer is passed by its address, and by those of its sizes, strides and offset that its type
does not tell; the kernel begins by putting it together again. Integers become ones of 8, 16,
32 or 64 bits, or several of 64. More parameters than a kernel has room for are an error.
",
    anchor: Some("builtin.module"),
    options: &[CHIP, PTX_VERSION],
    statistics: &[StatisticDef {
        name: "kernels",
        description: "kernels launched",
    }],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__func__,
        mlirGetDialectHandle__gpu__,
        mlirGetDialectHandle__llvm__,
    ],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let module = pass.operation();
    let options = pass.options();
    let target = target(&options.text(CHIP.name), options.int(PTX_VERSION.name))?;
    let launches = walk::collect_named(module, "gpu.launch_func");
    if launches.is_empty() {
        return Ok(());
    }
    let mut cuda = cuda_table::read(module, target.chip())?;
    let ptx = cuda.modules.len();
    cuda.modules.push(PtxModule {
        section: format!(".symm.ptx.{ptx}"),
        ptx_version: target.ptx_version(),
    });
    let body = module
        .region(0)?
        .first_block()
        .ok_or("the module has no body".to_owned())?;
    let declared = runtime::declared(body);
    let end = Builder::at_end(pass.context(), module.location(), body);
    runtime::declare(&end, &[LAUNCH], &mut |name| {
        !declared.iter().any(|other| other == name)
    });
    let mut kernels = Kernels::gather(module, &launches, &end)?;
    for launch in launches {
        let name = kernels.of(launch)?;
        let number = cuda.kernels.len() as i64;
        cuda.kernels.push(CudaKernel {
            module: ptx as u32,
            entry: name.clone(),
            loc: place::of(launch.location()),
        });
        Launcher {
            name: &name,
            number,
            ptx_version: target.ptx_version(),
        }
        .replace(&end, launch)?;
        erase(launch);
        pass.count("kernels", 1);
    }
    cuda_table::write(pass.context(), module, &cuda);
    Ok(())
}

/// Returns the `gpu.module` of a module that has this name.
pub fn gpu_module<'c: 'a, 'a>(
    module: OperationRef<'c, 'a>,
    name: &str,
) -> Option<OperationRef<'c, 'a>> {
    walk::children(module)
        .find(|op| walk::is(*op, "gpu.module") && text::symbol_name(*op).as_deref() == Some(name))
}
