//! The bundled builds keep their contracts, beside themselves too.

use std::num::NonZeroUsize;

use vestibule::testing::conformance::{Checker, Options, Verdict, channels};

/// The bundled build of `channel`.
fn bundled(channel: &str) -> Vec<u8> {
    let mut components = bundle::COMPONENTS.iter();
    let component = components.find(|component| component.channel == channel);
    component.unwrap().wasm.to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bundled_build_keeps_its_contract_and_its_state() {
    let options = Options {
        at_once: NonZeroUsize::new(2).unwrap(),
        ..Options::default()
    };
    let checker = Checker::new(options).unwrap();
    for channel in channels() {
        let report = checker.check(channel, bundled(channel), None, |_| {}).await;
        let report = report.unwrap();
        let broken: Vec<_> = report
            .scenarios
            .iter()
            .filter(|row| row.contract != Verdict::Held || row.state != Verdict::Held)
            .collect();
        assert!(broken.is_empty(), "{channel}: {broken:#?}");
    }
}
