//! The outbox over both stores, with a clock and a mailer that do what the test says.

mod delivering;
mod fixture;
mod names;
mod operating;
mod trouble;

/// Makes a test of every function, on every store.
macro_rules! on_every_store {
    ($($test:ident),+ $(,)?) => {
        mod memory {
            $(#[tokio::test]
            async fn $test() {
                super::$test(super::Fixture::in_memory().await).await;
            })+
        }
        #[cfg(feature = "sqlite")]
        mod sqlite {
            $(#[tokio::test]
            async fn $test() {
                super::$test(super::Fixture::on_disk().await).await;
            })+
        }
    };
}

use on_every_store;
