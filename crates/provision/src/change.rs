//! Common parts of the routes that change a listed number.

use weir_aws::device::{ClaimHash, draw_claim_code};
use weir_aws::{Attempts, AwsError};
use weir_core::domain::claim::ClaimCode;
use weir_core::domain::device::Author;
use weir_core::domain::serial::ListedSerial;
use weir_core::id::Serial;
use weir_http::{ApiError, Caller};

use super::Parts;

/// Maximum attempts of a change. Each failed one means that another change succeeded.
const MAX_ATTEMPTS: u32 = 10;

/// The attempts to change a listed number.
pub(super) fn attempts(serial: &Serial) -> Attempts<'_, Serial> {
    Attempts::new("serials", serial, MAX_ATTEMPTS)
}

/// Draws a claim code for a number that is to be listed; the number stores only its hash.
pub(super) fn give_code(listed: &mut ListedSerial) -> Result<ClaimCode, AwsError> {
    let code = draw_claim_code()?;
    listed.claim_code = Some(ClaimHash::of(&code).as_str().to_owned());
    Ok(code)
}

impl Parts {
    /// The listed number; 404 if it is not listed.
    pub(super) async fn listed(&self, serial: &Serial) -> Result<ListedSerial, ApiError> {
        self.serials.find(serial).await?.ok_or_else(ApiError::not_found)
    }

    /// The caller as the author of a change at this moment.
    pub(super) fn author(&self, caller: &Caller) -> Author {
        Author { by: caller.name(), at: self.clock.now() }
    }
}
