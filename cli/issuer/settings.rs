//! `waypass issuer settings`: what `issuer init` fixed, shown and changed.

use super::issue::{ListFormArg, StatusArg};
use super::publish::{self, Answers, Publishing};
use super::{now, operator, store_failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::secret;
use crate::unlock::OpenArgs;
use crate::words::{self, span};
use serde_json::json;
use waypass_credential::role::Scope;
use waypass_issuer::Issuer;
use waypass_issuer::acts::{Act, Deed};
use waypass_issuer::configure::{ConfigureError, SettingsChange};
use waypass_issuer::settings::Settings;
use waypass_trust::bundle::ListKind;
use waypass_trust::status::TokenForm;

/// Arguments of `issuer settings`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Another name, which people see
    #[arg(long)]
    name: Option<String>,
    /// A role that it may issue from now on, repeatable
    #[arg(long = "add-role", value_name = "ROLE")]
    add_roles: Vec<String>,
    /// A role that it may no longer issue, repeatable; gates then refuse credentials that have it
    #[arg(long = "remove-role", value_name = "ROLE")]
    remove_roles: Vec<String>,
    /// A site that it may issue for from now on, repeatable; `*` is every site
    #[arg(long = "add-site", value_name = "SITE")]
    add_sites: Vec<String>,
    /// A site that it may no longer issue for, repeatable; gates then refuse credentials for it
    #[arg(long = "remove-site", value_name = "SITE")]
    remove_sites: Vec<String>,
    /// The longest validity of a credential; gates refuse those that are valid for longer
    #[arg(long, value_name = "TIME", value_parser = words::parse_span)]
    max_validity: Option<i64>,
    /// How long each publication enrols the gates for; `default` is the longest time that the rules let a list be used, at least 7d
    #[arg(long, value_name = "TIME", value_parser = span_or_default)]
    gate_enrolment: Option<Enrolment>,
    /// Kind of list that statuses are in, if the credential's format has a place for it
    #[arg(long, value_name = "KIND")]
    status: Option<StatusArg>,
    /// How Token Status Lists are published from now on
    #[arg(long, value_name = "FORM")]
    list_form: Option<ListFormArg>,
    /// Meanings of the values of a status message in new lists, from 0 on: 2, 4, 8 .. 256 texts, in place of those before
    #[arg(long = "status-message", value_name = "TEXT", conflicts_with = "no_status_messages")]
    status_messages: Vec<String>,
    /// New lists carry no messages
    #[arg(long)]
    no_status_messages: bool,
    /// Person who changes them, for the history [default: the user's login name]
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    #[command(flatten)]
    publishing: Publishing,
    #[command(flatten)]
    open: OpenArgs,
}

/// The time of `--gate-enrolment`; `None` is the default.
#[derive(Clone, Copy)]
struct Enrolment(Option<i64>);

fn span_or_default(text: &str) -> Result<Enrolment, String> {
    if text == "default" { Ok(Enrolment(None)) } else { words::parse_span(text).map(|seconds| Enrolment(Some(seconds))) }
}

impl Args {
    fn change(&self) -> SettingsChange {
        let messages = self.no_status_messages || !self.status_messages.is_empty();
        SettingsChange {
            name: self.name.clone(),
            add_roles: self.add_roles.clone(),
            remove_roles: self.remove_roles.clone(),
            add_sites: self.add_sites.clone(),
            remove_sites: self.remove_sites.clone(),
            max_validity_seconds: self.max_validity,
            gate_enrolment_seconds: self.gate_enrolment.map(|Enrolment(seconds)| seconds),
            status: self.status.map(Into::into),
            list_form: self.list_form.map(Into::into),
            status_messages: messages.then(|| self.status_messages.clone()),
        }
    }
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let change = args.change();
    if change.is_empty() {
        let settings = super::with(run, &args.open, |issuer| Ok(issuer.settings().clone()))?;
        run.out.json(&json!({ "schema": "waypass.settings/1", "settings": settings }))?;
        run.out.words(lines(&settings).iter().map(|(what, says)| format!("{what:<21} {says}")).collect::<Vec<_>>());
        return Ok(Exit::Done);
    }
    let operator = operator(args.operator.as_deref());
    let clock = args.publishing.clock(run)?;
    let answers = Answers::new(run, args.publishing.yes);
    let done = answers.with(&args.open, &mut || Ok(false), |issuer| {
        let before = issuer.settings().clone();
        let after = change.apply(&before).map_err(failure)?;
        if after == before {
            return Ok(Some((before, after, None)));
        }
        if !agreed(&answers, issuer, &after)? {
            return Ok(None);
        }
        issuer.change_settings(after.clone(), &operator, now()).map_err(failure)?;
        Ok(Some((before, after, Some(clock.publish(run, issuer).map_err(publish::unpublished)))))
    })?;
    let Some((before, after, published)) = done else {
        return Err(secret::declined("nothing was changed"));
    };
    let timestamp = published.as_ref().and_then(|published| published.as_ref().ok()).map(|published| published.timestamp);
    run.out.json(&json!({ "schema": "waypass.settings/1", "settings": after, "before": before, "timestamp": timestamp }))?;
    run.out.words(difference(&before, &after));
    let Some(published) = published else {
        run.out.note("the settings are so already; nothing was changed");
        return Ok(Exit::Done);
    };
    let is_due = published.as_ref().is_ok_and(|published| published.targets_due);
    let known = if is_due { "" } else { "published; devices know after their next sync" };
    publish::tell(run, published, publish::TAKES_EFFECT_LATER, known)
}

