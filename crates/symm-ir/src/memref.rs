// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Types of memrefs: memory spaces, layouts and sizes.

use melior::ir::{Attribute, AttributeLike, Type, TypeLike};
use mlir_sys::{
    MlirAttribute, mlirAffineMapAttrGetValue, mlirAffineMapIsIdentity, mlirAttributeIsAAffineMap,
    mlirComplexTypeGetElementType, mlirFloatTypeGetWidth, mlirIntegerTypeGetWidth,
    mlirMemRefTypeContiguousGet, mlirMemRefTypeGet, mlirMemRefTypeGetLayout,
    mlirMemRefTypeGetMemorySpace, mlirShapedTypeGetDimSize, mlirShapedTypeGetElementType,
    mlirShapedTypeGetRank, mlirShapedTypeHasStaticShape, mlirShapedTypeIsDynamicDim,
    mlirUnrankedMemRefTypeGet, mlirUnrankedMemrefGetMemorySpace, mlirVectorTypeIsScalable,
};

/// Says whether a type is a memref, ranked or not.
pub fn is_memref(r#type: Type<'_>) -> bool {
    r#type.is_mem_ref() || r#type.is_unranked_mem_ref()
}

/// Returns the memory space of a memref; `None` for ordinary memory and for
/// types that are no memrefs.
pub fn memory_space(r#type: Type<'_>) -> Option<Attribute<'_>> {
    let raw = r#type.to_raw();
    // SAFETY: the type is valid, and its kind is checked before it is asked.
    unsafe {
        let space = if r#type.is_mem_ref() {
            mlirMemRefTypeGetMemorySpace(raw)
        } else if r#type.is_unranked_mem_ref() {
            mlirUnrankedMemrefGetMemorySpace(raw)
        } else {
            return None;
        };
        Attribute::from_option_raw(space)
    }
}

/// Returns a memref type in another memory space, and any other type as it is.
pub fn in_memory_space<'c>(r#type: Type<'c>, space: Option<Attribute<'c>>) -> Type<'c> {
    let raw = r#type.to_raw();
    let space = to_raw(space);
    // SAFETY: type and space are valid, and the kind is checked before it is asked.
    unsafe {
        if r#type.is_unranked_mem_ref() {
            return Type::from_raw(mlirUnrankedMemRefTypeGet(
                mlirShapedTypeGetElementType(raw),
                space,
            ));
        }
        if !r#type.is_mem_ref() {
            return r#type;
        }
        let shape = shape(r#type);
        Type::from_raw(mlirMemRefTypeGet(
            mlirShapedTypeGetElementType(raw),
            shape.len() as isize,
            shape.as_ptr(),
            mlirMemRefTypeGetLayout(raw),
            space,
        ))
    }
}

