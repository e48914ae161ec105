//! One call from GML: check, do, answer. Runners with an interface table pass and take RValues;
//! the others call by C types.

use std::ffi::{c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::arguments::{Accepts, Argument, Arguments, Parameter};
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
    /// With an interface table it calls slots, which may not return: it holds nothing while it does,
    /// and cannot panic. Without, it does what can be done.
    Runner { needs: &'static [Slot], run: fn() -> Answer, without: fn(&Arguments) -> Answer },
}

/// What a call gives back to GML. Nothing in it has a destructor.
pub(crate) enum Answer {
    Real(f64),
    /// A number that may be negative and is no failure.
    Value(f64),
    /// A NUL-terminated text of the library's, valid at least until the next call.
    Text(*const c_char),
    /// The result is the error, and `stepwire_last_error` says the message.
    Failed(Code, Message),
    /// The game is wrong: as `Failed`, and a runner error.
    Refused(Code, Message),
}

/// Does one call of a runner with an interface table.
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
        Body::Library(body) => guarded(function, body, arguments),
        Body::Runner { needs, run, .. } => match needs.iter().find(|slot| slot.is_missing()) {
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

fn guarded(function: &Function, body: fn(&Arguments) -> Answer, arguments: &Arguments) -> Answer {
    catch_unwind(AssertUnwindSafe(|| body(arguments))).unwrap_or_else(|_| {
        Answer::Failed(Code::Internal, Message::new(format_args!("{} failed within", function.name)))
    })
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
        Answer::Value(value) => unsafe { result.write(RValue::real(value)) },
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

/// Does one call by C types. It calls nothing of the runner's that may throw.
pub(crate) fn run_plain<R: PlainResult>(function: &Function, arguments: &[Argument]) -> R {
    let answer = if function.parameters.iter().any(|parameter| parameter.accepts == Accepts::Buffer) {
        Answer::Failed(
            Code::NotSupported,
            Message::new(format_args!("{} is for runners that lend extensions their buffers", function.name)),
        )
    } else {
        let body = match function.body {
            Body::Library(body) => body,
            Body::Runner { without, .. } => without,
        };
        guarded(function, body, &Arguments::plain(arguments))
    };
    match answer {
        Answer::Failed(error, message) | Answer::Refused(error, message) => {
            errors::set_last(message.as_text());
            console::failure(function.name);
            R::failure(error)
        }
        Answer::Real(value) if value < 0.0 => {
            errors::library_failed();
            console::failure(function.name);
            R::answer(answer)
        }
        answer => R::answer(answer),
    }
}

/// What a function gives back by C types.
pub(crate) trait PlainResult {
    fn answer(answer: Answer) -> Self;
    fn failure(error: Code) -> Self;
}

impl PlainResult for f64 {
    fn answer(answer: Answer) -> Self {
        match answer {
            Answer::Real(value) | Answer::Value(value) => value,
            _ => 0.0,
        }
    }

    fn failure(error: Code) -> Self {
        error.number()
    }
}

impl PlainResult for *const c_char {
    fn answer(answer: Answer) -> Self {
        if let Answer::Text(text) = answer { text } else { c"".as_ptr() }
    }

    fn failure(_: Code) -> Self {
        c"".as_ptr()
    }
}

/// What a plain parameter is in C.
pub(crate) trait PlainArgument {
    fn argument(self) -> Argument;
}

impl PlainArgument for f64 {
    fn argument(self) -> Argument {
        Argument::Real(self)
    }
}

impl PlainArgument for *const c_char {
    fn argument(self) -> Argument {
        if self.is_null() { Argument::Absent } else { Argument::Text(self) }
    }
}

/// The C type of a parameter or result.
macro_rules! plain_type {
    (Real) => { f64 };
    (Buffer) => { f64 };
    (Text) => { *const std::ffi::c_char };
    (Address) => { *const std::ffi::c_char };
}
pub(crate) use plain_type;

/// Exports a function twice: under its own name for runners that call by C types, and under its C++
/// name for those that pass RValues. C++ names differ by compiler.
macro_rules! entry_point {
    (
        $name:literal, $itanium:literal, $msvc:literal,
        ($($plain:ident: $parameter:literal $accepts:ident),*) -> $result:ident, $body:expr
    ) => {
        const _: () = {
            static FUNCTION: Function = Function {
                name: $name,
                parameters: &[$($crate::arguments::Parameter {
                    name: $parameter,
                    accepts: $crate::arguments::Accepts::$accepts,
                }),*],
                body: $body,
            };

            /// # Safety
            /// Only for runners: `result` is theirs, and `count` values are readable at `values`.
            #[cfg_attr(not(windows), unsafe(export_name = $itanium))]
            #[cfg_attr(all(windows, target_pointer_width = "64"), unsafe(export_name = $msvc))]
            #[cfg_attr(
                all(windows, not(target_pointer_width = "64")),
                expect(dead_code, reason = "runners that pass RValues have 64 bits there")
            )]
            unsafe extern "C-unwind" fn by_values(
                result: *mut $crate::rvalue::RValue,
                _self: *mut std::ffi::c_void,
                _other: *mut std::ffi::c_void,
                count: std::ffi::c_int,
                values: *const $crate::rvalue::RValue,
            ) {
                // SAFETY: passed on from the runner.
                unsafe { $crate::call::run(&FUNCTION, result, count, values) };
            }

            /// # Safety
            /// Texts are NUL-terminated or null, addresses have as many bytes as the call says.
            #[unsafe(export_name = $name)]
            unsafe extern "C" fn by_types(
                $($plain: $crate::call::plain_type!($accepts)),*
            ) -> $crate::call::plain_type!($result) {
                $crate::call::run_plain(&FUNCTION, &[$($crate::call::PlainArgument::argument($plain)),*])
            }
        };
    };
}
pub(crate) use entry_point;
