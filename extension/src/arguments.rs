//! From RValues to what the C functions take.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use super::message::Message;
use super::runner;
use super::rvalue::{Kind, RValue};

/// The most parameters that any function has.
const MOST: usize = 5;

/// What a parameter accepts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepts {
    Real,
    Text,
    /// A GameMaker buffer id.
    Buffer,
    /// Where a buffer's bytes are.
    Address,
}

/// One parameter of a GML function.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) accepts: Accepts,
}

/// One checked argument. Texts and bytes belong to the runner.
#[derive(Clone, Copy)]
pub(crate) enum Argument {
    Absent,
    Real(f64),
    Text(*const c_char),
    Address(*mut c_void),
    Buffer { data: *mut c_void, size: c_int },
}

/// The checked arguments of one call, and how they came.
#[derive(Clone, Copy)]
pub(crate) struct Arguments {
    values: [Argument; MOST],
    plain: bool,
}

impl Arguments {
    const NONE: Self = Self { values: [Argument::Absent; MOST], plain: false };

    /// Arguments that came by C types; at most as many as any function has.
    pub(crate) fn plain(given: &[Argument]) -> Self {
        let mut arguments = Self { plain: true, ..Self::NONE };
        for (value, given) in arguments.values.iter_mut().zip(given) {
            *value = *given;
        }
        arguments
    }

    /// Whether they came by C types.
    pub(crate) fn is_plain(&self) -> bool {
        self.plain
    }

    /// Reads and checks what the runner passed. Slots are called, so this may not return.
    ///
    /// # Safety
    /// `count` values are readable at `values`.
    pub(crate) unsafe fn read(
        name: &str,
        parameters: &[Parameter],
        count: c_int,
        values: *const RValue,
    ) -> Result<Self, Message> {
        let count = usize::try_from(count).unwrap_or(0);
        check_count(name, parameters, count)?;
        let mut arguments = Self::NONE;
        let mut buffer = None;
        for (index, parameter) in parameters.iter().enumerate().take(count) {
            let read = |message: &str| refusal(name, index, parameter, message);
            // SAFETY: index is below count.
            let value = unsafe { values.add(index).read() };
            let argument = match (parameter.accepts, value.kind()) {
                (Accepts::Text, Kind::String) => {
                    // SAFETY: as above.
                    Argument::Text(unsafe { text(values, index) }.map_err(read)?)
                }
                (Accepts::Text, kind) => {
                    return Err(mismatch(name, index, parameter, "a string", kind));
                }
                (Accepts::Address, Kind::Pointer) => Argument::Address(value.as_pointer()),
                (Accepts::Address, kind) => {
                    return Err(mismatch(name, index, parameter, "an address", kind));
                }
                (Accepts::Buffer, kind) if !is_number(kind) => {
                    return Err(mismatch(name, index, parameter, "a buffer", kind));
                }
                (_, kind) if !is_number(kind) => {
                    return Err(mismatch(name, index, parameter, "a number", kind));
                }
                (accepts, _) => {
                    // SAFETY: as above.
                    let number = unsafe { number(value, values, index) }.map_err(read)?;
                    if accepts == Accepts::Buffer {
                        buffer = Some((index, number));
                    }
                    Argument::Real(number)
                }
            };
            arguments.values[index] = argument;
        }
        // Last: nothing after this may fail, since the copy has to be given back.
        if let Some((index, id)) = buffer {
            let content = content(id).map_err(|message| refusal(name, index, &parameters[index], message))?;
            arguments.values[index] = content;
        }
        Ok(arguments)
    }

    /// Gives the runner back its copy of a buffer's content.
    pub(crate) fn release(self) {
        for argument in self.values {
            if let (Argument::Buffer { data, .. }, Some(free)) = (argument, runner::free())
                && !data.is_null()
            {
                // SAFETY: `data` is what BufferGetContent allocated, and is freed once: release
                // takes the arguments with it.
                unsafe { free(data) };
            }
        }
    }

    /// A number.
    pub(crate) fn real(&self, index: usize) -> f64 {
        match self.values[index] {
            Argument::Real(value) => value,
            _ => 0.0,
        }
    }

