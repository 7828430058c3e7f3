//! The pages for administrators in a real browser: the quarantine, people and the fleet.

use serde_json::{Value, json};
use tooling::people::{Person, Role};
use weir_tests::local::{Local, bytes, now, until};

use super::browser::Browser;
use super::looks;
use super::pages::signed_in;
use crate::users::ONE_ADMIN;

/// The entries of a device in quarantine.
async fn entries(local: &Local, device: &str, count: usize) -> Vec<Value> {
    let api = local.admin().await;
    until("the entries", async || {
        let path = format!("/quarantine?device={device}");
        let page = api.expect(&[200], "GET", &path, None).await.unwrap().json();
        page["items"].as_array().cloned().filter(|items| items.len() == count)
    })
    .await
}

#[tokio::test]
async fn a_device_that_nobody_knew_is_registered_and_its_messages_are_replayed() {
    let local = Local::running();
    let mut device = local.connect("page-unknown").await;
    let start = now() - 60_000;
    device.publish("page-unknown/reading/sensor/ph", bytes(&json!({"value": 1, "ts": start}))).await.unwrap();
    let several = json!({"ts": start + 1000, "values": {"ph": 3, "tmp": 4}});
    device.publish("page-unknown/readings", bytes(&several)).await.unwrap();
    entries(&local, "page-unknown", 2).await;
    let Some(browser) = signed_in(&local, "quarantine", "/quarantine?device=page-unknown").await else { return };
    let group = "[data-group='unknown_device:page-unknown']";
    browser.there(group).await;
    browser.says("2 entries").await;
    // What was sent can be read, and the address says that it is shown.
    browser.click(&format!("{group} > .buttons button")).await;
    browser.there("[data-entry]:nth-of-type(2)").await;
    let several =
        "[...document.querySelectorAll('[data-entry]')].find(one => one.innerText.includes('page-unknown/readings'))";
    browser.ask(&format!("{several}.querySelector('.buttons button').click()")).await;
    browser.says("\"tmp\": 4").await;
    let both = "return location.search.includes('group=unknown_device') && location.search.includes('entry=')";
    browser.until("both are in the address", both).await;
    // The form knows the sensors from the messages, and what is typed stays when it is closed.
    browser.click(&format!("{group} button.primary")).await;
    let known = "const text = document.querySelector('.register textarea')?.value ?? ''; return text.split('\\n').sort().join() === 'ph,tmp'";
    browser.until("the sensors are suggested", known).await;
    browser.fill(".register input[maxlength='100']", "Found buoy").await;
    looks::look_at(&browser, "quarantine-register").await;
    browser.click(".register .buttons button[type=button]").await;
    browser.until("the form is closed", "return !document.querySelector('.register')").await;
    browser.click(&format!("{group} button.primary")).await;
    browser.there(".register").await;
    let name = "return document.querySelector('.register input[maxlength=\"100\"]').value";
    assert_eq!(browser.ask(name).await, "Found buoy");
    browser.click(".register button[type=submit]").await;
    browser.says("page-unknown is registered.").await;
    browser.says("2 stored, 0 refused again, 0 without an answer").await;
    browser.until("the group is gone", &format!("return !document.querySelector(\"{group}\")")).await;
    let ph: Vec<_> = local.readings("page-unknown#ph").await.iter().map(|row| (row.at, row.value)).collect();
    assert_eq!(ph, [(start, 1.0), (start + 1000, 3.0)]);
    let shown = local.admin().await.expect(&[200], "GET", "/devices/page-unknown", None).await.unwrap().json();
    assert_eq!((&shown["name"], shown["sensors"].as_array().map(Vec::len)), (&json!("Found buoy"), Some(2)));
}

#[tokio::test]
async fn an_entry_is_replayed_alone_and_deleted_only_after_asking() {
    let local = Local::running();
    let mut device = local.connect("page-garbage").await;
    device.publish("page-garbage/readings", vec![0xff, 0x00, b'{']).await.unwrap();
    let id = entries(&local, "page-garbage", 1).await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/quarantine?device=page-garbage&group=unparseable:page-garbage&entry={id}");
    let Some(browser) = signed_in(&local, "garbage", &path).await else { return };
    browser.says("ff 00 7b").await;
    browser.click("[data-entry] .buttons > button:nth-of-type(2)").await;
    browser.says("Refused again: ").await;
    let api = local.admin().await;
    let known = format!("/quarantine/{id}");
    assert_eq!(api.expect(&[200], "GET", &known, None).await.unwrap().json()["attempts"], 1);
    // Whoever answers no has lost nothing, and is where they were.
    let delete = "[data-entry] .buttons > button:last-of-type";
    browser.click(delete).await;
    browser.click(".confirm button:not(.yes)").await;
    browser.until("it no longer asks", "return !document.querySelector('.confirm')").await;
    assert_eq!(browser.ask("return document.activeElement.innerText").await, "Delete");
    assert_eq!(api.call("GET", &known, None).await.unwrap().status, 200);
    browser.click(delete).await;
    browser.click(".confirm .yes").await;
    browser.says("The entry is deleted.").await;
    assert_eq!(api.call("GET", &known, None).await.unwrap().status, 404);
    browser.says("No entry fits the filter.").await;
}

