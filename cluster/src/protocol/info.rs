//! What a broker tells about itself.

use serde_json::Value;

/// The most brokers of a cluster that are remembered.
const MOST_URLS: usize = 64;

/// The part of INFO that matters here.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Info {
    pub(crate) tls_required: bool,
    /// Headers bring the sender's id and, above all, the answer that nobody is there.
    pub(crate) headers: bool,
    pub(crate) max_payload: usize,
    /// "host:port" of the cluster's other brokers.
    pub(crate) connect_urls: Vec<String>,
}

impl Info {
    /// None if it is not what a broker says.
    pub(crate) fn parse(json: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(json).ok()?;
        let value = value.as_object()?;
        let flag = |key| value.get(key).and_then(Value::as_bool).unwrap_or(false);
        let urls = value.get("connect_urls").and_then(Value::as_array).into_iter().flatten();
        Some(Self {
            tls_required: flag("tls_required"),
            headers: flag("headers"),
            max_payload: value
                .get("max_payload")
                .and_then(Value::as_u64)
                .and_then(|most| most.try_into().ok())
                .unwrap_or(usize::MAX),
            connect_urls: urls.filter_map(|url| Some(url.as_str()?.to_owned())).take(MOST_URLS).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_matters_and_survives_the_rest() {
        let info = Info::parse(
            br#"{"headers":true,"max_payload":1048576,"connect_urls":["a:4222",5,"[::1]:4222"],"x":[{}]}"#,
        )
        .expect("it is what brokers say");
        assert!(info.headers && !info.tls_required);
        assert_eq!(info.max_payload, 1_048_576);
        assert_eq!(info.connect_urls, ["a:4222", "[::1]:4222"]);
        assert_eq!(Info::parse(b"{}").map(|info| info.max_payload), Some(usize::MAX));
        let deep = "[".repeat(100_000);
        for wrong in ["", "5", "[]", "{", deep.as_str()] {
            assert_eq!(Info::parse(wrong.as_bytes()), None);
        }
    }
}
