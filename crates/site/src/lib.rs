//! `site`: the dashboard. It serves the files next to its program to anybody, without a token: they contain no secrets, and of this stack
//! only its addresses. The page gets everything else from the API, with the token of the person who has signed in.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use weir_http::{finish, gateway};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod addresses;
mod files;
mod get_app;
mod settings;

pub use addresses::{Addresses, Tiles};
pub use files::Files;
pub use settings::Settings;

use get_app::{Served, get_app, to_the_dashboard};

/// The folder of the files, beside the program.
const FOLDER: &str = "app";

/// The function.
pub struct Site {
    router: Router,
}

impl Site {
    /// The function with these files.
    pub fn new(files: Files, addresses: &Addresses) -> Self {
        let routes = Router::new()
            .route("/", get(to_the_dashboard))
            // API Gateway may leave out the slash at the end.
            .route("/app", get(get_app))
            .route("/app/", get(get_app))
            .route("/app/{*path}", get(get_app))
            .with_state(Arc::new(Served::new(files, addresses)));
        Self { router: finish(routes) }
    }
}

impl Function for Site {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let folder = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join(FOLDER)));
        let files = Files::read(&folder.unwrap_or_else(|| PathBuf::from(FOLDER)))?;
        let endpoint = std::env::var("AWS_ENDPOINT_URL").ok().filter(|endpoint| !endpoint.is_empty());
        Ok(Self::new(files, &Addresses::of(&settings, endpoint.as_deref())))
    }

    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        gateway::serve(&self.router, event, until).await
    }
}
