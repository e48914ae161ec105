//! One call from GML: check, do, answer.

use std::ffi::{c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::arguments::{Accepts, Arguments, Parameter};
use super::console;
use super::errors::{self, Code};
use super::message::Message;
use super::runner::{self, Slot};
use super::rvalue::RValue;

/// What a GML function is made of.
pub(crate) struct Function {
    /// Its GML name.
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) body: Body,
}

/// What it does.
pub(crate) enum Body {
    /// Calls the library and no slot.
    Library(fn(&Arguments) -> Answer),
    /// Calls slots, which may not return: it holds nothing while it does, and cannot panic.
    Runner { needs: &'static [Slot], run: fn() -> Answer },
}

/// What a call gives back to GML. Nothing in it has a destructor.
pub(crate) enum Answer {
    Real(f64),
    /// A NUL-terminated text of the library's, valid at least until the next call.
    Text(*const c_char),
    /// The result is the error, and `stepwire_last_error` says the message.
    Failed(Code, Message),
    /// The game is wrong: as `Failed`, and a runner error.
    Refused(Code, Message),
}

/// Does one call.
///
/// # Safety
/// `result` is the runner's, and `count` values are readable at `values`.
pub(crate) unsafe fn run(function: &Function, result: *mut RValue, count: c_int, values: *const RValue) {
    // SAFETY: passed on from the caller.
    let answer = match unsafe { Arguments::read(function.name, function.parameters, count, values) } {
        Ok(arguments) => {
            let answer = perform(function, &arguments);
            arguments.release();
            answer
        }
        Err(message) => Answer::Refused(Code::BadArgument, message),
    };
    // SAFETY: passed on from the caller.
    unsafe { give(function, result, answer) };
}

fn perform(function: &Function, arguments: &Arguments) -> Answer {
    match function.body {
        Body::Library(body) => catch_unwind(AssertUnwindSafe(|| body(arguments))).unwrap_or_else(|_| {
            Answer::Failed(Code::Internal, Message::new(format_args!("{} failed within", function.name)))
        }),
        Body::Runner { needs, run } => match needs.iter().find(|slot| slot.is_missing()) {
            None => run(),
            Some(slot) => Answer::Refused(
                Code::NotSupported,
                Message::new(format_args!(
                    "{} needs {}, which this runner does not offer to extensions",
                    function.name, slot.name
                )),
            ),
        },
    }
}

/// # Safety
/// `result` is the runner's.
unsafe fn give(function: &Function, result: *mut RValue, answer: Answer) {
    // SAFETY (all writes): `result` is the runner's to be filled in; what was in it is undefined
    // or a number, so nothing is overwritten that would have to be freed.
    match answer {
        Answer::Real(value) => {
            unsafe { result.write(RValue::real(value)) };
            if value < 0.0 {
                errors::library_failed();
                console::failure(function.name);
            }
        }
        Answer::Text(text) => match runner::create_string() {
            // SAFETY: `text` is valid until the library is called next.
            Some(create) => unsafe { create(result, text) },
            None => {
                let message = Message::new(format_args!(
                    "{} needs YYCreateString, which this runner does not offer to extensions",
                    function.name
                ));
                // SAFETY: as above.
                unsafe { refuse(result, Code::NotSupported, message) };
            }
        },
        Answer::Failed(error, message) => {
            errors::set_last(message.as_text());
            unsafe { result.write(RValue::real(error.number())) };
            console::failure(function.name);
        }
        // SAFETY: as above.
        Answer::Refused(error, message) => unsafe { refuse(result, error, message) },
    }
}

/// Raises a runner error, which as a rule does not return. Where it does, or where the runner has
/// no such slot, the call has the error as its result.
///
/// # Safety
/// `result` is the runner's.
unsafe fn refuse(result: *mut RValue, error: Code, message: Message) {
    errors::set_last(message.as_text());
    // SAFETY: as in `give`.
    unsafe { result.write(RValue::real(error.number())) };
    match runner::error() {
        // SAFETY: a format and its one text.
        Some(raise) => unsafe { raise(c"%s".as_ptr(), message.as_ptr()) },
        None => console::line(&message),
    }
}

/// Exports one entry point under its C++ name.
macro_rules! entry_point {
    ($symbol:ident, $itanium:literal, $msvc:literal, $function:expr) => {
        /// # Safety
        /// Only for runners: `result` is theirs, and `count` values are readable at `values`.
        #[cfg_attr(not(windows), unsafe(export_name = $itanium))]
        #[cfg_attr(all(windows, target_pointer_width = "64"), unsafe(export_name = $msvc))]
        #[cfg_attr(
            all(windows, not(target_pointer_width = "64")),
            expect(dead_code, reason = "runners have 64 bits")
        )]
        unsafe extern "C-unwind" fn $symbol(
            result: *mut $crate::rvalue::RValue,
            _self: *mut std::ffi::c_void,
            _other: *mut std::ffi::c_void,
            count: std::ffi::c_int,
            values: *const $crate::rvalue::RValue,
        ) {
            static FUNCTION: Function = $function;
            // SAFETY: passed on from the runner.
            unsafe { $crate::call::run(&FUNCTION, result, count, values) };
        }
    };
}
pub(crate) use entry_point;

/// Makes a parameter list readable in the generated file.
pub(crate) const fn parameter(name: &'static str, accepts: Accepts) -> Parameter {
    Parameter { name, accepts, optional: false }
}

/// The same for one that may be left out.
pub(crate) const fn optional(name: &'static str, accepts: Accepts) -> Parameter {
    Parameter { name, accepts, optional: true }
}
