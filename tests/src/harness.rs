//! `vestibule::testing`, on every backend.

use std::sync::Arc;

use vestibule::store::Store;

pub use vestibule::testing::{Harness, HarnessBuilder, explain, fault, write_of};

use crate::store::Backend;

/// Where all tests keep compiled code.
const CODE: &str = concat!(env!("OUT_DIR"), "/code");

/// A host without components over an empty store of this kind.
#[must_use]
pub fn on(backend: Backend) -> HarnessBuilder {
    let (store, folder) = backend.open();
    over(store).keep(folder)
}

/// The same over the test's own store.
#[must_use]
pub fn over(store: Arc<dyn Store>) -> HarnessBuilder {
    Harness::over(store).code_cache(CODE)
}

/// Makes a test of every function, on every backend.
#[macro_export]
macro_rules! on_every_backend {
    ($($test:ident),+ $(,)?) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::store::Backend::Memory).await;
            })+
        }
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::store::Backend::Sqlite).await;
            })+
        }
    };
}
