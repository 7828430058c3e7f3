//! Every kind of problem there is, in one table: its status, its slug, its title.

use axum::http::StatusCode;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $status:ident $slug:literal $title:literal;)*) => {
        /// The kind of a problem. A closed list: apps decide by `type`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ErrorKind { $($(#[$doc])* $name,)* }

        impl ErrorKind {
            /// Every kind.
            pub const ALL: &[ErrorKind] = &[$(ErrorKind::$name,)*];

            /// The last word of the problem's `type`.
            pub const fn slug(self) -> &'static str {
                match self { $(ErrorKind::$name => $slug,)* }
            }

            /// The status of the answer.
            pub const fn status(self) -> StatusCode {
                match self { $(ErrorKind::$name => StatusCode::$status,)* }
            }

            /// What it is, in words that never change.
            pub const fn title(self) -> &'static str {
                match self { $(ErrorKind::$name => $title,)* }
            }
        }
    };
}

kinds! {
    /// The request cannot be read: broken JSON, a header or query parameter that makes no sense.
    Malformed = BAD_REQUEST "malformed" "The request cannot be read";
    /// `next` was not given out by this list, or not with these filters.
    BadPage = BAD_REQUEST "bad_page" "The page cursor is not valid";
    /// No token, or not an ID token.
    Unauthorized = UNAUTHORIZED "unauthorized" "Authentication required";
    /// The caller's role may not.
    Forbidden = FORBIDDEN "forbidden" "The caller's role does not allow this";
    /// Not there, or outside the caller's scope.
    NotFound = NOT_FOUND "not_found" "Not found";
    /// The path is there, the method is not.
    MethodNotAllowed = METHOD_NOT_ALLOWED "method_not_allowed" "Method not allowed";
    /// In none of the forms that the caller takes.
    NotAcceptable = NOT_ACCEPTABLE "not_acceptable" "None of the accepted media types is available";
    /// What should be made is there already.
    Exists = CONFLICT "exists" "Already exists";
    /// The thing is in a state from which this step is not possible.
    Transition = CONFLICT "transition" "This status change is not allowed";
    /// Something else needs what should go.
    InUse = CONFLICT "in_use" "In use";
    /// There is a user with that address already.
    UserExists = CONFLICT "user_exists" "A user with this address already exists";
    /// The address is another user's.
    EmailTaken = CONFLICT "email_taken" "The address belongs to another user";
    /// Without this admin nobody could let anyone in again.
    LastAdmin = CONFLICT "last_admin" "The last admin cannot be removed";
    /// Nobody deletes themself.
    SelfDelete = CONFLICT "self_delete" "Users cannot delete themselves";
    /// `If-Match` names another version than the present one.
    PreconditionFailed = PRECONDITION_FAILED "precondition_failed" "The precondition failed";
    /// The body is larger than any sensible one.
    TooLarge = PAYLOAD_TOO_LARGE "too_large" "The body is too large";
    /// The body is of a type that is not understood here.
    UnsupportedMedia = UNSUPPORTED_MEDIA_TYPE "unsupported_media" "Unsupported media type";
    /// The body can be read and says something that cannot be.
    Invalid = UNPROCESSABLE_ENTITY "invalid" "The content is not valid";
    /// The password breaks a rule of the user pool.
    PasswordPolicy = UNPROCESSABLE_ENTITY "password_policy" "The password does not meet the policy";
    /// The password was used before.
    PasswordReused = UNPROCESSABLE_ENTITY "password_reused" "The password was used before";
    /// No invitation can be sent to the address.
    Undeliverable = UNPROCESSABLE_ENTITY "undeliverable" "The invitation cannot be sent";
    /// Too many requests in a short time.
    TooMany = TOO_MANY_REQUESTS "too_many" "Too many requests";
    /// A fault of this system.
    Internal = INTERNAL_SERVER_ERROR "internal" "Internal server error";
    /// Something this system needs does not answer.
    Unavailable = SERVICE_UNAVAILABLE "unavailable" "Temporarily unavailable";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_slug_and_a_title_of_its_own() {
        for (place, kind) in ErrorKind::ALL.iter().enumerate() {
            assert!(kind.status().is_client_error() || kind.status().is_server_error(), "{kind:?}");
            assert!(kind.slug().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{kind:?}");
            let same = |other: &&ErrorKind| other.slug() == kind.slug() || other.title() == kind.title();
            assert_eq!(ErrorKind::ALL.iter().position(|other| same(&other)), Some(place), "{kind:?}");
        }
    }
}
