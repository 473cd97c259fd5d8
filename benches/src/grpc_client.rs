//! The gRPC client that makes load: streams of one HTTP/2 connection, as a channel has, and as little of them as does.
//!
//! Requests are encoded beforehand; of an answer nothing is read but its status and whether it has what it is to have.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::future::poll_fn;
use h2::client::SendRequest;
use http::{HeaderMap, HeaderValue, Request, header};
use prost::Message;
use prost::bytes::{BufMut as _, Bytes, BytesMut};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::client::{Asks, keep_asking};
use crate::measure::Sample;

/// An rpc, and what is asked of it in turn.
pub(crate) struct Load {
    /// `/package.Service/Method`.
    path: &'static str,
    requests: Vec<Asked>,
    /// What the initial metadata of each answer must have.
    promises: Option<&'static str>,
}

/// A request: its metadata, and its message in a frame.
pub(crate) struct Asked {
    metadata: HeaderMap,
    frame: Bytes,
}

impl Asked {
    /// `message`, with an access token if there is one.
    pub(crate) fn new(message: &impl Message, access: Option<&str>) -> Result<Self> {
        let mut metadata = HeaderMap::new();
        metadata.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/grpc"),
        );
        metadata.insert(header::TE, HeaderValue::from_static("trailers"));
        if let Some(access) = access {
            let bearer = format!("Bearer {access}").parse()?;
            metadata.insert(header::AUTHORIZATION, bearer);
        }
        let mut frame = BytesMut::new();
        frame.put_u8(0);
        frame.put_u32(u32::try_from(message.encoded_len())?);
        message.encode(&mut frame)?;
        let frame = frame.freeze();
        Ok(Self { metadata, frame })
    }
}

impl Load {
    pub(crate) fn new(
        path: &'static str,
        requests: Vec<Asked>,
        promises: Option<&'static str>,
    ) -> Arc<Self> {
        Arc::new(Self {
            path,
            requests,
            promises,
        })
    }
}

/// Keeps `streams` of one connection busy with `load` for `span`. The sample's processor time is that of process `pid`, the server.
pub(crate) fn flood(
    runtime: &Runtime,
    address: SocketAddr,
    streams: usize,
    load: &Arc<Load>,
    span: Duration,
    pid: u32,
) -> Result<Sample> {
    let sender = runtime.block_on(open(address))?;
    let lanes = (0..streams).map(|_| Stream {
        url: format!("http://{address}{}", load.path),
        sender: sender.clone(),
        load: load.clone(),
    });
    keep_asking(runtime, lanes.collect(), load.requests.len(), span, pid)
}

async fn open(address: SocketAddr) -> Result<SendRequest<Bytes>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = h2::client::handshake(stream).await?;
    // It ends with its senders. What breaks it is told to those who ask.
    tokio::spawn(connection);
    Ok(sender)
}

/// One stream after the other.
struct Stream {
    url: String,
    sender: SendRequest<Bytes>,
    load: Arc<Load>,
}

impl Asks for Stream {
    async fn ask(&mut self, number: usize) -> Result<()> {
        let requests = &self.load.requests;
        let asked = &requests[number % requests.len()];
        let mut request = Request::post(&*self.url).body(())?;
        request.headers_mut().clone_from(&asked.metadata);
        poll_fn(|context| self.sender.poll_ready(context)).await?;
        let (answer, mut body) = self.sender.send_request(request, false)?;
        body.send_data(asked.frame.clone(), true)?;
        let (head, mut body) = answer.await?.into_parts();
        if let Some(key) = self.load.promises
            && !head.headers.contains_key("grpc-status")
        {
            ensure!(head.headers.contains_key(key), "the answer has no {key}");
        }
        while let Some(bytes) = body.data().await {
            body.flow_control().release_capacity(bytes?.len())?;
        }
        // A refusal has its status where others have their metadata.
        let trailers = body.trailers().await?.unwrap_or(head.headers);
        let status = trailers.get("grpc-status").context("no status")?;
        let said = trailers.get("grpc-message");
        ensure!(status == "0", "refused: {status:?} {said:?}");
        Ok(())
    }
}
