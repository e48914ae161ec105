//! Numbers are 64 bits wide here and 32 on the wire.

/// The number nearest to `near` whose low 32 bits are `wire`; none if it would be negative.
pub(crate) fn expand(wire: u32, near: u64) -> Option<u64> {
    let distance = wire.wrapping_sub(near as u32) as i32;
    near.checked_add_signed(i64::from(distance))
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn finds_the_nearest_number_across_the_wrap() {
        assert_eq!(expand(7, 5), Some(7));
        assert_eq!(expand(0xffff_fff0, 0x1_0000_0005), Some(0xffff_fff0));
        assert_eq!(expand(3, 0xffff_fff0), Some(0x1_0000_0003));
        assert_eq!(expand(0xffff_ffff, 0), None);
    }
}