#[tokio::test]
async fn somebody_is_invited_changed_and_disabled() {
    let local = Local::running();
    let Some(browser) = signed_in(&local, "people", "/people?email=page-").await else { return };
    browser.says("Nobody fits the filter.").await;
    browser.click("#invite summary").await;
    browser.fill("#invite input[name=email]", "page-guest@weir.example").await;
    browser.fill("#invite input[name=devices]", "buoy-01, buoy-02").await;
    looks::look_at(&browser, "people-invite").await;
    browser.click("#invite button[type=submit]").await;
    browser.says("page-guest@weir.example is invited.").await;
    let row = "[data-person='page-guest@weir.example']";
    browser.there(row).await;
    let api = local.admin().await;
    let path = "/cognito/users/page-guest@weir.example";
    let guest = async || api.expect(&[200], "GET", path, None).await.unwrap().json();
    assert_eq!((&guest().await["devices"], &guest().await["role"]), (&json!("buoy-01 buoy-02"), &json!("user")));
    let profile = format!("/users/{}", guest().await["sub"].as_str().unwrap());
    let profile = api.expect(&[200], "GET", &profile, None).await.unwrap().json();
    assert_eq!(profile["preferences"], json!({"language": "en"}));

    browser.click(&format!("{row} .row button")).await;
    browser.there(".person-form").await;
    browser.fill(".person-form input", " buoy-03").await;
    browser.click(".person-form button[type=submit]").await;
    browser.says("page-guest@weir.example is changed.").await;
    assert_eq!(guest().await["devices"], "buoy-01 buoy-02 buoy-03");
    let first = ".person-form > .buttons > button:first-of-type";
    browser
        .until(
            "the new version is there",
            "return document.querySelector('.person-form input')?.value.endsWith('buoy-03')",
        )
        .await;
    browser.click(first).await;
    browser.says("Disable page-guest@weir.example?").await;
    looks::look_at(&browser, "people-disable").await;
    browser.click(".confirm .yes").await;
    browser.says("page-guest@weir.example is disabled.").await;
    assert_eq!(guest().await["enabled"], false);
    browser
        .until("it can be taken back", &format!("return document.querySelector('{first}')?.innerText === 'Enable'"))
        .await;
    browser.click(first).await;
    browser.says("page-guest@weir.example can sign in again.").await;
    assert_eq!(guest().await["enabled"], true);
    // A temporary password is shown once.
    browser
        .until("the row is drawn again", &format!("return document.querySelector('{first}')?.innerText === 'Disable'"))
        .await;
    browser.ask("[...document.querySelectorAll('.person-form > .buttons > button')].find(one => one.innerText === 'New password').click()").await;
    browser.click(".confirm .yes").await;
    browser.there("#password code").await;
    assert_eq!(browser.ask("return document.querySelector('#password code').innerText.length").await, 16);
    // And is deleted.
    browser.ask("[...document.querySelectorAll('.person-form > .buttons > button')].find(one => one.innerText === 'Delete').click()").await;
    browser.click(".confirm .yes").await;
    browser.says("page-guest@weir.example is deleted.").await;
    assert_eq!(api.call("GET", path, None).await.unwrap().status, 404);
}

#[tokio::test]
async fn the_last_administrator_stays_and_the_page_says_why() {
    let local = Local::running();
    let _only = ONE_ADMIN.lock().await;
    let Some(browser) = signed_in(&local, "last-admin", "/people?email=admin%40&role=admin").await else { return };
    let row = "[data-person='admin@weir.example']";
    browser.click(&format!("{row} .row button")).await;
    browser.click(".person-form > .buttons > button:first-of-type").await;
    browser.click(".confirm .yes").await;
    browser.says("This is the last administrator with a password of their own.").await;
    browser.there(".state.failed").await;
    browser.says("Request ").await;
    browser.ask("[...document.querySelectorAll('.person-form > .buttons > button')].find(one => one.innerText === 'Delete').click()").await;
    browser.click(".confirm .yes").await;
    browser.says("Nobody deletes themselves.").await;
    let shown =
        local.admin().await.expect(&[200], "GET", "/cognito/users/admin@weir.example", None).await.unwrap().json();
    assert_eq!((&shown["enabled"], &shown["role"]), (&json!(true), &json!("admin")));
}

