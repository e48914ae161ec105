//! Random numbers that nobody can guess, on any thread and at any time: also while a process ends, when what
//! a thread keeps for itself is gone already.

use std::cell::RefCell;

use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng, TryRng};

thread_local! {
    static GENERATOR: RefCell<Option<StdRng>> = const { RefCell::new(None) };
}

/// Random bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let drawn = GENERATOR.try_with(|generator| {
        let mut generator = generator.try_borrow_mut().ok()?;
        if generator.is_none() {
            *generator = Some(StdRng::from_seed(from_system()?));
        }
        let mut bytes = [0; N];
        generator.as_mut()?.fill_bytes(&mut bytes);
        Some(bytes)
    });
    drawn.ok().flatten().or_else(from_system).unwrap_or_else(|| panic!("the system has no random numbers"))
}

fn from_system<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_some_when_those_of_the_thread_are_gone() {
        struct AtTheEnd;
        impl Drop for AtTheEnd {
            fn drop(&mut self) {
                assert_ne!(bytes::<16>(), bytes::<16>());
            }
        }
        thread_local! {
            static FIRST: AtTheEnd = const { AtTheEnd };
        }
        std::thread::spawn(|| {
            // What a thread made first, it ends last.
            FIRST.with(|_| {});
            assert_ne!(bytes::<16>(), bytes::<16>());
        })
        .join()
        .unwrap();
    }
}