/// Returns the type of a fresh buffer for the contents of a ranked memref: the
/// same shape and elements, row-major, in a memory space.
///
/// # Panics
///
/// Panics where the type is no ranked memref.
pub fn fresh<'c>(r#type: Type<'c>, space: Option<Attribute<'c>>) -> Type<'c> {
    assert!(r#type.is_mem_ref(), "expected a ranked memref, got {type}");
    let shape = shape(r#type);
    // SAFETY: type and space are valid, and the type is a memref.
    unsafe {
        Type::from_raw(mlirMemRefTypeContiguousGet(
            mlirShapedTypeGetElementType(r#type.to_raw()),
            shape.len() as isize,
            shape.as_ptr(),
            to_raw(space),
        ))
    }
}

/// Says whether a type is a ranked memref with the identity layout, which an
/// allocation can be lowered with.
pub fn has_identity_layout(r#type: Type<'_>) -> bool {
    if !r#type.is_mem_ref() {
        return false;
    }
    // SAFETY: the type is a memref; the layout's kind is checked before it is asked.
    unsafe {
        let layout = mlirMemRefTypeGetLayout(r#type.to_raw());
        mlirAttributeIsAAffineMap(layout)
            && mlirAffineMapIsIdentity(mlirAffineMapAttrGetValue(layout))
    }
}

/// Returns the dimensions of a ranked memref whose sizes are not known before
/// the program runs.
pub fn dynamic_dimensions(r#type: Type<'_>) -> Vec<usize> {
    if !r#type.is_mem_ref() {
        return Vec::new();
    }
    let raw = r#type.to_raw();
    // SAFETY: the type is a memref, and the dimensions are below its rank.
    unsafe {
        (0..mlirShapedTypeGetRank(raw) as isize)
            .filter(|dimension| mlirShapedTypeIsDynamicDim(raw, *dimension))
            .map(|dimension| dimension as usize)
            .collect()
    }
}

/// Says whether a ranked memref or tensor has only sizes that are known before the
/// program runs.
pub fn is_static(r#type: Type<'_>) -> bool {
    (r#type.is_mem_ref() || r#type.is_ranked_tensor())
        // SAFETY: the type is shaped.
        && unsafe { mlirShapedTypeHasStaticShape(r#type.to_raw()) }
}

/// Returns the bytes that the elements of a ranked memref or tensor have in memory;
/// `None` where they are not known before the program runs, or are too many to count.
pub fn bytes(r#type: Type<'_>) -> Option<u64> {
    if !r#type.is_mem_ref() && !r#type.is_ranked_tensor() {
        return None;
    }
    shaped_bytes(r#type)
}

/// Says whether a ranked memref or tensor has a static shape of so many elements that their
/// bytes, or even they, do not count to 2^63.
pub fn is_too_large(r#type: Type<'_>) -> bool {
    is_static(r#type)
        && (elements(r#type).is_none() || bytes(r#type).is_some_and(|bytes| bytes >= 1 << 63))
}

fn elements(r#type: Type<'_>) -> Option<i64> {
    let mut extents = shape(r#type).into_iter();
    extents.try_fold(1, |product: i64, extent| product.checked_mul(extent))
}

fn shaped_bytes(r#type: Type<'_>) -> Option<u64> {
    // SAFETY: the callers checked that the type is shaped.
    let (is_static, element) = unsafe {
        let raw = r#type.to_raw();
        let element = Type::from_raw(mlirShapedTypeGetElementType(raw));
        (mlirShapedTypeHasStaticShape(raw), element)
    };
    if !is_static {
        return None;
    }
    let element = element_bytes(element)?;
    shape(r#type).iter().try_fold(element, |bytes, size| {
        bytes.checked_mul(u64::try_from(*size).ok()?)
    })
}

fn element_bytes(r#type: Type<'_>) -> Option<u64> {
    let raw = r#type.to_raw();
    // SAFETY: the type is valid, and its kind is checked before it is asked.
    unsafe {
        if r#type.is_index() {
            Some(8)
        } else if r#type.is_complex() {
            Some(2 * element_bytes(Type::from_raw(mlirComplexTypeGetElementType(raw)))?)
        } else if r#type.is_vector() {
            vector_bytes(r#type)
        } else {
            Some(u64::from(stored_bits(number_bits(r#type)?) / 8))
        }
    }
}

/// Returns the bytes of a vector in memory, whose rows are packed there and aligned to their size.
fn vector_bytes(r#type: Type<'_>) -> Option<u64> {
    let raw = r#type.to_raw();
    // SAFETY: the type is a vector.
    let (is_scalable, element) = unsafe {
        let element = Type::from_raw(mlirShapedTypeGetElementType(raw));
        (mlirVectorTypeIsScalable(raw), element)
    };
    let bits = match element.is_index() {
        true => 64,
        false => u64::from(number_bits(element)?),
    };
    let mut extents = shape(r#type).into_iter().map(|extent| extent as u64);
    let row = extents.next_back().unwrap_or(1).checked_mul(bits)?;
    let row = row.div_ceil(8).checked_next_power_of_two()?;
    let bytes = extents.try_fold(row, |bytes, extent| bytes.checked_mul(extent))?;
    (!is_scalable).then_some(bytes)
}

/// Returns the bits of an integer or a float.
pub fn number_bits(r#type: Type<'_>) -> Option<u32> {
    // SAFETY: the type is valid, and its kind is checked before it is asked.
    unsafe {
        if r#type.is_integer() {
            Some(mlirIntegerTypeGetWidth(r#type.to_raw()))
        } else if r#type.is_float() {
            Some(mlirFloatTypeGetWidth(r#type.to_raw()))
        } else {
            None
        }
    }
}

/// Returns the bits from one number in memory to the next, where a number has so many
/// bits itself: LLVM aligns those of up to 16 bytes to their size, and larger ones to 16
/// bytes.
pub fn stored_bits(own: u32) -> u32 {
    match own {
        0..=128 => own.max(8).next_power_of_two(),
        _ => own.next_multiple_of(128),
    }
}

/// Returns a memory space in MLIR's form, where null is ordinary memory.
fn to_raw(space: Option<Attribute<'_>>) -> MlirAttribute {
    space.map_or(
        MlirAttribute {
            ptr: std::ptr::null(),
        },
        |space| space.to_raw(),
    )
}

/// Returns the sizes of a type that the callers know to be shaped and ranked.
fn shape(r#type: Type<'_>) -> Vec<i64> {
    let raw = r#type.to_raw();
    // SAFETY: the type is shaped, and the dimensions are below its rank.
    unsafe {
        (0..mlirShapedTypeGetRank(raw) as isize)
            .map(|d| mlirShapedTypeGetDimSize(raw, d))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use melior::Context;

    fn parse<'c>(context: &'c Context, text: &str) -> Type<'c> {
        Type::parse(context, text).expect("a type")
    }

    #[test]
    fn changes_the_memory_space_and_nothing_else() {
        let context = Context::new();
        let space = Attribute::parse(&context, "3");
        for (plain, moved) in [
            ("memref<4x?xf32>", "memref<4x?xf32, 3>"),
            ("memref<*xi8>", "memref<*xi8, 3>"),
            (
                "memref<2xf32, strided<[4], offset: ?>>",
                "memref<2xf32, strided<[4], offset: ?>, 3>",
            ),
            ("tensor<4xf32>", "tensor<4xf32>"),
        ] {
            let (plain, moved) = (parse(&context, plain), parse(&context, moved));
            assert_eq!(in_memory_space(plain, space), moved);
            assert_eq!(in_memory_space(moved, None), plain);
        }
    }

    #[test]
    fn counts_bytes_of_what_is_static() {
        let context = Context::new();
        for (text, expected) in [
            ("memref<8x4096xbf16>", Some(65536)),
            ("memref<3xi1>", Some(3)),
            ("memref<8xi24>", Some(32)),
            ("memref<8xi48>", Some(64)),
            ("memref<2xi65>", Some(32)),
            ("memref<f64>", Some(8)),
            ("memref<2xcomplex<f32>>", Some(16)),
            ("memref<2xvector<4xf32>>", Some(32)),
            ("memref<2xvector<3xf32>>", Some(32)),
            ("memref<2xvector<3x4xi1>>", Some(6)),
            ("memref<2xvector<[4]xf32>>", None),
            ("memref<0xf32>", Some(0)),
            ("memref<?xf32>", None),
            ("memref<*xf32>", None),
            ("memref<2xmemref<2xf32>>", None),
        ] {
            assert_eq!(bytes(parse(&context, text)), expected, "{text}");
        }
    }

    #[test]
    fn elements_have_whole_bytes() {
        let known = [(1, 8), (4, 8), (8, 8), (24, 32), (48, 64), (80, 128)];
        for (own, stored) in known {
            assert_eq!(stored_bits(own), stored, "{own}");
        }
        assert_eq!((stored_bits(128), stored_bits(129)), (128, 256));
    }

    #[test]
    fn knows_identity_layouts() {
        let context = Context::new();
        for (text, expected) in [
            ("memref<4x8xf32>", true),
            ("memref<4x8xf32, strided<[8, 1]>>", false),
            ("memref<4x8xf32, strided<[8, 1], offset: ?>>", false),
            ("memref<4x8xf32, affine_map<(i, j) -> (j, i)>>", false),
            ("memref<*xf32>", false),
        ] {
            assert_eq!(
                has_identity_layout(parse(&context, text)),
                expected,
                "{text}"
            );
        }
    }
}
