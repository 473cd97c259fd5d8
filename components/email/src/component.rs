//! The component: bindings, export, delegation.

use bindings::exports::vestibule::email::commands as wit;
use bindings::vestibule::types::types::Violation;

use crate::error::Error;
use crate::service::{Notice, NoticeKind, Service, TokenMail};
use crate::wasi::Imports;

#[expect(
    unsafe_code,
    reason = "generated: the canonical ABI is made of pointers"
)]
pub(crate) mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "email",
        generate_all,
    });
    use super::Component;
    export!(Component);
}

struct Component;

impl wit::Guest for Component {
    fn send_verify_email(request: wit::SendVerifyEmailRequest) -> Result<(), wit::Error> {
        let request = TokenMail {
            email: request.email,
            token: request.token,
            first_name: request.first_name,
            last_name: request.last_name,
            about: request.about,
        };
        Ok(service().send_verify_email(request)?)
    }

    fn send_forgot_password_email(
        request: wit::SendForgotPasswordEmailRequest,
    ) -> Result<(), wit::Error> {
        let request = TokenMail {
            email: request.email,
            token: request.token,
            first_name: request.first_name,
            last_name: request.last_name,
            about: request.about,
        };
        Ok(service().send_forgot_password_email(request)?)
    }

    fn send_notice(request: wit::SendNoticeRequest) -> Result<(), wit::Error> {
        let subject = match request.kind {
            wit::Notice::PasswordChanged => NoticeKind::PasswordChanged,
            wit::Notice::SignUpAttempt => NoticeKind::SignUpAttempt,
        };
        let notice = Notice {
            email: request.email,
            subject,
            about: request.about,
        };
        Ok(service().send_notice(notice)?)
    }

    fn withdraw_mails(request: wit::WithdrawMailsRequest) -> Result<(), wit::Error> {
        Ok(service().withdraw_mails(&request.email)?)
    }
}

fn service() -> Service<'static, Imports> {
    Service::new(&Imports)
}

impl From<Error> for wit::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Unknown => Self::Unknown,
            Error::ValidationFailed(violations) => {
                let violations = violations.into_iter().map(|violation| Violation {
                    path: violation.path.to_owned(),
                    message: violation.message,
                });
                Self::ValidationFailed(violations.collect())
            }
            Error::AccessDenied => Self::AccessDenied,
            Error::TooManyRequests(milliseconds) => Self::TooManyRequests(milliseconds),
        }
    }
}
