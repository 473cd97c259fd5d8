//! The other channels' side of the world.

use super::{Kind, Mail, World};
use crate::channels::{Channels, Failed, Mails, Notice, PersonName, Profiles, Sessions, Unsent};
use crate::secret::Secret;

impl World {
    fn mail(&self, to: &str, kind: Kind, about: &str) -> Result<(), Unsent> {
        self.does("mail");
        if let Some(unsent) = self.unsent.get() {
            return Err(unsent);
        }
        // Its words, how far it is, its place in the queue, and that it is the newest of its name.
        self.writes("mail", 4);
        self.state.borrow_mut().mails.push(Mail {
            to: to.to_owned(),
            kind,
            about: about.to_owned(),
        });
        Ok(())
    }

    fn works(&self) -> Result<(), Failed> {
        self.failed.get().map_or(Ok(()), Err)
    }
}

impl Channels for World {}

impl Mails for World {
    fn send_verification(&self, to: &str, token: &Secret, about: &str) -> Result<(), Unsent> {
        self.mail(to, Kind::Verification(token.clone()), about)
    }

    fn send_reset(&self, to: &str, token: &Secret, about: &str) -> Result<(), Unsent> {
        self.mail(to, Kind::Reset(token.clone()), about)
    }

    fn send_notice(&self, to: &str, notice: Notice, about: &str) -> Result<(), Unsent> {
        self.mail(to, Kind::Notice(notice), about)
    }

    fn withdraw(&self, to: &str) -> Result<(), Unsent> {
        self.does("mail");
        // Which is the newest of each of the two names.
        self.writes("mail", 2);
        self.state.borrow_mut().withdrawn.push(to.to_owned());
        Ok(())
    }
}

impl Sessions for World {
    fn end_sessions(&self, id: &str, except_session: Option<&str>) -> Result<(), Failed> {
        self.does("sessions");
        self.works()?;
        let ended = (id.to_owned(), except_session.map(str::to_owned));
        self.state.borrow_mut().ended.push(ended);
        Ok(())
    }
}

impl Profiles for World {
    fn add_profile(&self, id: &str, email: &str, name: &PersonName) -> Result<(), Failed> {
        self.does("profile");
        self.works()?;
        // The profile and where its id leads, an event, an audit record.
        self.writes("profile", 4);
        let mut state = self.state.borrow_mut();
        let profile = (email.to_owned(), name.clone());
        state.profiles.entry(id.to_owned()).or_insert(profile);
        Ok(())
    }

    fn remove_profile(&self, id: &str) -> Result<(), Failed> {
        self.does("profile");
        self.works()?;
        if self.state.borrow_mut().profiles.remove(id).is_some() {
            self.writes("profile", 4);
        }
        Ok(())
    }
}
