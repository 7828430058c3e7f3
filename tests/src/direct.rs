//! Requests to the engine without a socket, which are answered at once.
//!
//! A paused clock jumps to the next timer while a socket is awaited. So tests of durations and timeouts need this: here, time passes only
//! when a wire lets it pass.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::{answer, operation};

/// Passes requests to a database in the process.
#[derive(Clone)]
pub struct Direct(Database);

impl Direct {
    /// Uses this database.
    pub fn to(database: Database) -> Self {
        Self(database)
    }

    /// The database's answer to a request, with its status.
    fn ask(&self, operation: &str, body: &[u8]) -> Result<serde_json::Value, DynoxideError> {
        let database = &self.0;
        match operation {
            "BatchExecuteStatement" => carried(body, |request| database.batch_execute_statement(request)),
            "BatchGetItem" => carried(body, |request| database.batch_get_item(request)),
            "DeleteItem" => carried(body, |request| database.delete_item(request)),
            "GetItem" => carried(body, |request| database.get_item(request)),
            "PutItem" => carried(body, |request| database.put_item(request)),
            "Query" => carried(body, |request| database.query(request)),
            "TransactWriteItems" => carried(body, |request| database.transact_write_items(request)),
            "UpdateItem" => carried(body, |request| database.update_item(request)),
            other => panic!("nobody has needed {other} without a socket so far"),
        }
    }
}

fn carried<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    to: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<serde_json::Value, DynoxideError> {
    let request = serde_json::from_slice(body).expect("a request that the engine understands");
    Ok(serde_json::to_value(to(request)?).expect("an answer is JSON"))
}

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Direct")
    }
}

impl HttpConnector for Direct {
    fn call(&self, http: HttpRequest) -> HttpConnectorFuture {
        let said = self.ask(operation(&http), http.body().bytes().unwrap_or_default());
        HttpConnectorFuture::ready(match said {
            Ok(said) => answer(200, &said),
            Err(error) => {
                let body = serde_json::from_str(&error.to_json()).expect("an error is JSON");
                answer(error.status_code(), &body)
            }
        })
    }
}

impl HttpClient for Direct {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
