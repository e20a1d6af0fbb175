use gradcore::__private::dispatch::*;
use gradcore::__private::{Capture, Constant, Input, enter, rule};
use gradcore::prelude::*;

#[track_caller]
pub fn unary_0000(x: &Tensor) -> Tensor {
    let call = enter(rule!("unary_0000", line!(), "x"), (Input(&x), ()));
    let y = tf::exp(x);
    let grad = if call.is_watched() {
        let kept_y = (&&&Capture(&y)).keep_for_grad(&call, !0, "y");
        call.backward::<Tensor, _>(move |dy, sink| sink.whole(dy * kept_y.get()))
    } else {
        call.unwatched()
    };
    call.exit::<Tensor>(y, grad)
}

#[track_caller]
pub fn binary_0000(a: &Tensor, b: &Tensor) -> Tensor {
    let call = enter(rule!("binary_0000", line!(), "a", "b"), (Input(&a), (Input(&b), ())));
    let grad = if call.is_watched() {
        let kept_a = (&&&Capture(&a)).keep_for_grad(&call, 2, "a");
        let kept_b = (&&&Capture(&b)).keep_for_grad(&call, 1, "b");
        call.backward::<Tensor, _>(move |dy, sink| sink.next(|| dy * kept_b.get()).next(|| dy * kept_a.get()).done())
    } else {
        call.unwatched()
    };
    call.exit::<Tensor>(a * b, grad)
}

#[track_caller]
pub fn constant_0000(x: &Tensor, k: f32) -> Tensor {
    let call = enter(rule!("constant_0000", line!(), "x", "k"), (Input(&x), (Constant, ())));
    let grad = if call.is_watched() {
        call.backward::<Tensor, _>(move |dy, sink| sink.next(|| dy * k).done())
    } else {
        call.unwatched()
    };
    call.exit::<Tensor>(x * k, grad)
}

#[track_caller]
pub fn exits_0000(x: &Tensor, n: i32) -> Tensor {
    let call = enter(rule!("exits_0000", line!(), "x", "n"), (Input(&x), (Constant, ())));
    if n == 0 {
        let grad = if call.is_watched() {
            call.backward::<Tensor, _>(move |dy, sink| sink.next(|| dy * 0.0).done())
        } else {
            call.unwatched()
        };
        return call.exit::<Tensor>(tf::ones_like(x), grad);
    }
    let grad = if call.is_watched() {
        call.backward::<Tensor, _>(move |dy, sink| sink.next(|| dy * n).done())
    } else {
        call.unwatched()
    };
    call.exit::<Tensor>(x * n, grad)
}

pub struct Dense0000 {
    pub w: Variable,
}

impl Dense0000 {
    #[track_caller]
    pub fn call(&self, x: &Tensor) -> Tensor {
        let call = enter(rule!("call", line!(), "x", "self.w"), (Input(&x), (Input(&self.w), ())));
        let grad = if call.is_watched() {
            let kept_w = (&&&Capture(&self.w)).keep_for_grad(&call, 1, "self.w");
            let kept_x = (&&&Capture(&x)).keep_for_grad(&call, 2, "x");
            call.backward::<Tensor, _>(move |dy, sink| {
                sink.next(|| tf::matmul(dy, &kept_w.get(), transpose_b(true)))
                    .next(|| tf::matmul(kept_x.get(), dy, transpose_a(true)))
                    .done()
            })
        } else {
            call.unwatched()
        };
        call.exit::<Tensor>(tf::matmul(x, &self.w, ..), grad)
    }
}
