//! What a function returns beside its result is handed through.

use functional::{grad_with_aux, jvp_with_aux, value_and_grad_with_aux, vjp_with_aux};
use gradcore::prelude::*;

#[test]
fn what_is_returned_beside_the_result_is_handed_through() -> Result<(), Error> {
    let (x, w) = (tf::constant([1.0, 2.0]), tf::constant([3.0, 4.0]));
    let loss = |(x, w): (&Tensor, &Tensor)| {
        let predictions = x * w;
        (tf::reduce_sum(tf::square(&predictions), ..), (predictions, "a metric"))
    };
    let ((y, (predictions, metric)), (dx, dw)) = value_and_grad_with_aux(loss, (&x, &w))?;
    assert_eq!((y.item(), predictions.to_vec(), metric), (73.0, vec![3.0, 8.0], "a metric"));
    assert_eq!((dx.to_vec(), dw.to_vec()), (vec![18.0, 64.0], vec![6.0, 32.0]));
    let ((of_x, _), (again, _)) = grad_with_aux(loss, (&x, &w))?;
    assert_eq!((of_x.to_vec(), again.to_vec()), (dx.to_vec(), predictions.to_vec()));
    let (_, pullback, _) = vjp_with_aux(loss, (&x, &w))?;
    assert_eq!(pullback.apply(tf::constant(2.0))?.0.to_vec(), [36.0, 128.0]);
    let (_, dy, (predictions, _)) = jvp_with_aux(loss, (&x, &w), (tf::constant([1.0, 0.0]), tf::constant(0.0)))?;
    assert_eq!((dy.item(), predictions.to_vec()), (18.0, vec![3.0, 8.0]));
    Ok(())
}

#[test]
fn an_error_is_that_of_the_function() {
    let failing = |x: &Tensor| -> Result<(Tensor, u8), Error> {
        let _ = Tensor::from_vec(&[3], vec![x.clone().item()])?;
        Ok((x.clone(), 1))
    };
    assert!(value_and_grad_with_aux(failing, &tf::constant([1.0])).is_err());
}
