//! Locals that may change after `grad` has captured them.
//!
//! `grad` keeps what a local was where it stands. A plain closure would borrow the local there, and rustc would refuse
//! whatever changes it while the closure waits for the pair. The same borrow is written for a capture that may change; others
//! may be moved in between.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{
    Block, Expr, ExprAssign, ExprBinary, ExprField, ExprForLoop, ExprIndex, ExprLoop, ExprMethodCall, ExprPath,
    ExprReference, ExprUnary, ExprWhile, FnArg, Item, Local, Macro, Pat, Signature, Type, UnOp,
};

use crate::model::exit::{self, Exit};
use crate::model::hole::Hole;
use crate::model::place::{is_assignment, root_of};
use crate::model::rule::Rule;
use crate::syntax::mention::Mentioned;
use crate::syntax::patterns;

/// Notes which captures of each rule may change before the pair, and which values of pairs may change one. Among the
/// parameters, `mutable` are bound by `mut` although the signature no longer says so.
pub(crate) fn find(signature: &Signature, mutable: Vec<Ident>, body: &Block, exits: &mut [Exit], rules: &mut [Rule]) {
    if rules.iter().all(|rule| rule.captures.is_empty()) {
        return;
    }
    let mut uses = Uses { exits, found: Vec::new(), rules: vec![None; rules.len()], repeated: None, within: None };
    uses.visit_block(body);
    let Uses { found, rules: places, .. } = uses;
    let mutable = Mutable::of(mutable, signature, body);
    for ((rule_number, rule), place) in rules.iter_mut().enumerate().zip(places) {
        let Some(place) = place else { continue };
        for captured in rule.captures.iter_mut().filter(|captured| !captured.place.is_within_self()) {
            let (root, later) = (captured.place.root(), &found[place..]);
            captured.may_change = may_change(root, later.iter().filter(|used| !used.is_moved_by_a_pair()), &mutable);
            let its_own = |exit: &Exit| match exit.rule {
                exit::Rule::Found(found) => found == rule_number,
                _ => true,
            };
            for (number, exit) in exits.iter_mut().enumerate().filter(|(_, exit)| its_own(exit)) {
                let by_value = found.iter().filter(|used| used.within == Some(number));
                exit.changes_captures |= may_change(root, by_value, &mutable);
            }
        }
    }
}

/// Whether some uses of a local may change it. What is moved cannot be held, so of that only what certainly changes counts.
fn may_change<'u>(local: &Ident, uses: impl Iterator<Item = &'u Use> + Clone, mutable: &Mutable) -> bool {
    let is_used = |how: How| uses.clone().any(|used| used.how == how && used.is_of(local));
    is_used(How::Changed) || (mutable.contains(local) && is_used(How::Seen) && !is_used(How::Moved))
}

/// A use of a local in the body.
struct Use {
    how: How,
    of: Of,
    /// The pair in whose value it stands.
    within: Option<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    /// It is assigned to, or borrowed mutably.
    Changed,
    /// It is the receiver of a method, or among the tokens of a macro: these may borrow it mutably.
    Seen,
    /// It stands by itself, and may be moved.
    Moved,
}

enum Of {
    Local(Ident),
    Tokens(Mentioned),
}

impl Use {
    fn is_of(&self, local: &Ident) -> bool {
        match &self.of {
            Of::Local(used) => used == local,
            Of::Tokens(mentioned) => mentioned.contains(&local.to_string()),
        }
    }

    /// The value of a pair is made when the borrow is over.
    fn is_moved_by_a_pair(&self) -> bool {
        self.how == How::Moved && self.within.is_some()
    }
}

/// The uses of locals in the order in which they stand.
struct Uses<'a> {
    exits: &'a [Exit],
    found: Vec<Use>,
    /// For each rule the place of the first use that may come after it.
    rules: Vec<Option<usize>>,
    /// In a loop, where the outermost one begins: what stands there may come after what follows.
    repeated: Option<usize>,
    within: Option<usize>,
}

impl Uses<'_> {
    fn add(&mut self, how: How, root: Option<Ident>) {
        let within = self.within;
        self.found.extend(root.map(|root| Use { how, of: Of::Local(root), within }));
    }

    /// What is in a place besides its root: indices.
    fn parts(&mut self, place: &Expr) {
        match place {
            Expr::Path(_) => {}
            place => self.visit_expr(place),
        }
    }

    /// What an assignment changes: a place, or those in a pattern of several.
    fn assigned(&mut self, target: &Expr) {
        match target {
            Expr::Tuple(several) => several.elems.iter().for_each(|target| self.assigned(target)),
            Expr::Array(several) => several.elems.iter().for_each(|target| self.assigned(target)),
            Expr::Call(variant) => variant.args.iter().for_each(|target| self.assigned(target)),
            Expr::Struct(several) => several.fields.iter().for_each(|field| self.assigned(&field.expr)),
            Expr::Paren(inner) => self.assigned(&inner.expr),
            place => {
                self.parts(place);
                self.add(How::Changed, root_of(place));
            }
        }
    }

    fn rule(&mut self, number: usize) {
        self.rules[number] = Some(self.repeated.unwrap_or(self.found.len()));
    }

    fn exit(&mut self, number: usize) {
        let exits = self.exits;
        let before = self.within.replace(number);
        self.visit_expr(&exits[number].value);
        self.within = before;
        if let exit::Rule::Found(rule) = exits[number].rule {
            self.rule(rule);
        }
    }

    fn repeat(&mut self, walk: impl FnOnce(&mut Self)) {
        let outermost = self.repeated.is_none();
        self.repeated.get_or_insert(self.found.len());
        walk(self);
        if outermost {
            self.repeated = None;
        }
    }
}

