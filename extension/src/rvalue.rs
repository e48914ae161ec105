//! GameMaker's variant type as runners lay it out.

use std::ffi::c_void;

/// One GML value: 16 bytes, packed to 4 in the runner's headers.
#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub(crate) struct RValue {
    /// A double's bits, an integer, or a pointer, by `kind`.
    payload: u64,
    flags: u32,
    kind: u32,
}

const _: () = assert!(size_of::<RValue>() == 16 && align_of::<RValue>() == 4);

/// The kinds that matter here; the rest are only named in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Real,
    String,
    Undefined,
    Int32,
    Int64,
    Bool,
    Pointer,
    /// A typed handle (2024 and later): buffers, instances, assets.
    Ref,
    Other(&'static str),
}

const KIND_MASK: u32 = 0x00ff_ffff;
const KIND_REAL: u32 = 0;

impl RValue {
    pub(crate) fn real(value: f64) -> Self {
        Self { payload: value.to_bits(), flags: 0, kind: KIND_REAL }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self.kind & KIND_MASK {
            KIND_REAL => Kind::Real,
            1 => Kind::String,
            2 => Kind::Other("an array"),
            3 => Kind::Pointer,
            5 => Kind::Undefined,
            6 => Kind::Other("a struct or method"),
            7 => Kind::Int32,
            10 => Kind::Int64,
            12 => Kind::Other("null"),
            13 => Kind::Bool,
            15 => Kind::Ref,
            0xff_ffff => Kind::Other("unset"),
            _ => Kind::Other("a value of another kind"),
        }
    }

    pub(crate) fn as_real(&self) -> f64 {
        f64::from_bits(self.payload)
    }

    pub(crate) fn as_int64(&self) -> i64 {
        self.payload.cast_signed()
    }

    pub(crate) fn as_pointer(&self) -> *mut c_void {
        std::ptr::with_exposed_provenance_mut(self.payload as usize)
    }

    pub(crate) fn as_int32(&self) -> i32 {
        // The union's 32-bit member: the low half on every platform that GameMaker runs on.
        (self.payload & 0xffff_ffff) as u32 as i32
    }
}

impl Kind {
    /// For "must be a string, not ...".
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Real | Self::Int32 | Self::Int64 => "a number",
            Self::String => "a string",
            Self::Undefined => "undefined",
            Self::Bool => "a boolean",
            Self::Pointer => "a pointer",
            Self::Ref => "a handle",
            Self::Other(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(kind: u32, payload: u64) -> RValue {
        RValue { payload, flags: 0, kind }
    }

    #[test]
    fn the_high_byte_of_the_kind_is_not_the_kind() {
        assert_eq!(value(0x1200_0001, 0).kind(), Kind::String);
    }

    #[test]
    fn integers_keep_their_sign() {
        assert_eq!(value(7, 0xdead_beef_ffff_ffff).as_int32(), -1);
        assert_eq!(value(10, u64::MAX).as_int64(), -1);
    }

    #[test]
    fn a_real_is_its_bits() {
        assert_eq!(RValue::real(-2.5).as_real(), -2.5);
        assert_eq!(RValue::real(-2.5).kind(), Kind::Real);
    }
}
