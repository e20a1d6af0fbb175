//! Takes the rules out of a function, and leaves holes.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::visit_mut::VisitMut;
use syn::{Expr, Item, ItemFn, Local, Pat, Stmt, parse_quote};

use crate::model::exit::{self, Exit};
use crate::model::helper::{self, Helper};
use crate::model::hole::Hole;
use crate::model::rule::{Keeping, Rule, RuleForm, named_rules};
use crate::syntax::groups::peeled;
use crate::syntax::mention::Mentioned;
use crate::syntax::scope::{Handler, Scopes, Walker};

/// Takes the rules out of the body and the exits, and leaves holes.
///
/// `around` are the locals around the function, `called` the functions that it calls by names of what may be a local.
pub(crate) fn take_rules(
    function: &mut ItemFn,
    around: &[Ident],
    called: &[Ident],
    exits: &mut [Exit],
    form: RuleForm,
) -> TakenRules {
    let named = named_rules(exits);
    let mut scopes = Scopes::default();
    around.iter().for_each(|local| scopes.bind_name(local));
    scopes.bind_parameters(&function.sig);
    let borrowed = helper::borrowed(&function.sig);
    let mut taker = RuleTaker {
        named,
        called,
        borrowed,
        helpers: Vec::new(),
        exits,
        form,
        taken: TakenRules::default(),
        made_anew: Vec::new(),
    };
    Walker::new(&mut taker, scopes).visit_block_mut(&mut function.block);
    let (mut taken, helpers) = (taker.taken, taker.made_anew);
    for helper in &helpers {
        if helper::taken_out(helper, function, exits) {
            taken.rules.iter_mut().for_each(|rule| rule.helpers.retain(|name| *name != helper.name));
        }
    }
    // Where two rules have one name, only the compiler knows which of them an exit has.
    for rule in &mut taken.rules {
        let is_only_one = rule.name.iter().all(|name| taken.names.iter().filter(|other| *other == name).count() == 1);
        rule.takes_functions &= is_only_one;
    }
    taken
}

struct RuleTaker<'a> {
    named: Vec<Ident>,
    called: &'a [Ident],
    /// The parameters that are references.
    borrowed: Vec<Ident>,
    /// The closures of the body that are in scope.
    helpers: Vec<Helper>,
    exits: &'a mut [Exit],
    form: RuleForm,
    taken: TakenRules,
    /// The closures that rules make anew.
    made_anew: Vec<Helper>,
}

/// The rules of a function, the names that they are bound to, and where else the body uses these.
#[derive(Default)]
pub(crate) struct TakenRules {
    pub(crate) rules: Vec<Rule>,
    pub(crate) names: Vec<Ident>,
    pub(crate) used: Vec<Ident>,
}

impl RuleTaker<'_> {
    /// The locals that a rule captures if it uses them.
    fn captured(&self, scopes: &Scopes) -> Scopes {
        if self.form.keeping == Keeping::Nothing { Scopes::default() } else { scopes.clone() }
    }

    /// The helpers that a rule makes anew.
    fn helpers_of(&mut self, rule: &impl ToTokens, scopes: &Scopes) -> Vec<Helper> {
        if self.helpers.is_empty() || self.form.keeping == Keeping::Nothing {
            return Vec::new();
        }
        let used = helper::used_by(rule.to_token_stream(), &self.helpers, scopes);
        self.made_anew.extend(used.iter().cloned());
        used
    }

    fn take(&mut self, written: &impl ToTokens, name: Option<Ident>, rule: Rule) -> usize {
        let is_called = |mentioned: &Mentioned| self.called.iter().any(|name| mentioned.contains(&name.to_string()));
        let takes_functions = !self.called.is_empty() && is_called(&Mentioned::among(written));
        let rule = Rule { name, takes_functions, ..rule };
        self.taken.names.extend(rule.name.clone());
        self.taken.rules.push(rule);
        self.taken.rules.len() - 1
    }
}

impl Handler for RuleTaker<'_> {
    /// `let grad = |dy| …;` and `fn grad(dy: &Tensor) -> … { … }`.
    fn statement(&mut self, statement: &mut Stmt, scopes: &Scopes) -> bool {
        self.helpers.retain(|helper| helper.is_within(scopes));
        match statement {
            Stmt::Local(local) => {
                let Some(name) = bound_name(&local.pat).filter(|name| self.named.contains(name)) else {
                    self.helpers.extend(Helper::of(statement, scopes, &self.borrowed));
                    return false;
                };
                let Some(init) = &mut local.init else { return false };
                let Expr::Closure(closure) = peeled(&init.expr) else { return false };
                let helpers = self.helpers_of(closure, scopes);
                let rule = Rule::of_closure(closure, &self.captured(scopes), &helpers, self.form);
                let number = self.take(closure, Some(name), rule);
                *init.expr = Hole::Rule(number).into_expr();
                true
            }
            Stmt::Item(Item::Fn(inner)) if self.named.contains(&inner.sig.ident) => {
                let name = inner.sig.ident.clone();
                let helpers = self.helpers_of(inner, scopes);
                let rule = Rule::of_function(inner, &self.captured(scopes), &helpers, self.form);
                let number = self.take(inner, Some(name.clone()), rule);
                *statement = parse_quote!(let #name = (););
                if let Stmt::Local(Local { init: Some(init), .. }) = statement {
                    *init.expr = Hole::Rule(number).into_expr();
                }
                true
            }
            statement => {
                self.helpers.extend(Helper::of(statement, scopes, &self.borrowed));
                false
            }
        }
    }

    /// They have rules of their own.
    fn enters_closures(&self) -> bool {
        false
    }

    /// A closure in a pair. Other closures have exits of their own.
    fn expression(&mut self, expression: &mut Expr, scopes: &Scopes) -> bool {
        let Some(Hole::Exit(number)) = Hole::of(expression) else {
            if let Expr::Path(path) = expression
                && let Some(name) = path.path.get_ident().filter(|name| scopes.is_rule(name))
            {
                self.taken.used.push(name.clone());
            }
            return matches!(expression, Expr::Closure(_));
        };
        let mut value = std::mem::replace(&mut self.exits[number].value, parse_quote!(()));
        Walker::new(self, scopes.clone()).visit_expr_mut(&mut value);
        self.exits[number].value = value;
        if let exit::Rule::InPlace(closure) = &self.exits[number].rule {
            let closure = closure.clone();
            let helpers = self.helpers_of(&closure, scopes);
            let rule = Rule::of_closure(&closure, &self.captured(scopes), &helpers, self.form);
            let rule = self.take(&closure, None, rule);
            self.exits[number].rule = exit::Rule::Found(rule);
        }
        true
    }
}

fn bound_name(pattern: &Pat) -> Option<Ident> {
    match pattern {
        Pat::Ident(binding) => Some(binding.ident.clone()),
        Pat::Type(typed) => bound_name(&typed.pat),
        _ => None,
    }
}
