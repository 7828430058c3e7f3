//! Where the focus goes when what had it is gone or switched off: an answered question, a row that left its list, a form that closed, a
//! button while its request is under way. The browser would leave it nowhere, and Tab would begin at the top of the page.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlElement, MutationObserver, MutationObserverInit, Node};

use crate::browser;

/// What can have the focus.
const STOPS: &str = "a[href], button, input, select, textarea, summary, [tabindex]";
/// What of it is not switched off.
const STOPS_ON: &str = ":is(a[href], button, input, select, textarea, summary, [tabindex]):not(:disabled)";
/// Between two looks for a place that is switched on, in ms.
const LOOK: u32 = 100;
/// Looks for a place that is switched on; then others do as well.
const LOOKS: u32 = 50;

/// The element that had the focus last.
struct Last {
    element: Element,
    /// Its ancestors within the content with the place below each, the nearest first.
    path: Vec<(Element, u32)>,
    /// The page on which it was.
    page: String,
}

impl Last {
    fn of(element: Element, content: &Element) -> Self {
        let mut path = Vec::new();
        let mut child = element.clone();
        while let Some(parent) = child.parent_element().filter(|_| child != *content) {
            let mut place = 0;
            let mut before = child.previous_element_sibling();
            while let Some(sibling) = before {
                place += 1;
                before = sibling.previous_element_sibling();
            }
            path.push((parent.clone(), place));
            child = parent;
        }
        Self { element, path, page: browser::path() }
    }

    /// What should have the focus now: the element itself, or else what stands where it stood or just before. With `is_on`, only what is
    /// switched on.
    fn next(&self, is_on: bool) -> Option<HtmlElement> {
        if self.element.is_connected() && !(is_on && is_off(&self.element)) {
            return self.element.clone().dyn_into().ok();
        }
        let stops = if is_on { STOPS_ON } else { STOPS };
        self.path.iter().filter(|(parent, _)| parent.is_connected()).find_map(|(parent, place)| {
            let children = parent.children();
            let last = children.length().checked_sub(1)?;
            (0..=(*place).min(last)).rev().find_map(|place| stop(&children.item(place)?, stops))
        })
    }
}

/// The element, or the first one in it, that can have the focus.
fn stop(element: &Element, stops: &str) -> Option<HtmlElement> {
    let is_one = element.matches(stops) == Ok(true);
    let found = if is_one { Some(element.clone()) } else { element.query_selector(stops).ok()? };
    found?.dyn_into().ok()
}

/// Keeps the focus within the content of the page, for as long as the frame lives.
pub fn keep(content: NodeRef<leptos::html::Main>) {
    let last = Rc::new(RefCell::new(None::<Last>));
    let searching = Rc::new(RefCell::new(false));
    Effect::new(move |_| {
        let Some(content) = content.get() else { return };
        let main: Element = content.clone().into();
        let (gone_to, own) = (last.clone(), main.clone());
        browser::listen(&main, "focusin", move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            *gone_to.borrow_mut() = target.map(|target| Last::of(target, &own));
        });
        // Whoever presses the pointer somewhere means to leave; a button that is pressed gets the focus afterwards.
        let left = last.clone();
        browser::listen(&main, "pointerdown", move |_| *left.borrow_mut() = None);
        let (last, searching) = (last.clone(), searching.clone());
        let heard = Closure::<dyn FnMut()>::new(move || {
            let is_lost =
                last.borrow().as_ref().is_some_and(|last| !last.element.is_connected() || is_off(&last.element));
            if is_lost && !searching.replace(true) {
                let (last, searching, content) = (last.clone(), searching.clone(), content.clone());
                spawn_local(async move {
                    search(&last, &content).await;
                    searching.replace(false);
                });
            }
        });
        let Ok(observer) = MutationObserver::new(heard.as_ref().unchecked_ref()) else { return };
        let what = MutationObserverInit::new();
        what.set_child_list(true);
        what.set_subtree(true);
        what.set_attributes(true);
        what.set_attribute_filter(&js_sys::Array::of1(&"disabled".into()));
        let node: &Node = main.as_ref();
        let _ = observer.observe_with_options(node, &what);
        let kept = StoredValue::new_local((observer, heard));
        on_cleanup(move || {
            let _ = kept.try_with_value(|(observer, _)| observer.disconnect());
        });
    });
}

fn is_off(element: &Element) -> bool {
    element.has_attribute("disabled")
}

/// Gives the focus to the next place as soon as it is switched on, unless something else has it meanwhile.
async fn search(last: &RefCell<Option<Last>>, content: &HtmlElement) {
    for look in 1..=LOOKS {
        // Whatever draws and gives the focus by itself goes first.
        TimeoutFuture::new(if look == 1 { 0 } else { LOOK }).await;
        let next = match &*last.borrow() {
            // Another page has a heading that takes it.
            Some(last) if last.page == browser::path() => last.next(look == LOOKS),
            _ => return,
        };
        let Some(next) = next else { break };
        if is_off(&next) {
            continue;
        }
        if browser::focus_is_nowhere() {
            let _ = next.focus();
        }
        break;
    }
    if browser::focus_is_nowhere() {
        let _ = content.focus();
    }
}
