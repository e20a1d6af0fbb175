//! Walks a body and knows, at every expression, which locals are visible there.

use proc_macro2::Ident;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Arm, Attribute, Block, Expr, ExprClosure, ExprForLoop, ExprIf, ExprLet, ExprWhile, FnArg, Item, ItemFn, LocalInit,
    Macro, Meta, Pat, Signature, Stmt,
};

use crate::syntax::mention::Mentioned;
use crate::syntax::patterns;

/// The locals visible at a point, innermost last.
#[derive(Clone, Default)]
pub(crate) struct Scopes(Vec<Local>);

#[derive(Clone)]
struct Local {
    name: Ident,
    /// Whether it is bound to a rule.
    is_rule: bool,
    /// Whether it is a parameter of the function.
    is_parameter: bool,
}

impl Local {
    fn new(name: &Ident) -> Self {
        Local { name: name.clone(), is_rule: false, is_parameter: false }
    }
}

impl Scopes {
    /// Makes the names of a pattern visible.
    pub(crate) fn bind(&mut self, pattern: &Pat) {
        self.0.extend(patterns::names(pattern).iter().map(Local::new));
    }

    /// Makes the parameters of a function visible.
    pub(crate) fn bind_parameters(&mut self, signature: &Signature) {
        let known = self.0.len();
        for input in &signature.inputs {
            if let FnArg::Typed(input) = input {
                self.bind(&input.pat);
            }
        }
        self.0[known..].iter_mut().for_each(|local| local.is_parameter = true);
    }

    /// Whether a name means a parameter.
    pub(crate) fn is_parameter(&self, name: &Ident) -> bool {
        self.0.iter().rev().find(|local| local.name == *name).is_some_and(|local| local.is_parameter)
    }

    /// Makes a name visible.
    pub(crate) fn bind_name(&mut self, name: &Ident) {
        self.0.push(Local::new(name));
    }

    /// Makes the names of a refutable pattern visible. There, `None` and `LIMIT` are constants, not bindings.
    fn bind_refutable(&mut self, pattern: &Pat) {
        let known = self.0.len();
        self.bind(pattern);
        let is_binding = |local: &Local| !local.name.to_string().starts_with(char::is_uppercase);
        let mut place = 0;
        self.0.retain(|local| {
            place += 1;
            place <= known || is_binding(local)
        });
    }

    /// How many locals are visible.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The visible locals with their places, without those that others hide.
    pub(crate) fn visible(&self) -> impl Iterator<Item = (&Ident, usize)> {
        let each = self.0.iter().enumerate().map(|(place, local)| (&local.name, place));
        each.filter(|(name, place)| self.place_of(name) == Some(*place))
    }

    /// The place of the local that a name means.
    pub(crate) fn place_of(&self, name: &Ident) -> Option<usize> {
        self.0.iter().rposition(|local| local.name == *name)
    }

    pub(crate) fn contains(&self, name: &Ident) -> bool {
        self.0.iter().any(|local| local.name == *name)
    }

    /// Makes the names of a pattern visible that is bound to a rule.
    fn bind_rule(&mut self, pattern: &Pat) {
        let known = self.0.len();
        self.bind(pattern);
        self.0[known..].iter_mut().for_each(|local| local.is_rule = true);
    }

    /// Whether a name means a rule.
    pub(crate) fn is_rule(&self, name: &Ident) -> bool {
        self.0.iter().rev().find(|local| local.name == *name).is_some_and(|local| local.is_rule)
    }
}

/// What is done on the way.
pub(crate) trait Handler {
    /// Called before an expression is entered; `true` if it shall not be.
    fn expression(&mut self, _: &mut Expr, _: &Scopes) -> bool {
        false
    }
    /// Called before a statement is entered; `true` if it binds a rule, and shall not be.
    fn statement(&mut self, _: &mut Stmt, _: &Scopes) -> bool {
        false
    }
    /// Whether nested functions with the option `closure` are entered, which see the locals around them.
    fn enters_closures(&self) -> bool {
        true
    }
    /// Called for the tokens of a macro, which cannot be entered.
    fn macro_tokens(&mut self, _: &mut Macro, _: &Scopes) {}
}

/// Visits everything but nested items that see no locals.
pub(crate) struct Walker<'h, H> {
    pub(crate) handler: &'h mut H,
    pub(crate) scopes: Scopes,
    /// How many functions with the option `closure` have been entered.
    closures: usize,
}

