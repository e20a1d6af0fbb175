//! Parameters that are several tensors: slices, vectors, arrays, tuples.

use gradcore::prelude::*;

#[custom_gradient]
fn total(xs: &[Tensor], k: f32) -> Tensor {
    let sum = xs.iter().fold(tf::constant(0.0), |sum, x| sum + tf::reduce_sum(x, ..));
    let grad = |dy| xs.iter().map(|x| tf::ones_like(x) * dy * k).collect::<Vec<_>>();
    (sum * k, grad)
}

#[test]
fn a_slice_gets_a_list_of_gradients() -> Result<(), Error> {
    let xs = [tf::constant([1.0, 2.0]), tf::constant([[3.0]]), tf::constant(4.0)];
    let tape = GradientTape::persistent();
    tape.watch(&xs);
    let y = total(&xs, 2.0);
    assert_eq!(y.item(), 20.0);
    let all = tape.gradient(&y, &xs)?;
    assert_eq!(all.iter().map(|dx| dx.shape().to_vec()).collect::<Vec<_>>(), [vec![2], vec![1, 1], vec![]]);
    assert_eq!(tape.gradient(&y, &xs[1])?.to_vec(), [2.0]);
    assert_eq!(total(&[], 2.0).item(), 0.0);
    Ok(())
}

#[test]
fn more_tensors_than_a_word_has_bits() -> Result<(), Error> {
    let xs: Vec<Tensor> = (0..100u8).map(|k| tf::constant(f32::from(k))).collect();
    let tape = GradientTape::new();
    tape.watch(&xs[80]);
    let y = total(&xs, 3.0);
    assert_eq!(tape.gradient(&y, &xs[80])?.item(), 3.0);
    Ok(())
}

#[test]
fn lists_stand_among_other_parameters() -> Result<(), Error> {
    #[custom_gradient]
    fn mix(first: &Tensor, ws: Vec<&Tensor>, pair: (&Tensor, Tensor), labels: &[Tensor<i64>], last: &Tensor) -> Tensor {
        let y = ws.iter().fold(first * last, |sum, w| sum + *w) + pair.0 * &pair.1;
        let grad = |dy| {
            let both = (dy * &pair.1, Some(dy * pair.0));
            (dy * last, ws.iter().map(|_| dy * 1.0).collect::<Vec<_>>(), both, dy * first)
        };
        assert_eq!(labels.len(), 1);
        (y, grad)
    }
    let t: [Tensor; 6] = std::array::from_fn(|k| tf::constant([2.0, 3.0, 5.0, 7.0, 11.0, 13.0][k]));
    let tape = GradientTape::persistent();
    tape.watch(&t);
    let y = mix(&t[0], vec![&t[1], &t[2]], (&t[3], t[4].clone()), &[tf::constant([1])], &t[5]);
    assert_eq!(y.item(), 2.0 * 13.0 + 8.0 + 77.0);
    let gradients = tape.gradient(&y, &t)?;
    assert_eq!(gradients.map(|dx| dx.item()), [13.0, 1.0, 1.0, 11.0, 7.0, 2.0]);
    assert_eq!(tape.gradient(&y, &t[4])?.item(), 7.0);
    Ok(())
}

#[test]
fn one_list_or_tuple_alone_is_given_whole() -> Result<(), Error> {
    #[custom_gradient]
    fn of_array([a, b]: [&Tensor; 2]) -> Tensor {
        (a * b, |dy| [dy * b, dy * a])
    }
    #[custom_gradient]
    fn of_tuple((a, b): (&Tensor, &Tensor)) -> Tensor {
        (a * b, |dy| (dy * b, None))
    }
    let (a, b) = (tf::constant(2.0), tf::constant(3.0));
    let tape = GradientTape::persistent();
    tape.watch((&a, &b));
    let y = of_array([&a, &b]);
    let (da, db) = tape.gradient(&y, (&a, &b))?;
    assert_eq!((da.item(), db.item()), (3.0, 2.0));
    let y = of_tuple((&a, &b));
    assert_eq!(tape.gradient(&y, &a)?.item(), 3.0);
    let error = tape.gradient(&y, &b).expect_err("none").to_string();
    assert!(error.contains("no gradient flows through `of_tuple`"), "{error}");
    Ok(())
}

struct Layer {
    ws: Vec<Variable>,
}

impl Layer {
    #[custom_gradient(variables(self.ws))]
    fn call(&self, x: &Tensor) -> Tensor {
        let y = self.ws.iter().fold(x * 1.0, |y, w| y * w);
        let grad = |dy| {
            let dx = self.ws.iter().fold(dy * 1.0, |y, w| y * w);
            (dx, self.ws.iter().map(|w| dy * &y / w).collect::<Vec<_>>())
        };
        (&y, grad)
    }
}

#[test]
fn variables_may_be_a_list() -> Result<(), Error> {
    let layer = Layer { ws: [2.0, 3.0, 5.0].map(Variable::new).into() };
    let x = tf::constant(7.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = layer.call(&x);
    let (dx, dws) = tape.gradient(&y, (&x, &layer.ws))?;
    assert_eq!((y.item(), dx.item()), (210.0, 30.0));
    assert_eq!(dws.iter().map(Tensor::item).collect::<Vec<_>>(), [105.0, 70.0, 42.0]);
    Ok(())
}

#[test]
fn wrong_numbers_and_shapes_are_named() {
    #[custom_gradient]
    fn f(xs: &[Tensor], few: bool) -> Tensor {
        let grad = |dy| if few { vec![dy * 1.0] } else { vec![dy * 1.0, dy * tf::constant([1.0, 1.0])] };
        (&xs[0] * &xs[1], grad)
    }
    let xs = [tf::constant(1.0), tf::constant(2.0)];
    let tape = GradientTape::persistent();
    tape.watch(&xs);
    let text = |few| tape.gradient(f(&xs, few), &xs).expect_err("a mistake").to_string();
    let few = text(true);
    assert!(few.starts_with("`grad` returned 1 gradients for `xs` of `f` (tests/rules/lists.rs:"), "{few}");
    let shape = text(false);
    assert!(shape.starts_with("the gradient of `xs[1]` in `f` (tests/rules/lists.rs:"), "{shape}");
}
