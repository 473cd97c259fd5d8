//! What the component says of itself.

sections::sections!(
    manifest: "../manifest.json",
    wit: [
        "../../../wit/deps/api-tokens/api-tokens.wit",
        "../../../wit/deps/types/types.wit",
    ],
);
