//! A gradient that does not exist is an error that says why.

use gradcore::Unconnected;
use gradcore::prelude::*;

use crate::watched;

pub(crate) fn reason(result: Result<Tensor, Error>) -> Unconnected {
    match result {
        Err(Error::Unconnected { reason, .. }) => reason,
        other => panic!("expected a missing gradient, found {other:?}"),
    }
}

#[test]
fn a_missing_gradient_is_an_error_that_says_why() {
    let stranger = tf::constant(1.0);
    let (x, tape) = watched(3.0);
    assert_eq!(reason(tape.gradient(&x * &x, &stranger)), Unconnected::NotWatched);

    let unread: Variable = Variable::new(1.0);
    let (x, tape) = watched(3.0);
    assert_eq!(reason(tape.gradient(&x * &x, &unread)), Unconnected::NotRead);

    let tape = GradientTape::new().watch_accessed_variables(false);
    assert_eq!(reason(tape.gradient(&unread * 2.0, &unread)), Unconnected::NotWatchedByItself);

    let early = &x * 2.0;
    let tape = GradientTape::new();
    tape.watch(&x);
    assert_eq!(reason(tape.gradient(&early, &x)), Unconnected::TargetBeforeTape);

    let tape = GradientTape::new();
    let early = &x * 2.0;
    tape.watch(&x);
    assert_eq!(reason(tape.gradient(&early, &x)), Unconnected::WatchedTooLate);

    let (tape, other) = (GradientTape::new(), GradientTape::new());
    tape.watch(&x);
    other.watch(&stranger);
    let y = &stranger * 2.0;
    assert_eq!(reason(tape.gradient(&y, &x)), Unconnected::OtherTape);
    drop(other);

    let (x, tape) = watched(3.0);
    assert_eq!(reason(tape.gradient(&stranger * 2.0, &x)), Unconnected::TargetNotRecorded);

    let tape = GradientTape::new();
    tape.watch((&x, &stranger));
    assert_eq!(reason(tape.gradient(&stranger * 2.0, &x)), Unconnected::NoPath { cuts: Vec::new() });
}

#[test]
fn what_stops_a_gradient_is_named_with_its_place() {
    type Stop = fn(&Tensor) -> Tensor;
    let stops: [(&str, Stop); 4] = [
        ("`stop_gradient`", |x| tf::stop_gradient(x) * 2.0),
        ("`round`", |x| tf::round(x) * 2.0),
        ("`cast`", |x| tf::cast(tf::cast(x, tf::int32), tf::float32)),
        ("`argmax`", |x| tf::cast(tf::argmax(tf::reshape(x, [1]), axis(0)), tf::float32)),
    ];
    for (name, stop) in stops {
        let (x, tape) = watched(3.0);
        match reason(tape.gradient(stop(&x), &x)) {
            Unconnected::Stopped { by } => {
                assert!(by[0].starts_with(name) && by[0].contains("tests/tape/missing.rs:"), "{by:?}");
            }
            other => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn what_the_pass_itself_recorded_does_not_disturb_the_explanation() {
    let (x, stranger) = (tf::constant(4.0), tf::constant(1.0));
    let tape = GradientTape::persistent();
    tape.watch((&x, &stranger));
    // The rule of the root compares its upstream, which the pass has just put on the tape.
    let y = tf::sqrt(&x) * &x;
    assert!(tape.gradient(&y, &x).is_ok());
    let error = tape.gradient(&y, (&x, &stranger)).expect_err("nothing leads to the stranger");
    assert!(error.to_string().ends_with("the target does not depend on it"), "{error}");
}

/// A loop cuts at one place, however often; of many places the first are named.
#[test]
fn a_text_names_no_more_places_than_a_person_reads() {
    let x: Tensor = tf::constant([0.5, 1.5]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let rounded = (0..10_000).map(|_| tf::round(&x)).fold(tf::constant([0.0, 0.0]), |sum, y| sum + y);
    let text = tape.gradient(rounded, &x).expect_err("round stops it").to_string();
    assert_eq!(text.matches("`round` at").count(), 1, "{text}");

    let tape = GradientTape::new();
    tape.watch(&x);
    #[rustfmt::skip]
    let all = [
        tf::round(&x), tf::round(&x), tf::round(&x), tf::round(&x), tf::round(&x), tf::round(&x),
        tf::round(&x), tf::round(&x), tf::round(&x), tf::round(&x), tf::round(&x), tf::round(&x),
        tf::round(&x), tf::round(&x), tf::round(&x), tf::round(&x), tf::round(&x), tf::round(&x),
        tf::round(&x), tf::round(&x), tf::round(&x), tf::round(&x), tf::round(&x), tf::round(&x),
    ];
    let text = tape.gradient(tf::add_n(all), &x).expect_err("round stops it").to_string();
    assert_eq!(text.matches("`round` at").count(), 20, "{text}");
    assert!(text.contains("4 others"), "{text}");
}
