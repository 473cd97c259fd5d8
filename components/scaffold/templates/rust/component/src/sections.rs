//! What the component says of itself.

sections::sections!(
    manifest: "../manifest.json",
    wit: [
        "../../../wit/deps/{{channel}}/{{channel}}.wit",
        "../../../wit/deps/types/types.wit",
    ],
);
