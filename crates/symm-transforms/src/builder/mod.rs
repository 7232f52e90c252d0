// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Building of operations one after another, with the location of what they
//! are built for.

mod arith;
mod control;
mod gpu;
mod llvm;
mod memref;
mod slices;
mod structured;

pub use self::{
    arith::{Compare, FloatCompare, element, vector_shape, with_element, with_shape},
    gpu::{MAX_BLOCKS, Thread},
    llvm::{Field, Ordering},
    memref::{Extent, Metadata, dynamic, erase, memref_type, shape, tensor_type},
    slices::Part,
    structured::{At, Operand, tensor_shape},
};

use melior::{
    Context,
    ir::{
        Attribute, BlockLike, BlockRef, Identifier, Location, Operation, OperationRef, Region,
        Type, Value,
        attribute::{FlatSymbolRefAttribute, IntegerAttribute, StringAttribute, TypeAttribute},
        operation::{OperationBuilder, OperationLike},
        r#type::FunctionType,
    },
};
use symm_ir::context::context_of;

/// A place in a block where operations are put.
#[derive(Clone, Copy)]
pub struct Builder<'c, 'a> {
    context: &'c Context,
    location: Location<'c>,
    block: BlockRef<'c, 'a>,
    before: Option<OperationRef<'c, 'a>>,
}

impl<'c: 'a, 'a> Builder<'c, 'a> {
    /// Starts at the end of a block.
    pub fn at_end(context: &'c Context, location: Location<'c>, block: BlockRef<'c, 'a>) -> Self {
        Self {
            context,
            location,
            block,
            before: None,
        }
    }

    /// Starts before an operation that is in a block, with its location.
    ///
    /// # Panics
    ///
    /// Panics where the operation is in no block.
    pub fn before(op: OperationRef<'c, 'a>) -> Self {
        let block = op.block().expect("the operation is in a block");
        Self {
            context: context_of(&op),
            location: op.location(),
            block,
            before: Some(op),
        }
    }

    /// Starts after an operation that is in a block, with its location.
    ///
    /// # Panics
    ///
    /// Panics where the operation is in no block.
    pub fn after(op: OperationRef<'c, 'a>) -> Self {
        Self {
            before: op.next_in_block(),
            ..Self::before(op)
        }
    }

    /// Starts at the beginning of a block.
    pub fn at_start(context: &'c Context, location: Location<'c>, block: BlockRef<'c, 'a>) -> Self {
        Self {
            context,
            location,
            block,
            before: block.first_operation(),
        }
    }

    /// Returns the context.
    pub fn context(&self) -> &'c Context {
        self.context
    }

    /// Returns the location of what is built.
    pub fn location(&self) -> Location<'c> {
        self.location
    }

    /// Puts an operation here.
    pub fn insert(&self, operation: Operation<'c>) -> OperationRef<'c, 'a> {
        match self.before {
            Some(before) => self.block.insert_operation_before(before, operation),
            None => self.block.append_operation(operation),
        }
    }

    /// Moves an operation that is in a block here.
    pub fn adopt(&self, op: OperationRef<'c, 'a>) {
        // SAFETY: the operation is valid and in a block, which gives it up; the
        // block here takes it over.
        let detached = unsafe {
            mlir_sys::mlirOperationRemoveFromParent(op.to_raw());
            Operation::from_raw(op.to_raw())
        };
        self.insert(detached);
    }

    /// Builds an operation here.
    pub fn op(
        &self,
        name: &str,
        operands: &[Value<'c, '_>],
        results: &[Type<'c>],
        attributes: &[(&str, Attribute<'c>)],
    ) -> OperationRef<'c, 'a> {
        self.op_with_regions(name, operands, results, attributes, Vec::new())
    }

    /// Builds an operation with regions here.
    pub fn op_with_regions(
        &self,
        name: &str,
        operands: &[Value<'c, '_>],
        results: &[Type<'c>],
        attributes: &[(&str, Attribute<'c>)],
        regions: Vec<Region<'c>>,
    ) -> OperationRef<'c, 'a> {
        let attributes: Vec<_> = attributes
            .iter()
            .map(|(name, value)| (Identifier::new(self.context, name), *value))
            .collect();
        let operation = OperationBuilder::new(name, self.location)
            .add_operands(operands)
            .add_results(results)
            .add_attributes(&attributes)
            .add_regions_vec(regions)
            .build()
            .expect("an operation whose result types are given");
        self.insert(operation)
    }

    /// Builds an operation with one result here and returns that.
    pub fn value(
        &self,
        name: &str,
        operands: &[Value<'c, '_>],
        result: Type<'c>,
        attributes: &[(&str, Attribute<'c>)],
    ) -> Value<'c, 'a> {
        first_result(self.op(name, operands, &[result], attributes))
    }

    /// Calls a function of the module by name.
    pub fn call(
        &self,
        callee: &str,
        operands: &[Value<'c, '_>],
        results: &[Type<'c>],
    ) -> OperationRef<'c, 'a> {
        let callee = FlatSymbolRefAttribute::new(self.context, callee).into();
        self.op("func.call", operands, results, &[("callee", callee)])
    }

    /// Declares a private function here.
    pub fn declare(&self, name: &str, inputs: &[Type<'c>], results: &[Type<'c>]) {
        self.function_of(Region::new(), name, inputs, results);
    }

    /// Builds a private function here, which `body` fills.
    pub fn function(
        &self,
        name: &str,
        inputs: &[Type<'c>],
        results: &[Type<'c>],
        body: impl FnOnce(&Self, &[Value<'c, 'a>]),
    ) -> OperationRef<'c, 'a> {
        self.function_of(self.nested(inputs, body), name, inputs, results)
    }

    fn function_of(
        &self,
        region: Region<'c>,
        name: &str,
        inputs: &[Type<'c>],
        results: &[Type<'c>],
    ) -> OperationRef<'c, 'a> {
        let function = FunctionType::new(self.context, inputs, results);
        let attributes = [
            ("sym_name", StringAttribute::new(self.context, name).into()),
            (
                "sym_visibility",
                StringAttribute::new(self.context, "private").into(),
            ),
            ("function_type", TypeAttribute::new(function.into()).into()),
        ];
        self.op_with_regions("func.func", &[], &[], &attributes, vec![region])
    }

    /// Returns a type of an integer without sign.
    pub fn int_type(&self, bits: u32) -> Type<'c> {
        melior::ir::r#type::IntegerType::new(self.context, bits).into()
    }

    /// Returns the type `index`.
    pub fn index_type(&self) -> Type<'c> {
        Type::index(self.context)
    }

    /// Returns an integer attribute.
    pub fn int_attr(&self, bits: u32, value: i64) -> Attribute<'c> {
        IntegerAttribute::new(self.int_type(bits), value).into()
    }

    /// Returns a reference to a symbol.
    pub fn symbol(&self, name: &str) -> Attribute<'c> {
        FlatSymbolRefAttribute::new(self.context, name).into()
    }
}

/// Returns the first result of an operation that has one.
///
/// # Panics
///
/// Panics where it has none.
pub fn first_result<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Value<'c, 'a> {
    op.result(0).expect("the operation has a result").into()
}
