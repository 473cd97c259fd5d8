//! What the component says of itself.

sections::sections!(
    manifest: "../manifest.json",
    wit: [
        "../../../wit/deps/users/users.wit",
        "../../../wit/deps/types/types.wit",
    ],
);
