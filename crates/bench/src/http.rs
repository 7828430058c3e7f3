//! The part of HTTP/1.1 that both servers need: complete messages with a length, over persistent connections.

use anyhow::{Context, Result, bail, ensure};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

const HEADERS: usize = 64;
const CHUNK: usize = 64 * 1024;

/// A transport of a connection: a socket, or TLS over one.
pub trait Duplex: Read + Write + Send {}

impl<S: Read + Write + Send> Duplex for S {}

/// One side of a connection, with the bytes that were read beyond the last message.
pub struct Connection {
    stream: Box<dyn Duplex>,
    buffer: Vec<u8>,
}

/// A complete message.
pub struct Message {
    /// The method of a request, or the status of an answer.
    pub first: String,
    /// The path of a request; empty in an answer.
    pub path: String,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// When its last byte was read.
    pub arrived: Instant,
}

impl Message {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Connection {
    /// A connection over a socket; small messages are sent at once (`TCP_NODELAY`).
    pub fn new(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self::over(stream))
    }

    /// A connection over any transport.
    pub fn over(stream: impl Duplex + 'static) -> Self {
        Self { stream: Box::new(stream), buffer: Vec::new() }
    }

    /// Reads the next request; `None` if the other side has closed the connection.
    pub fn request(&mut self) -> Result<Option<Message>> {
        self.message(|bytes| {
            let mut headers = [httparse::EMPTY_HEADER; HEADERS];
            let mut request = httparse::Request::new(&mut headers);
            Ok(match request.parse(bytes)? {
                httparse::Status::Partial => None,
                httparse::Status::Complete(length) => {
                    let first = request.method.unwrap_or_default().to_owned();
                    Some((length, first, request.path.unwrap_or_default().to_owned(), owned(request.headers)))
                }
            })
        })
    }

    /// Reads the answer to the last request.
    pub fn answer(&mut self) -> Result<Message> {
        let answer = self.message(|bytes| {
            let mut headers = [httparse::EMPTY_HEADER; HEADERS];
            let mut response = httparse::Response::new(&mut headers);
            Ok(match response.parse(bytes)? {
                httparse::Status::Partial => None,
                httparse::Status::Complete(length) => {
                    let first = response.code.unwrap_or_default().to_string();
                    Some((length, first, String::new(), owned(response.headers)))
                }
            })
        })?;
        answer.context("the connection was closed without an answer")
    }

    /// Sends one message: its first line, its headers, and the body with its length.
    pub fn send(&mut self, first_line: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<()> {
        let mut bytes = format!("{first_line}\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            bytes.push_str(&format!("{name}: {value}\r\n"));
        }
        bytes.push_str("\r\n");
        let mut bytes = bytes.into_bytes();
        bytes.extend_from_slice(body);
        self.stream.write_all(&bytes)?;
        Ok(())
    }

    fn message(&mut self, parse: impl Fn(&[u8]) -> Result<Option<Head>>) -> Result<Option<Message>> {
        let mut arrived = Instant::now();
        loop {
            if let Some((head_length, first, path, headers)) = parse(&self.buffer)? {
                let mut message = Message { first, path, headers, body: Vec::new(), arrived };
                ensure!(message.header("transfer-encoding").is_none(), "chunked bodies are not supported");
                let body_length: usize = message.header("content-length").unwrap_or("0").parse()?;
                if self.buffer.len() >= head_length + body_length {
                    let rest = self.buffer.split_off(head_length + body_length);
                    message.body = self.buffer.split_off(head_length);
                    self.buffer = rest;
                    return Ok(Some(message));
                }
            }
            let mut chunk = vec![0; CHUNK];
            let read = match self.stream.read(&mut chunk) {
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => 0,
                // TLS without a closing message: the function was stopped.
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => 0,
                Err(error) => return Err(error.into()),
            };
            arrived = Instant::now();
            if read == 0 {
                if self.buffer.is_empty() {
                    return Ok(None);
                }
                bail!("the connection was closed in the middle of a message");
            }
            self.buffer.extend(chunk.into_iter().take(read));
        }
    }
}

type Head = (usize, String, String, Vec<(String, String)>);

fn owned(headers: &[httparse::Header<'_>]) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|header| (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn pair() -> (TcpStream, Connection) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (near, Connection::new(listener.accept().unwrap().0).unwrap())
    }

    #[test]
    fn two_requests_that_arrive_as_one_are_read_one_by_one() {
        let (mut near, mut far) = pair();
        near.write_all(b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET /b HTTP/1.1\r\n\r\n").unwrap();
        drop(near);
        let first = far.request().unwrap().unwrap();
        assert_eq!((first.first.as_str(), first.path.as_str(), first.body.as_slice()), ("POST", "/a", &b"hi"[..]));
        let second = far.request().unwrap().unwrap();
        assert_eq!((second.first.as_str(), second.path.as_str(), second.body.len()), ("GET", "/b", 0));
        assert!(far.request().unwrap().is_none());
    }

    #[test]
    fn what_is_sent_is_what_is_read() {
        let (near, mut far) = pair();
        let mut near = Connection::new(near).unwrap();
        let body = vec![b'x'; 3 * CHUNK];
        let sent = body.clone();
        let sender = std::thread::spawn(move || far.send("HTTP/1.1 200 OK", &[("x-amz-a", "b")], &sent));
        let answer = near.answer().unwrap();
        sender.join().unwrap().unwrap();
        assert_eq!(
            (answer.first.as_str(), answer.header("x-amz-a"), answer.body.len()),
            ("200", Some("b"), body.len())
        );
    }

    #[test]
    fn half_a_message_is_an_error() {
        let (mut near, mut far) = pair();
        near.write_all(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhi").unwrap();
        drop(near);
        assert!(far.request().is_err());
    }
}