    /// A text; null only where C passed that.
    pub(crate) fn text(&self, index: usize) -> *const c_char {
        match self.values[index] {
            Argument::Text(text) => text,
            _ => ptr::null(),
        }
    }

    /// An address; null only where C passed that.
    pub(crate) fn address(&self, index: usize) -> *mut c_void {
        match self.values[index] {
            Argument::Address(address) => address,
            // C's strings and buffers are of one type.
            Argument::Text(address) => address.cast_mut().cast(),
            _ => ptr::null_mut(),
        }
    }

    /// A buffer's bytes and how many there are.
    pub(crate) fn bytes(&self, index: usize) -> (*const c_void, f64) {
        match self.values[index] {
            Argument::Buffer { data, size } => (data.cast_const(), f64::from(size)),
            _ => (ptr::null(), 0.0),
        }
    }
}

fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Real | Kind::Int32 | Kind::Int64 | Kind::Bool | Kind::Ref)
}

/// # Safety
/// `value` is the one at `values[index]`.
unsafe fn number(value: RValue, values: *const RValue, index: usize) -> Result<f64, &'static str> {
    let slot_index = index as c_int;
    match value.kind() {
        Kind::Int32 => Ok(f64::from(value.as_int32())),
        // Whole numbers above 2^53 are out of range everywhere, rounded or not.
        Kind::Int64 => Ok(value.as_int64() as f64),
        Kind::Bool => match runner::get_bool() {
            // SAFETY: the runner's own values, of a kind that this slot reads.
            Some(get) => Ok(f64::from(unsafe { get(values, slot_index) })),
            None => Err("cannot be read: this runner lacks YYGetBool"),
        },
        Kind::Ref => match runner::get_int32() {
            // SAFETY: as above.
            Some(get) => Ok(f64::from(unsafe { get(values, slot_index) })),
            None => Err("cannot be read: this runner lacks YYGetInt32"),
        },
        _ => Ok(value.as_real()),
    }
}

/// # Safety
/// `values[index]` is readable and a string.
unsafe fn text(values: *const RValue, index: usize) -> Result<*const c_char, &'static str> {
    let Some(get) = runner::get_string() else {
        return Err("cannot be read: this runner lacks YYGetString");
    };
    // SAFETY: the runner's own values; the one at `index` is a string.
    let text = unsafe { get(values, index as c_int) };
    if text.is_null() { Err("is a string without text") } else { Ok(text) }
}

/// A copy of all that is in a buffer; only so does a runner tell its size.
fn content(id: f64) -> Result<Argument, &'static str> {
    let (Some(get), false) = (runner::buffer_content(), runner::FREE.is_missing()) else {
        return Err("cannot be read: this runner lacks BufferGetContent or YYFree");
    };
    if !(0.0..=f64::from(c_int::MAX)).contains(&id) || id.fract() != 0.0 {
        return Err("is not a buffer");
    }
    let mut data = ptr::null_mut();
    let mut size = 0;
    // SAFETY: both pointers are to locals.
    let found = unsafe { get(id as c_int, &mut data, &mut size) };
    if !found || size < 0 || (size > 0 && data.is_null()) {
        return Err("is a buffer that does not exist");
    }
    Ok(Argument::Buffer { data, size })
}

fn check_count(name: &str, parameters: &[Parameter], count: usize) -> Result<(), Message> {
    let most = parameters.len();
    if count == most {
        return Ok(());
    }
    let plural = if most == 1 { "" } else { "s" };
    Err(Message::new(format_args!("{name} takes {most} argument{plural}, not {count}")))
}

fn mismatch(name: &str, index: usize, parameter: &Parameter, want: &str, kind: Kind) -> Message {
    Message::new(format_args!(
        "{name}: argument {} ({}) must be {want}, not {}",
        index + 1,
        parameter.name,
        kind.describe()
    ))
}

fn refusal(name: &str, index: usize, parameter: &Parameter, message: &str) -> Message {
    Message::new(format_args!("{name}: argument {} ({}) {message}", index + 1, parameter.name))
}
