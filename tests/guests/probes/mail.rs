//! Channel `probe-mail`: sends a mail or withdraws some, and answers as it is told.

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:probe-mail@1.0.0;

            interface commands {
                variant error { refused }

                /// Sends a mail that expires at `expires-at`, then answers `refused` if `fail`.
                send: func(to: string, subject: string, text: string, expires-at: u64, supersedes: option<string>, about: option<string>, fail: bool) -> result<_, error>;

                /// Withdraws the mails of `name` to `to`, then answers `refused` if `fail`.
                withdraw: func(to: string, name: string, fail: bool) -> result<_, error>;
            }

            world probe {
                import vestibule:capability/mail@1.0.0;
                export commands;
            }
        "#,
    });

    use super::Probe;
    export!(Probe);
}

use bindings::exports::vestibule::probe_mail::commands::{Error, Guest};
use bindings::vestibule::capability::mail;

struct Probe;

impl Guest for Probe {
    fn send(
        to: String,
        subject: String,
        text: String,
        expires_at: u64,
        supersedes: Option<String>,
        about: Option<String>,
        fail: bool,
    ) -> Result<(), Error> {
        let html = format!("<p>{text}</p>");
        mail::send(&mail::Message {
            to,
            subject,
            text,
            html,
            expires_at,
            supersedes,
            about,
        });
        if fail { Err(Error::Refused) } else { Ok(()) }
    }

    fn withdraw(to: String, name: String, fail: bool) -> Result<(), Error> {
        mail::withdraw(&to, &name);
        if fail { Err(Error::Refused) } else { Ok(()) }
    }
}