impl<'h, H: Handler> Walker<'h, H> {
    /// Sees the locals of `scopes`.
    pub(crate) fn new(handler: &'h mut H, scopes: Scopes) -> Self {
        Walker { handler, scopes, closures: 0 }
    }

    fn scoped(&mut self, walk: impl FnOnce(&mut Self)) {
        let visible = self.scopes.0.len();
        walk(self);
        self.scopes.0.truncate(visible);
    }

    /// Statements one after the other, each seeing what those before it have bound. What they bind stays visible.
    pub(crate) fn statements(&mut self, statements: &mut [Stmt]) {
        for statement in statements {
            let binds_rule = self.handler.statement(statement, &self.scopes);
            if !binds_rule {
                self.visit_stmt_mut(statement);
            }
            match statement {
                Stmt::Local(local) => match &local.init {
                    _ if binds_rule => self.scopes.bind_rule(&local.pat),
                    Some(LocalInit { diverge: Some(_), .. }) => self.scopes.bind_refutable(&local.pat),
                    _ => self.scopes.bind(&local.pat),
                },
                Stmt::Item(Item::Fn(function)) if is_closure(function) => self.scopes.bind_name(&function.sig.ident),
                _ => {}
            }
        }
    }

    /// A function with the option `closure`, and the rules in it: what else stands there as an item sees no locals, and is
    /// a mistake of the user's if it names one.
    fn function(&mut self, function: &mut ItemFn) {
        self.scoped(|walker| {
            walker.scopes.bind_parameters(&function.sig);
            walker.closures += 1;
            walker.visit_block_mut(&mut function.block);
            walker.closures -= 1;
        });
    }
}

/// Whether a nested function has the option `closure`, under whatever name the attribute goes.
pub(crate) fn is_closure(function: &ItemFn) -> bool {
    let has_option = |attribute: &Attribute| match &attribute.meta {
        Meta::List(list) => Mentioned::among(&list.tokens).contains("closure"),
        _ => false,
    };
    function.attrs.iter().any(has_option)
}

impl<H: Handler> VisitMut for Walker<'_, H> {
    fn visit_block_mut(&mut self, block: &mut Block) {
        self.scoped(|walker| walker.statements(&mut block.stmts));
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if !self.handler.expression(expression, &self.scopes) {
            visit_mut::visit_expr_mut(self, expression);
        }
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        self.scoped(|walker| {
            closure.inputs.iter().for_each(|input| walker.scopes.bind(input));
            walker.visit_expr_mut(&mut closure.body);
        });
    }

    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        self.scoped(|walker| {
            walker.scopes.bind_refutable(&arm.pat);
            visit_mut::visit_arm_mut(walker, arm);
        });
    }

    fn visit_expr_for_loop_mut(&mut self, expression: &mut ExprForLoop) {
        self.visit_expr_mut(&mut expression.expr);
        self.scoped(|walker| {
            walker.scopes.bind(&expression.pat);
            walker.visit_block_mut(&mut expression.body);
        });
    }

    fn visit_expr_if_mut(&mut self, expression: &mut ExprIf) {
        self.scoped(|walker| {
            walker.visit_expr_mut(&mut expression.cond);
            walker.visit_block_mut(&mut expression.then_branch);
        });
        if let Some((_, otherwise)) = &mut expression.else_branch {
            self.visit_expr_mut(otherwise);
        }
    }

    fn visit_expr_while_mut(&mut self, expression: &mut ExprWhile) {
        self.scoped(|walker| {
            walker.visit_expr_mut(&mut expression.cond);
            walker.visit_block_mut(&mut expression.body);
        });
    }

    fn visit_expr_let_mut(&mut self, expression: &mut ExprLet) {
        self.visit_expr_mut(&mut expression.expr);
        self.scopes.bind_refutable(&expression.pat);
    }

    fn visit_macro_mut(&mut self, tokens: &mut Macro) {
        self.handler.macro_tokens(tokens, &self.scopes);
    }

    fn visit_item_mut(&mut self, item: &mut Item) {
        // A `macro_rules!` sees the locals around it.
        if let Item::Macro(defined) = item {
            self.handler.macro_tokens(&mut defined.mac, &self.scopes);
        }
        if let Item::Fn(function) = item
            && (self.closures > 0 || is_closure(function))
            && self.handler.enters_closures()
        {
            self.function(function);
        }
    }
}
