//! Firmware versions: the list, and uploads. The checksum is computed in the browser, so that S3 only accepts this file.

use gloo_net::http::Request;
use leptos::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use weir_core::domain::firmware::{FirmwareVersion, MOST_BYTES};
use weir_core::wire::job::FirmwareJson;

use super::Shared;
use crate::api::Api;
use crate::components::clock::Ago;
use crate::components::load::Load;
use crate::components::states::{Empty, Failed};
use crate::components::status::{Status, Tone};
use crate::messages as m;
use crate::model::moment;
use crate::model::number;
use crate::model::rollout::said;
use crate::problem::ApiError;
use crate::text::{fill, t};
use crate::wire::Page;
use crate::wire::board::{Announced, FileUpload};

/// Size of the parts in which a file is read, in bytes.
const CHUNK: u64 = 4 << 20;

#[component]
pub(super) fn Firmware(shared: Shared) -> impl IntoView {
    let load = Load::new(move || {
        let api = shared.api.get_value();
        async move { Ok(api.get::<Page<FirmwareJson>>("/fleet/firmware?limit=200").await?.value.items) }
    });
    view! {
        <Uploading shared uploaded=Callback::new(move |()| load.again())/>
        {load.keep(move || view! { <List load/> })}
    }
}

#[component]
fn List(load: Load<Vec<FirmwareJson>>) -> impl IntoView {
    let all = Memo::new(move |_| load.here(Clone::clone).unwrap_or_default());
    view! {
        <Show when=move || all.with(|all| !all.is_empty()) fallback=|| view! { <Empty text=t(m::NO_FIRMWARE)/> }>
            <div class="card scroll" tabindex="0">
                <table class="devices">
                    <caption class="spoken">{t(m::FIRMWARE)}</caption>
                    <thead><tr>
                        <th scope="col">{t(m::STATE)}</th>
                        <th scope="col">{t(m::VERSION)}</th>
                        <th scope="col" class="number">{t(m::SIZE)}</th>
                        <th scope="col">"SHA-256"</th>
                        <th scope="col">{t(m::LISTED)}</th>
                    </tr></thead>
                    <tbody>
                        <For each=move || all.get() key=|one| format!("{one:?}") let:one>
                            <Line firmware=one/>
                        </For>
                    </tbody>
                </table>
            </div>
        </Show>
    }
}

#[component]
fn Line(firmware: FirmwareJson) -> impl IntoView {
    let (tone, word) = match firmware.uploaded_at {
        Some(_) => (Tone::Good, m::FIRMWARE_THERE),
        None => (Tone::Warning, m::FIRMWARE_ANNOUNCED),
    };
    let version = firmware.version.to_string();
    view! {
        <tr data-firmware=version>
            <td><Status tone text=t(word)/></td>
            <th scope="row">{firmware.version.to_string()}</th>
            <td class="number">{number::bytes(firmware.size)}</td>
            <td><code class="digest" title=firmware.sha256.to_string()>{firmware.sha256.to_string()}</code></td>
            <td><Ago at=moment::of(firmware.created_at)/>" · "<span class="words">{firmware.by}</span></td>
        </tr>
    }
}

