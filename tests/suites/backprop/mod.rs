//! Tapes: `BackpropTest` of `backprop_test`.
//!
//! `gradients_function` and `implicit_grad`, which these tests call, are a tape around a call here.
//!
//! Left out:
//! * `testStringTarget`, `testStringSource` and their likes: there are no strings.
//! * `testWatchComposite`: there are no sparse tensors.
//! * `testMaxPooling3DGradient`: there is no pooling.
//! * `testUnknownShapes`, `testGradientInsideLoop`, `testWithCond`, `testWithWhileLoop`, `testNestedDefunZeros`,
//!   `testNameScope`, `testGetAttr…`, `testMakeAttr…`, `testZerosCacheDoesntLeak`, GPU copies, resource handles: graphs,
//!   Python objects and devices.
//! * `testNestedSelfContexts`, which enters a tape that is active: a tape is not entered here, it records from `new` on.
//!
//! Compile errors here:
//! * `testGradientInteger`: `tests/ui/tape/integer_source.rs`.
//! * `testWatchBadThing`: `tests/ui/tape/watch_a_number.rs`.
//! * `testGradientTapeGradientCalledMultipleTimes`: `tests/ui/tape/used_twice.rs`.
//! * `testUnknownUnconnectedGradientsValueGiven`: `tests/ui/tape/unconnected_gradients_by_name.rs`.
//! * `testDifferentiatingFunctionThatReturnsNone`: `tests/ui/functional/number_as_result.rs`.

mod functions;
mod gradients;
mod recording;
