//! Every kind of problem there is, in one table: its status, its slug, its title.

use axum::http::StatusCode;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $status:ident $slug:literal $title:literal;)*) => {
        /// The kind of a problem. A closed list: apps decide by `type`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Kind] = &[$(Kind::$name,)*];

            /// The last word of the problem's `type`.
            pub const fn slug(self) -> &'static str {
                match self { $(Kind::$name => $slug,)* }
            }

            /// The status of the answer.
            pub const fn status(self) -> StatusCode {
                match self { $(Kind::$name => StatusCode::$status,)* }
            }

            /// What it is, in words that never change.
            pub const fn title(self) -> &'static str {
                match self { $(Kind::$name => $title,)* }
            }
        }
    };
}

kinds! {
    /// The request cannot be read: broken JSON, a header or query parameter that makes no sense.
    Malformed = BAD_REQUEST "malformed" "The request cannot be read";
    /// `next` was not given out by this list, or not with these filters.
    BadPage = BAD_REQUEST "bad_page" "There is no such page";
    /// No token, or not an ID token.
    Unauthorized = UNAUTHORIZED "unauthorized" "Who is asking is not known";
    /// The caller's role may not.
    Forbidden = FORBIDDEN "forbidden" "The role may not do this";
    /// Not there, or outside the caller's scope.
    NotFound = NOT_FOUND "not_found" "There is no such thing";
    /// The path is there, the method is not.
    MethodNotAllowed = METHOD_NOT_ALLOWED "method_not_allowed" "The method does not fit the path";
    /// In none of the forms that the caller takes.
    NotAcceptable = NOT_ACCEPTABLE "not_acceptable" "There is no such form of it";
    /// What should be made is there already.
    Exists = CONFLICT "exists" "It exists already";
    /// The thing is in a state from which this step is not possible.
    Transition = CONFLICT "transition" "The step does not follow from the present state";
    /// Something else needs what should go.
    InUse = CONFLICT "in_use" "Something else needs it";
    /// There is a user with that address already.
    UserExists = CONFLICT "user_exists" "There is such a user already";
    /// The address is another user's.
    EmailTaken = CONFLICT "email_taken" "The address is another user's";
    /// Without this admin nobody could let anyone in again.
    LastAdmin = CONFLICT "last_admin" "Nobody else would be left to manage people";
    /// Nobody deletes themself.
    SelfDelete = CONFLICT "self_delete" "Nobody deletes themself";
    /// `If-Match` names another version than the present one.
    PreconditionFailed = PRECONDITION_FAILED "precondition_failed" "It was changed in the meantime";
    /// The body is larger than any sensible one.
    TooLarge = PAYLOAD_TOO_LARGE "too_large" "The body is too large";
    /// The body is of a type that is not understood here.
    UnsupportedMedia = UNSUPPORTED_MEDIA_TYPE "unsupported_media" "The body is of another type";
    /// The body can be read and says something that cannot be.
    Invalid = UNPROCESSABLE_ENTITY "invalid" "The content is not valid";
    /// The password breaks a rule of the user pool.
    PasswordPolicy = UNPROCESSABLE_ENTITY "password_policy" "The password breaks a rule";
    /// The password was used before.
    PasswordReused = UNPROCESSABLE_ENTITY "password_reused" "The password was used before";
    /// No invitation can be sent to the address.
    Undeliverable = UNPROCESSABLE_ENTITY "undeliverable" "The invitation cannot be sent";
    /// Too many requests in a short time.
    TooMany = TOO_MANY_REQUESTS "too_many" "Too many requests";
    /// A fault of this system.
    Internal = INTERNAL_SERVER_ERROR "internal" "Something is wrong on this side";
    /// Something this system needs does not answer.
    Unavailable = SERVICE_UNAVAILABLE "unavailable" "Not possible at the moment";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_slug_and_a_title_of_its_own() {
        for (place, kind) in Kind::ALL.iter().enumerate() {
            assert!(kind.status().is_client_error() || kind.status().is_server_error(), "{kind:?}");
            assert!(kind.slug().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{kind:?}");
            let same = |other: &&Kind| other.slug() == kind.slug() || other.title() == kind.title();
            assert_eq!(Kind::ALL.iter().position(|other| same(&other)), Some(place), "{kind:?}");
        }
    }
}
