//! Which tab a refresh token belongs to. A duplicated tab has a copy of the session storage, and so of the token, which is good for one
//! renewal only. Each tab holds a lock (Web Locks API) for each of its tokens; the browser releases it with the page.

use std::cell::Cell;
use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::AbortController;

use crate::browser;
use crate::sign_in::lock;

/// Time after which a lock belongs to another tab, in ms. A page that is reloaded may begin before the browser has ended the old one.
const WAIT: u32 = 500;

/// Claims a refresh token for this tab, until the page is closed. Returns whether it succeeded; also if the browser has no locks. Tokens
/// that were replaced stay claimed: a copy of the tab may still have them. These are some hundred within the seven days of a session.
pub(super) async fn claim(refresh_token: &str) -> bool {
    let Some((told, abort)) = request(&lock(refresh_token)) else { return true };
    match select(told, TimeoutFuture::new(WAIT)).await {
        Either::Left(_) => true,
        Either::Right(_) => {
            abort.abort();
            false
        }
    }
}

/// Requests a lock. Returns what is told when it is granted or the browser refuses locks, and what ends the request.
fn request(name: &str) -> Option<(oneshot::Receiver<()>, AbortController)> {
    let locks = Reflect::get(&browser::window()?.navigator(), &"locks".into()).ok()?;
    let function = Reflect::get(&locks, &"request".into()).ok()?.dyn_into::<Function>().ok()?;
    let abort = AbortController::new().ok()?;
    let options = Object::new();
    Reflect::set(&options, &"signal".into(), &abort.signal()).ok()?;
    let (tell, told) = oneshot::channel();
    let tell = Rc::new(Cell::new(Some(tell)));
    let refused = Rc::clone(&tell);
    let held = Closure::once_into_js(move |_: JsValue| {
        let _ = tell.take().map(|tell| tell.send(()));
        // The lock is held until this promise is fulfilled.
        Promise::new(&mut |_, _| {})
    });
    let requested = function.call3(&locks, &name.into(), &options, &held).ok()?.dyn_into::<Promise>().ok()?;
    spawn_local(async move {
        // It is rejected when the request is ended here, or refused by the browser.
        if JsFuture::from(requested).await.is_err() {
            let _ = refused.take().map(|tell| tell.send(()));
        }
    });
    Some((told, abort))
}
