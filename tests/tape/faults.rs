//! Rules that are wrong or panic, and bad arguments: a clear word, and everything stays usable.

use gradcore::prelude::*;

#[custom_gradient]
fn wrong_shape(x: &Tensor, bias: &Tensor) -> Tensor {
    (x + bias, |dy| (dy, dy))
}

#[test]
fn a_gradient_of_the_wrong_shape_is_named_and_every_tape_stays_usable() -> Result<(), Error> {
    let (x, bias) = (tf::constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), tf::constant([10.0, 20.0]));
    let (outer, tape) = (GradientTape::persistent(), GradientTape::persistent());
    outer.watch((&x, &bias));
    tape.watch((&x, &bias));
    let y = wrong_shape(&x, &bias);
    assert_eq!(tape.gradient(&y, &x)?.shape(), [3, 2]);
    let error = tape.gradient(&y, (&x, &bias)).unwrap_err().to_string();
    let expected = "the gradient of `bias` in `wrong_shape` (tests/tape/faults.rs:";
    assert!(error.starts_with(expected) && error.contains("has shape [3, 2], expected [2], that of `bias`"), "{error}");
    assert!(error.ends_with("summing axis 0 would give it: wrap the gradient in `tf::sum_to(…, bias)`"), "{error}");
    assert_eq!(tape.gradient(&x * 2.0, &x)?.to_vec(), [2.0; 6]);
    assert_eq!(outer.gradient(&x * 2.0, &x)?.to_vec(), [2.0; 6]);
    Ok(())
}

#[test]
fn a_panic_in_a_body_or_in_a_rule_leaves_every_tape_usable() -> Result<(), Error> {
    #[custom_gradient]
    fn explodes(x: &Tensor, #[nondiff] when: &str) -> Tensor {
        assert_ne!(when, "forward");
        let when = when.to_owned();
        let grad = |dy| {
            assert_ne!(when, "backward");
            dy
        };
        (x * 1.0, grad)
    }
    let x = tf::constant(3.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| explodes(&x, "forward")));
    assert!(caught.is_err());
    let y = &x * &x;
    assert_eq!(tape.gradient(&y, &x)?.item(), 6.0);
    let z = explodes(&y, "backward");
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tape.gradient(&z, &x)));
    assert!(caught.is_err());
    assert_eq!(tape.gradient(&y, &x)?.item(), 6.0);
    Ok(())
}

#[test]
#[should_panic(expected = "`multiply`: shapes [2, 3] and [4] do not broadcast")]
fn operators_name_themselves_and_both_shapes() {
    let _ = tf::ones::<f32>([2, 3]) * tf::ones([4]);
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let x: Tensor = tf::ones([2, 3]);
    let refusals: [(&str, &dyn Fn() -> Tensor); 8] = [
        ("`gather`: expected `indices` from 0 to 2 (exclusive), found 2", &|| tf::gather(&x, [0, 2], ..)),
        ("`slice`: expected `begin` and `size` of a block within shape [2, 3], found [0, 1] and [2, 3]", &|| {
            tf::slice(&x, [0, 1], [2, 3])
        }),
        ("`pad`: expected `paddings` to have a pair for each axis of shape [2, 3], found [[1, 1]]", &|| {
            tf::pad(&x, [[1, 1]])
        }),
        ("`concat`: expected tensors of one shape but for axis 0, found [[2, 3], [2]]", &|| {
            tf::concat([&x, &tf::ones([2])], 0)
        }),
        ("`stack`: expected at least one tensor, found none", &|| tf::stack(Vec::<Tensor>::new(), 0)),
        ("`add_n`: expected tensors of one shape, found [[2, 3], [3]]", &|| tf::add_n([&x, &tf::ones([3])])),
        ("`expand_dims`: axis 3 is out of range for a tensor of shape [2, 3, 1]", &|| tf::expand_dims(&x, 3)),
        ("`squeeze`: expected axes of size 1 in shape [2, 3], found [0]", &|| tf::squeeze(&x, axis(0))),
    ];
    for (expected, refused) in refusals {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(refused)).expect_err(expected);
        assert_eq!(panic.downcast_ref::<String>().map(String::as_str), Some(expected));
    }
}

#[test]
fn integers_wrap_and_their_means_do_not() {
    assert_eq!((tf::constant(i32::MAX) + 1).item(), i32::MIN);
    assert_eq!(tf::reduce_mean(tf::constant([200u8, 200, 201]), ..).item(), 200);
    assert_eq!(tf::reduce_mean(tf::ones::<u8>([300]), ..).item(), 1);
    assert_eq!(tf::reduce_mean(tf::zeros::<i32>([0]), ..).item(), 0);
}

#[test]
#[should_panic(expected = "`divide`: expected `y` without zeros")]
fn integers_are_not_divided_by_zero() {
    let _ = tf::constant([1, 2]) / tf::constant([1, 0]);
}

#[test]
fn an_assignment_of_another_shape_is_refused_and_changes_nothing() {
    let mut w: Variable = Variable::new([1.0, 2.0]).named("w");
    let error = w.assign(tf::constant([1.0])).unwrap_err().to_string();
    assert_eq!(error, "`assign`: variable `w` has shape [2], found [1]");
    let mut b: Variable = Variable::new(0.5);
    let wrong = optimizers::Sgd::new(0.1)
        .apply_gradients([(tf::constant(1.0), &mut b), (tf::constant([1.0]), &mut w)])
        .unwrap_err();
    assert_eq!(wrong.to_string(), "`apply_gradients`: variable `w` has shape [2], found [1]");
    assert_eq!((w.to_vec(), b.item()), (vec![1.0, 2.0], 0.5));
}
