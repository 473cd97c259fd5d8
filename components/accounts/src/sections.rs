//! What the component says of itself.

sections::sections!(
    manifest: "../manifest.json",
    wit: [
        "../../../wit/deps/accounts/accounts.wit",
        "../../../wit/deps/types/types.wit",
    ],
);