impl Visit<'_> for Uses<'_> {
    fn visit_expr(&mut self, expression: &Expr) {
        match Hole::of(expression) {
            Some(Hole::Exit(number)) => self.exit(number),
            Some(Hole::Rule(number)) => self.rule(number),
            None => visit::visit_expr(self, expression),
        }
    }
    fn visit_expr_assign(&mut self, assignment: &ExprAssign) {
        self.visit_expr(&assignment.right);
        self.assigned(&assignment.left);
    }
    fn visit_expr_binary(&mut self, binary: &ExprBinary) {
        if !is_assignment(binary.op) {
            return visit::visit_expr_binary(self, binary);
        }
        self.visit_expr(&binary.right);
        self.parts(&binary.left);
        self.add(How::Changed, root_of(&binary.left));
    }
    fn visit_expr_reference(&mut self, reference: &ExprReference) {
        self.parts(&reference.expr);
        if reference.mutability.is_some() {
            self.add(How::Changed, root_of(&reference.expr));
        }
    }
    fn visit_expr_method_call(&mut self, call: &ExprMethodCall) {
        self.parts(&call.receiver);
        let how = if takes_its_receiver(&call.method.to_string()) { How::Moved } else { How::Seen };
        self.add(how, root_of(&call.receiver));
        call.args.iter().for_each(|argument| self.visit_expr(argument));
    }
    fn visit_expr_field(&mut self, field: &ExprField) {
        self.parts(&field.base);
    }
    fn visit_expr_index(&mut self, index: &ExprIndex) {
        self.parts(&index.expr);
        self.visit_expr(&index.index);
    }
    fn visit_expr_unary(&mut self, unary: &ExprUnary) {
        match unary.op {
            UnOp::Deref(_) => self.parts(&unary.expr),
            _ => self.visit_expr(&unary.expr),
        }
    }
    fn visit_expr_path(&mut self, path: &ExprPath) {
        self.add(How::Moved, path.path.get_ident().cloned());
    }
    fn visit_macro(&mut self, tokens: &Macro) {
        let of = Of::Tokens(Mentioned::among(&tokens.tokens));
        self.found.push(Use { how: How::Seen, of, within: self.within });
    }
    fn visit_expr_for_loop(&mut self, repeated: &ExprForLoop) {
        self.visit_expr(&repeated.expr);
        self.repeat(|uses| uses.visit_block(&repeated.body));
    }
    fn visit_expr_loop(&mut self, repeated: &ExprLoop) {
        self.repeat(|uses| uses.visit_block(&repeated.body));
    }
    fn visit_expr_while(&mut self, repeated: &ExprWhile) {
        self.repeat(|uses| visit::visit_expr_while(uses, repeated));
    }
    fn visit_item(&mut self, _: &Item) {}
}

/// Whether a method is named as those are that take their receiver by value.
fn takes_its_receiver(method: &str) -> bool {
    const TAKING: [&str; 10] = ["and_then", "chain", "collect", "expect", "filter", "fold", "map", "rev", "sum", "zip"];
    TAKING.contains(&method) || method.starts_with("into_") || method.starts_with("unwrap")
}

/// The locals that can change at all: bound by `mut`, or perhaps mutable references.
struct Mutable(Vec<Ident>);

impl Mutable {
    fn of(known: Vec<Ident>, signature: &Signature, body: &Block) -> Self {
        let mut mutable = Mutable(known);
        for input in &signature.inputs {
            if let FnArg::Typed(input) = input {
                let is_reference = matches!(&*input.ty, Type::Reference(reference) if reference.mutability.is_some());
                mutable.bind(is_reference, &input.pat);
            }
        }
        mutable.visit_block(body);
        mutable
    }

    fn contains(&self, local: &Ident) -> bool {
        self.0.contains(local)
    }

    /// Adds all names of a pattern, or those with `mut`.
    fn bind(&mut self, all: bool, pattern: &Pat) {
        let bindings = patterns::bindings(|bindings| bindings.visit_pat(pattern));
        let mutable = bindings.into_iter().filter(|binding| all || binding.mutability.is_some());
        self.0.extend(mutable.map(|binding| binding.ident));
    }
}

impl Visit<'_> for Mutable {
    fn visit_local(&mut self, local: &Local) {
        let is_reference = local
            .init
            .as_ref()
            .is_some_and(|init| matches!(&*init.expr, Expr::Reference(reference) if reference.mutability.is_some()));
        self.bind(is_reference, &local.pat);
        visit::visit_local(self, local);
    }
    fn visit_pat(&mut self, pattern: &Pat) {
        self.bind(false, pattern);
    }
}
