// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--lower-comm`: from what to communicate to how.

mod choice;
mod cost;
mod kept;
mod memref_wait;
mod one_shot;
mod operand;
mod options;
mod replace;
mod staging;
mod table;
mod two_shot;
mod wait;

use self::{
    choice::Selection, one_shot::OneShot, options::Options, table::Table, two_shot::TwoShot,
    wait::Wait,
};
use symm_ir::{
    pass::{OptionDef, PassDef, PassResult, PassRun, StatisticDef},
    pattern::Patterns,
};

pub use options::{AS_TABLE, LAUNCH_TABLE, ONE_SHOT_THRESHOLD, PROTOCOL, TWO_SHOT_THRESHOLD};

/// The name of the pass, in flags, pipelines and remarks.
const NAME: &str = "lower-comm";

/// The pass.
pub static LOWER_COMM: PassDef = PassDef {
    argument: NAME,
    summary: "Rewrite c10d collectives to algorithms over symmetric memory where these win",
    description: DESCRIPTION,
    anchor: Some("builtin.module"),
    options: &[
        OptionDef::bool(
            options::AUTO_SELECT,
            true,
            "choose algorithms; without it, every c10d op stays",
        ),
        OptionDef::int(
            options::ONE_SHOT_THRESHOLD,
            131_072,
            "largest operand, in bytes, of a one-shot all-reduce",
        ),
        OptionDef::int(
            options::TWO_SHOT_THRESHOLD,
            16_777_216,
            "largest operand, in bytes, of a two-shot all-reduce",
        ),
        OptionDef::text(
            options::PROTOCOL,
            "pull",
            "who moves the data: pull (peers read the operand, which must be symmetric) or push \
             (each rank writes to slots of its peers)",
        ),
        OptionDef::text(
            options::LAUNCH_TABLE,
            "",
            "a chip, such as sm_90: what has no kernel there stays, and thresholds of -1 are the \
             sizes up to which the algorithms were measured fastest; empty: not for a GPU",
        ),
    ],
    statistics: &[
        StatisticDef {
            name: "one-shot",
            description: "all-reduces lowered to one-shot",
        },
        StatisticDef {
            name: "two-shot",
            description: "all-reduces lowered to two-shot",
        },
        StatisticDef {
            name: "kept",
            description: "collectives kept for NCCL or the CPU library",
        },
        StatisticDef {
            name: "waits",
            description: "waits erased: their result is there already",
        },
    ],
    dependent_dialects: &[
        symm_ir::dialect::mlirGetDialectHandle__symm_mem__,
        symm_ir::mlir_sys::mlirGetDialectHandle__memref__,
    ],
    run,
};

const DESCRIPTION: &str = "\
Rewrites `c10d.all_reduce`, on tensors and on memrefs, to `symm_mem.one_shot_all_reduce` or, above
its threshold, to `symm_mem.two_shot_all_reduce_`, where all of this holds:

- `auto-select` is on. It is by default, unlike in PyTorch Inductor, where the lowering is part of
  every compilation: a pipeline that names this pass has asked for it;
- the group has symmetric memory: `comm.group @tp size(4) {symm_mem}`;
- the size is known, and at most `one-shot-threshold-bytes` (`two-shot-threshold-bytes`). The
  defaults are Inductor's 128 KiB and, for two-shot, the largest size at which it was measured
  ahead of NCCL;
- the operand can be in symmetric memory of the group, or be copied there for less time than the
  algorithm saves. Only `pull` asks for that; what would have to be copied are arguments of public
  functions, constants and buffers on the stack;
- with `launch-table`, a kernel of the chip does the reduction in groups of the size.
  Thresholds of -1 then stand for the sizes up to which the algorithms were measured fastest; an
  operand of integers counts twice, for these travel with a tag each;
- on memrefs, a one-shot all-reduce has an output other than its input. Where they are one, the
  two-shot one does it in place.

Every reduction is lowered for every element type that it exists for. A `c10d.wait_tensor` for a
result that is there when the op returns disappears. Ops of `symm_mem` written by hand stay as they
are, and so does each other `c10d` op, for NCCL or the CPU library to run.

Remarks of the category `lower-comm` say for each op what was chosen and why, or which condition
failed, with its numbers.

Runs before or after bufferization. On tensors it gives bufferization the chance to reduce in
place.

```mlir
%sum = c10d.all_reduce<sum> %x on @tp : tensor<8x4096xbf16>
%y = c10d.wait_tensor %sum : tensor<8x4096xbf16>
// becomes
%sum = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<8x4096xbf16>
```";

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let chip = pass.options().text(options::LAUNCH_TABLE);
    let table = if chip.is_empty() {
        None
    } else {
        Some(Table::shipped(&chip)?)
    };
    let selection = Selection::new(Options::of(pass)?, table);
    Patterns::new(pass.context())
        .with(OneShot {
            pass,
            selection: &selection,
        })
        .with(TwoShot {
            pass,
            selection: &selection,
        })
        .with(Wait { pass })
        .walk(pass.operation())?;
    memref_wait::erase(pass);
    kept::explain(pass, &selection);
    Ok(())
}
