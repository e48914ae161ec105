//! For hosts that pass nothing but doubles and strings, at most four of them mixed: GameMaker
//! extensions without the runner interface, `external_define`, scripting languages.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::{CString, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use parking_lot::Mutex;

use super::event_keys::EventKeys;
use super::step::ASYNC_NETWORKING;
use crate::abi::*;
use crate::event::{NetworkEvent, kind};

