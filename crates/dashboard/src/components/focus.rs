//! Moves the focus when the focused element is removed or disabled: a question that was answered, a row that left its list, a form that
//! closed, a button during its request. Otherwise the browser would drop the focus, and Tab would begin at the top of the page.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, FocusOptions, HtmlElement, MutationObserver, MutationObserverInit, Node};

use crate::browser;

/// Selects the elements that can have the focus.
const STOPS: &str = "a[href], button, input, select, textarea, summary, [tabindex]";
/// Selects those of them that are not disabled.
const STOPS_ON: &str = ":is(a[href], button, input, select, textarea, summary, [tabindex]):not(:disabled)";
/// Time between two searches for an enabled element, in ms.
const LOOK: u32 = 100;
/// Maximum searches. The last one skips disabled elements.
const LOOKS: u32 = 50;

/// The element that had the focus last.
struct Last {
    element: Element,
    /// Its ancestors within the content, the nearest first, each with the index of the child on the path.
    path: Vec<(Element, u32)>,
    /// The path of the page on which it was.
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

    /// The element that should have the focus now: the element itself, or else one at its position or before it. With `is_on`, disabled
    /// elements are skipped.
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

/// The element, or the first one within it, that can have the focus.
fn stop(element: &Element, stops: &str) -> Option<HtmlElement> {
    let is_one = element.matches(stops) == Ok(true);
    let found = if is_one { Some(element.clone()) } else { element.query_selector(stops).ok()? };
    found?.dyn_into().ok()
}

/// Keeps the focus within the content of the page, for the lifetime of the frame.
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
        // A press of the pointer means that the focus is to leave; a pressed button gets the focus afterwards.
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

/// Focuses the next element as soon as it is enabled, unless another one has the focus by then.
async fn search(last: &RefCell<Option<Last>>, content: &HtmlElement) {
    for look in 1..=LOOKS {
        // Components that set the focus themselves go first.
        TimeoutFuture::new(if look == 1 { 0 } else { LOOK }).await;
        let next = match &*last.borrow() {
            // On another page, the heading takes the focus.
            Some(last) if last.page == browser::path() => last.next(look == LOOKS),
            _ => return,
        };
        let Some(next) = next else { break };
        if is_off(&next) {
            continue;
        }
        if browser::focus_is_nowhere() {
            // It is where the reader works: the page must not move below them.
            let stay = FocusOptions::new();
            stay.set_prevent_scroll(true);
            let _ = next.focus_with_options(&stay);
        }
        break;
    }
    if browser::focus_is_nowhere() {
        let _ = content.focus();
    }
}
