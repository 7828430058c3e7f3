//! Why connections end.

use crate::messages as m;
use crate::text::t;

/// Why a connection has ended, in words. `code` is the `disconnectReason` of a lifecycle event of AWS IoT; one that is not documented is
/// returned as it is.
pub fn reason(code: &str) -> String {
    let known = match code {
        "API_INITIATED_DISCONNECT" => m::GONE_BY_API,
        "AUTH_ERROR" => m::GONE_AUTH,
        "CLIENT_ERROR" => m::GONE_CLIENT_ERROR,
        "CLIENT_INITIATED_DISCONNECT" => m::GONE_BY_ITSELF,
        "CONNECTION_LOST" => m::GONE_LOST,
        "CUSTOMAUTH_TTL_EXPIRATION" => m::GONE_AUTH_EXPIRED,
        "DUPLICATE_CLIENTID" => m::GONE_DUPLICATE,
        "FORBIDDEN_ACCESS" => m::GONE_FORBIDDEN,
        "MQTT_KEEP_ALIVE_TIMEOUT" => m::GONE_SILENT,
        "SERVER_ERROR" => m::GONE_SERVER_ERROR,
        "SERVER_INITIATED_DISCONNECT" => m::GONE_BY_SERVER,
        "THROTTLED" => m::GONE_THROTTLED,
        "WEBSOCKET_TTL_EXPIRATION" => m::GONE_WEBSOCKET,
        _ => return code.to_owned(),
    };
    t(known).to_owned()
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn a_reason_is_said_in_words_and_an_unknown_one_as_it_is() {
        assert_eq!(reason("CONNECTION_LOST"), "The connection was lost");
        assert_eq!(reason("CLIENT_INITIATED_DISCONNECT"), "The device ended the connection");
        assert_eq!(reason("OF_THE_FUTURE"), "OF_THE_FUTURE");
    }
}