#[tokio::test]
async fn the_pages_are_for_administrators_and_tell_others_so() {
    let local = Local::running();
    let Some(browser) = Browser::start(&local, "no-admin").await else { return };
    let person = Person::make(&local.stack, "page-user@weir.example", Role::User, "buoy-01").await.unwrap();
    browser.open("/people").await;
    browser.log_in(&person).await;
    browser.says("This page is for administrators").await;
    let theirs = "return document.querySelectorAll(\"nav a[href='/app/people'], main table, main form\").length";
    for path in ["/quarantine", "/fleet", "/people"] {
        browser.open(path).await;
        browser.says("This page is for administrators").await;
        assert_eq!(browser.ask(theirs).await, 0);
    }
    // Nothing that is not theirs was asked for.
    let asked = browser.traffic().await.asked;
    let is_theirs =
        |url: &&String| ["/cognito/users", "/fleet/serials", "/quarantine?limit"].iter().any(|part| url.contains(part));
    assert_eq!(asked.iter().filter(is_theirs).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[tokio::test]
async fn serial_numbers_are_listed_and_removed() {
    let local = Local::running();
    let Some(browser) = signed_in(&local, "serials", "/fleet").await else { return };
    browser.click("#add-serials summary").await;
    browser.fill("#add-serials textarea[name=serials]", "PAGE-1\n*").await;
    browser.click("#add-serials button[type=submit]").await;
    browser.says("Line 2: a number has 1 to 64 letters").await;
    browser.ask("const field = document.querySelector('#add-serials textarea[name=serials]'); field.value = ''; field.dispatchEvent(new Event('input'))").await;
    browser.fill("#add-serials textarea[name=serials]", "PAGE-1\nPAGE-2, page-board").await;
    browser.click("#add-serials input[name=codes]").await;
    browser.click("#add-serials button[type=submit]").await;
    browser.says("2 added, 0 not.").await;
    assert_eq!(browser.ask("return document.querySelectorAll('#claim-codes tbody tr').length").await, 2);
    browser.there("[data-serial='PAGE-2']").await;
    looks::look_at(&browser, "fleet-codes").await;
    let api = local.admin().await;
    let listed = api.expect(&[200], "GET", "/fleet/serials?state=EXPECTED&limit=200", None).await.unwrap().json();
    let own = listed["items"].as_array().unwrap().iter().find(|one| one["serial"] == "PAGE-2").unwrap();
    assert_eq!(own["device_id"], "page-board");
    // The same again changes nothing, and says so.
    browser.fill("#add-serials textarea[name=serials]", "PAGE-1").await;
    browser.click("#add-serials button[type=submit]").await;
    browser.says("is listed already").await;
    assert_eq!(browser.ask("return document.querySelector('#add-serials textarea').value").await, "PAGE-1");
    browser.click("[data-serial='PAGE-2'] .buttons button:last-of-type").await;
    browser.click(".confirm .yes").await;
    browser.says("PAGE-2 is off the list.").await;
    browser.until("the row is gone", "return !document.querySelector(\"[data-serial='PAGE-2']\")").await;
    let listed = api.expect(&[200], "GET", "/fleet/serials?limit=200", None).await.unwrap().json();
    assert!(!listed["items"].as_array().unwrap().iter().any(|one| one["serial"] == "PAGE-2"), "{listed}");
}

#[tokio::test]
async fn a_firmware_is_uploaded_and_its_job_is_made_and_cancelled() {
    let local = Local::running();
    for name in ["page-job-1", "page-job-2"] {
        local.register(&json!({ "id": name })).await;
        local.identity(name).await;
    }
    let file = weir_tests::root().join("target/dashboard/firmware.bin");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    // More than is read at once.
    std::fs::write(&file, vec![7; 5 << 20]).unwrap();
    let Some(browser) = signed_in(&local, "firmware", "/fleet?show=firmware").await else { return };
    browser.click("#upload summary").await;
    browser.fill("#upload input[name=version]", "21.0.0").await;
    browser.fill("#upload input[name=file]", file.to_str().unwrap()).await;
    browser.click("#upload button[type=submit]").await;
    browser.says("Version 21.0.0 is uploaded.").await;
    browser
        .until(
            "it is listed",
            "return document.querySelector(\"[data-firmware='21.0.0']\")?.innerText.includes('Uploaded') === true",
        )
        .await;
    looks::look_at(&browser, "fleet-firmware").await;
    // A version whose file is there never changes.
    browser.fill("#upload input[name=version]", "21.0.0").await;
    browser.fill("#upload input[name=file]", file.to_str().unwrap()).await;
    browser.click("#upload button[type=submit]").await;
    browser.says("the firmware 21.0.0 has its file already").await;

    browser.open("/fleet?show=jobs").await;
    browser.click("#order summary").await;
    browser
        .until(
            "the highest version is chosen",
            "return document.querySelector('#order select[name=firmware]')?.value === '21.0.0'",
        )
        .await;
    browser.fill("#order input[name=devices]", "page-job-1 page-job-2").await;
    looks::look_at(&browser, "fleet-order").await;
    browser.click("#order button[type=submit]").await;
    browser.says("The job is made.").await;
    browser.says("0 of 2 devices have ended").await;
    looks::look_at(&browser, "fleet-job").await;
    let job = browser.ask("return new URLSearchParams(location.search).get('job')").await;
    browser.click("[data-job] .buttons button:not([aria-expanded])").await;
    browser.click(".confirm .yes").await;
    browser.says("The job is cancelled.").await;
    browser.says("2 of 2 devices have ended, 2 of them without success").await;
    let path = format!("/fleet/jobs/{}", job.as_str().unwrap());
    let cancelled = local.admin().await.expect(&[200], "GET", &path, None).await.unwrap().json();
    assert_eq!((&cancelled["state"], &cancelled["counts"]["cancelled"]), (&json!("CANCELLED"), &json!(2)));
}
