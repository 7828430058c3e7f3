use super::*;
use axum::body::Body;
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    name: String,
    #[serde(default)]
    at: Vec<f64>,
    #[serde(default)]
    device: Option<weir_core::id::DeviceId>,
}

fn request(content_type: Option<&str>, body: impl Into<Body>) -> Request {
    let request = Request::builder().method("PUT").uri("/");
    let request = match content_type {
        Some(content_type) => request.header(CONTENT_TYPE, content_type),
        None => request,
    };
    request.body(body.into()).unwrap()
}

async fn strict(body: impl Into<Body>) -> Result<Place, ApiError> {
    Strict::from_request(request(Some("application/json"), body), &()).await.map(|Strict(place)| place)
}

fn pointers(error: &ApiError) -> Vec<&str> {
    error.errors().iter().filter_map(|error| error.pointer.as_deref()).collect()
}

#[tokio::test]
async fn json_of_the_right_shape_is_read() {
    let expected = Place { name: "a".into(), at: vec![1.0, 2.5], device: Some("buoy-01".parse().unwrap()) };
    let body = r#"{"name": "a", "at": [1, 2.5], "device": "buoy-01"}"#;
    assert_eq!(strict(body).await, Ok(expected));
    for content_type in ["application/json; charset=utf-8", "Application/JSON", " application/json ;"] {
        let read = Strict::<Place>::from_request(request(Some(content_type), body), &()).await;
        assert!(read.is_ok(), "{content_type}");
    }
}

#[tokio::test]
async fn another_type_of_body_is_415() {
    for content_type in
        [None, Some("text/plain"), Some(""), Some("application/jsonp"), Some("application/merge-patch+json")]
    {
        let read = Strict::<Place>::from_request(request(content_type, "{}"), &()).await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::UnsupportedMedia, "{content_type:?}");
    }
}

#[tokio::test]
async fn a_body_above_the_limit_is_413_and_at_the_limit_is_read() {
    let body = |length: usize| {
        let frame = r#"{"name": ""}"#.len();
        format!(r#"{{"name": "{}"}}"#, "a".repeat(length - frame))
    };
    assert!(strict(body(MAX_BYTES)).await.is_ok());
    assert_eq!(strict(body(MAX_BYTES + 1)).await.unwrap_err().kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn broken_json_is_400_and_says_where() {
    for (body, place) in [
        (r#"{"name": "a","#, "line 1 column 13"),
        ("{\"name\": \"a\"\n\"at\": []}", "line 2 column 1"),
        (r#"{"name": "a"} x"#, "line 1 column 15"),
        ("", "line 1 column 0"),
        // The break comes after a wrong field, and still it is the break that is told.
        (r#"{"name": 1, "#, "line 1 column 12"),
    ] {
        let error = strict(body).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{body}");
        assert!(error.detail().contains(place), "{body}: {error:?}");
    }
    assert_eq!(strict(&b"{\"name\": \"\xff\"}"[..]).await.unwrap_err().kind(), ErrorKind::Malformed);
    let deep = "[".repeat(60_000);
    assert_eq!(strict(deep).await.unwrap_err().kind(), ErrorKind::Malformed);
}

#[tokio::test]
async fn a_field_that_does_not_fit_is_422_with_its_pointer() {
    for (body, pointer) in [
        (r#"{"name": "a", "nmae": "b"}"#, "/nmae"),
        (r#"{"name": "a", "at": [1, "2"]}"#, "/at/1"),
        (r#"{"name": "a", "device": "b c"}"#, "/device"),
        (r#"{"name": "a", "at": [1, -1e999]}"#, "/at/1"),
        (r#"{"at": []}"#, "/name"),
        (r#"{"name": "a", "name": "b"}"#, "/name"),
        (r#"{"name": null}"#, "/name"),
        (r#"[]"#, ""),
        (r#"null"#, ""),
    ] {
        let error = strict(body).await.unwrap_err();
        assert_eq!((error.kind(), pointers(&error)), (ErrorKind::Invalid, vec![pointer]), "{body}: {error:?}");
        assert!(!error.detail().contains("column"), "{error:?}");
    }
}

#[tokio::test]
async fn no_integer_of_a_body_loses_digits() {
    for (number, pointer) in [
        ("9007199254740993", Some("/at/1")),
        ("-9007199254740993", Some("/at/1")),
        ("-9223372036854775808", Some("/at/1")),
        ("18446744073709551615", Some("/at/1")),
        ("12345678901234567890123", Some("/at/1")),
        (&"9".repeat(400), Some("/at/1")),
        ("9007199254740992", None),
        ("-9007199254740992", None),
        ("1.2345678901234567e22", None),
        ("1e22", None),
        ("-0", None),
    ] {
        let read = strict(format!(r#"{{"name": "a", "at": [1, {number}]}}"#)).await;
        let named = read.as_ref().err().map(|error| (error.kind(), pointers(error)));
        assert_eq!(named, pointer.map(|pointer| (ErrorKind::Invalid, vec![pointer])), "{number}: {read:?}");
    }
    let deep =
        r#"{"a/b": {"c": [{"d": -12345678901234567890}]}, "e": 12345678901234567890, "f": "12345678901234567890"}"#;
    let refused = Merge::from_request(request(Some(MERGE_PATCH), deep), &()).await.unwrap_err();
    assert_eq!(pointers(&refused), ["/a~1b/c/0/d", "/e"]);
    // Too deep to be looked at is too deep to be read.
    let deep = format!(r#"{{"a": {}12345678901234567890{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    let refused = Merge::from_request(request(Some(MERGE_PATCH), deep), &()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Malformed);
}

#[tokio::test]
async fn a_hostile_value_is_not_repeated_at_length() {
    let body = json!({"name": "a", "at": "x".repeat(10_000)}).to_string();
    let error = strict(body).await.unwrap_err();
    assert!(error.detail().chars().count() <= 300 && error.errors()[0].detail.chars().count() <= 300);
}

#[tokio::test]
async fn a_merge_patch_is_an_object_of_either_type() {
    for content_type in ["application/merge-patch+json", "application/json"] {
        let Merge(patch) = Merge::from_request(request(Some(content_type), r#"{"name": null}"#), &()).await.unwrap();
        assert_eq!(Value::Object(patch), json!({"name": null}));
    }
    for (content_type, body, kind) in [
        ("application/json-patch+json", "{}", ErrorKind::UnsupportedMedia),
        ("application/merge-patch+json", "[]", ErrorKind::Invalid),
        ("application/merge-patch+json", "{", ErrorKind::Malformed),
        ("application/merge-patch+json", &"1".repeat(MAX_BYTES + 1), ErrorKind::TooLarge),
    ] {
        let refused = Merge::from_request(request(Some(content_type), body.to_owned()), &()).await.unwrap_err();
        assert_eq!(refused.kind(), kind, "{content_type}");
    }
}

#[test]
fn a_document_in_memory_is_read_by_the_same_rules() {
    assert_eq!(from_value::<Place>(json!({"name": "a"})).unwrap().name, "a");
    let error = from_value::<Place>(json!({"name": "a", "at": [null]})).unwrap_err();
    assert_eq!((error.kind(), pointers(&error)), (ErrorKind::Invalid, vec!["/at/0"]));
    assert_eq!(pointers(&from_value::<Place>(json!({"name": "a", "b": 1})).unwrap_err()), ["/b"]);
}
