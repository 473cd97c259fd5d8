//! A mail server that keeps what it is told and answers as the test says.

use std::collections::HashMap;
use std::future::pending;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::config::MailTls;

/// Instead of an answer: none, and the connection stays.
pub(super) const HANG: &str = "hang";

/// Instead of an answer: the end of the connection.
pub(super) const HANG_UP: &str = "hang up";

pub(super) struct Server {
    port: u16,
    book: Arc<Book>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Book {
    answers: Mutex<HashMap<String, String>>,
    said: Mutex<Vec<(bool, String)>>,
    messages: Mutex<Vec<String>>,
    connections: AtomicUsize,
}

impl Server {
    /// A server that answers to these verbs (`greeting`, `RCPT`, `.` for the end of a message) in its own way.
    pub(super) async fn start(answers: &[(&str, &str)]) -> Self {
        let server = Self::accept(None).await;
        for (verb, answer) in answers {
            server.answer(verb, answer);
        }
        server
    }

    /// A server with TLS, whose certificate is written to `ca_file`.
    pub(super) async fn start_tls(tls: MailTls, ca_file: &Path) -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(ca_file, made.cert.pem()).unwrap();
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        Self::accept(Some((tls, TlsAcceptor::from(Arc::new(config))))).await
    }

    async fn accept(tls: Option<(MailTls, TlsAcceptor)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let book = Arc::<Book>::default();
        let accepting = {
            let book = book.clone();
            tokio::spawn(async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    book.connections.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(serve(stream, book.clone(), tls.clone()));
                }
            })
        };
        Self {
            port,
            book,
            accepting,
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// From now on `verb` is answered with `answer`; empty: as usual.
    pub(super) fn answer(&self, verb: &str, answer: &str) {
        let mut answers = self.book.answers.lock().unwrap();
        match answer {
            "" => answers.remove(verb),
            _ => answers.insert(verb.to_owned(), answer.to_owned()),
        };
    }

    pub(super) fn messages(&self) -> Vec<String> {
        self.book.messages.lock().unwrap().clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.book.connections.load(Ordering::SeqCst)
    }

    /// The lines that were said, but for the messages.
    pub(super) fn said(&self) -> Vec<String> {
        let said = self.book.said.lock().unwrap();
        said.iter().map(|(_, line)| line.clone()).collect()
    }

    pub(super) fn said_in_the_clear(&self) -> Vec<String> {
        let said = self.book.said.lock().unwrap();
        let clear = said.iter().filter(|(encrypted, _)| !encrypted);
        clear.map(|(_, line)| line.clone()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Who wants the stream after a dialogue.
enum Next {
    Nobody,
    Tls,
}

async fn serve(stream: TcpStream, book: Arc<Book>, tls: Option<(MailTls, TlsAcceptor)>) {
    let Some((kind, acceptor)) = tls else {
        let mut stream = BufReader::new(stream);
        let _ = Dialogue::new(&book, false, false).run(&mut stream).await;
        return;
    };
    let mut stream = BufReader::new(stream);
    if kind == MailTls::Starttls {
        let dialogue = Dialogue::new(&book, false, true).run(&mut stream).await;
        if !matches!(dialogue, Ok(Next::Tls)) {
            return;
        }
    }
    // A client that does not trust the certificate ends the handshake.
    if let Ok(stream) = acceptor.accept(stream.into_inner()).await {
        let mut stream = BufReader::new(stream);
        let mut dialogue = Dialogue::new(&book, true, false);
        dialogue.greets = kind == MailTls::Implicit;
        let _ = dialogue.run(&mut stream).await;
    }
}

struct Dialogue<'a> {
    book: &'a Book,
    encrypted: bool,
    offers_tls: bool,
    greets: bool,
}

impl<'a> Dialogue<'a> {
    fn new(book: &'a Book, encrypted: bool, offers_tls: bool) -> Self {
        Self {
            book,
            encrypted,
            offers_tls,
            greets: true,
        }
    }

    async fn run<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut BufReader<S>,
    ) -> std::io::Result<Next> {
        if self.greets {
            self.reply(stream, "greeting", "220 here").await?;
        }
        loop {
            let line = read_line(stream).await?;
            let said = (self.encrypted, line.clone());
            self.book.said.lock().unwrap().push(said);
            let verb = line.split([' ', ':']).next().unwrap_or_default();
            let usual = match verb {
                "EHLO" if self.offers_tls => "250-here\r\n250 STARTTLS",
                "EHLO" => "250-here\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
                "AUTH" => "235 welcome",
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                "STARTTLS" => "220 go on",
                _ => "250 ok",
            };
            self.reply(stream, verb, usual).await?;
            match verb {
                "STARTTLS" => return Ok(Next::Tls),
                "QUIT" => return Ok(Next::Nobody),
                "DATA" => self.message(stream).await?,
                _ => {}
            }
        }
    }

    async fn message<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut BufReader<S>,
    ) -> std::io::Result<()> {
        let mut message = String::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if line == ".\r\n" {
                break;
            }
            message.push_str(&line);
        }
        self.book.messages.lock().unwrap().push(message);
        self.reply(stream, ".", "250 mine").await
    }

    async fn reply<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut BufReader<S>,
        verb: &str,
        usual: &str,
    ) -> std::io::Result<()> {
        let told = self.book.answers.lock().unwrap().get(verb).cloned();
        match told.as_deref().unwrap_or(usual) {
            HANG => pending().await,
            HANG_UP => Err(std::io::ErrorKind::ConnectionAborted.into()),
            answer => {
                stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
                stream.flush().await
            }
        }
    }
}

async fn read_line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}
