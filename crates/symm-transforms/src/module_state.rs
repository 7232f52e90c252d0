// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What the conversions of collectives know of their module, wherever it is to run.

use crate::{
    builder::Builder,
    group::{Group, group_of, groups},
    library,
    op_table::{self, Entry},
    runtime::{self, COLLECTIVE, Function},
};
use melior::ir::{BlockRef, OperationRef, RegionLike, operation::OperationLike};
use symm_abi::CollectiveKind;
use symm_ir::{
    diagnostics::Failure,
    pass::{PassResult, PassRun},
};

/// A module whose collectives are converted.
pub struct ModuleState<'p, 'c, 'a> {
    pub pass: &'p PassRun<'c, 'a>,
    pub body: BlockRef<'c, 'a>,
    groups: Vec<Group>,
    table: Vec<Entry>,
    declared: Vec<String>,
}

impl<'p, 'c: 'a, 'a> ModuleState<'p, 'c, 'a> {
    /// Reads the groups, the ops recorded so far and the functions of the module of a
    /// pass.
    pub fn new(pass: &'p PassRun<'c, 'a>) -> Result<Self, Failure> {
        let module = pass.operation();
        let body = module
            .region(0)?
            .first_block()
            .ok_or("the module has no body".to_owned())?;
        Ok(Self {
            pass,
            body,
            groups: groups(module)?,
            table: op_table::read(module)?,
            declared: runtime::declared(body),
        })
    }

    /// Returns the group of an op.
    pub fn group(&self, op: OperationRef<'c, 'a>) -> Result<Group, Failure> {
        group_of(&self.groups, op)
    }

    /// Enters an op into the table and returns its number.
    pub fn record(
        &mut self,
        op: OperationRef<'c, 'a>,
        group: &Group,
        algorithm: &str,
        phases: Vec<String>,
    ) -> i64 {
        op_table::enter(&mut self.table, op, group, algorithm, phases)
    }

    /// Builds the call of the library that an op of `c10d` becomes.
    pub fn call_library(&mut self, op: OperationRef<'c, 'a>, kind: CollectiveKind) -> PassResult {
        let group = self.group(op)?;
        self.declare(&[COLLECTIVE]);
        let number = self.record(op, &group, "library", Vec::new());
        library::call(op, &group, kind, number)?;
        self.pass.count("library-calls", 1);
        Ok(())
    }

    /// Declares functions of the runtime that are not declared yet.
    pub fn declare(&mut self, functions: &[Function]) {
        let location = self.pass.operation().location();
        let b = Builder::at_end(self.pass.context(), location, self.body);
        let declared = &mut self.declared;
        runtime::declare(&b, functions, &mut |name| {
            let is_new = !declared.iter().any(|other| other == name);
            if is_new {
                declared.push(name.to_owned());
            }
            is_new
        });
    }

    /// Leaves the table of ops with the module.
    pub fn write_table(&self) {
        op_table::write(self.pass.context(), self.pass.operation(), &self.table);
    }
}
