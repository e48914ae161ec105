// Generated from gamemaker/functions.json by cargo xtask package-gamemaker --generate.
//! What a runner looks up: one entry point per GML function, under its C++ name.

use super::arguments::Accepts::{Buffer, Real, RealOrText, Text};
use super::call::{Body, Function, entry_point, optional, parameter};
use super::{functions, options, step};

entry_point! {
    init,
    "_Z13stepwire_initR6RValueP9CInstanceS2_iPS_",
    "?stepwire_init@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_init",
        parameters: &[],
        body: Body::Runner { needs: &[], run: options::apply },
    }
}

entry_point! {
    r#final,
    "_Z14stepwire_finalR6RValueP9CInstanceS2_iPS_",
    "?stepwire_final@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_final",
        parameters: &[],
        body: Body::Library(functions::r#final),
    }
}

entry_point! {
    step,
    "_Z13stepwire_stepR6RValueP9CInstanceS2_iPS_",
    "?stepwire_step@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_step",
        parameters: &[],
        body: Body::Runner { needs: step::NEEDS, run: step::step },
    }
}

entry_point! {
    create_socket,
    "_Z22stepwire_create_socketR6RValueP9CInstanceS2_iPS_",
    "?stepwire_create_socket@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_create_socket",
        parameters: &[
            parameter("type", Real),
        ],
        body: Body::Library(functions::create_socket),
    }
}

entry_point! {
    create_socket_ext,
    "_Z26stepwire_create_socket_extR6RValueP9CInstanceS2_iPS_",
    "?stepwire_create_socket_ext@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_create_socket_ext",
        parameters: &[
            parameter("type", Real),
            parameter("port", Real),
        ],
        body: Body::Library(functions::create_socket_ext),
    }
}

entry_point! {
    create_server,
    "_Z22stepwire_create_serverR6RValueP9CInstanceS2_iPS_",
    "?stepwire_create_server@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_create_server",
        parameters: &[
            parameter("type", Real),
            parameter("port", Real),
            parameter("max_client", Real),
        ],
        body: Body::Library(functions::create_server),
    }
}

entry_point! {
    create_server_raw,
    "_Z26stepwire_create_server_rawR6RValueP9CInstanceS2_iPS_",
    "?stepwire_create_server_raw@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_create_server_raw",
        parameters: &[
            parameter("type", Real),
            parameter("port", Real),
            parameter("max_client", Real),
        ],
        body: Body::Library(functions::create_server_raw),
    }
}

entry_point! {
    connect,
    "_Z16stepwire_connectR6RValueP9CInstanceS2_iPS_",
    "?stepwire_connect@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_connect",
        parameters: &[
            parameter("socket", Real),
            parameter("url", Text),
            parameter("port", Real),
        ],
        body: Body::Library(functions::connect),
    }
}

entry_point! {
    connect_raw,
    "_Z20stepwire_connect_rawR6RValueP9CInstanceS2_iPS_",
    "?stepwire_connect_raw@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_connect_raw",
        parameters: &[
            parameter("socket", Real),
            parameter("url", Text),
            parameter("port", Real),
        ],
        body: Body::Library(functions::connect_raw),
    }
}

entry_point! {
    connect_async,
    "_Z22stepwire_connect_asyncR6RValueP9CInstanceS2_iPS_",
    "?stepwire_connect_async@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_connect_async",
        parameters: &[
            parameter("socket", Real),
            parameter("url", Text),
            parameter("port", Real),
        ],
        body: Body::Library(functions::connect_async),
    }
}

entry_point! {
    connect_raw_async,
    "_Z26stepwire_connect_raw_asyncR6RValueP9CInstanceS2_iPS_",
    "?stepwire_connect_raw_async@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_connect_raw_async",
        parameters: &[
            parameter("socket", Real),
            parameter("url", Text),
            parameter("port", Real),
        ],
        body: Body::Library(functions::connect_raw_async),
    }
}

entry_point! {
    resolve,
    "_Z16stepwire_resolveR6RValueP9CInstanceS2_iPS_",
    "?stepwire_resolve@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_resolve",
        parameters: &[
            parameter("url", Text),
        ],
        body: Body::Library(functions::resolve),
    }
}

entry_point! {
    set_config,
    "_Z19stepwire_set_configR6RValueP9CInstanceS2_iPS_",
    "?stepwire_set_config@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_set_config",
        parameters: &[
            parameter("option", Real),
            parameter("value1", Real),
            optional("value2", RealOrText),
        ],
        body: Body::Library(functions::set_config),
    }
}

