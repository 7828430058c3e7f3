//! The addresses that the page needs to know, and the policy that lets it connect to these and to nothing else.

use serde::Serialize;

use crate::Settings;

/// The answer of `GET /app/config.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Addresses {
    /// The client of the user pool.
    pub client_id: String,
    /// Where people sign in and tokens are exchanged, without a slash at its end.
    pub sign_in: String,
    /// The service that ends a session.
    pub identity: String,
    /// The live feed.
    pub live: String,
    /// The prefix of the addresses, given by the API, to which the page uploads firmware. Only the policy needs it.
    #[serde(skip)]
    pub uploads: String,
    /// The tiles below the map, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiles: Option<Tiles>,
}

/// The tiles below the map of the dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tiles {
    /// Their address, with `{z}`, `{x}` and `{y}`.
    pub address: String,
    /// Who made them; may be empty.
    pub attribution: String,
}

impl Addresses {
    /// The addresses of the settings; where `endpoint` is set, as in the local cloud, all are below that, since AWS's names are not
    /// resolved there.
    pub fn of(settings: &Settings, endpoint: Option<&str>) -> Self {
        let Settings { client_id, sign_in_url, identity_url, live_url, uploads_url, map_tiles, map_attribution } =
            settings.clone();
        let attribution = map_attribution.unwrap_or_default();
        let tiles = map_tiles.map(|address| Tiles { address, attribution });
        let Some(endpoint) = endpoint.map(|endpoint| endpoint.trim_end_matches('/')) else {
            return Self {
                client_id,
                sign_in: sign_in_url,
                identity: identity_url,
                live: live_url,
                uploads: uploads_url,
                tiles,
            };
        };
        let (host, stage) = live_url.trim_start_matches("wss://").split_once('/').unwrap_or((&live_url, ""));
        let api = host.split('.').next().unwrap_or_default();
        let sockets = endpoint.replacen("http", "ws", 1);
        Self {
            client_id,
            sign_in: endpoint.to_owned(),
            identity: format!("{endpoint}/"),
            live: format!("{sockets}/_aws/execute-api/{api}/{stage}"),
            uploads: uploads_url.replacen(origin(&uploads_url), endpoint, 1),
            tiles,
        }
    }

    /// The `Content-Security-Policy` of the page: its own files, its own API, signing in, the live feed, the part of the bucket that
    /// firmware is uploaded to, and the server of the map's tiles; no script within a page, no frame around it.
    pub fn policy(&self) -> String {
        let mut reached: Vec<&str> = [&self.sign_in, &self.identity, &self.live].map(|url| origin(url)).to_vec();
        reached.dedup();
        reached.push(&self.uploads);
        let images = self.tiles.as_ref().map(|tiles| format!(" {}", origin(&tiles.address))).unwrap_or_default();
        format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'{images}; connect-src 'self' {}; \
             manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            reached.join(" ")
        )
    }

    /// The `Referrer-Policy` of the page. Servers of tiles want to know which site asks, and are told no more than that.
    pub const fn referrer(&self) -> &'static str {
        if self.tiles.is_some() { "strict-origin" } else { "no-referrer" }
    }
}

/// Scheme, host and port of an address.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |place| place + 3);
    let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |place| host + place);
    url.get(..end).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            client_id: "client".to_owned(),
            sign_in_url: "https://weir-dev-1.auth.eu-central-1.amazoncognito.com".to_owned(),
            identity_url: "https://cognito-idp.eu-central-1.amazonaws.com/".to_owned(),
            live_url: "wss://abc.execute-api.eu-central-1.amazonaws.com/live".to_owned(),
            uploads_url: "https://s3.eu-central-1.amazonaws.com/weir-dev-firmware/firmware/".to_owned(),
            map_tiles: None,
            map_attribution: None,
        }
    }

    #[test]
    fn the_page_reaches_its_stack_and_nothing_else() {
        let policy = Addresses::of(&settings(), None).policy();
        let reached = policy.split("; ").find_map(|part| part.strip_prefix("connect-src ")).unwrap();
        assert_eq!(
            reached,
            "'self' https://weir-dev-1.auth.eu-central-1.amazoncognito.com https://cognito-idp.eu-central-1.amazonaws.com \
             wss://abc.execute-api.eu-central-1.amazonaws.com https://s3.eu-central-1.amazonaws.com/weir-dev-firmware/firmware/"
        );
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe-inline"), "{policy}");
    }

    #[test]
    fn only_the_server_of_the_tiles_may_send_images_and_learns_which_site_asks() {
        let none = Addresses::of(&settings(), None);
        assert!(none.policy().contains("; img-src 'self'; "), "{}", none.policy());
        assert_eq!((none.referrer(), none.tiles.as_ref()), ("no-referrer", None));
        let map_tiles = Some("https://tile.example.org:8443/a/{z}/{x}/{y}.png".to_owned());
        let tiled = Addresses::of(&Settings { map_tiles, ..settings() }, None);
        assert!(tiled.policy().contains("; img-src 'self' https://tile.example.org:8443; "), "{}", tiled.policy());
        assert_eq!(tiled.referrer(), "strict-origin");
    }

    #[test]
    fn in_the_local_cloud_everything_is_below_its_address() {
        let addresses = Addresses::of(&settings(), Some("http://127.0.0.1:4566"));
        assert_eq!(addresses.sign_in, "http://127.0.0.1:4566");
        assert_eq!(addresses.live, "ws://127.0.0.1:4566/_aws/execute-api/abc/live");
        let reached = "connect-src 'self' http://127.0.0.1:4566 ws://127.0.0.1:4566 http://127.0.0.1:4566/weir-dev-firmware/firmware/;";
        assert!(addresses.policy().contains(reached), "{}", addresses.policy());
        assert!(!serde_json::to_string(&addresses).unwrap().contains("firmware"));
    }
}
