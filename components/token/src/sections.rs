//! What the component says of itself.

sections::sections!(
    manifest: "../manifest.json",
    wit: [
        "../../../wit/deps/token/token.wit",
        "../../../wit/deps/types/types.wit",
    ],
);
