// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--convert-linalg-to-gpu`: what works on buffers is run by the GPU.

mod alignment;
mod calls;
pub mod constant;
pub(crate) mod copy;
mod element;
mod fill;
mod host;
pub(crate) mod launch;
mod matmul;
mod product;
mod reduce;
pub(crate) mod reduction;
mod report;

use crate::{
    builder::Builder,
    convert_symm_mem_to_gpu::CHIP,
    cuda_table,
    overlap::Overlap,
    runtime::{self, CONSTANT, COPY, MATMUL},
};
use melior::ir::{OperationRef, RegionLike, operation::OperationLike};
use mlir_sys::{
    mlirGetDialectHandle__affine__, mlirGetDialectHandle__arith__, mlirGetDialectHandle__func__,
    mlirGetDialectHandle__gpu__, mlirGetDialectHandle__linalg__, mlirGetDialectHandle__llvm__,
    mlirGetDialectHandle__memref__, mlirGetDialectHandle__scf__,
};
use symm_ir::{
    linalg::is_structured,
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    walk,
};

/// The name of the pass, in flags, pipelines and remarks.
const NAME: &str = "convert-linalg-to-gpu";

/// Moves work on buffers to the GPU.
pub static CONVERT_LINALG_TO_GPU: PassDef = PassDef {
    argument: NAME,
    summary: "Turn linalg and copies on buffers into library calls and launches",
    description: "
Matrix products of f16, bf16, f32 and f64, also of a batch, of vectors and with transposed
operands, become calls of the runtime's `matmul`, with the number of a row in the module's
attribute `symm.cuda`. An op is one if it adds the product of two elements to a third, and each
of its loops is one of a product. Where the result was filled with zeros just before, the fill goes away
and the product overwrites. A `memref.copy` between contiguous buffers becomes a call of the
runtime's `copy`.

A `linalg.generic` that combines values by one commutative op (sums, products, minima, maxima,
bitwise ones) becomes a kernel with a block of threads per element of its result, which
combine in a fixed order. Every other structured op of linalg, and any other copy, is put into a
`gpu.launch` of its own of one thread: `--convert-linalg-to-parallel-loops` and
`--distribute-launches` come next and give it more.

What a kernel asks for that only the host knows, `comm.rank` and `memref.get_global`, the host does before.
A kernel calls no functions: a call that is left in one is an error.

A constant that is not one value all over, be its values in the text or in a `dense_resource`, becomes
a section of the artifact, with a row in `symm.cuda`; the runtime puts it into device memory once.

What is in a `gpu.launch` already stays as it is.

Remarks of the category `convert-linalg-to-gpu` say for each op whether the library runs it or a
kernel, and why the library does not take a sum of products.

Runs on bufferized IR. Buffers are in device memory. An op of the host that reads or writes them is an error.
",
    anchor: Some("builtin.module"),
    options: &[CHIP],
    statistics: &[
        StatisticDef {
            name: "matmuls",
            description: "matrix products by the library",
        },
        StatisticDef {
            name: "dropped-fills",
            description: "fills of results that are overwritten",
        },
        StatisticDef {
            name: "copies",
            description: "copies between contiguous buffers",
        },
        StatisticDef {
            name: "launches",
            description: "ops that become kernels",
        },
        StatisticDef {
            name: "reductions",
            description: "kernels with a block per element",
        },
    ],
    dependent_dialects: &[
        mlirGetDialectHandle__affine__,
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__func__,
        mlirGetDialectHandle__gpu__,
        mlirGetDialectHandle__linalg__,
        mlirGetDialectHandle__llvm__,
        mlirGetDialectHandle__memref__,
        mlirGetDialectHandle__scf__,
    ],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let module = pass.operation();
    host::check_bufferized(module)?;
    declare_functions(pass)?;
    let mut cuda = cuda_table::read(module, &pass.options().text(CHIP.name))?;
    let overlap = Overlap::of(module);
    let launches = walk::collect_named(module, "gpu.launch");
    for op in structured_ops(module).into_iter().chain(launches) {
        launch::hoist(op);
    }
    for op in structured_ops(module) {
        if matmul::convert(pass, &mut cuda, &overlap, op)? {
            pass.count("matmuls", 1);
        }
    }
    for op in walk::collect_named(module, "memref.copy") {
        if !is_launched(op) {
            copy::convert(pass, op)?;
        }
    }
    // Before the fills that they make needless have become kernels.
    for op in structured_ops(module) {
        if reduce::convert(pass, &overlap, op) {
            pass.count("reductions", 1);
            pass.count("launches", 1);
        }
    }
    for op in structured_ops(module) {
        report::kernel(op, "one per element");
        launch::wrap(op);
        pass.count("launches", 1);
    }
    constant::convert(module, &mut cuda)?;
    cuda_table::write(pass.context(), module, &cuda);
    calls::check(module)?;
    host::check(module)
}

fn declare_functions(pass: &PassRun<'_, '_>) -> PassResult {
    let module = pass.operation();
    let body = module
        .region(0)?
        .first_block()
        .ok_or("the module has no body".to_owned())?;
    let declared = runtime::declared(body);
    let b = Builder::at_end(pass.context(), module.location(), body);
    runtime::declare(&b, &[MATMUL, COPY, CONSTANT], &mut |name| {
        !declared.iter().any(|other| other == name)
    });
    Ok(())
}

fn structured_ops<'c: 'a, 'a>(module: OperationRef<'c, 'a>) -> Vec<OperationRef<'c, 'a>> {
    walk::collect(module)
        .into_iter()
        .filter(|op| is_structured(*op) && !is_launched(*op))
        .collect()
}

/// Says whether an op is part of a kernel already.
fn is_launched(op: OperationRef<'_, '_>) -> bool {
    walk::parent_named(op, "gpu.launch").is_some()
}
