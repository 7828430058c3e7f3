//! Unusual answers of Timestream: errors, and malformed rows.

use weir_aws::time_series::{HistoryError, Span};
use weir_core::domain::every::Every;
use weir_tests::timestream_query::{Recording, refused, rows};

use super::{DAY, MIDNIGHT, ph};

fn span() -> Span {
    Span { from: MIDNIGHT.plus_seconds(-DAY), to: MIDNIGHT }
}

#[tokio::test]
async fn a_busy_timestream_is_told_from_a_wrong_question() {
    for (kind, message, temporary) in [
        ("ThrottlingException", "slow down", true),
        ("ValidationException", "line 1:8: mismatched input", false),
        ("AccessDeniedException", "no", false),
    ] {
        let timestream = Recording::of(vec![refused(kind, message)]).await;
        let error = timestream.history().points(&[ph()], span(), None, 10, MIDNIGHT).await.unwrap_err();
        assert_eq!(error.is_temporary(), temporary, "{kind}: {error}");
    }
}

#[tokio::test]
async fn what_cannot_be_understood_is_named() {
    let day = Every::parse("1d").unwrap();
    for (columns, row, named) in [
        (vec![("sensor", "VARCHAR")], serde_json::json!(["PH"]), "sensor"),
        (vec![("sensor", "VARCHAR"), ("start", "TIMESTAMP")], serde_json::json!(["ph", "soon"]), "start"),
        (
            vec![("sensor", "VARCHAR"), ("start", "TIMESTAMP"), ("n", "BIGINT")],
            serde_json::json!(["ph", "2026-11-19 00:00:00.000000000", null]),
            "n",
        ),
    ] {
        let timestream = Recording::of(vec![rows(&columns, &[row])]).await;
        let answer = timestream.history().buckets(&[ph()], span(), day, None, 10, MIDNIGHT).await;
        let Err(HistoryError::Aws(error)) = answer else { panic!("{named}: {answer:?}") };
        assert!(error.to_string().contains(named) && !error.is_temporary(), "{named}: {error}");
    }
}
