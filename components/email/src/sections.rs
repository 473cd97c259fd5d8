//! What the component says of itself.

sections::sections!(
    manifest: "../manifest.json",
    wit: [
        "../../../wit/deps/email/email.wit",
        "../../../wit/deps/types/types.wit",
    ],
);
