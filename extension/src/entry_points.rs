// Generated from gamemaker/functions.json by cargo xtask package-gamemaker --generate.
//! What a runner looks up: two entry points per GML function, under its own and its C++ name.

use super::call::{Body, Function, entry_point};
use super::{functions, options, polled, step};

entry_point! {
    "stepwire_init",
    "_Z13stepwire_initR6RValueP9CInstanceS2_iPS_",
    "?stepwire_init@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    () -> Real,
    Body::Runner { needs: &[], run: options::apply, without: options::apply_plain }
}

entry_point! {
    "stepwire_final",
    "_Z14stepwire_finalR6RValueP9CInstanceS2_iPS_",
    "?stepwire_final@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    () -> Real,
    Body::Library(functions::r#final)
}

entry_point! {
    "stepwire_interface",
    "_Z18stepwire_interfaceR6RValueP9CInstanceS2_iPS_",
    "?stepwire_interface@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    () -> Real,
    Body::Library(functions::interface)
}

entry_point! {
    "stepwire_collect",
    "_Z16stepwire_collectR6RValueP9CInstanceS2_iPS_",
    "?stepwire_collect@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    () -> Real,
    Body::Runner { needs: step::NEEDS, run: step::step, without: polled::collect }
}

entry_point! {
    "stepwire_create_socket",
    "_Z22stepwire_create_socketR6RValueP9CInstanceS2_iPS_",
    "?stepwire_create_socket@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "type" Real) -> Real,
    Body::Library(functions::create_socket)
}

entry_point! {
    "stepwire_create_socket_ext",
    "_Z26stepwire_create_socket_extR6RValueP9CInstanceS2_iPS_",
    "?stepwire_create_socket_ext@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "type" Real, a1: "port" Real) -> Real,
    Body::Library(functions::create_socket_ext)
}

entry_point! {
    "stepwire_create_server",
    "_Z22stepwire_create_serverR6RValueP9CInstanceS2_iPS_",
    "?stepwire_create_server@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "type" Real, a1: "port" Real, a2: "max_client" Real) -> Real,
    Body::Library(functions::create_server)
}

entry_point! {
    "stepwire_create_server_raw",
    "_Z26stepwire_create_server_rawR6RValueP9CInstanceS2_iPS_",
    "?stepwire_create_server_raw@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "type" Real, a1: "port" Real, a2: "max_client" Real) -> Real,
    Body::Library(functions::create_server_raw)
}

entry_point! {
    "stepwire_connect",
    "_Z16stepwire_connectR6RValueP9CInstanceS2_iPS_",
    "?stepwire_connect@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "url" Text, a2: "port" Real) -> Real,
    Body::Library(functions::connect)
}

entry_point! {
    "stepwire_connect_raw",
    "_Z20stepwire_connect_rawR6RValueP9CInstanceS2_iPS_",
    "?stepwire_connect_raw@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "url" Text, a2: "port" Real) -> Real,
    Body::Library(functions::connect_raw)
}

entry_point! {
    "stepwire_connect_async",
    "_Z22stepwire_connect_asyncR6RValueP9CInstanceS2_iPS_",
    "?stepwire_connect_async@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "url" Text, a2: "port" Real) -> Real,
    Body::Library(functions::connect_async)
}

entry_point! {
    "stepwire_connect_raw_async",
    "_Z26stepwire_connect_raw_asyncR6RValueP9CInstanceS2_iPS_",
    "?stepwire_connect_raw_async@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "url" Text, a2: "port" Real) -> Real,
    Body::Library(functions::connect_raw_async)
}

entry_point! {
    "stepwire_resolve",
    "_Z16stepwire_resolveR6RValueP9CInstanceS2_iPS_",
    "?stepwire_resolve@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "url" Text) -> Text,
    Body::Library(functions::resolve)
}

entry_point! {
    "stepwire_set_config_real",
    "_Z24stepwire_set_config_realR6RValueP9CInstanceS2_iPS_",
    "?stepwire_set_config_real@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "option" Real, a1: "value1" Real, a2: "value2" Real) -> Real,
    Body::Library(functions::set_config_real)
}

entry_point! {
    "stepwire_set_config_string",
    "_Z26stepwire_set_config_stringR6RValueP9CInstanceS2_iPS_",
    "?stepwire_set_config_string@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "option" Real, a1: "socket" Real, a2: "value" Text) -> Real,
    Body::Library(functions::set_config_string)
}

entry_point! {
    "stepwire_set_timeout",
    "_Z20stepwire_set_timeoutR6RValueP9CInstanceS2_iPS_",
    "?stepwire_set_timeout@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "read" Real, a2: "write" Real) -> Real,
    Body::Library(functions::set_timeout)
}

entry_point! {
    "stepwire_send_packet_buffer",
    "_Z27stepwire_send_packet_bufferR6RValueP9CInstanceS2_iPS_",
    "?stepwire_send_packet_buffer@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "buffer" Buffer, a2: "size" Real) -> Real,
    Body::Library(functions::send_packet_buffer)
}

entry_point! {
    "stepwire_send_raw_buffer",
    "_Z24stepwire_send_raw_bufferR6RValueP9CInstanceS2_iPS_",
    "?stepwire_send_raw_buffer@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "buffer" Buffer, a2: "size" Real, a3: "options" Real) -> Real,
    Body::Library(functions::send_raw_buffer)
}

entry_point! {
    "stepwire_send_udp_buffer",
    "_Z24stepwire_send_udp_bufferR6RValueP9CInstanceS2_iPS_",
    "?stepwire_send_udp_buffer@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "url" Text, a2: "port" Real, a3: "buffer" Buffer, a4: "size" Real) -> Real,
    Body::Library(functions::send_udp_buffer)
}

entry_point! {
    "stepwire_send_udp_raw_buffer",
    "_Z28stepwire_send_udp_raw_bufferR6RValueP9CInstanceS2_iPS_",
    "?stepwire_send_udp_raw_buffer@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "url" Text, a2: "port" Real, a3: "buffer" Buffer, a4: "size" Real) -> Real,
    Body::Library(functions::send_udp_raw_buffer)
}

entry_point! {
    "stepwire_send_broadcast_buffer",
    "_Z30stepwire_send_broadcast_bufferR6RValueP9CInstanceS2_iPS_",
    "?stepwire_send_broadcast_buffer@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "port" Real, a2: "buffer" Buffer, a3: "size" Real) -> Real,
    Body::Library(functions::send_broadcast_buffer)
}

entry_point! {
    "stepwire_send_packet_bytes",
    "_Z26stepwire_send_packet_bytesR6RValueP9CInstanceS2_iPS_",
    "?stepwire_send_packet_bytes@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "address" Address, a2: "size" Real) -> Real,
    Body::Library(functions::send_packet_bytes)
}

entry_point! {
    "stepwire_send_raw_bytes",
    "_Z23stepwire_send_raw_bytesR6RValueP9CInstanceS2_iPS_",
    "?stepwire_send_raw_bytes@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "address" Address, a2: "size" Real, a3: "options" Real) -> Real,
    Body::Library(functions::send_raw_bytes)
}

entry_point! {
    "stepwire_check_size",
    "_Z19stepwire_check_sizeR6RValueP9CInstanceS2_iPS_",
    "?stepwire_check_size@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "size" Real, a1: "held" Real) -> Real,
    Body::Library(functions::check_size)
}

entry_point! {
    "stepwire_set_udp_target",
    "_Z23stepwire_set_udp_targetR6RValueP9CInstanceS2_iPS_",
    "?stepwire_set_udp_target@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "url" Text, a2: "port" Real) -> Real,
    Body::Library(functions::set_udp_target)
}

entry_point! {
    "stepwire_send_udp_bytes",
    "_Z23stepwire_send_udp_bytesR6RValueP9CInstanceS2_iPS_",
    "?stepwire_send_udp_bytes@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "address" Address, a2: "size" Real) -> Real,
    Body::Library(functions::send_udp_bytes)
}

entry_point! {
    "stepwire_send_udp_raw_bytes",
    "_Z27stepwire_send_udp_raw_bytesR6RValueP9CInstanceS2_iPS_",
    "?stepwire_send_udp_raw_bytes@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "address" Address, a2: "size" Real) -> Real,
    Body::Library(functions::send_udp_raw_bytes)
}

entry_point! {
    "stepwire_send_broadcast_bytes",
    "_Z29stepwire_send_broadcast_bytesR6RValueP9CInstanceS2_iPS_",
    "?stepwire_send_broadcast_bytes@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "port" Real, a2: "address" Address, a3: "size" Real) -> Real,
    Body::Library(functions::send_broadcast_bytes)
}

entry_point! {
    "stepwire_destroy",
    "_Z16stepwire_destroyR6RValueP9CInstanceS2_iPS_",
    "?stepwire_destroy@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real) -> Real,
    Body::Library(functions::destroy)
}

entry_point! {
    "stepwire_last_error",
    "_Z19stepwire_last_errorR6RValueP9CInstanceS2_iPS_",
    "?stepwire_last_error@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    () -> Text,
    Body::Library(functions::last_error)
}

entry_point! {
    "stepwire_error_name",
    "_Z19stepwire_error_nameR6RValueP9CInstanceS2_iPS_",
    "?stepwire_error_name@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "error" Real) -> Text,
    Body::Library(functions::error_name)
}

entry_point! {
    "stepwire_get_string",
    "_Z19stepwire_get_stringR6RValueP9CInstanceS2_iPS_",
    "?stepwire_get_string@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "key" Text) -> Text,
    Body::Library(functions::get_string)
}

entry_point! {
    "stepwire_get_port",
    "_Z17stepwire_get_portR6RValueP9CInstanceS2_iPS_",
    "?stepwire_get_port@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real) -> Real,
    Body::Library(functions::get_port)
}

entry_point! {
    "stepwire_get_stat",
    "_Z17stepwire_get_statR6RValueP9CInstanceS2_iPS_",
    "?stepwire_get_stat@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "socket" Real, a1: "key" Text) -> Real,
    Body::Library(functions::get_stat)
}

entry_point! {
    "stepwire_version",
    "_Z16stepwire_versionR6RValueP9CInstanceS2_iPS_",
    "?stepwire_version@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    () -> Text,
    Body::Library(functions::version)
}

entry_point! {
    "stepwire_event_next",
    "_Z19stepwire_event_nextR6RValueP9CInstanceS2_iPS_",
    "?stepwire_event_next@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    () -> Real,
    Body::Library(polled::event_next)
}

entry_point! {
    "stepwire_event_real_key",
    "_Z23stepwire_event_real_keyR6RValueP9CInstanceS2_iPS_",
    "?stepwire_event_real_key@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "index" Real) -> Text,
    Body::Library(polled::event_real_key)
}

entry_point! {
    "stepwire_event_string_key",
    "_Z25stepwire_event_string_keyR6RValueP9CInstanceS2_iPS_",
    "?stepwire_event_string_key@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "index" Real) -> Text,
    Body::Library(polled::event_string_key)
}

entry_point! {
    "stepwire_event_real",
    "_Z19stepwire_event_realR6RValueP9CInstanceS2_iPS_",
    "?stepwire_event_real@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "key" Text) -> Real,
    Body::Library(polled::event_real)
}

entry_point! {
    "stepwire_event_string",
    "_Z21stepwire_event_stringR6RValueP9CInstanceS2_iPS_",
    "?stepwire_event_string@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "key" Text) -> Text,
    Body::Library(polled::event_string)
}

entry_point! {
    "stepwire_event_read",
    "_Z19stepwire_event_readR6RValueP9CInstanceS2_iPS_",
    "?stepwire_event_read@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    (a0: "address" Address, a1: "offset" Real, a2: "size" Real) -> Real,
    Body::Library(polled::event_read)
}

entry_point! {
    "stepwire_console_line",
    "_Z21stepwire_console_lineR6RValueP9CInstanceS2_iPS_",
    "?stepwire_console_line@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    () -> Text,
    Body::Library(polled::console_line)
}
