//! Writes a file for each role with the header that calls of the API need, for `curl -H @file`. The files are rewritten before their tokens
//! expire.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use tooling::people::{People, Person};
use tooling::place::Place;
use tooling::secret;
use tooling::stack::Stack;

/// Time between two sign-ins; tokens are valid for 15 minutes.
const AGAIN: Duration = Duration::from_secs(10 * 60);

/// The files. Dropping this deletes them.
#[derive(Debug)]
pub struct SignedIn {
    /// The file with the administrator's header.
    pub admin: PathBuf,
    /// The file with the user's header.
    pub user: PathBuf,
}

impl SignedIn {
    /// Writes the files of this run.
    ///
    /// # Errors
    /// When a person cannot sign in, or a file cannot be written.
    pub async fn write(stack: &Stack, people: &People, place: &Place) -> Result<Self> {
        let files = Self { admin: place.run("admin.token"), user: place.run("user.token") };
        sign_in(stack, &people.admin, &files.admin).await?;
        sign_in(stack, &people.user, &files.user).await?;
        Ok(files)
    }

    /// Keeps the tokens in the files valid; ends only with an error.
    ///
    /// # Errors
    /// As [`SignedIn::write`].
    pub fn keep(&self, stack: &Stack, people: &People) -> impl Future<Output = Result<()>> + Send + 'static {
        let all = [(people.admin.clone(), self.admin.clone()), (people.user.clone(), self.user.clone())];
        let stack = stack.clone();
        async move {
            loop {
                tokio::time::sleep(AGAIN).await;
                for (person, file) in &all {
                    sign_in(&stack, person, file).await?;
                }
            }
        }
    }
}

impl Drop for SignedIn {
    fn drop(&mut self) {
        for file in [&self.admin, &self.user] {
            let _ = std::fs::remove_file(file);
        }
    }
}

async fn sign_in(stack: &Stack, person: &Person, file: &Path) -> Result<()> {
    let tokens = person.sign_in(stack).await?;
    secret::write(file, &format!("Authorization: Bearer {}\n", tokens.id))
}
