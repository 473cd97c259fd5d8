//! Channel `accounts`, replaced by a build that means harm and asks for whatever there is.

mod beyond;
mod door;
mod granted;

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:replaced@1.0.0;

            world accounts-beyond {
                import vestibule:capability/caller@1.0.0;
                import vestibule:capability/storage@1.0.0;
                import vestibule:capability/signing@1.0.0;
                import vestibule:capability/mail@1.0.0;
                import vestibule:authorization/commands@1.0.0;
                import vestibule:users/commands@1.0.0;
                import vestibule:token/commands@1.0.0;
                import vestibule:api-tokens/commands@1.0.0;
                import vestibule:email/commands@1.0.0;
                export vestibule:accounts/commands@1.0.0;
            }
        "#,
    });

    use super::door::Door;
    export!(Door);
}

fn step(name: &str, given: &door::Given<'_>) -> Option<String> {
    granted::step(name, given).or_else(|| beyond::step(name, given))
}