entry_point! {
    set_timeout,
    "_Z20stepwire_set_timeoutR6RValueP9CInstanceS2_iPS_",
    "?stepwire_set_timeout@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_set_timeout",
        parameters: &[
            parameter("socket", Real),
            parameter("read", Real),
            parameter("write", Real),
        ],
        body: Body::Library(functions::set_timeout),
    }
}

entry_point! {
    send_packet,
    "_Z20stepwire_send_packetR6RValueP9CInstanceS2_iPS_",
    "?stepwire_send_packet@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_send_packet",
        parameters: &[
            parameter("socket", Real),
            parameter("buffer", Buffer),
            parameter("size", Real),
        ],
        body: Body::Library(functions::send_packet),
    }
}

entry_point! {
    send_raw,
    "_Z17stepwire_send_rawR6RValueP9CInstanceS2_iPS_",
    "?stepwire_send_raw@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_send_raw",
        parameters: &[
            parameter("socket", Real),
            parameter("buffer", Buffer),
            parameter("size", Real),
            optional("options", Real),
        ],
        body: Body::Library(functions::send_raw),
    }
}

entry_point! {
    send_udp,
    "_Z17stepwire_send_udpR6RValueP9CInstanceS2_iPS_",
    "?stepwire_send_udp@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_send_udp",
        parameters: &[
            parameter("socket", Real),
            parameter("url", Text),
            parameter("port", Real),
            parameter("buffer", Buffer),
            parameter("size", Real),
        ],
        body: Body::Library(functions::send_udp),
    }
}

entry_point! {
    send_udp_raw,
    "_Z21stepwire_send_udp_rawR6RValueP9CInstanceS2_iPS_",
    "?stepwire_send_udp_raw@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_send_udp_raw",
        parameters: &[
            parameter("socket", Real),
            parameter("url", Text),
            parameter("port", Real),
            parameter("buffer", Buffer),
            parameter("size", Real),
        ],
        body: Body::Library(functions::send_udp_raw),
    }
}

entry_point! {
    send_broadcast,
    "_Z23stepwire_send_broadcastR6RValueP9CInstanceS2_iPS_",
    "?stepwire_send_broadcast@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_send_broadcast",
        parameters: &[
            parameter("socket", Real),
            parameter("port", Real),
            parameter("buffer", Buffer),
            parameter("size", Real),
        ],
        body: Body::Library(functions::send_broadcast),
    }
}

entry_point! {
    destroy,
    "_Z16stepwire_destroyR6RValueP9CInstanceS2_iPS_",
    "?stepwire_destroy@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_destroy",
        parameters: &[
            parameter("socket", Real),
        ],
        body: Body::Library(functions::destroy),
    }
}

entry_point! {
    last_error,
    "_Z19stepwire_last_errorR6RValueP9CInstanceS2_iPS_",
    "?stepwire_last_error@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_last_error",
        parameters: &[],
        body: Body::Library(functions::last_error),
    }
}

entry_point! {
    error_name,
    "_Z19stepwire_error_nameR6RValueP9CInstanceS2_iPS_",
    "?stepwire_error_name@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_error_name",
        parameters: &[
            parameter("error", Real),
        ],
        body: Body::Library(functions::error_name),
    }
}

entry_point! {
    get_string,
    "_Z19stepwire_get_stringR6RValueP9CInstanceS2_iPS_",
    "?stepwire_get_string@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_get_string",
        parameters: &[
            parameter("socket", Real),
            parameter("key", Text),
        ],
        body: Body::Library(functions::get_string),
    }
}

entry_point! {
    get_port,
    "_Z17stepwire_get_portR6RValueP9CInstanceS2_iPS_",
    "?stepwire_get_port@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_get_port",
        parameters: &[
            parameter("socket", Real),
        ],
        body: Body::Library(functions::get_port),
    }
}

entry_point! {
    get_stat,
    "_Z17stepwire_get_statR6RValueP9CInstanceS2_iPS_",
    "?stepwire_get_stat@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_get_stat",
        parameters: &[
            parameter("socket", Real),
            parameter("key", Text),
        ],
        body: Body::Library(functions::get_stat),
    }
}

entry_point! {
    version,
    "_Z16stepwire_versionR6RValueP9CInstanceS2_iPS_",
    "?stepwire_version@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z",
    Function {
        name: "stepwire_version",
        parameters: &[],
        body: Body::Library(functions::version),
    }
}
