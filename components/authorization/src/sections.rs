//! What the component says of itself.

sections::sections!(
    manifest: "../manifest.json",
    wit: [
        "../../../wit/deps/authorization/authorization.wit",
        "../../../wit/deps/types/types.wit",
    ],
);
