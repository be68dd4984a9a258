//! A client that does exactly what it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A test that waits so long has failed.
const DEADLINE: Duration = Duration::from_mins(1);

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The body came to its end.
    pub(crate) whole: bool,
}

/// A connection whose answers are read one after the other.
pub(crate) struct Connection(pub(crate) BufReader<TcpStream>);

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends a request; `headers` are whole lines.
    pub(crate) fn send(&mut self, method: &str, path: &str, headers: &[&str], body: &str) {
        let mut lines = vec![format!("{method} {path} HTTP/1.1")];
        if !headers.iter().any(|header| header.starts_with("Host:")) {
            lines.push("Host: localhost".to_owned());
        }
        lines.extend(headers.iter().map(|&header| header.to_owned()));
        if !body.is_empty() {
            lines.push(format!("Content-Length: {}", body.len()));
        }
        let request = format!("{}\r\n\r\n{body}", lines.join("\r\n"));
        // Whoever refuses a request early may have stopped to read.
        _ = self.0.get_mut().write_all(request.as_bytes());
    }

    /// A line without its end.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).unwrap_or(0);
        (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The head of an answer.
    pub(crate) fn head(&mut self) -> Answer {
        let status = self.line().expect("no answer");
        let status = status.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("no status");
        let mut headers = Vec::new();
        while let Some((name, value)) = self.line().unwrap_or_default().split_once(": ") {
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        Answer { status, headers, body: Vec::new(), whole: false }
    }

    /// A whole answer to a request by `method`.
    pub(crate) fn answer(&mut self, method: &str) -> Answer {
        let mut answer = self.head();
        if method == "HEAD" {
            answer.whole = true;
        } else if answer.header("transfer-encoding") == Some("chunked") {
            while let Some(part) = self.part() {
                answer.whole = part.is_empty();
                answer.body.extend(part);
                if answer.whole {
                    break;
                }
            }
        } else {
            let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
            answer.body = vec![0; length];
            answer.whole = self.0.read_exact(&mut answer.body).is_ok();
        }
        answer
    }

    /// A part of an answer that comes in parts; empty at its end, none when it breaks off.
    pub(crate) fn part(&mut self) -> Option<Vec<u8>> {
        let length = usize::from_str_radix(&self.line()?, 16).ok()?;
        let mut part = vec![0; length + 2];
        self.0.read_exact(&mut part).ok()?;
        part.truncate(length);
        Some(part)
    }
}

/// Sends a request on a connection of its own.
pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
    let mut connection = Connection::open(address);
    connection.send(method, path, headers, body);
    connection.answer(method)
}
