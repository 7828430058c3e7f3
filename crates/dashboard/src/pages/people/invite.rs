//! Invites a person.

use leptos::prelude::*;
use serde_json::Value;
use wasm_bindgen_futures::spawn_local;
use weir_core::domain::access::Role;

use super::Shared;
use crate::components::states::Failed;
use crate::components::words;
use crate::messages as m;
use crate::model::people::{Invitation, ROLES, role};
use crate::problem::ApiError;
use crate::text::{Language, fill, language, t};
use crate::wire::person::PersonJson;

fn empty() -> Invitation {
    let text = String::new;
    Invitation { email: text(), name: text(), role: Role::User, devices: text(), language: language() }
}

#[component]
pub(super) fn Invite(shared: Shared) -> impl IntoView {
    let invitation = RwSignal::new(empty());
    let (saving, failed) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let opened = NodeRef::<leptos::html::Details>::new();
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = invitation.get_untracked().body();
        saving.set(true);
        failed.set(None);
        shared.outcome.set(None);
        spawn_local(async move {
            let answer = shared.api.get_value().post::<Value, PersonJson>("/cognito/users", &body).await;
            saving.set(false);
            match answer {
                Ok(answer) => {
                    shared.outcome.set(Some(Ok(fill(m::INVITED, &[("email", answer.value.name())]))));
                    invitation.set(empty());
                    if let Some(details) = opened.get_untracked() {
                        details.set_open(false);
                    }
                    shared.load.again();
                }
                Err(error) => failed.set(Some(error)),
            }
        });
    };
    let input = move |to: fn(&mut Invitation) -> &mut String| {
        move |event| invitation.update(|invitation| *to(invitation) = event_target_value(&event))
    };
    let is_user = move || invitation.with(|invitation| invitation.role == Role::User);
    let roles = ROLES.map(
        |(name, one)| view! { <option value=name selected={one == Role::User}>{t(words::role(Some(one)))}</option> },
    );
    let languages = [Language::English, Language::German].map(|one| {
        view! { <option value=one.tag() lang=one.tag() selected={one == language()}>{one.name()}</option> }
    });
    view! {
        <details class="card more" node_ref=opened id="invite">
            <summary>{t(m::INVITE)}</summary>
            <form on:submit=send>
                <p class="faint">{t(m::INVITE_EXPLAINED)}</p>
                <div class="ask">
                    <label>
                        {t(m::EMAIL)}
                        <input type="email" required maxlength="128" autocomplete="off" name="email" prop:value=move || invitation.get().email
                            on:input=input(|invitation| &mut invitation.email)/>
                    </label>
                    <label>
                        {t(m::FULL_NAME)}
                        <input type="text" maxlength="100" autocomplete="off" prop:value=move || invitation.get().name
                            on:input=input(|invitation| &mut invitation.name)/>
                    </label>
                    <label>
                        {t(m::ROLE)}
                        <select
                            prop:value=move || invitation.with(|invitation| invitation.role.name())
                            on:change=move |event| {
                                let chosen = role(&event_target_value(&event)).unwrap_or(Role::User);
                                invitation.update(|invitation| invitation.role = chosen);
                            }
                        >{roles}</select>
                    </label>
                    <label>
                        {t(m::LANGUAGE_OF)}
                        <select
                            prop:value=move || invitation.with(|invitation| invitation.language.tag())
                            on:change=move |event| {
                                let chosen = Language::preferred([event_target_value(&event).as_str()]);
                                invitation.update(|invitation| invitation.language = chosen);
                            }
                        >{languages}</select>
                    </label>
                </div>
                <Show when=is_user>
                    <label>
                        {t(m::DEVICES_OF)}
                        <input type="text" maxlength="2048" spellcheck="false" autocomplete="off" name="devices" prop:value=move || invitation.get().devices
                            on:input=input(|invitation| &mut invitation.devices)/>
                    </label>
                </Show>
                {move || failed.get().map(|error| view! { <Failed error/> })}
                <div class="buttons">
                    <button type="submit" class="primary" disabled=move || saving.get()>{t(m::SEND_INVITATION)}</button>
                </div>
            </form>
        </details>
    }
}
