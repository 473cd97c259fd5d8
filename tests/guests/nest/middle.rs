//! Channel `middle`: the second of three that nest.

mod level;

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: ["../../wit", "wit"],
        generate_all,
        inline: r#"
            package vestibule:nested@1.0.0;

            world middle {
                import vestibule:capability/storage@1.0.0;
                import vestibule:capability/transaction@1.0.0;
                import vestibule:capability/passwords@1.0.0;
                import vestibule:capability/limits@1.0.0;
                import vestibule:capability/audit@1.0.0;
                import vestibule:capability/events@1.0.0;
                import vestibule:capability/mail@1.0.0;
                import vestibule:capability/caller@1.0.0;
                import wasi:random/random@0.2.0;
                import vestibule:inner/commands@1.0.0;
                export vestibule:middle/commands@1.0.0;
            }
        "#,
    });

    use super::Middle;
    export!(Middle);
}

use bindings::exports::vestibule::middle::commands::{Error, Guest, Reply, Request};
use bindings::vestibule::inner::commands as inner;

struct Middle;

impl Guest for Middle {
    fn run(request: Request) -> Result<Reply, Error> {
        level::run(request, inner::run)
    }
}