/// Why a file was not uploaded: an error of the API, or a sentence.
#[derive(Debug, Clone)]
enum Failure {
    Api(ApiError),
    Sentence(String),
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

#[component]
fn Uploading(shared: Shared, uploaded: Callback<()>) -> impl IntoView {
    let version = RwSignal::new(String::new());
    let file = NodeRef::<leptos::html::Input>::new();
    // The step under way.
    let stage = RwSignal::new(None::<String>);
    let failed = RwSignal::new(None::<Failure>);
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        failed.set(None);
        shared.outcome.set(None);
        let number = match version.get_untracked().trim().parse::<FirmwareVersion>() {
            Ok(number) => number,
            Err(_) => return failed.set(Some(Failure::Sentence(t(m::FIRMWARE_VERSION_WRONG).to_owned()))),
        };
        let chosen = file.get_untracked().and_then(|input| input.files()).and_then(|files| files.get(0));
        let Some(chosen) = chosen else { return failed.set(Some(Failure::Sentence(t(m::FILE_WRONG).to_owned()))) };
        stage.set(Some(t(m::STAGE_DIGEST).to_owned()));
        spawn_local(async move {
            let brought = bring(&shared.api.get_value(), number, &chosen, stage).await;
            let _ = stage.try_set(None);
            match brought {
                Ok(()) => {
                    shared.outcome.set(Some(Ok(fill(m::FIRMWARE_UPLOADED, &[("version", &number.to_string())]))));
                    let _ = version.try_set(String::new());
                    if let Some(input) = file.try_get_untracked().flatten() {
                        input.set_value("");
                    }
                    uploaded.run(());
                }
                Err(error) => drop(failed.try_set(Some(error))),
            }
        });
    };
    view! {
        <details class="card more" id="upload">
            <summary>{t(m::UPLOAD_FIRMWARE)}</summary>
            <form on:submit=send>
                <div class="ask">
                    <label>
                        {t(m::FIRMWARE_VERSION)}
                        <input type="text" required autocomplete="off" name="version" placeholder="1.4.2" prop:value=move || version.get()
                            on:input=move |event| version.set(event_target_value(&event))/>
                    </label>
                    <label>{t(m::FILE)}<input type="file" required name="file" node_ref=file/></label>
                    <button type="submit" class="primary" disabled=move || stage.with(Option::is_some)>{t(m::UPLOAD)}</button>
                </div>
                <p role="status">{move || stage.get()}</p>
                {move || failed.get().map(|failure| match failure {
                    Failure::Api(error) => view! { <Failed error/> }.into_any(),
                    Failure::Sentence(text) => view! { <p class="wrong" role="alert">{text}</p> }.into_any(),
                })}
            </form>
        </details>
    }
}

/// Announces the version and uploads its file.
async fn bring(
    api: &Api,
    version: FirmwareVersion,
    file: &web_sys::File,
    stage: RwSignal<Option<String>>,
) -> Result<(), Failure> {
    let bytes = length(file).ok_or_else(|| Failure::Sentence(t(m::FILE_WRONG).to_owned()))?;
    let sha256 = digest(file, bytes).await.ok_or_else(|| Failure::Sentence(t(m::FILE_UNREADABLE).to_owned()))?;
    let _ = stage.try_set(Some(t(m::STAGE_ANNOUNCE).to_owned()));
    let body = json!({"version": version.to_string(), "sha256": sha256, "size": bytes});
    let Announced { upload } = api.post::<Value, Announced>("/fleet/firmware", &body).await?.value;
    let _ = stage.try_set(Some(fill(m::STAGE_UPLOAD, &[("size", &number::bytes(bytes))])));
    put(&upload, file).await
}

/// The size of a file, in bytes, if the API accepts it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a size is a whole number below 2^53 and not negative"
)]
fn length(file: &web_sys::File) -> Option<u64> {
    Some(file.size() as u64).filter(|bytes| (1..=MOST_BYTES).contains(bytes))
}

/// The SHA-256 of a file in hexadecimal digits. The file is read in parts, so that it need not fit into memory.
#[expect(clippy::cast_precision_loss, reason = "places in a file of at most 256 MiB are far below 2^53")]
async fn digest(file: &web_sys::File, bytes: u64) -> Option<String> {
    let (mut digest, mut from) = (Sha256::new(), 0);
    while from < bytes {
        let until = bytes.min(from + CHUNK);
        let part = file.slice_with_f64_and_f64(from as f64, until as f64).ok()?;
        let buffer = JsFuture::from(part.array_buffer()).await.ok()?;
        digest.update(js_sys::Uint8Array::new(&buffer).to_vec());
        from = until;
    }
    Some(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Uploads the file to the signed address.
async fn put(upload: &FileUpload, file: &web_sys::File) -> Result<(), Failure> {
    let unreadable = |error: String| Failure::Api(ApiError::Unreadable(error));
    // A slice of the whole file has no media type, so the browser adds no unsigned header. It sets the length itself.
    let whole = file.slice().map_err(|_| Failure::Sentence(t(m::FILE_UNREADABLE).to_owned()))?;
    let own = upload.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
    let request = own.fold(Request::put(&upload.url), |request, (name, value)| request.header(name, value));
    let request =
        request.credentials(web_sys::RequestCredentials::Omit).body(whole.unchecked_into::<wasm_bindgen::JsValue>());
    let answer = request.map_err(|error| unreadable(error.to_string()))?.send().await;
    let answer = answer.map_err(|_| Failure::Api(ApiError::Offline))?;
    if answer.ok() {
        return Ok(());
    }
    let text = answer.text().await.unwrap_or_default();
    let values = [("status", answer.status().to_string()), ("detail", said(&text))];
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    Err(Failure::Sentence(fill(m::STORE_REFUSED_FILE, &values)))
}
