// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--fill-splats`: constants of one value take no room in an artifact.

mod role;

use crate::builder::{Builder, erase, first_result, tensor_shape};
use melior::ir::{
    Attribute, AttributeLike, OperationRef, ShapedTypeLike, Type, TypeLike, Value, ValueLike,
    attribute::ArrayAttribute, operation::OperationLike, r#type::RankedTensorType,
};
use mlir_sys::{
    mlirAttributeIsADenseElements, mlirDenseElementsAttrGetSplatValue,
    mlirDenseElementsAttrIsSplat, mlirGetDialectHandle__arith__, mlirGetDialectHandle__complex__,
    mlirGetDialectHandle__linalg__, mlirGetDialectHandle__tensor__,
};
use role::Role;
use symm_ir::{
    edit::{set_attribute, set_operand},
    linalg::parallel_loops,
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    value::{Use, uses},
    walk,
};

/// Turns constants of one value into numbers and fills.
pub static FILL_SPLATS: PassDef = PassDef {
    argument: "fill-splats",
    summary: "Turn tensors that are constants of one value into numbers and fills",
    description: "
Bufferization makes a constant tensor a global, also where all its elements are the same: an
accumulator of zeros would be in the artifact, at full size, and be copied from there. This pass
gives a `linalg.generic` that reads such a constant the number instead. An op that writes
over it gets a `tensor.empty`, filled if the op looks at what is there, and all others
share one that is filled. Runs on tensors.
",
    anchor: None,
    options: &[],
    statistics: &[
        StatisticDef {
            name: "numbers",
            description: "operands that became numbers",
        },
        StatisticDef {
            name: "fills",
            description: "fills built",
        },
    ],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__complex__,
        mlirGetDialectHandle__linalg__,
        mlirGetDialectHandle__tensor__,
    ],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    for constant in walk::collect_named(pass.operation(), "arith.constant") {
        if let Some(splat) = Splat::of(constant) {
            splat.replace(pass, constant)?;
        }
    }
    Ok(())
}

/// A tensor whose elements are all the same.
struct Splat<'c> {
    r#type: Type<'c>,
    element: Type<'c>,
    value: Attribute<'c>,
}

impl<'c: 'a, 'a> Splat<'c> {
    /// Returns a constant as one, where it is and has any elements.
    fn of(constant: OperationRef<'c, 'a>) -> Option<Self> {
        let r#type = first_result(constant).r#type();
        if !r#type.is_ranked_tensor() || tensor_shape(r#type).contains(&0) {
            return None;
        }
        let elements = constant.attribute("value").ok()?.to_raw();
        // SAFETY: the attribute is valid, and its kind is checked before it is asked.
        let value = unsafe {
            let is_splat =
                mlirAttributeIsADenseElements(elements) && mlirDenseElementsAttrIsSplat(elements);
            is_splat.then(|| Attribute::from_raw(mlirDenseElementsAttrGetSplatValue(elements)))?
        };
        Some(Self {
            r#type,
            element: RankedTensorType::try_from(r#type).ok()?.element(),
            value,
        })
    }

    /// Replaces the uses of the constant, each by what suits it.
    fn replace(&self, pass: &PassRun<'c, 'a>, constant: OperationRef<'c, 'a>) -> PassResult {
        let mut shared = None;
        for user in uses(first_result(constant)).collect::<Vec<_>>() {
            let b = Builder::before(user.owner);
            match Role::of(user) {
                Role::Read => {
                    let fill = || self.fill(pass, &Builder::after(constant));
                    set_operand(user.owner, user.operand, *shared.get_or_insert_with(fill));
                }
                Role::ReadByElement => {
                    read_number(&b, user, self.number(&b))?;
                    pass.count("numbers", 1);
                }
                Role::Overwritten => set_operand(user.owner, user.operand, self.fill(pass, &b)),
                Role::Unread => set_operand(user.owner, user.operand, self.empty(&b)),
            }
        }
        erase(constant);
        Ok(())
    }

    fn number(&self, b: &Builder<'c, 'a>) -> Value<'c, 'a> {
        let name = match self.element.is_complex() {
            true => "complex.constant",
            false => "arith.constant",
        };
        b.value(name, &[], self.element, &[("value", self.value)])
    }

    fn empty(&self, b: &Builder<'c, 'a>) -> Value<'c, 'a> {
        b.empty(&tensor_shape(self.r#type), self.element)
    }

    fn fill(&self, pass: &PassRun<'c, 'a>, b: &Builder<'c, 'a>) -> Value<'c, 'a> {
        pass.count("fills", 1);
        b.filled(self.number(b), &tensor_shape(self.r#type))
    }
}

/// Has a `linalg.generic` take a number in place of a tensor.
fn read_number<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    user: Use<'c, 'a>,
    number: Value<'c, 'a>,
) -> PassResult {
    let maps = ArrayAttribute::try_from(user.owner.attribute("indexing_maps")?)?;
    let mut maps = (0..maps.len())
        .map(|index| maps.element(index))
        .collect::<Result<Vec<_>, _>>()?;
    let loops = parallel_loops(user.owner).unwrap_or_default().len();
    maps[user.operand] = b.map(loops, &[]);
    let maps = ArrayAttribute::new(b.context(), &maps).into();
    set_attribute(user.owner, "indexing_maps", maps);
    set_operand(user.owner, user.operand, number);
    Ok(())
}