/// Asks where gates would refuse credentials that they admit now.
fn agreed(answers: &Answers<'_>, issuer: &Issuer<'_>, after: &Settings) -> Result<bool, Failure> {
    let refused = issuer.refused_under(after, now()).map_err(store_failure)?;
    if refused.is_empty() {
        return Ok(true);
    }
    let mut shown = vec![format!("{} credential(s) in force are then refused by every gate:", refused.len())];
    shown.extend(
        refused.iter().take(5).map(|record| format!("  {} {} for {}", record.id, words::list(&record.roles), words::list(&record.sites))),
    );
    if refused.len() > 5 {
        shown.push("  and more: waypass issuer list --state valid".to_owned());
    }
    answers.to(&shown, "Change the settings all the same?")
}

/// Returns the settings, each with its name for people.
fn lines(settings: &Settings) -> Vec<(&'static str, String)> {
    let every_site = Scope::is_everywhere(&settings.sites);
    let enrolment =
        settings.gate_enrolment_seconds.map_or_else(|| "as long as the rules let a list be used, at least 7 days".to_owned(), span);
    let status = match settings.status {
        ListKind::Token => "token",
        ListKind::Bitstring => "bitstring",
    };
    let messages: Vec<String> = settings.status_messages.iter().enumerate().map(|(number, text)| format!("{number} \"{text}\"")).collect();
    vec![
        ("name", settings.name.clone()),
        ("published under", settings.base_url.clone()),
        ("roles", words::list(&settings.roles)),
        ("sites", if every_site { "every site (*)".to_owned() } else { words::list(&settings.sites) }),
        ("longest validity", span(settings.max_validity_seconds)),
        ("gate enrolment", enrolment),
        ("kind of status list", status.to_owned()),
        ("token lists as", if settings.list_form == TokenForm::Cwt { "CWT" } else { "JWT" }.to_owned()),
        ("status messages", if messages.is_empty() { "none".to_owned() } else { messages.join(", ") }),
        ("entries in a list", settings.list_capacity.to_string()),
        ("dates rounded to", span(settings.time_granularity_seconds)),
        ("keys sign for", span(settings.key_lifetime_seconds)),
        ("a root holds for", span(settings.root_lifetime_seconds)),
        ("targets hold for", span(settings.targets_lifetime_seconds)),
        ("a bundle holds for", span(settings.timestamp_lifetime_seconds)),
    ]
}

/// Returns what differs, a line each.
fn difference(before: &Settings, after: &Settings) -> Vec<String> {
    let changed = lines(before).into_iter().zip(lines(after)).filter(|(before, after)| before != after);
    changed.map(|((what, before), (_, after))| format!("{what}: {before} -> {after}")).collect()
}

/// Returns an act of the office for its history, a line for each thing.
pub(super) fn told(act: &Act) -> Vec<String> {
    match &act.deed {
        Deed::Settings { before, after } => difference(before, after),
        Deed::Acknowledged { findings } => findings.iter().map(|finding| format!("acknowledged: {finding}")).collect(),
    }
}

fn failure(error: ConfigureError) -> Failure {
    match error {
        ConfigureError::Store(why) => store_failure(why),
        ConfigureError::Settings(_) => Failure::usage(error, "nothing was changed; correct the option and run the command again"),
        ConfigureError::There { .. } | ConfigureError::NotThere { .. } => {
            Failure::usage(error, "nothing was changed; see what there is: waypass issuer settings")
        }
        ConfigureError::Operator => Failure::usage(error, "nothing was changed; correct --operator"),
    }
}
