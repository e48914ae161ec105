//! No TLS: what connections would be made with cannot be had.

use super::Trust;
use crate::error::{Code, Error, Result};

#[derive(Debug)]
pub(crate) enum Connector {}

#[derive(Debug)]
pub(crate) enum Tls {}

pub(crate) fn connector(_: &Trust) -> Result<Connector> {
    Err(Error::new(Code::NOT_SUPPORTED, "this build has no TLS for tls://; wss:// uses stepwire's"))
}

impl Tls {
    pub(crate) fn begin(connector: &Connector, _: &str) -> Result<Self> {
        match *connector {}
    }

    pub(crate) fn is_ready(&self) -> bool {
        match *self {}
    }

    pub(crate) fn receive(&mut self, _: &[u8], _: &mut Vec<u8>) -> Result<()> {
        match *self {}
    }

    pub(crate) fn send(&mut self, _: &[u8]) -> Result<()> {
        match *self {}
    }

    pub(crate) fn take_outgoing(&mut self) -> Vec<u8> {
        match *self {}
    }
}
