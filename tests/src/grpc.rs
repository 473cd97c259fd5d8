//! Stubs of the gRPC services, as a Rust client generates them.

macro_rules! package {
    ($name:ident, $package:literal) => {
        #[doc = concat!("The package `", $package, "`.")]
        #[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
        pub mod $name {
            tonic::include_proto!($package);
        }
    };
}

package!(accounts, "accounts.v1");
package!(test, "test.v1");
package!(tokens, "tokens.v1");
