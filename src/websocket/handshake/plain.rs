//! HTTP requests that are not for a WebSocket, as far as a server of those answers any.

use super::limits::MOST_HEADERS;
use tungstenite::http::{StatusCode, Uri};

/// A request of HTTP/1.0 or 1.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainRequest {
    pub path: String,
    pub method: Method,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    /// The answer without its body.
    Head,
    /// What is allowed: browsers ask before they let a page ask.
    Options,
}

impl PlainRequest {
    /// What a whole head asks for, if it is that.
    pub(crate) fn parse(head: &[u8]) -> Option<Self> {
        let mut lines = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = httparse::Request::new(&mut lines);
        request.parse(head).ok().filter(httparse::Status::is_complete)?;
        let method = match request.method {
            Some("GET") => Method::Get,
            Some("HEAD") => Method::Head,
            Some("OPTIONS") => Method::Options,
            _ => return None,
        };
        let uri: Uri = request.path?.parse().ok()?;
        Some(Self { path: uri.path().to_owned(), method })
    }

    /// Appends the answer; the connection is to be closed after it. `for_pages`: pages of any origin may
    /// read it.
    pub fn answer(
        &self,
        status: StatusCode,
        content_type: &str,
        for_pages: bool,
        body: &str,
        out: &mut Vec<u8>,
    ) {
        let for_pages = if for_pages { "Access-Control-Allow-Origin: *\r\n" } else { "" };
        let body = if self.method == Method::Get { (body, body.len()) } else { ("", body.len()) };
        let response = format!(
            "HTTP/1.1 {status}\r\n\
             {for_pages}\
             Cache-Control: no-store\r\n\
             Connection: close\r\n\
             Content-Type: {content_type}\r\n\
             Content-Length: {}\r\n\
             \r\n\
             {}",
            body.1, body.0
        );
        out.extend_from_slice(response.as_bytes());
    }
}

/// Appends the answer to [`Method::Options`]: pages of any origin may ask, with whatever header they like, and
/// from the public web also a server in their own network.
pub fn allow_pages(out: &mut Vec<u8>) {
    out.extend_from_slice(
        b"HTTP/1.1 204 No Content\r\n\
          Allow: GET, HEAD, OPTIONS\r\n\
          Access-Control-Allow-Origin: *\r\n\
          Access-Control-Allow-Methods: GET, HEAD\r\n\
          Access-Control-Allow-Headers: *\r\n\
          Access-Control-Allow-Private-Network: true\r\n\
          Access-Control-Max-Age: 86400\r\n\
          Connection: close\r\n\
          \r\n",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn get_head_and_options_of_both_versions() {
        for (head, path, method) in [
            ("GET /health HTTP/1.1\r\nHost: h\r\n\r\n", "/health", Method::Get),
            ("HEAD /health HTTP/1.0\r\n\r\n", "/health", Method::Head),
            ("GET http://h/health?x=1 HTTP/1.1\r\n\r\n", "/health", Method::Get),
            ("OPTIONS /health HTTP/1.1\r\n\r\n", "/health", Method::Options),
        ] {
            let wanted = PlainRequest { path: path.to_owned(), method };
            assert_eq!(PlainRequest::parse(head.as_bytes()), Some(wanted));
        }
        for other in [
            "POST / HTTP/1.1\r\n\r\n",
            "GET / HTTP/2.0\r\n\r\n",
            "GET / HTTP/1.1\r\n",
            "GET  HTTP/1.1\r\n\r\n",
            "",
        ] {
            assert_eq!(PlainRequest::parse(other.as_bytes()), None, "{other:?}");
        }
    }

    #[test]
    fn the_answer_to_options_is_whole_and_allows_what_is_answered() {
        let mut out = Vec::new();
        allow_pages(&mut out);
        let mut lines = [httparse::EMPTY_HEADER; 16];
        let mut response = httparse::Response::new(&mut lines);
        assert_eq!(response.parse(&out), Ok(httparse::Status::Complete(out.len())));
        assert_eq!(response.code, Some(204));
        let field = |name| response.headers.iter().find(|field| field.name == name).map(|field| field.value);
        assert_eq!(field("Access-Control-Allow-Origin"), Some(&b"*"[..]));
        assert_eq!(field("Access-Control-Allow-Methods"), Some(&b"GET, HEAD"[..]));
    }

    #[test]
    fn the_answer_to_head_has_a_length_and_no_body() {
        let answered = |method: &str| {
            let request =
                PlainRequest::parse(format!("{method} / HTTP/1.1\r\n\r\n").as_bytes()).expect("a request");
            let mut out = Vec::new();
            request.answer(StatusCode::OK, "text/plain", true, "four", &mut out);
            String::from_utf8(out).expect("text")
        };
        let (get, head) = (answered("GET"), answered("HEAD"));
        assert_eq!(get, format!("{head}four"));
        assert!(
            head.contains("Content-Length: 4\r\n") && head.contains("Access-Control-Allow-Origin: *\r\n")
        );
    }
}
