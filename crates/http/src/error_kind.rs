//! All kinds of API errors in one table: status, slug and title.

use axum::http::StatusCode;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $status:ident $slug:literal $title:literal;)*) => {
        /// The kind of an API error. The list is closed, because apps decide by `type`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ErrorKind { $($(#[$doc])* $name,)* }

        impl ErrorKind {
            /// All kinds.
            pub const ALL: &[ErrorKind] = &[$(ErrorKind::$name,)*];

            /// The last part of `type`.
            pub const fn slug(self) -> &'static str {
                match self { $(ErrorKind::$name => $slug,)* }
            }

            /// The HTTP status.
            pub const fn status(self) -> StatusCode {
                match self { $(ErrorKind::$name => StatusCode::$status,)* }
            }

            /// The title, which never changes.
            pub const fn title(self) -> &'static str {
                match self { $(ErrorKind::$name => $title,)* }
            }
        }
    };
}

kinds! {
    /// The request cannot be read: broken JSON, or an unreadable header or query parameter.
    Malformed = BAD_REQUEST "malformed" "The request cannot be read";
    /// `next` is not a cursor of this list with these filters.
    BadPage = BAD_REQUEST "bad_page" "The page cursor is not valid";
    /// No token, or not an ID token.
    Unauthorized = UNAUTHORIZED "unauthorized" "Authentication required";
    /// The role of the caller does not allow this.
    Forbidden = FORBIDDEN "forbidden" "The caller's role does not allow this";
    /// The role allows this only to people who sign in with one-time codes.
    MfaRequired = FORBIDDEN "mfa_required" "One-time codes are required";
    /// Does not exist, or is outside the scope of the caller.
    NotFound = NOT_FOUND "not_found" "Not found";
    /// The path exists, but not with this method.
    MethodNotAllowed = METHOD_NOT_ALLOWED "method_not_allowed" "Method not allowed";
    /// None of the media types in `Accept` is available.
    NotAcceptable = NOT_ACCEPTABLE "not_acceptable" "None of the accepted media types is available";
    /// The thing to be created already exists.
    Exists = CONFLICT "exists" "Already exists";
    /// The current state does not allow this change.
    Transition = CONFLICT "transition" "This status change is not allowed";
    /// Something else still uses the thing to be deleted.
    InUse = CONFLICT "in_use" "In use";
    /// As many as are allowed exist already.
    LimitReached = CONFLICT "limit_reached" "The limit is reached";
    /// The environment sends no e-mails.
    EmailOff = CONFLICT "email_off" "E-mail is switched off";
    /// A user with this e-mail address already exists.
    UserExists = CONFLICT "user_exists" "A user with this address already exists";
    /// The e-mail address belongs to another user.
    EmailTaken = CONFLICT "email_taken" "The address belongs to another user";
    /// No other admin with a password of their own would remain.
    LastAdmin = CONFLICT "last_admin" "The last admin cannot be removed";
    /// Users cannot delete themselves.
    SelfDelete = CONFLICT "self_delete" "Users cannot delete themselves";
    /// `If-Match` does not match the current entity tag, or `If-None-Match` does.
    PreconditionFailed = PRECONDITION_FAILED "precondition_failed" "The precondition failed";
    /// The body is larger than 64 KB.
    TooLarge = PAYLOAD_TOO_LARGE "too_large" "The body is too large";
    /// The content type of the body is not supported.
    UnsupportedMedia = UNSUPPORTED_MEDIA_TYPE "unsupported_media" "Unsupported media type";
    /// The request can be read, but its content is invalid.
    Invalid = UNPROCESSABLE_ENTITY "invalid" "The content is not valid";
    /// The password violates a rule of the user pool.
    PasswordPolicy = UNPROCESSABLE_ENTITY "password_policy" "The password does not meet the policy";
    /// The password was used before.
    PasswordReused = UNPROCESSABLE_ENTITY "password_reused" "The password was used before";
    /// The invitation cannot be sent to the e-mail address.
    Undeliverable = UNPROCESSABLE_ENTITY "undeliverable" "The invitation cannot be sent";
    /// Too many requests in a short time.
    TooMany = TOO_MANY_REQUESTS "too_many" "Too many requests";
    /// A defect of Weir or a failure that a retry does not solve.
    Internal = INTERNAL_SERVER_ERROR "internal" "Internal server error";
    /// A required service does not answer; a retry may succeed.
    Unavailable = SERVICE_UNAVAILABLE "unavailable" "Temporarily unavailable";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_slug_and_a_title_of_its_own() {
        for (index, kind) in ErrorKind::ALL.iter().enumerate() {
            assert!(kind.status().is_client_error() || kind.status().is_server_error(), "{kind:?}");
            assert!(kind.slug().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{kind:?}");
            let same = |other: &&ErrorKind| other.slug() == kind.slug() || other.title() == kind.title();
            assert_eq!(ErrorKind::ALL.iter().position(|other| same(&other)), Some(index), "{kind:?}");
        }
    }
}
