//! The accounts in a store.

use crate::account::Account;
use crate::error::Error;
use crate::keys;
use crate::ports::{Effects, Storage};
use crate::record;

/// The longest id of an account, in bytes.
pub(crate) const MAX_ID_BYTES: usize = 128;

/// No account's id: reading its record is the work that reading an account's would be.
const NOBODY: &str = "";

/// Whether `id` could be an account's: 1 to 128 bytes without control characters.
pub(crate) fn is_id(id: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&id.len()) && !id.chars().any(char::is_control)
}

/// The accounts in a store.
pub(crate) struct Accounts<'a, P> {
    ports: &'a P,
}

impl<'a, P: Storage + Effects> Accounts<'a, P> {
    pub(crate) fn new(ports: &'a P) -> Self {
        Self { ports }
    }

    /// The account of this id. What cannot be an id is nobody's.
    pub(crate) fn find(&self, id: &str) -> Result<Option<Account>, Error> {
        if !is_id(id) {
            return Ok(None);
        }
        record::read(self.ports, &keys::account(id))
    }

    /// The account with this canonical address. It reads as much for an address that has none.
    pub(crate) fn by_address(&self, canonical: &str) -> Result<Option<Account>, Error> {
        let id = self.ports.get(&keys::email(canonical));
        let id = id.and_then(|id| String::from_utf8(id).ok());
        record::read(self.ports, &keys::account(id.as_deref().unwrap_or(NOBODY)))
    }

    /// Stores an account that begins: nobody else gets its address as long as it is there.
    pub(crate) fn begin(&self, account: &Account) {
        let (key, id) = (keys::email(&account.address), account.id.as_str());
        self.ports.put(&key, id.as_bytes(), None, Some(id));
        self.save(account);
    }

    /// Stores an account that changed; its id and address never do.
    pub(crate) fn save(&self, account: &Account) {
        let key = keys::account(&account.id);
        self.ports
            .put(&key, &record::bytes(account), None, Some(&account.id));
    }

    /// Removes an account; its address is free again.
    pub(crate) fn erase(&self, account: &Account) {
        self.ports.delete(&keys::account(&account.id));
        self.ports.delete(&keys::email(&account.address));
        self.ports.delete(&keys::noticed(&account.id));
        self.forget_sources(&account.id);
    }

    /// Forgets from where it was signed in to.
    pub(crate) fn forget_sources(&self, id: &str) {
        self.ports.delete(&keys::known_sources(id));
    }

    /// Whether its owner was told of a sign-up lately; for nobody the same work.
    pub(crate) fn was_noticed(&self, account: Option<&Account>) -> bool {
        let id = account.map_or(NOBODY, |account| &account.id);
        self.ports.get(&keys::noticed(id)).is_some()
    }

    /// Notes that its owner was told of a sign-up, until `until`.
    pub(crate) fn notice(&self, account: &Account, until: u64) {
        let key = keys::noticed(&account.id);
        self.ports.put(&key, &[], Some(until), Some(&account.id));
    }
}
