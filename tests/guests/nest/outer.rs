//! Channel `outer`: the first of three that nest.

mod level;

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: ["../../wit", "wit"],
        generate_all,
        inline: r#"
            package vestibule:nested@1.0.0;

            world outer {
                import vestibule:capability/storage@1.0.0;
                import vestibule:capability/transaction@1.0.0;
                import vestibule:capability/passwords@1.0.0;
                import vestibule:capability/limits@1.0.0;
                import vestibule:capability/audit@1.0.0;
                import vestibule:capability/events@1.0.0;
                import vestibule:capability/mail@1.0.0;
                import vestibule:capability/caller@1.0.0;
                import wasi:random/random@0.2.0;
                import vestibule:middle/commands@1.0.0;
                export vestibule:outer/commands@1.0.0;
            }
        "#,
    });

    use super::Outer;
    export!(Outer);
}

use bindings::exports::vestibule::outer::commands::{Error, Guest, Reply, Request};
use bindings::vestibule::middle::commands as middle;

struct Outer;

impl Guest for Outer {
    fn run(request: Request) -> Result<Reply, Error> {
        level::run(request, middle::run)
    }
}
