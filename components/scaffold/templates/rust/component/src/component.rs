//! The component: bindings, export, delegation.

use bindings::exports::vestibule::{{snake}}::commands as wit;
use bindings::vestibule::types::types::Violation;

use crate::error::Error;
use crate::service::Service;
use crate::wasi::Imports;

#[expect(
    unsafe_code,
    reason = "generated: the canonical ABI is made of pointers"
)]
pub(crate) mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "{{channel}}",
        generate_all,
    });
    use super::Component;
    export!(Component);
}

struct Component;

impl wit::Guest for Component {
    fn keep_note(request: wit::KeepNoteRequest) -> Result<(), wit::Error> {
        Ok(service().keep_note(&request.text)?)
    }

    fn read_note() -> Result<wit::FoundNote, wit::Error> {
        let text = service().read_note()?;
        Ok(wit::FoundNote { text })
    }
}

fn service() -> Service<'static, Imports> {
    Service::new(&Imports)
}

impl From<Error> for wit::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::ValidationFailed(violations) => {
                let violations = violations.into_iter().map(|violation| Violation {
                    path: violation.path.to_owned(),
                    message: violation.message,
                });
                Self::ValidationFailed(violations.collect())
            }
            Error::AccessDenied => Self::AccessDenied,
        }
    }
}
