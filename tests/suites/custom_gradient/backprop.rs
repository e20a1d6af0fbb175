//! What `backprop_test` calls `testErrors` and `testCustomGradient`.

use super::*;

#[test]
fn test_errors() {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        let grad = |_: &Tensor| -> Result<Tensor, Box<dyn std::error::Error + Send + Sync>> { Err("x".into()) };
        (x, grad)
    }
    let error = derivative(f, &tf::constant(1.0)).expect_err("the rule fails");
    assert!(matches!(error, Error::GradientFailed(_)), "{error}");
}

/// Five steps of descent on 2x, by the rule of the product.
#[test]
fn test_custom_gradient() -> Result<(), Error> {
    #[custom_gradient]
    fn my_multiply(x: &Tensor, y: &Tensor) -> Tensor {
        (x * y, |dy| (dy * y, dy * x))
    }
    let mut x: Variable = Variable::new(2.0);
    let mut losses = Vec::new();
    for _ in 0..5 {
        let tape = GradientTape::new();
        let loss = my_multiply(&tf::constant(2.0), &x);
        losses.push(loss.item());
        x.assign_sub(0.25 * tape.gradient(&loss, &x)?)?;
    }
    assert_eq!(losses, [4.0, 3.0, 2.0, 1.0, 0.0]);
    Ok(())
}
