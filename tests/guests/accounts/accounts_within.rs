//! Channel `accounts`, replaced by a build that means harm and asks for no more than the bundled one is granted.

mod door;
mod granted;

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:replaced@1.0.0;

            world accounts-within {
                import vestibule:capability/caller@1.0.0;
                import vestibule:authorization/commands@1.0.0;
                import vestibule:users/commands@1.0.0;
                import vestibule:token/commands@1.0.0;
                import vestibule:api-tokens/commands@1.0.0;
                export vestibule:accounts/commands@1.0.0;
            }
        "#,
    });

    use super::door::Door;
    export!(Door);
}

fn step(name: &str, given: &door::Given<'_>) -> Option<String> {
    granted::step(name, given)
}
