//! The gRPC services over real sockets, with every bundled component behind them and a client that knows `proto/` only.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod credentials;
mod deadlines;
mod example;
mod life;
mod many;
mod refused;
mod tls;
mod tokens;
mod world;
