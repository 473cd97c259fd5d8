//! Connections over real sockets. Nothing sleeps: every test waits for what it expects.

mod tls;

use std::sync::atomic::AtomicI64;

use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

fn patient() -> Limits {
    Limits {
        connections: 16,
        head: LONG,
        idle: LONG,
        request: LONG,
        drain: LONG,
    }
}

struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Drained>,
    /// Connections now, and the most there ever were.
    open: Arc<(AtomicI64, AtomicI64)>,
    /// Handlers of `/slow` that have begun, and leave for one to end.
    begun: Arc<Semaphore>,
    leave: Arc<Semaphore>,
}

async fn start(limits: Limits) -> Running {
    start_with(limits, None).await
}

async fn start_with(limits: Limits, tls: Option<Tls>) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = Listener::new(listener, tls);
    let (begun, leave) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let slow = {
        let (begun, leave) = (begun.clone(), leave.clone());
        move || {
            let (begun, leave) = (begun.clone(), leave.clone());
            async move {
                begun.add_permits(1);
                leave.acquire().await.unwrap().forget();
                "slow"
            }
        }
    };
    let router = axum::Router::new()
        .route("/", get(|| async { "quick" }))
        .route("/slow", get(slow));
    let open = Arc::new((AtomicI64::new(0), AtomicI64::new(0)));
    let gauge: Gauge = {
        let open = open.clone();
        Arc::new(move |change| {
            let now = open.0.fetch_add(change, Ordering::SeqCst) + change;
            open.1.fetch_max(now, Ordering::SeqCst);
        })
    };
    let (stop, stopped) = oneshot::channel();
    let shutdown = async {
        let _ = stopped.await;
    };
    let task = tokio::spawn(serve(listener, router, limits, gauge, shutdown));
    Running {
        address,
        stop: Some(stop),
        task,
        open,
        begun,
        leave,
    }
}

impl Running {
    async fn connect(&self, send: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(send.as_bytes()).await.unwrap();
        stream
    }

    fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }
}

/// What comes until the other side closes.
async fn read_all(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    // A reset is an end too.
    let _ = tokio::time::timeout(LONG, stream.read_to_end(&mut bytes))
        .await
        .unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What comes up to `end`.
async fn read_until(stream: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let byte = tokio::time::timeout(LONG, stream.read_u8()).await.unwrap();
        text.push(char::from(byte.unwrap()));
    }
    text
}

#[tokio::test]
async fn who_is_slow_with_the_head_is_left() {
    let running = start(Limits {
        head: SHORT,
        ..patient()
    })
    .await;
    for begin in [
        "",
        "P",
        "PRI * HTTP/2.0\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx-slow: ",
    ] {
        let mut stream = running.connect(begin).await;
        assert_eq!(read_all(&mut stream).await, "", "{begin}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let running = start(Limits {
        idle: SHORT,
        ..patient()
    })
    .await;
    let mut stream = running.connect("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-length: 5\r\n"), "{answer}");
    assert!(answer.ends_with("quick"), "{answer}");
}

#[tokio::test]
async fn a_request_that_never_ends_is_ended() {
    let running = start(Limits {
        request: SHORT,
        ..patient()
    })
    .await;
    let mut stream = running
        .connect("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    assert_eq!(read_all(&mut stream).await, "");
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_served_at_once() {
    let running = start(Limits {
        connections: 1,
        ..patient()
    })
    .await;
    let request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut first = running.connect(request).await;
    let mut second = running.connect(request).await;
    read_until(&mut first, "quick").await;
    drop(first);
    read_until(&mut second, "quick").await;
    assert_eq!(running.open.1.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_stop_lets_requests_finish_and_closes_the_idle() {
    let mut running = start(patient()).await;
    let mut idle = running.connect("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    read_until(&mut idle, "quick").await;
    let mut busy = running
        .connect("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    running.begun.acquire().await.unwrap().forget();
    running.stop();
    assert_eq!(read_all(&mut idle).await, "");
    assert!(TcpStream::connect(running.address).await.is_err());
    running.leave.add_permits(1);
    let answer = read_all(&mut busy).await;
    assert!(answer.ends_with("slow"), "{answer}");
    assert_eq!(running.task.await.unwrap(), Drained { cut: 0 });
    assert_eq!(running.open.0.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let mut running = start(Limits {
        drain: SHORT,
        ..patient()
    })
    .await;
    let mut busy = running
        .connect("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    running.begun.acquire().await.unwrap().forget();
    running.stop();
    assert_eq!(read_all(&mut busy).await, "");
    assert_eq!(running.task.await.unwrap(), Drained { cut: 1 });
}

/// HTTP/2 (RFC 9113 §6.8): a stop says GOAWAY (type 7) before the connection ends.
#[tokio::test]
async fn an_http2_client_is_told_to_go_away() {
    let mut running = start(patient()).await;
    let mut stream = running.connect("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    // An empty SETTINGS frame.
    stream
        .write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0])
        .await
        .unwrap();
    let mut kinds = Vec::new();
    loop {
        let mut head = [0; 9];
        let read = tokio::time::timeout(LONG, stream.read_exact(&mut head)).await;
        if read.unwrap().is_err() {
            break;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await.unwrap();
        if kinds.is_empty() {
            running.stop();
        }
        // A PING is answered, or the server waits for it.
        if head[3] == 6 && head[4] == 0 {
            head[4] = 1;
            stream.write_all(&head).await.unwrap();
            stream.write_all(&payload).await.unwrap();
        }
        kinds.push(head[3]);
    }
    assert!(kinds.contains(&7), "{kinds:?}");
    assert_eq!(running.task.await.unwrap(), Drained { cut: 0 });
}
